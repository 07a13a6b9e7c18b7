//! Unfinished files and folders under names of their own, `.striate-PID-N.tmp`. Each is locked while its writer lives,
//! so that what a killed writer left is told from what another one is writing, also where process numbers recur, as in
//! containers.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

/// Names that are tried before the folder is taken for one that cannot be written.
const TRIES: usize = 10_000;

/// A file that is being written. It is removed when dropped; after a rename nothing is left to remove.
pub(super) struct Temporary {
    pub path: PathBuf,
    pub file: File,
}

impl Temporary {
    /// Makes a file in `folder` under a free name, after the leftovers of killed runs were removed from there.
    pub fn file(folder: &Path) -> io::Result<Self> {
        clear_once(folder);
        for _ in 0..TRIES {
            let path = folder.join(next_name());
            let file = match File::create_new(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                file => file?,
            };
            // Another run may have taken the new file for a leftover before it was locked.
            if lock(&file) && path.exists() {
                return Ok(Temporary { path, file });
            }
        }
        Err(io::Error::from(ErrorKind::AlreadyExists))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A name that this process has not used before.
pub(super) fn next_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(".striate-{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Whether `name` is one that [`next_name`] gives.
pub(super) fn is_name(name: &str) -> bool {
    let numbers = name.strip_prefix(".striate-").and_then(|rest| rest.strip_suffix(".tmp"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.and_then(|numbers| numbers.split_once('-')).is_some_and(|(pid, count)| is_number(pid) && is_number(count))
}

/// Locks a file for this process until it is closed; false where another has it. A file system without locks locks
/// nothing and refuses nothing.
pub(super) fn lock(file: &File) -> bool {
    !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

/// Whether no living process holds a lock on the file. Where locks are unknown nobody can tell: then it is not.
pub(super) fn is_abandoned(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Removes what killed runs left in `folder`; once for each folder, since reading a large one takes time.
fn clear_once(folder: &Path) {
    static CLEARED: LazyLock<Mutex<HashSet<PathBuf>>> = LazyLock::new(Mutex::default);
    let is_new = CLEARED.lock().is_ok_and(|mut cleared| cleared.insert(folder.to_owned()));
    if is_new {
        clear(folder);
    }
}

/// Removes the abandoned files under names of [`next_name`] from `folder`.
pub(super) fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_str().is_some_and(is_name) && is_abandoned(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
