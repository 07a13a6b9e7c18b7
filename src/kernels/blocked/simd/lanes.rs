//! Operations on a vector of lanes, which kernels are generic over.
#![allow(unsafe_code)] // Loads and stores through pointers.

use half::f16;

/// Channels in a block, and lanes in a vector.
pub const LANES: usize = 16;

/// Sixteen float32 values.
pub(in crate::kernels::blocked) trait Lanes: Copy {
    /// All lanes the same.
    ///
    /// # Safety
    /// The CPU has the instruction set.
    unsafe fn splat(value: f32) -> Self;
    /// Sixteen values from memory, at any alignment.
    ///
    /// # Safety
    /// The CPU has the instruction set, and sixteen values may be read at `from`.
    unsafe fn load(from: *const f32) -> Self;
    /// Sixteen float16 values from memory, at any alignment.
    ///
    /// # Safety
    /// As for `load`.
    unsafe fn load_half(from: *const f16) -> Self;
    /// Asks for the cache line at `from`, which need not be memory at all.
    #[inline(always)]
    fn prefetch(_from: *const f32) {}
    /// To memory, at any alignment.
    ///
    /// # Safety
    /// Sixteen values may be written at `to`.
    unsafe fn store(self, to: *mut f32);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// self * factor + term; in one rounding where the instruction set can.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// max(self, low); NaN stays NaN.
    fn at_least(self, low: Self) -> Self;
    /// min(self, high); NaN stays NaN.
    fn at_most(self, high: Self) -> Self;
    /// The nearest whole number.
    fn rounded(self) -> Self;
    /// 2 to the power of self, a whole number from -126 to 127.
    fn power_of_two(self) -> Self;
    /// max(self, 0); NaN stays NaN.
    fn rectified(self) -> Self;
    /// self where `gate` > 0, else 0.
    fn where_positive(self, gate: Self) -> Self;
    /// self where `a` == `b`, else 0.
    fn where_equal(self, a: Self, b: Self) -> Self;
    /// (challenger, its mark) in lanes in which `challenger` > self or is NaN; (self, mark) in the others.
    fn challenged(self, mark: Self, challenger: Self, challengers_mark: Self) -> (Self, Self);
    /// The sum of the lanes, pairwise.
    fn sum(self) -> f32;
}
