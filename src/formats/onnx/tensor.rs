//! A `TensorProto` becomes a tensor: float32 for every float type and for what quantised models store in eight and
//! sixteen bits, which float32 holds exactly; int64 for the numbers that shapes are made of.

use super::{
    external::External,
    parts::{packed, pair, text},
    values::{Kind, TensorValues, of_bytes, of_numbers},
};
use crate::{
    Result,
    weights::{
        bounded::{Dtype, Stream},
        wire::{Wire, fields, skip, varint, whole},
    },
};
use candle_core::{Device, Tensor};
use std::io::Read;

/// Whole numbers of 32 and 64 bits in one tensor: they describe shapes, never weights.
const MAX_NUMBERS: usize = 1 << 20;

/// The tensor's name and values.
pub(super) fn read<R: Read>(
    stream: &mut Stream<'_, R>,
    size: u64,
    external: &mut External<'_>,
) -> Result<(String, Tensor)> {
    let (mut name, mut dims, mut number, mut elsewhere) = (String::new(), Vec::new(), 0, false);
    let (mut raw, mut floats, mut numbers) = (None, Vec::new(), Vec::new());
    let mut place = Vec::new();
    fields(stream, size, |stream, field, wire| {
        match (field, wire) {
            (1, Wire::Number(size)) if dims.len() < 8 => dims.push(size as i64),
            (1, Wire::Sized(size)) => packed(stream, size, 8, &mut dims)?,
            (2, Wire::Number(kind)) => number = kind,
            (8, Wire::Sized(size)) => name = text(stream, size)?,
            (4, Wire::Sized(size)) if size % 4 == 0 => floats = stream.floats(Dtype::F32, whole(size / 4))?,
            (4, Wire::Four) => floats.push(f32::from_le_bytes(stream.array()?)),
            (10, Wire::Sized(size)) if size % 8 == 0 => floats = stream.floats(Dtype::F64, whole(size / 8))?,
            (10, Wire::Eight) => floats.push(f64::from_le_bytes(stream.array()?) as f32),
            (5 | 7 | 11, Wire::Number(value)) if numbers.len() < MAX_NUMBERS => numbers.push(value as i64),
            (5, Wire::Sized(size)) => small(stream, size, number, &mut floats, &mut numbers)?,
            (7 | 11, Wire::Sized(size)) => packed(stream, size, MAX_NUMBERS, &mut numbers)?,
            // Float32 goes straight into its vector.
            (9, Wire::Sized(size)) if number == 1 && size % 4 == 0 => {
                floats = stream.floats(Dtype::F32, whole(size / 4))?;
            }
            (9, Wire::Sized(size)) => raw = Some(stream.bytes(size)?),
            (13, Wire::Sized(size)) if place.len() < 16 => place.push(pair(stream, size)?),
            (14, Wire::Number(1)) => elsewhere = true,
            (_, wire) => skip(stream, wire)?,
        }
        Ok(())
    })?;
    let label = if name.is_empty() { "a tensor" } else { &name };
    let Some(kind) = Kind::of(number) else {
        let what =
            format_args!("holds {label} as type {number} of ONNX; floats, or integers of 8 to 64 bits, are needed");
        return Err(stream.context.refused(what));
    };
    let shape: Option<Vec<usize>> = dims.iter().map(|&size| usize::try_from(size).ok()).collect();
    let count = shape.as_ref().and_then(|s| s.iter().try_fold(1usize, |all, &size| all.checked_mul(size)));
    let (Some(shape), Some(count)) = (shape, count) else {
        return Err(stream.context.damaged(format_args!("{label} has the shape {dims:?}")));
    };
    let values = match raw {
        _ if elsewhere => external.values(stream.context, label, &place, kind, count)?,
        Some(bytes) => of_bytes(kind, bytes),
        None if !floats.is_empty() => TensorValues::Floats(floats),
        None => of_numbers(kind, numbers),
    };
    Ok((name.clone(), shaped(stream, values, shape, label)?))
}

/// Values in their shape.
fn shaped<R: Read>(stream: &Stream<'_, R>, values: TensorValues, shape: Vec<usize>, label: &str) -> Result<Tensor> {
    let found = match &values {
        TensorValues::Floats(values) => values.len(),
        TensorValues::Numbers(values) => values.len(),
    };
    if found != shape.iter().product::<usize>() {
        let why = format_args!("{label} of shape {shape:?} has {found} values");
        return Err(stream.context.damaged(why));
    }
    Ok(match values {
        TensorValues::Floats(values) => Tensor::from_vec(values, shape, &Device::Cpu)?,
        TensorValues::Numbers(values) => Tensor::from_vec(values, shape, &Device::Cpu)?,
    })
}

/// `int32_data`: whole numbers of up to 32 bits, or the bits of 16-bit floats.
fn small<R: Read>(
    stream: &mut Stream<'_, R>,
    size: u64,
    kind: u64,
    floats: &mut Vec<f32>,
    numbers: &mut Vec<i64>,
) -> Result<()> {
    let float: fn(u64) -> f32 = match Kind::of(kind) {
        Some(Kind::Float(Dtype::F16)) => |bits| half::f16::from_bits(bits as u16).to_f32(),
        Some(Kind::Float(Dtype::Bf16)) => |bits| half::bf16::from_bits(bits as u16).to_f32(),
        Some(Kind::Whole(1 | 2, _)) => |bits| bits as i64 as f32,
        _ => return packed(stream, size, MAX_NUMBERS, numbers),
    };
    let end = stream.left() - size;
    while stream.left() > end {
        floats.push(float(varint(stream)?));
    }
    Ok(())
}
