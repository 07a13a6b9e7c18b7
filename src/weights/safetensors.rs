//! safetensors: a JSON header, then raw little-endian values. Read tensor by tensor, so that a file needs no more
//! memory than the float32 tensors it becomes.

use crate::{Error, Result, net::Tensors, watch::Watch};
use ::safetensors::{Dtype, tensor::Metadata};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::{
    collections::HashMap,
    fs,
    io::{BufReader, Cursor, Read},
    path::Path,
};

/// What a weights file holds.
pub struct File {
    /// The tensors, in float32.
    pub tensors: Tensors,
    /// The header's free text: epoch, accuracy, ...
    pub metadata: HashMap<String, String>,
}

/// Longer headers are refused: 100,000 tensors with long names stay below it.
const MAX_HEADER: u64 = 32 << 20;

/// Reads a file, reporting progress by bytes.
///
/// # Errors
/// [`Error::Failed`] when the file is unreadable, truncated, not safetensors, or holds values that are not floats.
pub fn read_file(path: &Path, watch: &Watch) -> Result<File> {
    let file = fs::File::open(path).map_err(|error| Error::io("open", path, &error))?;
    let info = file.metadata().map_err(|error| Error::io("open", path, &error))?;
    if info.is_dir() {
        return Err(Error::Failed(format!("{} is a folder; a .safetensors file is needed", path.display())));
    }
    read(&mut BufReader::with_capacity(1 << 20, file), info.len(), &path.display().to_string(), watch)
}

/// Reads a file that is in memory.
///
/// # Errors
/// As [`read_file`].
pub fn read_bytes(bytes: &[u8], name: &str) -> Result<File> {
    read(&mut Cursor::new(bytes), bytes.len() as u64, name, &Watch::default())
}

fn read(source: &mut impl Read, length: u64, name: &str, watch: &Watch) -> Result<File> {
    let damaged = |why: &str| Error::Failed(format!("{name} is not a whole safetensors file: {why}"));
    let mut header_length = [0; 8];
    source.read_exact(&mut header_length).map_err(|_| damaged("it is shorter than its header"))?;
    let header_length = u64::from_le_bytes(header_length);
    if header_length > MAX_HEADER || header_length + 8 > length {
        return Err(damaged(&format!("its header claims {header_length} bytes of {length}")));
    }
    let mut header = vec![0; header_length as usize];
    source.read_exact(&mut header).map_err(|error| damaged(&error.to_string()))?;
    // Deserialising checks that offsets are contiguous and sizes fit shapes.
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|error| damaged(&format!("its header is damaged ({error})")))?;
    let data = length - 8 - header_length;
    if metadata.data_len() as u64 != data {
        let wanted = metadata.data_len();
        return Err(damaged(&format!("its header describes {wanted} bytes of weights but {data} follow")));
    }
    let mut tensors = Tensors::new();
    let mut done = 0;
    for tensor in metadata.offset_keys() {
        let Some(info) = metadata.info(&tensor) else { continue };
        watch.at(done, data as usize)?;
        let mut bytes = vec![0; info.data_offsets.1 - info.data_offsets.0];
        source.read_exact(&mut bytes).map_err(|error| damaged(&error.to_string()))?;
        done += bytes.len();
        // PyTorch counts batches in an integer that nothing here needs.
        if tensor.ends_with("num_batches_tracked") {
            continue;
        }
        let values = floats(info.dtype, &bytes).ok_or_else(|| {
            let dtype = info.dtype;
            Error::Failed(format!("{name} holds {tensor} as {dtype:?}; floats of 16, 32 or 64 bits are needed"))
        })?;
        tensors.insert(tensor, Tensor::from_vec(values, info.shape.as_slice(), &Device::Cpu)?);
    }
    watch.at(1, 1)?;
    Ok(File { tensors, metadata: metadata.metadata().clone().unwrap_or_default() })
}

/// Little-endian values as float32; `None` for a type that is not a float.
fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    fn convert<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32 + Sync) -> Option<Vec<f32>> {
        Some(bytes.as_chunks::<N>().0.par_iter().with_min_len(1 << 16).map(|&chunk| value(chunk)).collect())
    }
    match dtype {
        Dtype::F32 => convert(bytes, f32::from_le_bytes),
        Dtype::F16 => convert(bytes, |b| half::f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => convert(bytes, |b| half::bf16::from_le_bytes(b).to_f32()),
        Dtype::F64 => convert(bytes, |b| f64::from_le_bytes(b) as f32),
        _ => None,
    }
}
