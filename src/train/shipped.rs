//! The runs that ship in the program. A run is unpacked once into the folder for caches, and is then a folder of
//! checkpoints like any other.

use crate::{Error, Result, paint::write_atomically, weights::cache_folder};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A run that ships.
pub struct ShippedRun {
    /// The network's name, and the run's.
    pub name: &'static str,
    /// The network and its data in words.
    pub title: &'static str,
    /// A sample picture of the kind that the network knows.
    pub sample: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

/// The runs.
pub const SHIPPED_RUNS: &[ShippedRun] = &[
    ShippedRun {
        name: "lenet5_modern",
        title: "LeNet-5 on digits, 12 epochs",
        sample: "digit",
        files: striate_weights::runs::LENET5_MODERN,
    },
    ShippedRun {
        name: "resnet20",
        title: "ResNet-20 on CIFAR-10, 30 epochs",
        sample: "chelsea",
        files: striate_weights::runs::RESNET20,
    },
    ShippedRun {
        name: "plain20",
        title: "Plain-20 on CIFAR-10, 30 epochs",
        sample: "chelsea",
        files: striate_weights::runs::PLAIN20,
    },
];

impl ShippedRun {
    /// The folder of the run's checkpoints, in the folder for caches. Files that are missing or not whole are written.
    ///
    /// # Errors
    /// [`Error::Failed`] when there is no folder for caches or it cannot be written.
    pub fn unpack(&self) -> Result<PathBuf> {
        let none = || Error::Failed("there is no folder for caches: STRIATE_CACHE names one".into());
        let folder = cache_folder().ok_or_else(none)?.join("runs").join(self.name);
        fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, &error))?;
        for &(name, bytes) in self.files {
            let path = folder.join(name);
            if fs::read(&path).ok().as_deref() != Some(bytes) {
                write_atomically(&path, |file| file.write_all(bytes))?;
            }
        }
        Ok(folder)
    }
}

/// The folder that a user means by RUN: a folder of this name, else the run that ships under it.
///
/// # Errors
/// Those of [`ShippedRun::unpack`].
pub fn run_folder(path: &Path) -> Result<PathBuf> {
    match SHIPPED_RUNS.iter().find(|run| Path::new(run.name) == path && !path.exists()) {
        Some(run) => run.unpack(),
        None => Ok(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{super::run::METRICS, *};

    #[test]
    fn shipped_runs_hold_checkpoints_and_the_numbers_of_their_epochs() {
        for run in SHIPPED_RUNS {
            let (metrics, epochs) = run.files.split_first().unwrap();
            assert_eq!((metrics.0, epochs.len()), (METRICS, 8), "{}", run.name);
            assert!(epochs.iter().all(|(name, bytes)| name.starts_with("epoch-") && !bytes.is_empty()));
        }
        assert_eq!(run_folder(Path::new("no/such/run")).unwrap(), Path::new("no/such/run"));
    }
}
