//! The loop under gradients at filters, an outer product: one vector holds a gradient's pixel, sixteen units; a row of sums
//! holds what sixteen source values, channels of a block or taps of a planar picture, have gathered so far. The sums stay in
//! registers for a strip.
#![allow(unsafe_code)] // Pixels through pointers.

use super::simd::{Isa, LANES, Lanes, for_isa};

/// Source values whose sums are kept at a time.
pub(super) const ROWS: usize = LANES;

/// Rows of a gradient, and the source values that meet them.
pub(super) struct Strip<'a> {
    /// The source of the first gradient.
    pub source: *const f32,
    /// The first gradient.
    pub grad: *const f32,
    /// Floats from a pixel's source to each value that meets its gradient; those of a block lie side by side.
    pub offsets: &'a [usize; ROWS],
    /// Rows of gradients.
    pub rows: usize,
    /// Gradients of a row, which follow each other from row to row.
    pub columns: usize,
    /// Floats from the source of one row to that of the next, and from pixel to pixel.
    pub row_step: usize,
    pub step: usize,
    /// Whether the source is planar.
    pub planar: bool,
    /// Whether only the first half of the values matters.
    pub few: bool,
}

/// Adds the products of a strip to `[source value][16 units]`.
///
/// # Safety
/// All source values and gradients of the strip may be read.
pub(super) unsafe fn add(isa: Isa, strip: &Strip, sums: &mut [f32]) {
    let narrow = isa.vectors() == 1;
    // SAFETY: the caller's promise.
    unsafe { for_isa!(isa, outer(strip: &Strip = strip, narrow: bool = narrow, sums: &mut [f32] = sums)) }
}

/// All source values of a strip; the first half where there are `few` channels. Where registers are few, some at a time.
#[inline(always)]
unsafe fn outer<V: Lanes>(strip: &Strip, narrow: bool, sums: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe {
        match (strip.planar, narrow) {
            (false, false) if strip.few => part::<V, 8, false>(strip, 0, sums),
            (false, false) => part::<V, 16, false>(strip, 0, sums),
            (true, false) => part::<V, 16, true>(strip, 0, sums),
            (false, true) => (0..4).for_each(|quarter| part::<V, 4, false>(strip, 4 * quarter, sums)),
            (true, true) => (0..4).for_each(|quarter| part::<V, 4, true>(strip, 4 * quarter, sums)),
        }
    }
}

/// `COUNT` source values from number `first` on; those of a block lie side by side.
#[inline(always)]
unsafe fn part<V: Lanes, const COUNT: usize, const PLANAR: bool>(strip: &Strip, first: usize, sums: &mut [f32]) {
    let sums = &mut sums[first * LANES..][..COUNT * LANES];
    let base = if PLANAR { 0 } else { strip.offsets[first] };
    // SAFETY: the caller's promise.
    unsafe {
        let mut held = [V::splat(0.0); COUNT];
        for (index, held) in held.iter_mut().enumerate() {
            *held = V::load(sums.as_ptr().add(index * LANES));
        }
        for row in 0..strip.rows {
            let mut source = strip.source.add(row * strip.row_step + base);
            let mut grad = strip.grad.add(row * strip.columns * LANES);
            for _ in 0..strip.columns {
                let pixel = V::load(grad);
                for (index, held) in held.iter_mut().enumerate() {
                    let offset = if PLANAR { strip.offsets[first + index] } else { index };
                    *held = V::splat(*source.add(offset)).mul_add(pixel, *held);
                }
                source = source.wrapping_add(strip.step);
                grad = grad.wrapping_add(LANES);
            }
        }
        for (index, held) in held.iter().enumerate() {
            held.store(sums.as_mut_ptr().add(index * LANES));
        }
    }
}
