//! Files that are whole or not there: written beside their target, then renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::temporary::Temporary;
use crate::error::{Error, Result};

/// Links in a row that are followed before they are taken for a circle, as Linux does.
const MAX_LINKS: usize = 40;

/// Writes a file beside `path` and renames it when it is whole. No reader sees half a file, and an older file survives a
/// failure. The new file keeps the permissions of the one it replaces. A link stays and its target is replaced, also
/// when the target does not exist yet. A device or a pipe is written directly.
///
/// # Errors
/// The folder does not exist or cannot be written, the disk is full, or `fill` fails: nothing is left behind.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let failed = |error: io::Error| Error::io("write", path, &error);
    let refused = |why: String| Error::Failed(format!("cannot write {}: {why}", path.display()));
    let target = follow_links(path).map_err(failed)?;
    let existing = match fs::metadata(&target) {
        Ok(info) if info.is_dir() => return Err(refused("it is a folder".to_owned())),
        Ok(info) if !info.is_file() => {
            return File::options().write(true).open(&target).and_then(|file| fill_all(&file, fill)).map_err(failed);
        }
        Ok(info) => Some(info),
        Err(_) => None,
    };
    let folder = parent(&target);
    if !folder.is_dir() {
        return Err(refused(format!("there is no folder {}", folder.display())));
    }
    let beside = Temporary::file(folder).map_err(failed)?;
    if let Some(info) = existing {
        beside.file.set_permissions(info.permissions()).map_err(failed)?;
    }
    fill_all(&beside.file, fill).map_err(failed)?;
    sync(&beside.file).and_then(|()| fs::rename(&beside.path, &target)).map_err(failed)
}

/// The folder that `path` lies in; `.` for a bare name.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file that `path` means: links are followed to their end, which need not exist.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(info) if info.file_type().is_symlink() => target = parent(&target).join(fs::read_link(&target)?),
            _ => return Ok(target),
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

fn fill_all(file: &File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    fill(&mut writer)?;
    writer.flush()
}

/// Waits until the disk has the file: a rename may otherwise outlive a power cut that its content does not. Some file
/// systems cannot be asked; that is no failure.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failure_leaves_nothing_behind_and_the_old_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        let full = |file: &mut dyn Write| {
            file.write_all(&[7; 100_000])?;
            Err(io::Error::from(ErrorKind::StorageFull))
        };
        let message = write_atomically(&path, full).unwrap_err().to_string();
        assert!(message.contains("out.bin") && message.contains("no storage space"), "{message}");
        assert!(names(folder.path()).is_empty());
        write_atomically(&path, |file| file.write_all(b"old")).unwrap();
        assert!(write_atomically(&path, full).is_err());
        assert_eq!((fs::read(&path).unwrap(), names(folder.path()).len()), (b"old".to_vec(), 1));
        write_atomically(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!((fs::read(&path).unwrap(), names(folder.path()).len()), (b"new".to_vec(), 1));
    }

    #[test]
    fn folders_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| write_atomically(path, |_| Ok(())).unwrap_err().to_string();
        assert!(said(folder.path()).ends_with("it is a folder"));
        assert!(said(&folder.path().join("none/out.png")).contains("out.png: there is no folder"));
    }

    #[test]
    fn leftovers_of_dead_runs_are_cleared_and_those_of_living_ones_and_of_users_stay() {
        let folder = tempfile::tempdir().unwrap();
        let own = std::process::id();
        let dead = [format!(".striate-{own}-0.tmp"), format!(".striate-{own}-1.tmp"), ".striate-1-0.tmp".to_owned()];
        dead.iter().for_each(|name| fs::write(folder.path().join(name), "half").unwrap());
        for name in [".striate-1-0.tmp.png", ".striate-a-0.tmp", "striate-1-0.tmp", ".striate-1.tmp"] {
            fs::write(folder.path().join(name), "mine").unwrap();
        }
        let living = File::create(folder.path().join(".striate-2-0.tmp")).unwrap();
        living.lock().unwrap();
        write_atomically(&folder.path().join("out"), |file| file.write_all(b"new")).unwrap();
        let left = [
            ".striate-1-0.tmp.png",
            ".striate-1.tmp",
            ".striate-2-0.tmp",
            ".striate-a-0.tmp",
            "out",
            "striate-1-0.tmp",
        ];
        assert_eq!(names(folder.path()), left);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [file, link, dangling, circle] =
            ["file", "link", "dangling", "circle"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        symlink("link", dangling.with_extension("1")).unwrap();
        symlink("there", &dangling).unwrap();
        symlink("circle", &circle).unwrap();
        let write = |path: &Path| write_atomically(path, |file| file.write_all(b"new"));
        write(&dangling.with_extension("1")).unwrap();
        write(&dangling).unwrap();
        assert_eq!(
            (fs::read(&file).unwrap(), fs::read(folder.path().join("there")).unwrap()),
            (b"new".into(), b"new".into())
        );
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink() && dangling.is_symlink());
        assert!(write(&circle).unwrap_err().to_string().contains("circle"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_and_stay_devices() {
        write_atomically(Path::new("/dev/null"), |file| file.write_all(b"x")).unwrap();
        assert!(!Path::new("/dev/null").is_file());
        assert!(write_atomically(Path::new("/dev/full"), |file| file.write_all(b"x")).is_err());
    }
}
