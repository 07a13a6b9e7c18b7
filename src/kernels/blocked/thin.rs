//! The input gradient of a first layer: many units, but one to four channels to write, which would leave most of a
//! block empty. Here lanes are units: every product of sixteen units' gradients with their weights towards one channel
//! is summed lane by lane, and the lanes at the end.
//!
//! Layout. The gradient is blocked, the result planar; weights `[phase][block][row][column][channel][16 units]`. Phases
//! as in `direct`. Pixels whose taps all lie inside are computed four at a time, for up to three channels: twelve sums,
//! each weight used four times and each pixel three times. The others check every tap, so no border is copied.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    buffer::{Buffer, BufferPool},
    filters::ConvFilters,
    maps::Maps,
    simd::{Isa, LANES, Lanes, for_isa},
};
use rayon::prelude::*;

/// Pixels computed at a time.
const PIXELS: usize = 4;
/// Channels computed at a time.
const CHANNELS: usize = 3;

/// Prepared weights.
pub struct Thin {
    isa: Isa,
    units: usize,
    size: [usize; 3],
    gradient: [usize; 2],
    stride: [usize; 2],
    rows: Vec<PhaseAxis>,
    columns: Vec<PhaseAxis>,
    /// Per phase.
    weights: Vec<Buffer>,
}

/// One phase along one axis.
struct PhaseAxis {
    /// The first input of the phase.
    origin: usize,
    /// Filter taps that reach it, with the gradient's position that enters input `origin`.
    taps: Vec<(usize, isize)>,
}

impl Thin {
    /// Prepares the input gradient of the filters' convolution (without groups).
    ///
    /// # Panics
    /// When it has groups.
    pub fn new(isa: Isa, filters: ConvFilters, pool: &BufferPool) -> Self {
        let g = filters.geometry;
        assert_eq!(g.groups, 1);
        let filters = ConvFilters { transposed: true, ..filters };
        let axis = |axis: usize, phase: usize| {
            let (stride, dilation, before) = (g.stride[axis], g.dilation[axis], g.before[axis]);
            let origin = (phase + stride - before % stride) % stride;
            let offset = |tap: usize| ((origin + before) as isize - (tap * dilation) as isize) / stride as isize;
            let taps = (0..g.kernel[axis]).filter(|tap| tap * dilation % stride == phase);
            PhaseAxis { origin, taps: taps.map(|tap| (tap, offset(tap))).collect() }
        };
        let axes = |a: usize| (0..g.stride[a]).map(|phase| axis(a, phase)).collect::<Vec<_>>();
        let (rows, columns) = (axes(0), axes(1));
        let (units, channels) = (filters.inputs(), filters.outputs());
        let mut weights = Vec::new();
        for row in &rows {
            for column in &columns {
                let blocks = units.div_ceil(LANES);
                let mut buffer = pool.take(blocks * row.taps.len() * column.taps.len() * channels * LANES);
                let mut values = buffer.iter_mut();
                for block in 0..blocks {
                    for &(y, _) in &row.taps {
                        for &(x, _) in &column.taps {
                            for channel in 0..channels {
                                let units = block * LANES..(block + 1) * LANES;
                                for (unit, value) in units.zip(&mut values) {
                                    *value = filters.weight(channel, unit, y, x);
                                }
                            }
                        }
                    }
                }
                weights.push(buffer);
            }
        }
        let gradient = [g.output[1], g.output[2]];
        Thin { isa, units, size: g.input, gradient, stride: g.stride, rows, columns, weights }
    }

    /// The gradient with respect to the input, planar `(batch, channels, height, width)`.
    ///
    /// # Panics
    /// When the gradient has another size than it was prepared for.
    pub fn run(&self, grad: Maps) -> Vec<f32> {
        let place = grad.place;
        assert_eq!((place.shape(), place.lanes), ([self.units, self.gradient[0], self.gradient[1]], LANES));
        let [channels, height, width] = self.size;
        // Row by row with its channels together, so that a task owns its values.
        let mut lines = vec![0f32; place.batch * height * channels * width];
        lines.par_chunks_mut(channels * width).enumerate().for_each(|(index, out)| {
            let (image, y) = (index / height, index % height);
            let row = self.rows.iter().position(|axis| axis.origin == y % self.stride[0]).unwrap_or(0);
            for (phase, column) in self.columns.iter().enumerate() {
                let weights = &self.weights[row * self.columns.len() + phase];
                let line = y / self.stride[0];
                let job = PhaseLine { thin: self, grad, image, line, row: &self.rows[row], column, weights };
                for first in (0..channels).step_by(CHANNELS) {
                    // SAFETY: a line checks or has checked every tap, and weights are packed in the order of its loops.
                    unsafe {
                        match channels - first {
                            1 => for_isa!(self.isa, one(job: &PhaseLine = &job, first: usize = first, out: &mut [f32] = out)),
                            2 => for_isa!(self.isa, two(job: &PhaseLine = &job, first: usize = first, out: &mut [f32] = out)),
                            _ => for_isa!(self.isa, three(job: &PhaseLine = &job, first: usize = first, out: &mut [f32] = out)),
                        }
                    }
                }
            }
        });
        let at = |index: usize| {
            let (x, y, rest) = (index % width, index / width % height, index / (width * height));
            ((rest / channels * height + y) * channels + rest % channels) * width + x
        };
        (0..lines.len()).into_par_iter().with_min_len(1 << 14).map(|index| lines[at(index)]).collect()
    }
}

/// One row of one phase.
struct PhaseLine<'a> {
    thin: &'a Thin,
    grad: Maps<'a>,
    image: usize,
    /// Its number within the phase.
    line: usize,
    row: &'a PhaseAxis,
    column: &'a PhaseAxis,
    weights: &'a [f32],
}

#[inline(always)]
unsafe fn one<V: Lanes>(job: &PhaseLine, first: usize, out: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe { line::<V, 1>(job, first, out) }
}

#[inline(always)]
unsafe fn two<V: Lanes>(job: &PhaseLine, first: usize, out: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe { line::<V, 2>(job, first, out) }
}

#[inline(always)]
unsafe fn three<V: Lanes>(job: &PhaseLine, first: usize, out: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe { line::<V, 3>(job, first, out) }
}

#[inline(always)]
unsafe fn line<V: Lanes, const COUNT: usize>(job: &PhaseLine, first: usize, out: &mut [f32]) {
    let [_, _, width] = job.thin.size;
    let pixels = width.saturating_sub(job.column.origin).div_ceil(job.thin.stride[1]);
    let (least, most) = job.column.taps.iter().fold((0, 0), |(a, b), &(_, offset)| (a.min(offset), b.max(offset)));
    let columns = job.thin.gradient[1] as isize;
    let mut pixel = 0;
    while pixel < pixels {
        let inside = pixel as isize + least >= 0 && (pixel + PIXELS) as isize + most <= columns;
        // SAFETY: four at a time only where all their taps are inside; else each tap is checked.
        unsafe {
            if inside && pixel + PIXELS <= pixels {
                sums::<V, COUNT, PIXELS, false>(job, first, pixel, out);
                pixel += PIXELS;
            } else {
                sums::<V, COUNT, 1, true>(job, first, pixel, out);
                pixel += 1;
            }
        }
    }
}

#[inline(always)]
unsafe fn sums<V: Lanes, const COUNT: usize, const PIXELS: usize, const CHECK: bool>(
    job: &PhaseLine,
    first: usize,
    pixel: usize,
    out: &mut [f32],
) {
    let [channels, _, width] = job.thin.size;
    let [rows, columns] = job.thin.gradient.map(|size| size as isize);
    // SAFETY: the caller's promise for columns; rows are checked here.
    unsafe {
        let mut sums = [[V::splat(0.0); COUNT]; PIXELS];
        let mut weights = job.weights.as_ptr().add(first * LANES);
        for block in 0..job.grad.place.blocks() {
            let source = job.grad.pointer(job.image, block);
            for &(_, row) in &job.row.taps {
                let y = job.line as isize + row;
                if y < 0 || y >= rows {
                    weights = weights.wrapping_add(job.column.taps.len() * channels * LANES);
                    continue;
                }
                for &(_, column) in &job.column.taps {
                    let x = pixel as isize + column;
                    if !CHECK || (x >= 0 && x < columns) {
                        let from = source.add((y * columns + x) as usize * LANES);
                        let mut factors = [V::splat(0.0); COUNT];
                        for (channel, factor) in factors.iter_mut().enumerate() {
                            *factor = V::load(weights.add(channel * LANES));
                        }
                        for (index, sums) in sums.iter_mut().enumerate() {
                            let value = V::load(from.add(index * LANES));
                            for (sum, factor) in sums.iter_mut().zip(factors) {
                                *sum = value.mul_add(factor, *sum);
                            }
                        }
                    }
                    weights = weights.wrapping_add(channels * LANES);
                }
            }
        }
        for (index, sums) in sums.iter().enumerate() {
            for (channel, sum) in sums.iter().enumerate() {
                let x = job.column.origin + (pixel + index) * job.thin.stride[1];
                out[(first + channel) * width + x] = sum.sum();
            }
        }
    }
}
