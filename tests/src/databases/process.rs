use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

const POLL: Duration = Duration::from_millis(10);

/// A running program in a process group of its own. Dropping it kills the group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    status: Option<ExitStatus>,
}

impl Process {
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()?, status: None })
    }

    /// The process's number, and its group's.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, once it has ended.
    pub(super) fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
        }
        Ok(self.status)
    }

    /// Waits for the end; `None` if it does not come in time.
    pub(super) async fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let start = Instant::now();
        loop {
            match self.status()? {
                None if start.elapsed() < limit => tokio::time::sleep(POLL).await,
                status => return Ok(status),
            }
        }
    }

    /// Asks the process to end (SIGTERM).
    pub(super) fn terminate(&mut self) -> io::Result<()> {
        // After the end the number may be another process's.
        match (self.status()?, self.pid()) {
            (None, Some(pid)) => Ok(kill_process(pid, Signal::TERM)?),
            _ => Ok(()),
        }
    }

    /// Ends the process and whatever it started at once (SIGKILL).
    pub(super) fn kill(&mut self) -> io::Result<()> {
        if let (None, Some(pid)) = (self.status()?, self.pid()) {
            kill_process_group(pid, Signal::KILL)?;
            self.status = Some(self.child.wait()?);
        }
        Ok(())
    }

    /// Stops the process and whatever it started, as if the machine had no time for them (SIGSTOP).
    pub(super) fn pause(&mut self) -> io::Result<()> {
        self.signal_group(Signal::STOP)
    }

    /// Lets a paused process go on (SIGCONT).
    pub(super) fn resume(&mut self) -> io::Result<()> {
        self.signal_group(Signal::CONT)
    }

    fn signal_group(&mut self, signal: Signal) -> io::Result<()> {
        match (self.status()?, self.pid()) {
            (None, Some(pid)) => Ok(kill_process_group(pid, signal)?),
            _ => Ok(()),
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What cannot be killed is left to the folder's guard.
        let _ = self.kill();
    }
}
