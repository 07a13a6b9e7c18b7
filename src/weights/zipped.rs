//! Zip archives, which `.pth` and `.npz` files are: entries by name, each stored or deflated, with its CRC-32. The bytes
//! that all entries together unpack to are limited, so that a small file cannot fill the memory.

use super::bounded::{Context, Stream};
use crate::{Error, Result};
use flate2::{CrcReader, read::DeflateDecoder};
use std::{
    borrow::Cow,
    io::{Read, Seek},
};
use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config},
    result::ZipError,
};

/// Deflated weights are hardly smaller than stored ones; pruned ones may be mostly zeros.
const MAX_RATIO: u64 = 10;
/// Bytes that even the smallest archive may inflate to.
const MIN_INFLATED: u64 = 16 << 20;

pub(crate) fn recognise(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

pub(crate) struct Archive<'a, R> {
    pub context: &'a Context<'a>,
    pub zip: ZipArchive<R>,
    /// Bytes that entries may still unpack to: entries that overlap could otherwise unpack to anything.
    pub stored_left: u64,
    pub inflated_left: u64,
}

impl<'a, R: Read + Seek> Archive<'a, R> {
    pub fn open(context: &'a Context<'a>, reader: R) -> Result<Self> {
        // PyTorch and numpy write nothing before the archive. Left to find its start, the crate takes the directory's size
        // for its place, and is wrong by one entry when PyTorch's 76 bytes of zip64 records are as long as the first one.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let zip = ZipArchive::with_config(config, reader).map_err(|error| unzip(context, "its directory", error))?;
        let inflated_left = context.length.saturating_mul(MAX_RATIO).max(MIN_INFLATED);
        Ok(Archive { context, zip, stored_left: context.length, inflated_left })
    }

    /// The entries' names, in the order of the file's directory.
    pub fn names(&self) -> Vec<String> {
        (0..self.zip.len())
            .map(|index| match self.zip.name_for_index(index) {
                Some(Ok(name)) => name.into_owned(),
                _ => String::new(),
            })
            .collect()
    }

    /// Hands the unpacked bytes of an entry to `read`, then checks that the rest of it agrees with its checksum.
    pub fn entry<T>(
        &mut self,
        index: usize,
        read: impl for<'r> FnOnce(&mut Stream<'a, &'r mut dyn Read>) -> Result<T>,
    ) -> Result<T> {
        let context = self.context;
        let file = self.zip.by_index_raw(index).map_err(|error| unzip(context, "an entry", error))?;
        let name = file.name().map_or_else(|_| format!("entry {index}"), Cow::into_owned);
        if file.encrypted() {
            return Err(context.refused(format_args!("is encrypted ({name})")));
        }
        let (size, checksum) = (file.size(), file.crc32());
        let deflated = match file.compression() {
            CompressionMethod::Stored => false,
            method if method == CompressionMethod::DEFLATE => true,
            other => return Err(context.refused(format_args!("packs {name} with {other}, which is not supported"))),
        };
        let budget = if deflated { &mut self.inflated_left } else { &mut self.stored_left };
        *budget = budget.checked_sub(size).ok_or_else(|| {
            context.damaged(format_args!("{name} would unpack to {size} bytes, too many for {} packed", context.length))
        })?;
        let unpacked: &mut dyn Read = if deflated { &mut DeflateDecoder::new(file) } else { &mut { file } };
        let mut checked = CrcReader::new(unpacked);
        let result = {
            let mut stream = Stream::new(context, &mut checked as &mut dyn Read, size);
            let result = read(&mut stream)?;
            stream.skip(stream.left())?;
            result
        };
        // PyTorch can be told to save without checksums: they are 0 then.
        if checksum != 0 && checked.crc().sum() != checksum {
            return Err(context.damaged(format_args!("{name} disagrees with its checksum")));
        }
        Ok(result)
    }
}

fn unzip(context: &Context, what: &str, error: ZipError) -> Error {
    match error {
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Error::Failed(format!("cannot read {}: {error}", context.name))
        }
        error => context.damaged(format_args!("{what} cannot be read ({error})")),
    }
}
