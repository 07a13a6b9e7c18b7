//! Networks in files: a file becomes a graph, its weights, a description and whatever labels or preparation it states.
//! ONNX models, archives of torch.export and Keras models are read.
//!
//! Architecture invariant: files are not trusted. A reader runs nothing, opens no file outside the model's folder, and asks
//! for no more memory than the file's own bytes justify; `tests/fuzz_weights.rs` holds it to that.

mod keras;
mod network;
mod onnx;
mod pt2;

pub use network::NetworkFile;

use crate::{Error, Result, watch::Watch};
use std::{
    fs,
    io::{BufReader, Cursor, Read},
    path::Path,
};

/// Endings of files that hold a network.
pub const ENDINGS: [&str; 5] = ["onnx", "pt2", "keras", "h5", "hdf5"];

/// Whether a file holds a whole network: by its first bytes, and by its ending where it cannot be read.
pub fn is_network(path: &Path) -> bool {
    let ending = ending(path);
    let is_file = fs::metadata(path).is_ok_and(|info| info.is_file());
    match is_file.then(|| head(path)) {
        Some(Ok(head)) if head.len() >= 2 => {
            keras::recognise(&head, &ending) || onnx::recognise(&head) || is_exported(path, &head)
        }
        _ => ENDINGS.contains(&ending.as_str()),
    }
}

/// The ending of a file's name, in small letters.
fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// The first bytes of a file, nine at most.
fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    fs::File::open(path)?.take(9).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether a file that starts with `head` is an archive of torch.export.
fn is_exported(path: &Path, head: &[u8]) -> bool {
    let open = || Some((fs::File::open(path).ok()?, fs::metadata(path).ok()?.len()));
    open().is_some_and(|(file, length)| pt2::recognise(head, BufReader::new(file), length))
}

/// Reads the network in a file, reporting progress by bytes.
///
/// # Errors
/// [`Error::Failed`] when the file is unreadable, damaged, or holds no network that can be shown.
pub fn read(path: &Path, watch: &Watch) -> Result<NetworkFile> {
    let failed = |error: std::io::Error| Error::io("open", path, &error);
    let info = fs::metadata(path).map_err(failed)?;
    if !info.is_file() {
        return Err(Error::Failed(format!("{} is not a regular file", path.display())));
    }
    let start = head(path).map_err(failed)?;
    if keras::recognise(&start, &ending(path)) {
        return keras::read(fs::read(path).map_err(failed)?, path, watch);
    }
    let exported = is_exported(path, &start);
    let file = fs::File::open(path).map_err(failed)?;
    if exported {
        return pt2::read(BufReader::with_capacity(1 << 16, file), info.len(), path, watch);
    }
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    onnx::read(BufReader::with_capacity(1 << 16, file), info.len(), path, folder, watch)
}

/// Reads a network that is in memory; the ending of `name` tells a Keras file as it does on disk. Weights in other files are
/// refused.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(bytes: &[u8], name: &str) -> Result<NetworkFile> {
    let (length, path, watch) = (bytes.len() as u64, Path::new(name), Watch::default());
    if keras::recognise(bytes, &ending(path)) {
        return keras::read(bytes.to_vec(), path, &watch);
    }
    match pt2::recognise(bytes, Cursor::new(bytes), length) {
        true => pt2::read(Cursor::new(bytes), length, path, &watch),
        false => onnx::read(Cursor::new(bytes), length, path, None, &watch),
    }
}
