//! The gradient at a convolution's filters: for every tap, the products of a gradient's pixels with the source's pixels that
//! the tap read, summed over pixels and pictures. Also the sum of a gradient over each unit, which a bias gets.
//!
//! The loop is an outer product: one vector holds a gradient's pixel, sixteen units; a row of sums holds what sixteen source
//! values, channels of a block or taps of a planar picture, have gathered so far. The sums stay in registers for a strip of
//! rows, whose source and gradient stay in the first-level cache for all taps.
//!
//! The source of a picture is copied with zeros around it right before it is read, and stays in the second-level cache.
//!
//! A task is a block of units, a block of channels and a range of pictures. Ranges follow from the sizes alone and are added
//! up in order, so that the result does not depend on the number of threads.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    buffer::BufferPool,
    direct::{bordered, pad_block},
    filters::ConvGeometry,
    maps::{Maps, Placement},
    simd::{Isa, LANES, Lanes, for_isa},
};
use rayon::prelude::*;
use std::ops::Range;

/// Source values whose sums are kept at a time.
const ROWS: usize = LANES;

/// Tasks to aim at, whatever the number of threads.
const TASKS: usize = 16;

/// Multiply-adds that make a task of its own.
const WORK: usize = 2 << 20;

/// Bytes of source and gradient of a strip: half of the smallest first-level cache.
const STRIP: usize = 16 << 10;

/// The gradient at filters `(units, channels / groups, rows, columns)` of a convolution, from its source (blocked, or planar
/// with one group) and the gradient at its output.
///
/// # Panics
/// When sizes are not those of the geometry.
pub fn weight_gradient(isa: Isa, g: &ConvGeometry, source: Maps, grad: Maps, pool: &BufferPool) -> Vec<f32> {
    assert_eq!((source.place.shape(), grad.place.shape()), (g.input, g.output), "maps of another size");
    assert_eq!((source.place.batch, grad.place.lanes), (grad.place.batch, LANES));
    assert!(source.place.lanes == LANES || g.groups == 1, "a planar picture has one group");
    let border = [0, 1].map(|axis| {
        let reach = (g.output[axis + 1] - 1) * g.stride[axis] + g.dilation[axis] * (g.kernel[axis] - 1) + 1;
        [g.before[axis], reach.saturating_sub(g.before[axis] + g.input[axis + 1])]
    });
    let from = bordered(&source.place, border);
    let (taps, pairs) = (taps(g, &from), pairs(g, from.lanes));
    let work = taps.len() * ROWS * grad.place.plane();
    let length = grad.place.batch.div_ceil(TASKS.div_ceil(pairs.len())).max(WORK.div_ceil(work)).max(1);
    let parts = grad.place.batch.div_ceil(length).max(1);
    let tasks: Vec<(usize, usize)> =
        (0..pairs.len()).flat_map(|pair| (0..parts).map(move |part| (pair, part))).collect();
    let sums: Vec<Vec<f32>> = tasks
        .into_par_iter()
        .map(|(pair, part)| {
            let [block, channels] = pairs[pair];
            let images = (part * length).min(grad.place.batch)..((part + 1) * length).min(grad.place.batch);
            let task = GradientTask { g, source, grad, block, channels, border, from, taps: &taps };
            task.run(isa, images, pool)
        })
        .collect();
    let sums: Vec<Vec<f32>> = sums.chunks(parts).map(total).collect();
    gather(g, source.place.lanes, &pairs, &sums)
}

/// The sum of maps over pictures, rows and columns, one a channel.
pub fn channel_sums(maps: Maps) -> Vec<f32> {
    let place = maps.place;
    let mut sums = vec![0f32; place.blocks() * LANES];
    sums.par_chunks_mut(LANES).enumerate().for_each(|(block, sums)| {
        let mut total = [0f64; LANES];
        for image in 0..place.batch {
            let mut part = [0f32; LANES];
            for pixel in maps.block(image, block).chunks_exact(LANES) {
                part.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
            }
            total.iter_mut().zip(part).for_each(|(total, part)| *total += f64::from(part));
        }
        sums.iter_mut().zip(total).for_each(|(sum, total)| *sum = total as f32);
    });
    sums.truncate(place.channels);
    sums
}

/// Blocks of units with blocks of channels that some group joins; with one lane, all channels are one block.
fn pairs(g: &ConvGeometry, lanes: usize) -> Vec<[usize; 2]> {
    let (units, channels) = (g.output[0] / g.groups, g.input[0] / g.groups);
    let joined = |block: usize| {
        let (start, end) = (block * LANES, ((block + 1) * LANES).min(g.output[0]));
        let sources = start / units * channels..(end - 1) / units * channels + channels;
        if lanes == 1 { 0..1 } else { sources.start / lanes..sources.end.div_ceil(lanes) }
    };
    (0..g.output[0].div_ceil(LANES)).flat_map(|block| joined(block).map(move |other| [block, other])).collect()
}

/// Floats from a pixel to each value that meets a gradient's pixel, in groups of [`ROWS`]: the channels of a block at each
/// tap; of a planar picture all taps of all channels, the last group filled up.
fn taps(g: &ConvGeometry, place: &Placement) -> Vec<[usize; ROWS]> {
    let channels = if place.lanes == 1 { place.channels } else { 1 };
    let mut offsets = Vec::new();
    for channel in 0..channels {
        for row in 0..g.kernel[0] {
            for column in 0..g.kernel[1] {
                let pixel = (row * g.dilation[0] * place.width + column * g.dilation[1]) * place.lanes;
                offsets.push(channel * place.plane() + pixel);
            }
        }
    }
    if place.lanes == 1 {
        return offsets.chunks(ROWS).map(|part| std::array::from_fn(|i| *part.get(i).unwrap_or(&part[0]))).collect();
    }
    offsets.into_iter().map(|offset| std::array::from_fn(|channel| offset + channel)).collect()
}

/// One block of units with one block of channels.
struct GradientTask<'a> {
    g: &'a ConvGeometry,
    source: Maps<'a>,
    grad: Maps<'a>,
    block: usize,
    channels: usize,
    border: [[usize; 2]; 2],
    /// The source with its border.
    from: Placement,
    taps: &'a [[usize; ROWS]],
}

impl GradientTask<'_> {
    /// Sums `[tap][source value][16 units]`.
    fn run(&self, isa: Isa, images: Range<usize>, pool: &BufferPool) -> Vec<f32> {
        let (from, to) = (self.from, self.grad.place);
        let (planar, narrow) = (from.lanes == 1, isa.vectors() == 1);
        let blocks = if planar { from.blocks() } else { 1 };
        let few = !planar && self.g.input[0] <= LANES / 2;
        let mut picture = pool.take(blocks * from.plane());
        let row = 4 * (self.g.stride[0] * from.width * from.lanes + to.width * LANES);
        let height = (STRIP / row).max(1);
        let mut sums = vec![0f32; self.taps.len() * ROWS * LANES];
        for image in images {
            for (index, values) in picture.chunks_exact_mut(from.plane()).enumerate() {
                pad_block(self.source, [image, self.channels + index], self.border, values);
            }
            for top in (0..to.height).step_by(height) {
                let rows = height.min(to.height - top);
                let start = top * self.g.stride[0] * from.width * from.lanes;
                for (offsets, sums) in self.taps.iter().zip(sums.chunks_exact_mut(ROWS * LANES)) {
                    // SAFETY: the border makes the source large enough for every tap of every output; the blocks exist.
                    unsafe {
                        let strip = Strip {
                            source: picture.as_ptr().add(start),
                            grad: self.grad.pointer(image, self.block).add(top * to.width * LANES),
                            offsets,
                            rows,
                            columns: to.width,
                            row_step: self.g.stride[0] * from.width * from.lanes,
                            step: self.g.stride[1] * from.lanes,
                        };
                        for_isa!(isa, outer(strip: &Strip = &strip, planar: bool = planar, narrow: bool = narrow, few: bool = few, sums: &mut [f32] = sums));
                    }
                }
            }
        }
        sums
    }
}

/// Rows of a gradient, and the source values that meet them.
struct Strip<'a> {
    source: *const f32,
    grad: *const f32,
    offsets: &'a [usize; ROWS],
    rows: usize,
    columns: usize,
    row_step: usize,
    step: usize,
}

/// All source values of a strip; the first half where there are `few` channels. Where registers are few, some at a time.
#[inline(always)]
unsafe fn outer<V: Lanes>(strip: &Strip, planar: bool, narrow: bool, few: bool, sums: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe {
        match (planar, narrow) {
            (false, false) if few => part::<V, 8, false>(strip, 0, sums),
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

/// The sum of the parts, in order.
fn total(parts: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = parts[0].clone();
    for part in &parts[1..] {
        sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
    }
    sum
}

/// The filters' order from the tasks'.
fn gather(g: &ConvGeometry, lanes: usize, pairs: &[[usize; 2]], sums: &[Vec<f32>]) -> Vec<f32> {
    let (units, channels, area) = (g.output[0] / g.groups, g.input[0] / g.groups, g.kernel[0] * g.kernel[1]);
    let mut weights = vec![0f32; g.output[0] * channels * area];
    weights.par_chunks_mut(channels * area).enumerate().for_each(|(unit, weights)| {
        let first = unit / units * channels;
        let start = pairs.partition_point(|&[block, _]| block < unit / LANES);
        for (inner, weights) in weights.chunks_exact_mut(area).enumerate() {
            let channel = first + inner;
            for (tap, weight) in weights.iter_mut().enumerate() {
                let (pair, row) = match lanes {
                    1 => (start, channel * area + tap),
                    _ => (start + channel / LANES - pairs[start][1], tap * ROWS + channel % LANES),
                };
                *weight = sums[pair][row * LANES + unit % LANES];
            }
        }
    });
    weights
}
