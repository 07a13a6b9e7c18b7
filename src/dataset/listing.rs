//! The pictures below a folder, in a fixed order, with the folder that each lies in.

use crate::{Error, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// Endings of files that lie beside pictures in data sets.
const OTHER_ENDINGS: [&str; 8] = ["txt", "csv", "tsv", "json", "xml", "md", "npy", "html"];

/// Depth of folders within folders that is searched.
const MAX_DEPTH: usize = 32;

/// One file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path below the folder.
    pub path: PathBuf,
    /// Index of its group in [`Listing::groups`]; `None` for a file that lies in the folder itself.
    pub group: Option<usize>,
    /// Bytes of the file.
    pub bytes: u64,
    /// Time of its last change, in nanoseconds since 1970.
    pub modified: u64,
}

/// The files of a folder that may be pictures. Hidden files and files with the endings of text are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The folder.
    pub root: PathBuf,
    /// Names of the folders directly below it, sorted: usually the classes.
    pub groups: Vec<String>,
    /// The files, ordered by path.
    pub entries: Vec<Entry>,
}

impl Listing {
    /// [`Listing::of`], where a folder without pictures is refused.
    ///
    /// # Errors
    /// [`Error::Failed`] when a folder cannot be read or no file is left.
    pub fn new(root: &Path) -> Result<Self> {
        let listing = Listing::of(root)?;
        match listing.entries.is_empty() {
            true => Err(Error::Failed(format!("{} holds no pictures", root.display()))),
            false => Ok(listing),
        }
    }

    /// Lists a folder and the folders within it. A folder directly in it may be a link, as data sets are put together so;
    /// deeper links to folders are not followed: one may lead back up.
    ///
    /// # Errors
    /// [`Error::Failed`] when a folder cannot be read.
    pub fn of(root: &Path) -> Result<Self> {
        let mut listing = Listing { root: root.to_owned(), ..Listing::default() };
        listing.collect(Path::new(""), None, 0)?;
        listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(listing)
    }

    /// Full path of a file.
    pub fn path(&self, picture: usize) -> PathBuf {
        self.root.join(&self.entries[picture].path)
    }

    fn collect(&mut self, below: &Path, group: Option<usize>, depth: usize) -> Result<()> {
        let folder = self.root.join(below);
        let failed = |error| Error::io("read", &folder, &error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort();
        for name in names {
            let shown = name.to_string_lossy();
            if shown.starts_with('.') {
                continue;
            }
            let path = below.join(&name);
            let full = self.root.join(&path);
            // A file that vanished since the folder was read is no picture.
            let Ok(metadata) = fs::metadata(&full) else { continue };
            if metadata.is_dir() {
                if depth > 0 && full.is_symlink() || depth == MAX_DEPTH {
                    continue;
                }
                let group = group.or_else(|| {
                    self.groups.push(shown.into_owned());
                    Some(self.groups.len() - 1)
                });
                self.collect(&path, group, depth + 1)?;
            } else if metadata.is_file() && !is_text(&path) {
                let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let modified = modified.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
                self.entries.push(Entry { path, group, bytes: metadata.len(), modified });
            }
        }
        Ok(())
    }
}

/// Whether a file's ending says that it is text beside the pictures of a data set.
fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|ending| OTHER_ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn folders_are_groups_and_text_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/2.png", "a/deep/1.png", "loose.jpg", "notes.txt", ".hidden.png", "b/.x.png"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let listing = Listing::new(folder.path()).unwrap();
        assert_eq!(listing.groups, ["a", "b"]);
        let found: Vec<(&str, Option<usize>)> =
            listing.entries.iter().map(|entry| (entry.path.to_str().unwrap(), entry.group)).collect();
        assert_eq!(found, [("a/deep/1.png", Some(0)), ("b/2.png", Some(1)), ("loose.jpg", None)]);
        let empty = tempfile::tempdir().unwrap();
        assert!(Listing::new(empty.path()).unwrap_err().to_string().ends_with("holds no pictures"));
    }
}
