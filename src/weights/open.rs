//! Chooses the reader of a file by its first bytes: a file's name may be wrong.

use super::{
    bounded::{Context, Stream},
    caffe,
    file::{File, Format},
    legacy, npz, pytorch, reparametrised, safetensors, zipped,
};
use crate::{Error, Result, watch::Watch};
use std::{
    fs,
    io::{BufReader, Cursor, Read, Seek},
    path::Path,
};

/// Reads a file of any [`Format`], reporting progress by bytes.
///
/// # Errors
/// [`Error::Failed`] when the file is unreadable, none of these formats, damaged, or holds values that are not floats.
pub(super) fn read_one(path: &Path, watch: &Watch) -> Result<File> {
    let failed = |error: std::io::Error| Error::io("open", path, &error);
    // Before it is opened: opening a pipe waits for a writer.
    let info = fs::metadata(path).map_err(failed)?;
    if !info.is_file() {
        return Err(Error::Failed(format!("{} is not a regular file", path.display())));
    }
    let file = fs::File::open(path).map_err(failed)?;
    read(BufReader::with_capacity(1 << 16, file), info.len(), &path.display().to_string(), watch)
}

/// Whether a file begins as an archive, a safetensors file or a binary pickle: these can be told from any text.
pub(super) fn begins_as_weights(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(9).read_to_end(&mut head));
    let is_safetensors = safetensors::recognise(&head) && head[7] == 0;
    read.is_ok() && (zipped::recognise(&head) || is_safetensors || matches!(head[..], [0x80, 2..=5, ..]))
}

/// Reads a file that is in memory.
///
/// # Errors
/// As [`super::read_file`].
pub fn read_bytes(bytes: &[u8], name: &str) -> Result<File> {
    read(Cursor::new(bytes), bytes.len() as u64, name, &Watch::default())
}

/// Files that people take for weights, by their first bytes.
const OTHERS: &[(&[u8], &str)] = &[
    (b"version https://git-lfs", "is a pointer of Git LFS: the weights themselves were not downloaded"),
    (b"<", "is a web page or XML, not weights: the download went wrong"),
    (b"\x89HDF", "is an HDF5 file (Keras); save the weights as .npz or safetensors"),
    (b"GGUF", "is a GGUF file, which holds no convolutional network"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"\x93NUMPY", "is a single array; a .npz with an array a tensor is needed"),
    (b"\x08", "is an ONNX model, which is a network with its weights: open it as the network, --network FILE.onnx"),
];

fn read<R: Read + Seek>(mut reader: R, length: u64, name: &str, watch: &Watch) -> Result<File> {
    watch.at(0, 1)?;
    let unreadable = |error: std::io::Error| Error::Failed(format!("cannot read {name}: {error}"));
    let mut head = Vec::new();
    reader.by_ref().take(512).read_to_end(&mut head).map_err(unreadable)?;
    reader.rewind().map_err(unreadable)?;
    let context = |format| Context::new(name, format, length, watch);
    let mut file = if zipped::recognise(&head) {
        // The directory tells; until it is read, the first entry's name says which format a damaged file was.
        let npz = context(Format::Npz);
        let torch = context(Format::PyTorch);
        let guess = if head.windows(4).any(|name| name == b".npy") { &npz } else { &torch };
        let archive = zipped::Archive::open(guess, reader)?;
        match archive.names().iter().any(|name| pytorch::recognise(name)) {
            true => pytorch::read(zipped::Archive { context: &torch, ..archive }),
            false => npz::read(zipped::Archive { context: &npz, ..archive }),
        }
    } else if safetensors::recognise(&head) {
        safetensors::read(Stream::new(&context(Format::Safetensors), reader, length))
    } else if legacy::recognise(&head) {
        legacy::read(Stream::new(&context(Format::PyTorch), reader, length))
    } else if caffe::recognise(&head) {
        caffe::read(Stream::new(&context(Format::Caffe), reader, length))
    } else {
        Err(unknown(&head, name))
    }?;
    watch.at(1, 1)?;
    if file.tensors.keys().any(|name| name.len() > 300 || name.chars().any(char::is_control)) {
        return Err(Error::Failed(format!("{name} has tensors with names that cannot be printed")));
    }
    if file.tensors.is_empty() {
        return Err(Error::Failed(format!("{name} is a {} without any weights", file.format)));
    }
    file.tensors = reparametrised::computed(std::mem::take(&mut file.tensors))?;
    Ok(file)
}

fn unknown(head: &[u8], name: &str) -> Error {
    let tar = head.get(257..262) == Some(b"ustar");
    let known = OTHERS.iter().find(|(start, _)| head.starts_with(start)).map(|(_, what)| *what);
    let what = match known {
        _ if head.is_empty() => "is empty",
        _ if tar => {
            "is a tar archive: unpack it, or where PyTorch wrote it before 2017, save it again with a newer one"
        }
        Some(what) => what,
        None => "is no weights file: it is neither safetensors, PyTorch's .pth, .npz nor .caffemodel",
    };
    Error::Failed(format!("{name} {what}"))
}
