//! A run that keeps keys in a folder of its own.
//!
//! Invariant: the folder is gone when the run is over, also where a signal, a fault or a panic
//! ends it; and nobody else could read it, or have made it before.

use anyhow::Context as _;
use std::fs::DirBuilder;
use std::path::{Path, PathBuf};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Its fields end in this order: what still runs might write to the folder once more.
pub(super) struct Run {
    signals: Signals,
    runtime: Runtime,
    folder: Option<Folder>,
}

impl Run {
    /// From here on no signal that asks for the end cuts the process short.
    ///
    /// # Errors
    /// When the system has no threads or signals to give.
    pub(super) fn begin() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
        let signals = {
            let _inside = runtime.enter();
            Signals::listen().context("listen for signals")?
        };
        Ok(Self { signals, runtime, folder: None })
    }

    /// The run's own folder.
    ///
    /// # Errors
    /// When the system's folder for such cannot be written to.
    pub(super) fn folder(&mut self, purpose: &str) -> anyhow::Result<PathBuf> {
        let folder = Folder::make(&std::env::temp_dir(), purpose)?;
        Ok(self.folder.insert(folder).0.clone())
    }

    /// Does the work; None when a signal asked for the end first.
    pub(super) fn until_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let signals = &mut self.signals;
        self.runtime.block_on(async {
            tokio::select! {
                done = work => Some(done),
                () = signals.next() => None,
            }
        })
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

struct Folder(PathBuf);

impl Folder {
    fn make(within: &Path, purpose: &str) -> anyhow::Result<Self> {
        let path = within.join(format!("portcullis-{purpose}-{}", crate::jose::random_id()));
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Not with its parents: what stands there already would be taken for ours.
        builder.create(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_folder_is_its_owners_alone_and_goes_with_the_run() {
        let mut run = Run::begin().unwrap();
        let folder = run.folder("test").unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let late = folder.join("state/key.pem");
        // A task that is not asked whether it may go on.
        let began = run.until_stopped(async {
            let (tell, began) = tokio::sync::oneshot::channel();
            tokio::spawn(async move {
                let _ = tell.send(());
                crate::jose::private::create(&late, b"key").unwrap();
            });
            began.await.is_ok()
        });
        assert_eq!(began, Some(true));
        drop(run);
        assert!(!folder.exists());
    }
}
