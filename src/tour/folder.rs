//! A folder that is whole or not there.

use crate::{Error, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What an index.html of a tour holds, and by which it may be replaced.
pub(super) const MARKER: &str = "<meta name=\"generator\" content=\"striate tour";

/// Where the pictures lie.
pub(super) const IMAGES: &str = "images";

/// Says in an unfinished tour that it is one.
const UNFINISHED: &str = ".striate-tour";

/// A tour being written into `DIR.partial`; without [`Folder::finish`] it goes when dropped.
pub struct Folder {
    target: PathBuf,
    partial: PathBuf,
}

impl Folder {
    /// Starts a tour beside its target.
    ///
    /// # Errors
    /// When the target holds anything but a tour, or cannot be written.
    pub fn new(target: &Path) -> Result<Self> {
        let shown = target.display();
        let refused = |why: String| Error::Failed(format!("cannot write the tour to {shown}: {why}"));
        let Some(name) = target.file_name() else { return Err(refused("give the name of a new folder".into())) };
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !parent.is_dir() {
            return Err(refused(format!("there is no folder {}", parent.display())));
        }
        check_replaceable(target).map_err(refused)?;
        let mut partial = name.to_owned();
        partial.push(".partial");
        let partial = parent.join(partial);
        if partial.exists() {
            if !partial.join(UNFINISHED).is_file() {
                return Err(refused(format!("{} is in the way", partial.display())));
            }
            // Left by a tour that was killed.
            fs::remove_dir_all(&partial).map_err(|error| Error::io("remove", &partial, &error))?;
        }
        let folder = Folder { target: target.to_owned(), partial };
        fs::create_dir(&folder.partial).map_err(|error| Error::io("create", &folder.partial, &error))?;
        fs::write(folder.path(UNFINISHED), []).map_err(|error| Error::io("write", &folder.partial, &error))?;
        fs::create_dir(folder.path(IMAGES)).map_err(|error| Error::io("create", &folder.partial, &error))?;
        Ok(folder)
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// Puts the folder in its place, instead of an older tour, and returns its path.
    ///
    /// # Errors
    /// When the folder cannot be renamed.
    pub fn finish(self) -> Result<PathBuf> {
        let failed = |error| Error::io("write the tour to", &self.target, &error);
        fs::remove_file(self.path(UNFINISHED)).map_err(failed)?;
        let old = self.target.with_added_extension("old");
        let replaces = self.target.exists();
        if replaces {
            fs::rename(&self.target, &old).map_err(failed)?;
        }
        if let Err(error) = fs::rename(&self.partial, &self.target) {
            if replaces {
                let _ = fs::rename(&old, &self.target);
            }
            return Err(failed(error));
        }
        if replaces {
            fs::remove_dir_all(&old).map_err(|error| Error::io("remove", &old, &error))?;
        }
        Ok(self.target.clone())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.partial);
    }
}

/// Nothing there, an empty folder, or a tour and nothing else; otherwise why not.
fn check_replaceable(target: &Path) -> Result<(), String> {
    if !target.exists() {
        return Ok(());
    }
    if !target.is_dir() {
        return Err("it is a file".into());
    }
    let entries = fs::read_dir(target).map_err(|error| error.to_string())?;
    let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into()).collect();
    names.sort();
    if names.is_empty() {
        return Ok(());
    }
    let is_tour = fs::read_to_string(target.join("index.html")).is_ok_and(|html| html.contains(MARKER));
    if !is_tour {
        return Err("it is not empty, and no tour wrote it".into());
    }
    match names.iter().find(|name| *name != "index.html" && *name != IMAGES) {
        Some(name) => Err(format!("it holds {name}, which no tour wrote")),
        None => Ok(()),
    }
}
