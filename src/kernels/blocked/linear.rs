//! Fully connected layers: y = W x + b, and x' = W^T y' for the gradient, on the weights as they lie in the file,
//! `(outputs, inputs)` row-major: nothing is packed, nothing is kept twice (VGG-16's are half a gigabyte).
//!
//! Every weight is used once a picture, so reading them is all the time it takes. Rows are read four at a time, which
//! gives the prefetcher four streams and uses each loaded value of x (or of the sum) four times; pictures of a batch
//! share each group of four. The gradient leaves out rows whose y' is zero: behind a rectifier that is half of them,
//! behind the scores all but one.
#![allow(unsafe_code)] // Rows through pointers.

use super::simd::{Isa, LANES, Lanes, for_isa};
use half::f16;
use rayon::prelude::*;

/// A weight's type in memory.
pub trait Weight: Copy + Sync {
    /// Sixteen of them.
    ///
    /// # Safety
    /// The CPU has the instruction set, and sixteen values may be read at `from`.
    #[allow(private_bounds)] // Called in this file only.
    unsafe fn load<V: Lanes>(from: *const Self) -> V;
    /// One of them.
    fn single(self) -> f32;
}

impl Weight for f32 {
    #[allow(private_bounds)]
    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const Self) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(from) }
    }
    #[inline(always)]
    fn single(self) -> f32 {
        self
    }
}

impl Weight for f16 {
    #[allow(private_bounds)]
    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const Self) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load_half(from) }
    }
    #[inline(always)]
    fn single(self) -> f32 {
        self.to_f32()
    }
}

/// Rows read at a time.
const ROWS: usize = 4;

/// Floats of the gradient that a task sums up: they stay in the first-level cache.
const PIECE: usize = 1024;

/// `(batch, inputs)` to `(batch, outputs)`.
///
/// # Panics
/// When sizes do not fit.
pub fn linear<W: Weight>(isa: Isa, x: &[f32], weights: &[W], bias: Option<&[f32]>, outputs: usize) -> Vec<f32> {
    let inputs = weights.len() / outputs;
    let batch = x.len() / inputs;
    assert!(weights.len() == inputs * outputs && x.len() == batch * inputs && bias.is_none_or(|b| b.len() == outputs));
    // Transposed while it is computed, so that a task owns its outputs.
    let mut columns = vec![0f32; batch * outputs];
    let tasks = columns.par_chunks_mut(ROWS * batch).zip(weights.par_chunks(ROWS * inputs)).enumerate();
    tasks.with_min_len(4).for_each(|(group, (out, rows))| {
        for (image, x) in x.chunks_exact(inputs).enumerate() {
            let mut sums = [0f32; ROWS];
            // SAFETY: `rows` is one to four rows of as many values as `x` has.
            unsafe {
                for_isa!(isa, products<W: Weight>(x: &[f32] = x, rows: &[W] = rows, sums: &mut [f32; ROWS] = &mut sums));
            }
            for (row, sum) in sums.iter().enumerate().take(rows.len() / inputs) {
                out[row * batch + image] = sum + bias.map_or(0.0, |bias| bias[group * ROWS + row]);
            }
        }
    });
    if batch == 1 {
        return columns;
    }
    (0..batch * outputs).map(|at| columns[at % outputs * batch + at / outputs]).collect()
}

#[inline(always)]
unsafe fn products<V: Lanes, W: Weight>(x: &[f32], rows: &[W], sums: &mut [f32; ROWS]) {
    let inputs = x.len();
    let whole = inputs / (2 * LANES) * (2 * LANES);
    let count = rows.len() / inputs;
    // A missing row is another's twin.
    let row = |index: usize| &rows[index.min(count - 1) * inputs..][..inputs];
    // SAFETY: `whole` values and the rest are inside x and every row.
    unsafe {
        let mut parts = [[V::splat(0.0); 2]; ROWS];
        for at in (0..whole).step_by(2 * LANES) {
            for half in 0..2 {
                let at = at + half * LANES;
                let x = V::load(x.as_ptr().add(at));
                for (index, part) in parts.iter_mut().enumerate() {
                    part[half] = W::load::<V>(row(index).as_ptr().add(at)).mul_add(x, part[half]);
                }
            }
        }
        for (index, sum) in sums.iter_mut().enumerate() {
            let rest: f32 = (whole..inputs).map(|at| row(index)[at].single() * x[at]).sum();
            *sum = parts[index][0].add(parts[index][1]).sum() + rest;
        }
    }
}

/// `(batch, outputs)` back to `(batch, inputs)`.
///
/// # Panics
/// When sizes do not fit.
pub fn linear_reverse<W: Weight>(isa: Isa, grad: &[f32], weights: &[W], outputs: usize) -> Vec<f32> {
    let inputs = weights.len() / outputs;
    let batch = grad.len() / outputs;
    assert!(weights.len() == inputs * outputs && grad.len() == batch * outputs);
    let used: Vec<usize> = (0..outputs).filter(|&row| (0..batch).any(|i| grad[i * outputs + row] != 0.0)).collect();
    // By piece, then by picture, so that a task owns its sums.
    let mut pieces = vec![0f32; batch * inputs];
    pieces.par_chunks_mut(PIECE * batch).enumerate().for_each(|(piece, sums)| {
        let start = piece * PIECE;
        let length = sums.len() / batch;
        for rows in used.chunks(ROWS) {
            for (image, sums) in sums.chunks_exact_mut(length).enumerate() {
                let factors = [0, 1, 2, 3].map(|row| rows.get(row).map_or(0.0, |row| grad[image * outputs + row]));
                let rows = [0, 1, 2, 3].map(|row| &weights[rows.get(row).unwrap_or(&rows[0]) * inputs + start..][..length]);
                // SAFETY: every row has as many values as `sums`.
                unsafe {
                    for_isa!(isa, accumulate<W: Weight>(sums: &mut [f32] = sums, rows: [&[W]; ROWS] = rows, factors: [f32; ROWS] = factors));
                }
            }
        }
    });
    if batch == 1 {
        return pieces;
    }
    let at = |image: usize, input: usize| {
        let (start, length) = (input / PIECE * PIECE, PIECE.min(inputs - input / PIECE * PIECE));
        start * batch + image * length + input - start
    };
    (0..batch * inputs).map(|index| pieces[at(index / inputs, index % inputs)]).collect()
}

#[inline(always)]
unsafe fn accumulate<V: Lanes, W: Weight>(sums: &mut [f32], rows: [&[W]; ROWS], factors: [f32; ROWS]) {
    let whole = sums.len() / LANES * LANES;
    // SAFETY: `whole` values are inside the sums and every row.
    unsafe {
        let vectors = factors.map(|factor| V::splat(factor));
        for at in (0..whole).step_by(LANES) {
            let mut sum = V::load(sums.as_ptr().add(at));
            for (row, factor) in rows.iter().zip(vectors) {
                sum = W::load::<V>(row.as_ptr().add(at)).mul_add(factor, sum);
            }
            sum.store(sums.as_mut_ptr().add(at));
        }
    }
    for at in whole..sums.len() {
        for (row, factor) in rows.iter().zip(factors) {
            sums[at] += row[at].single() * factor;
        }
    }
}
