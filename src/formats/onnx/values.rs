//! The types that a model's values have, and values as float32 or int64.

use crate::weights::bounded::Dtype;

/// The types of values, by ONNX's numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Kind {
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
pub(in crate::formats) enum TensorValues {
    Floats(Vec<f32>),
    Numbers(Vec<i64>),
}

/// Little-endian values.
pub(in crate::formats) fn of_bytes(kind: Kind, bytes: Vec<u8>) -> TensorValues {
    fn each<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|&chunk| value(chunk)).collect()
    }
    if !bytes.len().is_multiple_of(kind.size()) {
        return TensorValues::Numbers(Vec::new());
    }
    match kind {
        Kind::Float(Dtype::F32) => TensorValues::Floats(each(&bytes, f32::from_le_bytes)),
        Kind::Float(Dtype::F16) => TensorValues::Floats(each(&bytes, |b| half::f16::from_le_bytes(b).to_f32())),
        Kind::Float(Dtype::Bf16) => TensorValues::Floats(each(&bytes, |b| half::bf16::from_le_bytes(b).to_f32())),
        Kind::Float(Dtype::F64) => TensorValues::Floats(each(&bytes, |b| f64::from_le_bytes(b) as f32)),
        Kind::Whole(1, true) => TensorValues::Floats(bytes.iter().map(|&byte| f32::from(byte as i8)).collect()),
        Kind::Whole(1, false) => TensorValues::Floats(bytes.iter().map(|&byte| f32::from(byte)).collect()),
        Kind::Whole(2, true) => TensorValues::Floats(each(&bytes, |b| f32::from(i16::from_le_bytes(b)))),
        Kind::Whole(2, false) => TensorValues::Floats(each(&bytes, |b| f32::from(u16::from_le_bytes(b)))),
        Kind::Whole(4, true) => TensorValues::Numbers(each(&bytes, |b| i64::from(i32::from_le_bytes(b)))),
        Kind::Whole(4, false) => TensorValues::Numbers(each(&bytes, |b| i64::from(u32::from_le_bytes(b)))),
        Kind::Whole(..) => TensorValues::Numbers(each(&bytes, i64::from_le_bytes)),
    }
}

/// Numbers of a field that is shared by several types.
pub(in crate::formats) fn of_numbers(kind: Kind, numbers: Vec<i64>) -> TensorValues {
    match kind {
        Kind::Float(Dtype::F16) => {
            TensorValues::Floats(numbers.iter().map(|&bits| half::f16::from_bits(bits as u16).to_f32()).collect())
        }
        Kind::Float(Dtype::Bf16) => {
            TensorValues::Floats(numbers.iter().map(|&bits| half::bf16::from_bits(bits as u16).to_f32()).collect())
        }
        Kind::Float(_) => TensorValues::Floats(Vec::new()),
        Kind::Whole(1 | 2, _) => TensorValues::Floats(numbers.iter().map(|&number| number as f32).collect()),
        Kind::Whole(..) => TensorValues::Numbers(numbers),
    }
}
