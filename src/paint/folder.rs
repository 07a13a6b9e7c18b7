//! Folders that are whole or not there, and that replace nothing which the program did not write.
//!
//! A folder is written beside its target, as `NAME.partial`, and changes places with the older one in one step. While
//! it is written it holds a marker file, which the writer keeps locked: a second writer is refused, and what a killed
//! one left is recognised and cleared. [`super::listing`] tells the program's files from others.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::listing::{self, FolderKind, MARKER};
use super::temporary::{clear, is_abandoned, lock, next_name};
use super::write::parent;
use super::write_atomically;
use crate::error::{Error, Result};

/// A folder that is being written. Dropped without [`NewFolder::finish`] it is removed.
pub struct NewFolder {
    kind: FolderKind,
    target: PathBuf,
    partial: PathBuf,
    /// Holds the lock on the marker.
    _marker: File,
    is_finished: bool,
}

impl NewFolder {
    /// Starts a folder that will lie at `target`. What killed runs left of one is cleared.
    ///
    /// # Errors
    /// `target` holds anything that the program did not write, or another run is writing it, or something else has the
    /// name `NAME.partial`.
    pub fn create(target: &Path, kind: FolderKind) -> Result<Self> {
        let refused = |why: String| refusal(kind, target, &why);
        if target.file_name().is_none() {
            return Err(refused("give the name of a new folder".to_owned()));
        }
        if target.is_symlink() && !target.exists() {
            return Err(refused("it is a link to nothing".to_owned()));
        }
        let target = target.canonicalize().unwrap_or_else(|_| target.to_owned());
        let folder = parent(&target);
        if !folder.is_dir() {
            return Err(refused(format!("there is no folder {}", folder.display())));
        }
        let replaced = beside(&target, ".replaced");
        if is_leftover(&replaced) {
            recover(&target, &replaced, kind).map_err(refused)?;
        }
        check_replaceable(&target, kind).map_err(refused)?;
        let partial = beside(&target, ".partial");
        let marker = claim(&partial, kind).map_err(refused)?;
        Ok(NewFolder { kind, target, partial, _marker: marker, is_finished: false })
    }

    /// Where the file called `name` is written until the folder is whole.
    pub fn path(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// Writes the index: `html`, and a comment that lists every file of the folder.
    ///
    /// # Errors
    /// Those of [`write_atomically`]; a file cannot be read.
    pub fn write_index(&self, html: &str) -> Result<()> {
        let Some(index) = self.kind.index else { return Ok(()) };
        let comment = listing::comment(&self.partial, self.kind, html);
        let comment = comment.map_err(|error| Error::io("read", &self.partial, &error))?;
        write_atomically(&self.path(index), |file| {
            file.write_all(html.as_bytes())?;
            file.write_all(comment.as_bytes())
        })
    }

    /// Puts the folder where it belongs, in place of an older one.
    ///
    /// # Errors
    /// The target was changed meanwhile, or cannot be replaced; then it stays as it is.
    pub fn finish(mut self) -> Result<()> {
        let failed = |error: io::Error| Error::io("write the folder", &self.target, &error);
        check_replaceable(&self.target, self.kind).map_err(|why| refusal(self.kind, &self.target, &why))?;
        match fs::metadata(&self.target) {
            Err(_) => rename_to_new(&self.partial, &self.target).map_err(failed)?,
            Ok(info) => {
                fs::set_permissions(&self.partial, info.permissions()).map_err(failed)?;
                let old = self.replace().map_err(failed)?;
                // The old folder's own files go; whatever came into it since the check stays where it is now.
                remove(&old, self.kind).map_err(|why| {
                    let (old, what) = (old.display(), self.kind.what);
                    Error::Failed(format!("the {what} is written, but the older one was kept in {old}: {why}"))
                })?;
            }
        }
        self.is_finished = true;
        let _ = fs::remove_file(self.target.join(MARKER));
        Ok(())
    }

    /// Exchanges the new folder and the old one; returns where the old one lies now, marked as a leftover.
    fn replace(&self) -> io::Result<PathBuf> {
        let marker = File::create(self.target.join(MARKER))?;
        lock(&marker);
        match exchange(&self.partial, &self.target) {
            Ok(()) => return Ok(self.partial.clone()),
            // The system or the file system cannot do it in one step.
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput) => {}
            Err(error) => {
                let _ = fs::remove_file(self.target.join(MARKER));
                return Err(error);
            }
        }
        let replaced = beside(&self.target, ".replaced");
        let moved = rename_to_new(&self.target, &replaced);
        if let Err(error) = moved.and_then(|()| rename_to_new(&self.partial, &self.target)) {
            let _ = rename_to_new(&replaced, &self.target);
            let _ = fs::remove_file(self.target.join(MARKER));
            return Err(error);
        }
        Ok(replaced)
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.is_finished && is_marked(&self.partial) {
            let _ = remove(&self.partial, self.kind);
        }
    }
}

fn refusal(kind: FolderKind, target: &Path, why: &str) -> Error {
    Error::Failed(format!("cannot write the {} to {}: {why}", kind.what, target.display()))
}

/// `path` with `ending` after its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Nothing there, an empty folder, or a whole folder of this kind and nothing else; otherwise the reason.
fn check_replaceable(target: &Path, kind: FolderKind) -> Result<(), String> {
    if !target.exists() {
        return Ok(());
    }
    if !target.is_dir() {
        return Err("it is a file".to_owned());
    }
    if listing::entries(target).map_err(|error| error.to_string())?.iter().all(|entry| entry.name == MARKER) {
        return Ok(());
    }
    listing::whole(target, kind).map(|_| ())
}

fn is_marked(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|info| info.is_dir()) && folder.join(MARKER).is_file()
}

/// Whether a killed run left this folder.
fn is_leftover(folder: &Path) -> bool {
    is_marked(folder) && is_abandoned(&folder.join(MARKER))
}

/// Makes the folder `partial` with its marker and returns the marker's lock.
fn claim(partial: &Path, kind: FolderKind) -> Result<File, String> {
    let folder = parent(partial);
    let shown = partial.display();
    if partial.is_symlink() || partial.exists() {
        if !is_marked(partial) {
            return Err(format!("{shown} is in the way"));
        }
        if !is_leftover(partial) {
            return Err(format!("another Striate is writing it at this moment, in {shown}"));
        }
        remove(partial, kind)?;
    }
    clear(folder);
    // Made under another name, with marker and lock, so that nobody meets it without them.
    let new = folder.join(next_name());
    let marker = make(&new, kind).map_err(|error| format!("{}: {error}", folder.display()))?;
    match rename_to_new(&new, partial) {
        Ok(()) => Ok(marker),
        Err(error) => {
            let _ = remove(&new, kind);
            Err(match error.kind() {
                ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => {
                    format!("another Striate is writing it at this moment, in {shown}")
                }
                _ => format!("{shown}: {error}"),
            })
        }
    }
}

fn make(folder: &Path, kind: FolderKind) -> io::Result<File> {
    fs::create_dir(folder)?;
    let marker = File::create_new(folder.join(MARKER))?;
    lock(&marker);
    if let Some(pictures) = kind.pictures {
        fs::create_dir(folder.join(pictures))?;
    }
    Ok(marker)
}

/// Removes a folder that holds nothing but the program's files, file by file.
fn remove(folder: &Path, kind: FolderKind) -> Result<(), String> {
    let names = listing::whole(folder, kind).or_else(|_| listing::unfinished(folder, kind))?;
    listing::remove(folder, kind, &names).map_err(|error| error.to_string())
}

/// Ends what a run was killed in, between the two renames or after them.
fn recover(target: &Path, replaced: &Path, kind: FolderKind) -> Result<(), String> {
    match target.exists() {
        true => remove(replaced, kind),
        false => {
            rename_to_new(replaced, target).map_err(|error| error.to_string())?;
            let _ = fs::remove_file(target.join(MARKER));
            Ok(())
        }
    }
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).map_err(io::Error::from)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(ErrorKind::Unsupported))
}

/// A rename that replaces nothing, not even an empty folder.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from) {
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput) => {}
            done => return done,
        }
    }
    match to.is_symlink() || to.exists() {
        true => Err(io::Error::from(ErrorKind::AlreadyExists)),
        false => fs::rename(from, to),
    }
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
