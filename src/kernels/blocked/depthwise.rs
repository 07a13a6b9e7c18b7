//! Depthwise convolution: one filter a channel. A vector is one pixel of sixteen channels and a filter tap is a vector of
//! sixteen weights, so that a task is a block of channels and no channel is multiplied by another's zeros.
//!
//! The input gradient is the same loop: input pixels fall into phases by their position modulo the stride, and each
//! phase is a convolution of stride 1 over the gradient with the taps that reach it.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    buffer::{Buffer, BufferPool},
    filters::{ConvFilters, ConvGeometry},
    finish::{Epilogue, Finish},
    maps::{Maps, MapsMut},
    simd::{Isa, LANES, Lanes, for_isa},
};

/// Output pixels computed at a time: their sums and one weight stay in registers.
const PIXELS: usize = 8;

/// Prepared weights of a depthwise convolution.
pub struct Depthwise {
    isa: Isa,
    source: [usize; 3],
    output: [usize; 3],
    /// Phases along rows and along columns.
    axes: [Vec<AxisPhase>; 2],
    /// Source pixels between neighbouring outputs of a phase, along rows and columns.
    step: [usize; 2],
    kernel: [usize; 2],
    /// `[block][row][column][16]`.
    weights: Buffer,
}

/// Outputs at one position modulo the distance between outputs of a phase, along one axis.
struct AxisPhase {
    /// The first output.
    origin: usize,
    /// Number of outputs.
    count: usize,
    /// Taps of the filter, and the source position from which each enters the first output.
    taps: Vec<(usize, isize)>,
}

impl Depthwise {
    /// Whether a convolution is depthwise with one filter a channel.
    pub fn suits(g: &ConvGeometry) -> bool {
        g.groups > 1 && g.groups == g.input[0] && g.groups == g.output[0]
    }

    /// Prepares filters of a convolution that [`Depthwise::suits`].
    ///
    /// # Panics
    /// When it does not suit.
    pub fn new(isa: Isa, filters: ConvFilters, pool: &BufferPool) -> Self {
        let g = filters.geometry;
        assert!(Depthwise::suits(&g), "not a depthwise convolution");
        let (source, output) = if filters.transposed { (g.output, g.input) } else { (g.input, g.output) };
        let axes = [0, 1].map(|axis| phases(&g, axis, filters.transposed));
        let step = if filters.transposed { [1, 1] } else { g.stride };
        let blocks = output[0].div_ceil(LANES);
        let mut weights = pool.take(blocks * g.kernel[0] * g.kernel[1] * LANES);
        let mut values = weights.iter_mut();
        for block in 0..blocks {
            for row in 0..g.kernel[0] {
                for column in 0..g.kernel[1] {
                    for (channel, value) in (block * LANES..(block + 1) * LANES).zip(&mut values) {
                        *value = filters.weight(channel, channel, row, column);
                    }
                }
            }
        }
        Depthwise { isa, source, output, axes, step, kernel: g.kernel, weights }
    }

    /// Convolves `source` into `out`.
    ///
    /// # Panics
    /// When the sizes are not those it was prepared for.
    pub fn run(&self, source: Maps, out: &mut MapsMut, epilogue: &Epilogue) {
        let place = out.place;
        assert_eq!((source.place.shape(), source.place.lanes), (self.source, LANES));
        assert_eq!((place.shape(), place.batch, place.lanes), (self.output, source.place.batch, LANES));
        epilogue.check(&place);
        let length = place.width * LANES;
        let filter = self.kernel[0] * self.kernel[1] * LANES;
        out.for_each_block(|image, block, values| {
            let weights = &self.weights[block * filter..][..filter];
            for (y, values) in values.chunks_exact_mut(length).enumerate() {
                let job = Line {
                    kernel: self,
                    source: source.block(image, block),
                    weights,
                    row: y,
                    finish: epilogue.at(image, block, y * length),
                };
                // SAFETY: taps outside of the source are left out by `line`; the epilogue was checked against `out`.
                unsafe { for_isa!(self.isa, line(job: &Line = &job, out: &mut [f32] = values)) }
            }
        });
    }
}

/// The phases along one axis.
fn phases(g: &ConvGeometry, axis: usize, transposed: bool) -> Vec<AxisPhase> {
    let (stride, dilation, before) = (g.stride[axis], g.dilation[axis], g.before[axis]);
    let taps = 0..g.kernel[axis];
    if !transposed {
        let offset = |tap: usize| (tap * dilation) as isize - before as isize;
        let taps = taps.map(|tap| (tap, offset(tap))).collect();
        return vec![AxisPhase { origin: 0, count: g.output[axis + 1], taps }];
    }
    // Input pixel i gets from output o through tap t where i + before = o stride + t dilation.
    let phase = |phase: usize| {
        let origin = (phase + stride - before % stride) % stride;
        let reach = taps.clone().filter(|tap| tap * dilation % stride == phase);
        let offset = |tap: usize| ((origin + before) as isize - (tap * dilation) as isize) / stride as isize;
        let count = g.input[axis + 1].saturating_sub(origin).div_ceil(stride);
        AxisPhase { origin, count, taps: reach.map(|tap| (tap, offset(tap))).collect() }
    };
    (0..stride).map(phase).collect()
}

/// One row of outputs of one block.
struct Line<'a> {
    kernel: &'a Depthwise,
    source: &'a [f32],
    weights: &'a [f32],
    row: usize,
    finish: Option<Finish>,
}

#[inline(always)]
unsafe fn line<V: Lanes>(job: &Line, out: &mut [f32]) {
    let kernel = job.kernel;
    let distance = kernel.axes[0].len();
    let Some(rows) = kernel.axes[0].iter().find(|phase| phase.origin == job.row % distance) else { return };
    let first = (job.row / distance * kernel.step[0]) as isize;
    let width = kernel.source[2] as isize;
    for columns in &kernel.axes[1] {
        let (least, most) = columns.taps.iter().fold((0, 0), |(least, most), &(_, at)| (at.min(least), at.max(most)));
        let mut pixel = 0;
        while pixel < columns.count {
            let at = (pixel * kernel.step[1]) as isize;
            let end = ((pixel + PIXELS - 1) * kernel.step[1]) as isize + most;
            let inside = at + least >= 0 && end < width && pixel + PIXELS <= columns.count;
            // SAFETY: several at a time only where all their taps are inside; else each tap is checked.
            unsafe {
                if inside {
                    sums::<V, PIXELS, false>(job, rows, columns, first, pixel, out);
                    pixel += PIXELS;
                } else {
                    sums::<V, 1, true>(job, rows, columns, first, pixel, out);
                    pixel += 1;
                }
            }
        }
    }
}

/// Sums of neighbouring outputs of a phase, finished and stored.
#[inline(always)]
unsafe fn sums<V: Lanes, const COUNT: usize, const CHECK: bool>(
    job: &Line,
    rows: &AxisPhase,
    columns: &AxisPhase,
    first: isize,
    pixel: usize,
    out: &mut [f32],
) {
    let kernel = job.kernel;
    let [_, height, width] = kernel.source.map(|size| size as isize);
    let step = kernel.step[1] * LANES;
    // SAFETY: the caller's promise for columns; rows are checked here.
    unsafe {
        let mut sums = [V::splat(0.0); COUNT];
        for &(row, offset) in &rows.taps {
            let y = first + offset;
            if y < 0 || y >= height {
                continue;
            }
            let weights = job.weights[row * kernel.kernel[1] * LANES..].as_ptr();
            for &(column, offset) in &columns.taps {
                let x = (pixel * kernel.step[1]) as isize + offset;
                if CHECK && (x < 0 || x >= width) {
                    continue;
                }
                let weight = V::load(weights.add(column * LANES));
                let from = job.source.as_ptr().add((y * width + x) as usize * LANES);
                for (index, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(from.add(index * step)).mul_add(weight, *sum);
                }
            }
        }
        for (index, sum) in sums.iter().enumerate() {
            let offset = (columns.origin + (pixel + index) * kernel.axes[1].len()) * LANES;
            let value = match &job.finish {
                Some(finish) => finish.apply(*sum, finish.channel(0), offset),
                None => *sum,
            };
            value.store(out[offset..][..LANES].as_mut_ptr());
        }
    }
}
