//! The parts of a `.keras` archive.

use crate::{Error, Result};
use flate2::read::DeflateDecoder;
use serde_json::Value;
use std::io::{Cursor, Read};
use zip::{CompressionMethod, ZipArchive};

/// Bytes that an entry may unpack to, over the archive's own.
const MAX_RATIO: u64 = 4;
/// Bytes that even the smallest archive's entries may unpack to.
const MIN_UNPACKED: u64 = 16 << 20;

/// The parts of an archive.
pub(super) struct ArchiveParts {
    /// The architecture, JSON.
    pub config: String,
    /// Keras's version; empty where it is not stated.
    pub version: String,
    /// The weights, HDF5.
    pub weights: Vec<u8>,
}

pub(super) fn read(bytes: Vec<u8>, name: &str) -> Result<ArchiveParts> {
    let limit = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(MIN_UNPACKED);
    let damaged = |why: String| Error::Failed(format!("{name} is no whole Keras archive: {why}"));
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(error.to_string()))?;
    let mut entry = |part: &str| -> Result<Vec<u8>> {
        let failed = |error: &dyn std::fmt::Display| damaged(format!("{part}: {error}"));
        let index = zip.index_for_name(part).ok_or_else(|| failed(&"is not in it"))?;
        let file = zip.by_index_raw(index).map_err(|error| failed(&error))?;
        let size = file.size();
        if size > limit || file.encrypted() {
            return Err(failed(&format_args!("would unpack to {size} bytes, or is encrypted")));
        }
        // The crate comes without decompressors.
        let mut unpacked = Vec::new();
        let read = match file.compression() {
            CompressionMethod::Stored => file.take(size + 1).read_to_end(&mut unpacked),
            method if method == CompressionMethod::DEFLATE => {
                DeflateDecoder::new(file).take(size + 1).read_to_end(&mut unpacked)
            }
            other => return Err(failed(&format_args!("is packed with {other}"))),
        };
        read.map_err(|error| failed(&error))?;
        match unpacked.len() as u64 == size {
            true => Ok(unpacked),
            false => Err(failed(&"has another length than the directory says")),
        }
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| damaged("its architecture is no text".into()));
    let config = text(entry("config.json")?)?;
    let metadata: Value =
        entry("metadata.json").ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null);
    let version = metadata["keras_version"].as_str().unwrap_or_default().to_owned();
    Ok(ArchiveParts { config, version, weights: entry("model.weights.h5")? })
}
