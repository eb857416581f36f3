//! Disks that become full.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::DatabaseError;
use super::error::Context;
use super::folder::GuardedFolder;

/// A disk of a few megabytes, in memory. It is gone, with all that is on it, when this is dropped. Only root can mount one.
#[derive(Debug)]
pub struct SmallDisk(GuardedFolder);

impl SmallDisk {
    /// Mounts one of so many megabytes.
    ///
    /// # Errors
    /// [`DatabaseError::Io`] where the system refuses.
    pub fn mount(megabytes: u64) -> Result<Self, DatabaseError> {
        let mounting = || "mount a small disk, as root".to_owned();
        let folder = GuardedFolder::new().context(mounting)?;
        folder.mount(megabytes).context(mounting)?;
        Ok(Self(folder))
    }

    /// Its folder.
    pub fn path(&self) -> PathBuf {
        self.0.disk()
    }
}

/// What fills a disk to the last byte, until it is dropped.
#[derive(Debug)]
pub struct Ballast {
    file: PathBuf,
}

impl Ballast {
    /// Fills the disk on which a folder is, with a file in it.
    ///
    /// # Errors
    /// [`DatabaseError::Io`] where writing fails for another reason than that the disk is full.
    pub fn fill(folder: &Path) -> Result<Self, DatabaseError> {
        let ballast = Self { file: folder.join("ballast") };
        let filling = || "fill a disk".to_owned();
        let mut file = File::create(&ballast.file).context(filling)?;
        let mut block = vec![1; 1 << 20];
        while !block.is_empty() {
            match file.write_all(&block) {
                Err(error) if error.kind() == ErrorKind::StorageFull => block.truncate(block.len() / 2),
                written => written.context(filling)?,
            }
        }
        Ok(ballast)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        // Where it is gone, so is the disk.
        let _ = fs::remove_file(&self.file);
    }
}
