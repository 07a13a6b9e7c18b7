//! The gradient at a convolution's filters: for every tap, the products of a gradient's pixels with the source's pixels that
//! the tap read, summed over pixels and pictures. Also the sum of a gradient over each unit, which a bias gets.
//!
//! The loop is that of `outer`, over a strip of rows, whose source and gradient stay in the first-level cache for all taps.
//! Usual 3x3 convolutions go by `tile_gradient`.
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
    outer::{self, ROWS, Strip},
    simd::{Isa, LANES},
    tile_gradient::{self, TileGradient},
};
use rayon::prelude::*;
use std::ops::Range;

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
    let by_tiles = tile_gradient::suits(g, from.lanes);
    let tasks: Vec<(usize, usize)> =
        (0..pairs.len()).flat_map(|pair| (0..parts).map(move |part| (pair, part))).collect();
    let sums: Vec<Vec<f32>> = tasks
        .into_par_iter()
        .map(|(pair, part)| {
            let [block, channels] = pairs[pair];
            let images = (part * length).min(grad.place.batch)..((part + 1) * length).min(grad.place.batch);
            if by_tiles {
                return TileGradient { g, source, grad, block, channels }.run(isa, images, pool);
            }
            let task = GradientTask { g, source, grad, block, channels, border, from, taps: &taps };
            task.run(isa, images, pool)
        })
        .collect();
    let whole = |parts: &[Vec<f32>]| if by_tiles { tile_gradient::filters(&total(parts)) } else { total(parts) };
    let sums: Vec<Vec<f32>> = sums.par_chunks(parts).map(whole).collect();
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
        let planar = from.lanes == 1;
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
                            planar,
                            few,
                        };
                        outer::add(isa, &strip, sums);
                    }
                }
            }
        }
        sums
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
