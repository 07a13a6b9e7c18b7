//! The sources of pictures that `--data` names, and reading them.

use super::{cifar, csv, folder, idx, set::DataSet, split::Split};
use crate::{Error, Result, paths, picture::Preprocess, watch::Watch};
use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
};

/// A place that holds pictures with classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// A folder with a folder for each class, perhaps below `train` and `test`.
    Folder(PathBuf),
    /// A text of paths and classes, a line a picture.
    Csv(PathBuf),
    /// A folder with MNIST's four files, or those of a data set in the same form; perhaps compressed with gzip.
    Mnist(PathBuf),
    /// A folder with CIFAR-10's batches in binary or as Python pickles, or with CIFAR-10 as a folder a class.
    Cifar10(PathBuf),
}

impl DataSource {
    /// The source that a user names: `mnist:FOLDER`, `cifar10:FOLDER`, a folder, or a `.csv` file.
    pub fn from_user(text: impl AsRef<OsStr>) -> Self {
        let text = text.as_ref();
        let rest = |prefix: &str| text.to_str().and_then(|text| text.strip_prefix(prefix)).map(OsString::from);
        if let Some(folder) = rest("mnist:") {
            return DataSource::Mnist(paths::from_user(&folder));
        }
        if let Some(folder) = rest("cifar10:") {
            return DataSource::Cifar10(paths::from_user(&folder));
        }
        let path = paths::from_user(text);
        let is_text = path
            .extension()
            .is_some_and(|ending| ["csv", "tsv", "txt"].iter().any(|known| ending.eq_ignore_ascii_case(known)));
        if is_text { DataSource::Csv(path) } else { DataSource::Folder(path) }
    }

    /// Reads it, resized for a network. `share` of the pictures, drawn by `seed` from each class, become the test where
    /// the source does not say which are. Pictures that cannot be read are left out and named.
    ///
    /// # Errors
    /// [`Error::Failed`] when it cannot be read, is damaged, or leaves nothing to learn from.
    pub fn read(&self, preprocess: &Preprocess, share: f64, seed: u64, watch: &Watch) -> Result<DataSet> {
        let split = Split { share, seed };
        let mut set = match self {
            DataSource::Folder(path) => folder::read(path, preprocess, split, watch)?,
            DataSource::Csv(path) => csv::read(path, preprocess, split, watch)?,
            DataSource::Mnist(path) => idx::read(path, preprocess)?,
            DataSource::Cifar10(path) => cifar::read(path, preprocess, split, watch)?,
        };
        if set.train.len() < 2 || set.classes.len() < 2 {
            let (train, classes) = (set.train.len(), set.classes.len());
            let why =
                format!("{self} leaves {train} pictures of {classes} classes to learn from; it takes two of each");
            return Err(Error::Failed(why));
        }
        if set.test.is_empty() {
            set.damaged.push("there are no pictures to test with: accuracies are those of training".into());
        }
        Ok(set)
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataSource::Folder(path) | DataSource::Csv(path) => path.display().fmt(f),
            DataSource::Mnist(path) => write!(f, "mnist:{}", path.display()),
            DataSource::Cifar10(path) => write!(f, "cifar10:{}", path.display()),
        }
    }
}
