use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What the guard does: it keeps the last line it read, which names the process group to kill ("" for none). When its input
/// ends, because the owner dropped it or was killed, it kills that group, and removes the folder and what is mounted in it.
const GUARD: &str = r#"
group=
while read -r line; do group=$line; done
[ -z "$group" ] || kill -s KILL -- "-$group" 2>/dev/null
# Whether or not there is one.
umount -l -- "$1/data" 2>/dev/null
for pause in 0.1 0.5 1 3; do
    rm -rf -- "$1" 2>/dev/null && exit 0
    sleep "$pause"
done
rm -rf -- "$1"
"#;

/// A fresh folder that is removed, along with the program that works in it, when this is dropped and also when this whole
/// process ends in a way that runs no destructors: an abort, a signal, a time limit of the CI.
///
/// A small shell process does the removing. It reads from a pipe of which only this process has the other end.
#[derive(Debug)]
pub(super) struct GuardedFolder {
    path: PathBuf,
    guard: Child,
}

impl GuardedFolder {
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("identity-db-").tempdir()?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(folder.path())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C in the terminal ends the tests, and the guard has to come after them.
            .process_group(0)
            .spawn()?;
        Ok(Self { path: folder.keep(), guard })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder in which [`mount`](Self::mount) puts a disk.
    pub(super) fn disk(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Mounts a disk of so many megabytes, in memory. Only root can.
    pub(super) fn mount(&self, megabytes: u64) -> io::Result<()> {
        std::fs::create_dir(self.disk())?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0700"), "tmpfs"]);
        let output = mount.arg(self.disk()).stdin(Stdio::null()).output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    }

    /// Names the process group that works in the folder from now on, or that none does.
    pub(super) fn watch(&mut self, group: Option<u32>) -> io::Result<()> {
        let line = group.map(|group| group.to_string()).unwrap_or_default();
        match &mut self.guard.stdin {
            Some(pipe) => writeln!(pipe, "{line}"),
            None => Ok(()),
        }
    }
}

impl Drop for GuardedFolder {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // There is nobody to tell: the folder is a temporary one, and the test has its result.
        let _ = self.guard.wait();
    }
}
