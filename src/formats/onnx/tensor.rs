//! A `TensorProto` becomes a tensor: float32 for every float type and for what quantised models store in eight and
//! sixteen bits, which float32 holds exactly; int64 for the numbers that shapes are made of.

use super::{
    external::External,
    parse::{packed, pair, text},
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

/// The types of values, by ONNX's numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Float(Dtype),
    /// Whole numbers: bytes of each, and whether they may be negative.
    Whole(usize, bool),
}

impl Kind {
    pub fn of(number: u64) -> Option<Self> {
        Some(match number {
            1 => Kind::Float(Dtype::F32),
            10 => Kind::Float(Dtype::F16),
            16 => Kind::Float(Dtype::Bf16),
            11 => Kind::Float(Dtype::F64),
            2 | 9 => Kind::Whole(1, false),
            3 => Kind::Whole(1, true),
            4 => Kind::Whole(2, false),
            5 => Kind::Whole(2, true),
            6 => Kind::Whole(4, true),
            12 => Kind::Whole(4, false),
            7 | 13 => Kind::Whole(8, true),
            _ => return None,
        })
    }

    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Kind::Float(dtype) => dtype.size(),
            Kind::Whole(size, _) => size,
        }
    }
}

/// Values as they were read.
enum Values {
    Floats(Vec<f32>),
    Numbers(Vec<i64>),
}

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
        let what = format_args!("holds {label} as type {number} of ONNX; floats, or integers of 8 to 64 bits, are needed");
        return Err(stream.context.refused(what));
    };
    let shape: Option<Vec<usize>> = dims.iter().map(|&size| usize::try_from(size).ok()).collect();
    let count = shape.as_ref().and_then(|s| s.iter().try_fold(1usize, |all, &size| all.checked_mul(size)));
    let (Some(shape), Some(count)) = (shape, count) else {
        return Err(stream.context.damaged(format_args!("{label} has the shape {dims:?}")));
    };
    let values = match raw {
        _ if elsewhere => of_bytes(kind, external.bytes(stream.context, label, &place, kind, count)?),
        Some(bytes) => of_bytes(kind, bytes),
        None if !floats.is_empty() => Values::Floats(floats),
        None => of_numbers(kind, numbers),
    };
    let found = match &values {
        Values::Floats(values) => values.len(),
        Values::Numbers(values) => values.len(),
    };
    if found != count {
        let why = format_args!("{label} of shape {shape:?} has {found} values");
        return Err(stream.context.damaged(why));
    }
    let tensor = match values {
        Values::Floats(values) => Tensor::from_vec(values, shape, &Device::Cpu)?,
        Values::Numbers(values) => Tensor::from_vec(values, shape, &Device::Cpu)?,
    };
    Ok((name, tensor))
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

/// Little-endian values.
fn of_bytes(kind: Kind, bytes: Vec<u8>) -> Values {
    fn each<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|&chunk| value(chunk)).collect()
    }
    if !bytes.len().is_multiple_of(kind.size()) {
        return Values::Numbers(Vec::new());
    }
    match kind {
        Kind::Float(Dtype::F32) => Values::Floats(each(&bytes, f32::from_le_bytes)),
        Kind::Float(Dtype::F16) => Values::Floats(each(&bytes, |b| half::f16::from_le_bytes(b).to_f32())),
        Kind::Float(Dtype::Bf16) => Values::Floats(each(&bytes, |b| half::bf16::from_le_bytes(b).to_f32())),
        Kind::Float(Dtype::F64) => Values::Floats(each(&bytes, |b| f64::from_le_bytes(b) as f32)),
        Kind::Whole(1, true) => Values::Floats(bytes.iter().map(|&byte| f32::from(byte as i8)).collect()),
        Kind::Whole(1, false) => Values::Floats(bytes.iter().map(|&byte| f32::from(byte)).collect()),
        Kind::Whole(2, true) => Values::Floats(each(&bytes, |b| f32::from(i16::from_le_bytes(b)))),
        Kind::Whole(2, false) => Values::Floats(each(&bytes, |b| f32::from(u16::from_le_bytes(b)))),
        Kind::Whole(4, true) => Values::Numbers(each(&bytes, |b| i64::from(i32::from_le_bytes(b)))),
        Kind::Whole(4, false) => Values::Numbers(each(&bytes, |b| i64::from(u32::from_le_bytes(b)))),
        Kind::Whole(..) => Values::Numbers(each(&bytes, i64::from_le_bytes)),
    }
}

/// Numbers of a field that is shared by several types.
fn of_numbers(kind: Kind, numbers: Vec<i64>) -> Values {
    match kind {
        Kind::Float(Dtype::F16) => {
            Values::Floats(numbers.iter().map(|&bits| half::f16::from_bits(bits as u16).to_f32()).collect())
        }
        Kind::Float(Dtype::Bf16) => {
            Values::Floats(numbers.iter().map(|&bits| half::bf16::from_bits(bits as u16).to_f32()).collect())
        }
        Kind::Float(_) => Values::Floats(Vec::new()),
        Kind::Whole(1 | 2, _) => Values::Floats(numbers.iter().map(|&number| number as f32).collect()),
        Kind::Whole(..) => Values::Numbers(numbers),
    }
}
