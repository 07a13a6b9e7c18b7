//! Rows that an earlier run has measured, so that an interrupted ablation goes on where it was.

use super::facts::Accuracies;
use crate::{Error, Result, paint::write_atomically};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Bytes of a file of rows. A row has some hundred.
const MOST: u64 = 1 << 26;

/// The rows that are finished, and the file that keeps them, if any.
pub(super) struct FinishedRows {
    path: Option<PathBuf>,
    rows: BTreeMap<String, Accuracies>,
}

/// The file's content.
#[derive(Serialize, Deserialize)]
struct KeptRows {
    /// Always "striate ablate".
    made_by: String,
    /// Accuracies by network, weights, folder and change.
    rows: BTreeMap<String, Accuracies>,
}

const MADE_BY: &str = "striate ablate";

impl FinishedRows {
    /// The rows of a file; none where it does not exist yet.
    ///
    /// # Errors
    /// [`Error::Failed`] when the file is unreadable or another program's.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let empty = FinishedRows { path: path.map(Path::to_owned), rows: BTreeMap::new() };
        let Some(path) = path else { return Ok(empty) };
        let size = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(empty),
            found => found.map_err(|error| Error::io("open", path, &error))?.len(),
        };
        let foreign =
            || Error::Failed(format!("{} holds no rows of 'striate ablate': name another file", path.display()));
        if size > MOST {
            return Err(foreign());
        }
        let text = fs::read(path).map_err(|error| Error::io("open", path, &error))?;
        let kept: KeptRows = serde_json::from_slice(&text).map_err(|_| foreign())?;
        if kept.made_by != MADE_BY {
            return Err(foreign());
        }
        Ok(FinishedRows { rows: kept.rows, ..empty })
    }

    /// The row called `key`: as it is kept, else measured and then kept.
    ///
    /// # Errors
    /// Those of `measure`, and [`Error::Failed`] when the file cannot be written.
    pub fn or_measure(&mut self, key: String, measure: impl FnOnce() -> Result<Accuracies>) -> Result<Accuracies> {
        if let Some(own) = self.find(&key) {
            return Ok(own);
        }
        let own = measure()?;
        self.keep(key, own)?;
        Ok(own)
    }

    /// The row called `key`, if it is finished.
    fn find(&self, key: &str) -> Option<Accuracies> {
        self.rows.get(key).copied()
    }

    /// Keeps a row, in the file too.
    ///
    /// # Errors
    /// [`Error::Failed`] when the file cannot be written.
    fn keep(&mut self, key: String, accuracies: Accuracies) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        self.rows.insert(key, accuracies);
        let kept = KeptRows { made_by: MADE_BY.to_owned(), rows: self.rows.clone() };
        let text = serde_json::to_vec_pretty(&kept)
            .map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))?;
        write_atomically(path, |file| file.write_all(&text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_survive_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.json");
        let mut rows = FinishedRows::open(Some(&path)).unwrap();
        rows.keep("a".into(), Accuracies { top1: 12.5, top5: 50.0 }).unwrap();
        drop(rows);
        let again = FinishedRows::open(Some(&path)).unwrap();
        assert_eq!(again.find("a").map(|own| (own.top1, own.top5)), Some((12.5, 50.0)));
        assert!(again.find("b").is_none());
        fs::write(&path, "{\"rows\": {}}").unwrap();
        assert!(FinishedRows::open(Some(&path)).is_err());
        assert!(FinishedRows::open(None).unwrap().find("a").is_none());
    }
}
