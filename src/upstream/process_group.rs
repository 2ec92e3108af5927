//! A child and whatever it starts, as one: so that nothing of it outlives it.
//!
//! A descendant that leaves the group on purpose is out of reach here. On systems that
//! have no process groups the child alone is ended.

use tokio::process::{Child, Command};

/// The group that a child leads. Dropped, it is killed.
pub(super) struct ProcessGroup(Option<u32>);

impl ProcessGroup {
    /// Lets a command lead a group of its own.
    pub(super) fn separate(command: &mut Command) {
        command.kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
    }

    pub(super) fn of(leader: &Child) -> Self {
        Self(leader.id())
    }

    /// Asks the group to end.
    pub(super) fn terminate(&self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::TERM);
    }

    /// Ends the group.
    pub(super) fn kill(&self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
    }

    /// To be called soon after the leader was reaped: its number may then be given to
    /// another.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        let id = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            // A group that is gone already is what was wanted.
            let _ = rustix::process::kill_process_group(id, signal);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}
