//! A server as a child process: messages as lines on its standard input and output
//! (MCP, stdio transport).
//!
//! Invariants: a child sees no variable of the gate's environment but PATH and HOME; no
//! line of it is logged; it ends with its connection, and its own children with it.

use crate::model::sensitive::Sensitive;
use crate::upstream::duplex::{Duplex, DuplexFault, Way};
use crate::upstream::process_group::ProcessGroup;
use crate::upstream::switchboard::Switchboard;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Messages that wait to be written.
const OUTGOING: usize = 16;
/// How long the last words of a child that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How to run a server.
#[derive(Clone, Debug)]
pub struct ChildSettings {
    /// The program and its arguments. No shell reads them.
    pub command: Vec<String>,
    /// All that the child gets beside the gate's own PATH and HOME.
    pub environment: BTreeMap<String, Sensitive<String>>,
    /// Where it runs; None for where the gate does.
    pub folder: Option<PathBuf>,
    /// The longest line taken from it, its end left out.
    pub max_message_bytes: usize,
    /// How long it may take to end once its input was closed, and again after SIGTERM,
    /// before it is killed.
    pub grace: Duration,
}

/// Starts a child. Must be called within a Tokio runtime.
///
/// # Errors
/// [`DuplexFault::Unreachable`] if there is no such program or it cannot be started.
pub fn spawn(settings: &ChildSettings) -> Result<Duplex, DuplexFault> {
    let mut child = command(settings)?.spawn().map_err(|error| {
        let program = settings.command.first().map_or("", String::as_str);
        tracing::error!(program, %error, "start a server");
        DuplexFault::Unreachable
    })?;
    let group = ProcessGroup::of(&child);
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(DuplexFault::Unreachable);
    };
    let switchboard = Arc::new(Switchboard::new());
    let (pipe, outgoing) = mpsc::channel(OUTGOING);
    let attended = Attended {
        group,
        child,
        writer: tokio::spawn(write(stdin, outgoing, switchboard.clone())),
        reader: tokio::spawn(read(stdout, settings.max_message_bytes, switchboard.clone())),
        stderr: tokio::spawn(count_lines(stderr)),
    };
    tokio::spawn(attended.see_to_its_end(switchboard.clone(), settings.grace));
    Ok(Duplex::new(switchboard, Way::Pipe(pipe)))
}

fn command(settings: &ChildSettings) -> Result<Command, DuplexFault> {
    let (program, arguments) = settings.command.split_first().ok_or(DuplexFault::Unreachable)?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    for name in ["PATH", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(settings.environment.iter().map(|(name, value)| (name, value.expose())));
    if let Some(folder) = &settings.folder {
        command.current_dir(folder);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    ProcessGroup::separate(&mut command);
    Ok(command)
}

/// A running child and those who serve its pipes. Dropped, it is killed.
struct Attended {
    group: ProcessGroup,
    child: Child,
    writer: JoinHandle<()>,
    reader: JoinHandle<()>,
    stderr: JoinHandle<()>,
}

impl Attended {
    /// Waits until the child ends or its connection does, and ends the one with the
    /// other: first the input is closed, then the group is asked, then it is killed.
    async fn see_to_its_end(mut self, switchboard: Arc<Switchboard>, grace: Duration) {
        let mut exited = tokio::select! {
            ended = self.child.wait() => {
                // What it wrote on its standard error may hold data; its status does not.
                let status = ended.ok().map(|status| status.to_string());
                tracing::warn!(status, "a server that the gate runs has ended by itself");
                true
            }
            () = switchboard.closed() => false,
        };
        if !exited {
            // The writer closes the input once it has written what is left.
            let closed = async {
                let _ = (&mut self.writer).await;
                let _ = self.child.wait().await;
            };
            exited = timeout(grace, closed).await.is_ok();
        }
        if !exited {
            self.writer.abort();
            self.group.terminate();
            exited = timeout(grace, self.child.wait()).await.is_ok();
        }
        // Also when the child is gone: it may have left children of its own.
        self.group.kill();
        if !exited {
            let _ = self.child.kill().await;
        }
        self.group.forget();
        let _ = timeout(LAST_WORDS, &mut self.reader).await;
        switchboard.end(DuplexFault::Ended);
        tracing::debug!(dropped = switchboard.table().dropped, "a child ended");
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        for task in [&self.writer, &self.reader, &self.stderr] {
            task.abort();
        }
    }
}

/// Writes each message as a line, until nobody can send any more.
async fn write(mut stdin: ChildStdin, mut outgoing: mpsc::Receiver<Vec<u8>>, switchboard: Arc<Switchboard>) {
    loop {
        let message = tokio::select! {
            message = outgoing.recv() => message,
            () = switchboard.closed(), if !outgoing.is_closed() => {
                outgoing.close();
                continue;
            }
        };
        let Some(message) = message else { return };
        if stdin.write_all(&line(message)).await.is_err() {
            return switchboard.close(DuplexFault::Ended);
        }
    }
}

/// A message as one line. Outside of strings a line end is blank space, and inside of
/// them JSON has none, so what a client sends stays one message.
fn line(mut message: Vec<u8>) -> Vec<u8> {
    for byte in &mut message {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    message.push(b'\n');
    message
}

/// Takes the child's lines until it closes its output.
async fn read(stdout: ChildStdout, max_bytes: usize, switchboard: Arc<Switchboard>) {
    let mut stdout = BufReader::new(stdout);
    let bound = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A line and its end, or one byte too many.
        let taken = (&mut stdout).take(bound).read_until(b'\n', &mut line).await;
        let ended = line.pop_if(|last| *last == b'\n').is_some();
        if line.len() > max_bytes {
            return switchboard.close(DuplexFault::TooLarge);
        }
        if !line.trim_ascii().is_empty() {
            switchboard.take(&line).await;
        }
        if !ended || taken.is_err() {
            return switchboard.close(DuplexFault::Ended);
        }
    }
}

/// Takes what the child says beside its messages. It may hold data, so only the number
/// of its lines is told.
async fn count_lines(mut stderr: ChildStderr) {
    let (mut lines, mut chunk) = (0_usize, vec![0; 4096]);
    while let Ok(length @ 1..) = stderr.read(&mut chunk).await {
        lines += chunk.iter().take(length).filter(|byte| **byte == b'\n').count();
    }
    tracing::debug!(lines, "a child's error output ended");
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_message_is_one_line_whatever_its_blank_space() {
        let pretty = b"{\"a\":\r\n1,\"b\":\"x\\ny\"}\n";
        assert_eq!(line(pretty.to_vec()), b"{\"a\":  1,\"b\":\"x\\ny\"} \n");
    }
}
