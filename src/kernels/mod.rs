//! Kernels that candle lacks: pooling with switches, padding and ceil mode, and LRN, forward and reverse, in float32 and
//! float64, on all cores; and the blocked kernels of the fast back end ([`blocked`]).
//!
//! These run on the CPU. On another device `candle_ops` computes the same from candle's operators.
//! Maps are contiguous `(batch, channels, height, width)`; a plane is one channel of one picture.

pub mod blocked;
mod candle_ops;
mod lrn;
mod lrn_constants;
mod peaks;
mod pool;
mod spans;

pub use lrn::{lrn, lrn_reverse};
pub use lrn_constants::Lrn;
pub use peaks::{Peak, peaks};
pub use pool::{max_pool, max_pool_reverse, mean_pool, mean_pool_reverse};
pub use spans::Spans;

use candle_core::{DType, Device, Result, Storage, Tensor, WithDType, bail};

/// Calls `$f::<T>($args)` with T the element type of `$x`.
macro_rules! for_float {
    ($x:expr, $f:ident($($arg:expr),* $(,)?)) => {
        match $x.dtype() {
            candle_core::DType::F32 => $f::<f32>($($arg),*),
            candle_core::DType::F64 => $f::<f64>($($arg),*),
            other => candle_core::bail!("no kernel for {other:?}"),
        }
    };
}
pub(crate) use for_float;

/// The values of `x` in row-major order, for the length of a call.
pub(crate) fn with_values<T: WithDType, R>(x: &Tensor, f: impl FnOnce(&[T]) -> Result<R>) -> Result<R> {
    let x = x.to_device(&Device::Cpu)?.contiguous()?;
    let (storage, layout) = x.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(values), Some((start, end))) => f(&values.as_slice::<T>()?[start..end]),
        _ => bail!("a contiguous CPU tensor was expected"),
    }
}

/// A float32 copy of the values in row-major order, from whatever float type and device.
pub fn to_vec(x: &Tensor) -> Result<Vec<f32>> {
    with_values::<f32, _>(&x.to_dtype(DType::F32)?, |values| Ok(values.to_vec()))
}
