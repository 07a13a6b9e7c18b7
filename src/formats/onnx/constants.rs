//! Numbers out of constants.

use candle_core::{DType, Tensor};

/// The most numbers of a list: shapes, axes and paddings have fewer.
const MAX_LIST: usize = 1 << 16;

/// The first line of an error of candle's.
pub(in crate::formats) fn phrase(error: &candle_core::Error) -> String {
    format!("its constants do not fit: {}", error.to_string().lines().next().unwrap_or_default())
}

/// Whole numbers of a constant.
pub(super) fn numbers(tensor: &Tensor) -> Result<Vec<i64>, String> {
    if tensor.elem_count() > MAX_LIST {
        return Err("a list of numbers is too long".to_owned());
    }
    let flat = tensor.to_dtype(DType::I64).and_then(|tensor| tensor.flatten_all()?.to_vec1());
    flat.map_err(|error| phrase(&error))
}

/// The values of a constant.
pub(super) fn values(tensor: &Tensor) -> Result<Vec<f32>, String> {
    let flat = tensor.to_dtype(DType::F32).and_then(|tensor| tensor.flatten_all()?.to_vec1());
    flat.map_err(|error| phrase(&error))
}

/// The number that all values of a constant are; `None` where they differ.
pub(super) fn single(tensor: &Tensor) -> Option<f64> {
    if tensor.elem_count() == 0 || tensor.elem_count() > MAX_LIST {
        return None;
    }
    let values = values(tensor).ok()?;
    let first = values[0];
    values.iter().all(|value| value.to_bits() == first.to_bits()).then(|| plain(first))
}

/// A float32 as people wrote it: 1e-5 and not 9.99999974e-6.
pub(super) fn plain(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
