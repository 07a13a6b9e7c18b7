//! safetensors: eight bytes of length, a JSON header of names, types, shapes and offsets, then the values, little-endian.
//! Read tensor by tensor, so that a file needs no more memory than the float32 tensors it becomes.

use super::{
    File,
    bounded::{Dtype, Stream, is_counter},
};
use crate::{Result, net::Tensors};
use ::safetensors::{Dtype as Stored, tensor::Metadata};
use candle_core::{Device, Tensor};
use std::io::Read;

/// The beginning of the names of tensors that training keeps beside the weights, to go on from: no network needs them.
pub const STATE: &str = "training_state.";

/// Longer headers are refused: 100,000 tensors with long names stay below it.
const MAX_HEADER: u64 = 32 << 20;

/// Whether a file that starts so is one: a header is a JSON object.
pub(super) fn recognise(head: &[u8]) -> bool {
    head.get(8) == Some(&b'{')
}

pub(super) fn read<R: Read>(mut stream: Stream<'_, R>) -> Result<File> {
    let context = stream.context;
    let header = u64::from_le_bytes(stream.array()?);
    if header > MAX_HEADER || header > stream.left() {
        return Err(context.damaged(format_args!("its header claims {header} bytes of {}", stream.left())));
    }
    let header = stream.bytes(header)?;
    // Deserialising checks that offsets are contiguous and sizes fit shapes.
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|error| context.damaged(format_args!("its header is damaged ({error})")))?;
    if metadata.data_len() as u64 != stream.left() {
        let (wanted, data) = (metadata.data_len(), stream.left());
        return Err(context.damaged(format_args!("its header describes {wanted} bytes of weights but {data} follow")));
    }
    let (mut tensors, mut skipped) = (Tensors::new(), Vec::new());
    for tensor in metadata.offset_keys() {
        let Some(info) = metadata.info(&tensor) else { continue };
        if tensor.starts_with(STATE) {
            stream.skip((info.data_offsets.1 - info.data_offsets.0) as u64)?;
            continue;
        }
        let dtype = match info.dtype {
            Stored::F16 => Dtype::F16,
            Stored::BF16 => Dtype::Bf16,
            Stored::F32 => Dtype::F32,
            Stored::F64 => Dtype::F64,
            _ if is_counter(&tensor, &info.shape) => {
                stream.skip((info.data_offsets.1 - info.data_offsets.0) as u64)?;
                continue;
            }
            // Whole numbers are no weights: a network that needs them reports them as missing.
            _ => {
                stream.skip((info.data_offsets.1 - info.data_offsets.0) as u64)?;
                skipped.push(tensor);
                continue;
            }
        };
        let values = stream.floats(dtype, info.shape.iter().product())?;
        tensors.insert(tensor, Tensor::from_vec(values, info.shape.as_slice(), &Device::Cpu)?);
    }
    let metadata = metadata.metadata().clone().unwrap_or_default();
    Ok(File { skipped, ..File::new(context.format, tensors, metadata) })
}
