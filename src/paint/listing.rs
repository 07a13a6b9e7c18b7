//! Which files of a folder the program wrote. A whole folder's index ends in a comment that lists every file with its
//! length and checksum; what is not in it, or was changed since, is the user's. An unfinished folder is told by its
//! marker, and its files by their names.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use flate2::Crc;

use super::temporary;

/// A kind of folder that the program writes.
#[derive(Clone, Copy, Debug)]
pub struct FolderKind {
    /// The word for it in messages: "tour".
    pub what: &'static str,
    /// The text file that lists the other files. It is written last. A folder of a kind without one is never replaced.
    pub index: Option<&'static str>,
    /// The folder inside that holds the pictures, all of them .png; `None` where they lie beside the index.
    pub pictures: Option<&'static str>,
    /// Endings of the other files beside the index: ".csv".
    pub others: &'static [&'static str],
}

/// The file that says of a folder that the program is writing it, or was.
pub(super) const MARKER: &str = ".striate-unfinished";

/// How the list in an index starts.
const START: &str = "<!-- striate wrote these files; it replaces them, and no others (CRC-32, bytes, name)\n";
const END: &str = "-->\n";

/// Longer indices are not read: a tour of a thousand layers has some megabytes.
const MAX_INDEX: u64 = 64 << 20;

/// Something in a folder or in a folder of it.
pub(super) struct FolderEntry {
    /// Its path from there, with `/` between the parts. Bytes that are not UTF-8 are replaced: no name of ours has any.
    pub name: String,
    kind: EntryKind,
}

#[derive(Clone, Copy, PartialEq)]
enum EntryKind {
    File,
    Folder,
    /// A link, a pipe, a device.
    Other,
}

/// Everything in `folder`, two levels deep: the program's folders are no deeper.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<FolderEntry>> {
    let mut found = Vec::new();
    for (name, kind) in names(folder)? {
        if kind == EntryKind::Folder {
            let below = names(&folder.join(&name))?.into_iter();
            found.extend(below.map(|(below, kind)| FolderEntry { name: format!("{name}/{below}"), kind }));
        }
        found.push(FolderEntry { name, kind });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn names(folder: &Path) -> io::Result<Vec<(String, EntryKind)>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        let kind = match entry.file_type()? {
            kind if kind.is_file() => EntryKind::File,
            kind if kind.is_dir() => EntryKind::Folder,
            _ => EntryKind::Other,
        };
        Ok((entry.file_name().to_string_lossy().into_owned(), kind))
    };
    fs::read_dir(folder)?.map(entry).collect()
}

/// The comment that ends the index of a folder whose other files are written.
pub(super) fn comment(folder: &Path, kind: FolderKind, index: &str) -> io::Result<String> {
    let mut text = START.to_owned();
    for entry in entries(folder)?.iter().filter(|entry| entry.kind == EntryKind::File && entry.name != MARKER) {
        let (sum, length) = checksum(&folder.join(&entry.name))?;
        text.push_str(&format!("{sum:08x} {length} {}\n", entry.name));
    }
    let (sum, length) = checksum_of(index.as_bytes());
    Ok(text + &format!("{sum:08x} {length} {}\n{END}", kind.index.unwrap_or_default()))
}

/// The files of a whole folder, by name, when it holds nothing else and none was changed; otherwise the reason.
pub(super) fn whole(folder: &Path, kind: FolderKind) -> Result<Vec<String>, String> {
    let what = kind.what;
    let unknown = || format!("it is not empty, and no {what} wrote it");
    let index = kind.index.ok_or_else(|| "it is not empty".to_owned())?;
    let listed = listed(&folder.join(index), index).ok_or_else(unknown)?;
    let mut files = Vec::new();
    for entry in entries(folder).map_err(|error| error.to_string())? {
        let is_own = match entry.kind {
            EntryKind::Folder => Some(entry.name.as_str()) == kind.pictures,
            EntryKind::Other => false,
            EntryKind::File if entry.name == MARKER => true,
            EntryKind::File => match listed.get(&entry.name) {
                None => false,
                Some(_) if entry.name == index => true,
                Some(written) => {
                    let found = checksum(&folder.join(&entry.name)).map_err(|error| error.to_string())?;
                    if found != *written {
                        return Err(format!("its {} was changed since the {what} was written", entry.name));
                    }
                    true
                }
            },
        };
        if !is_own {
            return Err(format!("it holds {}, which no {what} wrote", entry.name));
        }
        if entry.kind == EntryKind::File {
            files.push(entry.name);
        }
    }
    Ok(files)
}

/// The files of a folder with a marker, when all have names that this kind of folder has; otherwise the reason.
pub(super) fn unfinished(folder: &Path, kind: FolderKind) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    for entry in entries(folder).map_err(|error| error.to_string())? {
        let is_own = match entry.kind {
            EntryKind::Folder => Some(entry.name.as_str()) == kind.pictures,
            EntryKind::File => is_own_name(&entry.name, kind),
            EntryKind::Other => false,
        };
        if !is_own {
            return Err(format!("{} holds {}, which no {} wrote", folder.display(), entry.name, kind.what));
        }
        if entry.kind == EntryKind::File {
            files.push(entry.name);
        }
    }
    Ok(files)
}

fn is_own_name(name: &str, kind: FolderKind) -> bool {
    let (folder, file) = name.rsplit_once('/').map_or((None, name), |(folder, file)| (Some(folder), file));
    let is_picture = folder == kind.pictures && file.ends_with(".png");
    let is_other = || kind.others.iter().any(|ending| file.ends_with(ending));
    let is_beside = file == MARKER || Some(file) == kind.index || is_other();
    is_picture || temporary::is_name(file) || folder.is_none() && is_beside
}

/// Removes these files, the marker last, and the folders they leave empty.
pub(super) fn remove(folder: &Path, kind: FolderKind, files: &[String]) -> io::Result<()> {
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    };
    for name in files.iter().filter(|name| *name != MARKER) {
        gone(fs::remove_file(folder.join(name)))?;
    }
    if let Some(pictures) = kind.pictures {
        gone(fs::remove_dir(folder.join(pictures)))?;
    }
    gone(fs::remove_file(folder.join(MARKER)))?;
    gone(fs::remove_dir(folder))
}

/// Checksum and length of the files that an index lists, by name; `None` where it has no list, or was changed itself.
fn listed(index: &Path, name: &str) -> Option<HashMap<String, (u32, u64)>> {
    let info = fs::symlink_metadata(index).ok()?;
    if !info.is_file() || info.len() > MAX_INDEX {
        return None;
    }
    let text = fs::read_to_string(index).ok()?;
    let (content, list) = text.rsplit_once(START)?;
    let line = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let sum = u32::from_str_radix(parts.next()?, 16).ok()?;
        let length = parts.next()?.parse().ok()?;
        Some((parts.next()?.to_owned(), (sum, length)))
    };
    let listed: HashMap<_, _> = list.strip_suffix(END)?.lines().map(line).collect::<Option<_>>()?;
    (*listed.get(name)? == checksum_of(content.as_bytes())).then_some(listed)
}

fn checksum(path: &Path) -> io::Result<(u32, u64)> {
    let mut file = File::open(path)?;
    let mut crc = Crc::new();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((crc.sum(), length)),
            count => {
                crc.update(&buffer[..count]);
                length += count as u64;
            }
        }
    }
}

fn checksum_of(bytes: &[u8]) -> (u32, u64) {
    let mut crc = Crc::new();
    crc.update(bytes);
    (crc.sum(), bytes.len() as u64)
}
