//! Ties of a max pool. PyTorch takes the first of equal maxima in row-major order. On a flat part of a picture the
//! values of a window are equal, but a kernel that computes neighbours in a different order rounds them differently. So
//! a switch is the first value that rounding cannot tell from the maximum (`TIE`), so that the kernels decide alike.

use candle_core::{DType, WithDType};

/// Values of a plane count as equal when they differ by less than this many roundings of its largest magnitude. 0: only
/// equal values tie, as in PyTorch, whose reference numbers leave no more room (tests/reference.rs); on a flat background
/// the two back ends then decide some windows differently.
pub(crate) const TIE: f64 = 0.0;

/// The difference below which values of a plane count as equal.
pub(super) fn tie_of<T: WithDType>(plane: &[T]) -> f64 {
    let epsilon = if T::DTYPE == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    TIE * epsilon * plane.iter().fold(0.0, |largest, value| value.to_f64().abs().max(largest))
}
