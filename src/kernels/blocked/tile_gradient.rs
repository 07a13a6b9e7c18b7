//! The gradient at the filters of a 3x3 convolution of stride 1 with a quarter of the multiplications: Winograd's F(4x4, 3x3)
//! backwards. Tiles of 6x6 inputs are transformed as on the way forward, and 4x4 gradients by the transpose of the outputs'
//! transform; the products of both are summed over tiles, position by position, and the sums become filters by the
//! transpose of the filters' transform, once.
#![allow(unsafe_code)] // Tiles through pointers.

use super::{
    buffer::BufferPool,
    filters::ConvGeometry,
    maps::Maps,
    outer::{self, ROWS, Strip},
    schemes::{F4, MOST, Scheme},
    simd::{Isa, LANES, Lanes, for_isa},
    winograd::{InputTile, transform_f4},
};
use std::ops::Range;

/// Tiles whose transforms are kept at a time: both fit into a second-level cache, and positions lie apart by no power of two.
const TILES: usize = 28;

/// Products of a tile.
const POSITIONS: usize = F4::SIZE * F4::SIZE;

/// Whether a convolution's gradient is found this way: at least two thirds of the tiles' outputs are there.
pub(super) fn suits(g: &ConvGeometry, lanes: usize) -> bool {
    let [height, width] = [g.output[1], g.output[2]];
    let covered = height.next_multiple_of(F4::TILE) * width.next_multiple_of(F4::TILE);
    let plain = (g.kernel, g.stride, g.dilation) == ([3, 3], [1, 1], [1, 1]);
    plain && lanes == LANES && 2 * covered <= 3 * height * width
}

/// One block of units with one block of channels.
pub(super) struct TileGradient<'a> {
    pub g: &'a ConvGeometry,
    pub source: Maps<'a>,
    pub grad: Maps<'a>,
    pub block: usize,
    pub channels: usize,
}

impl TileGradient<'_> {
    /// Sums `[position][channel][16 units]`.
    pub fn run(&self, isa: Isa, images: Range<usize>, pool: &BufferPool) -> Vec<f32> {
        let place = self.grad.place;
        let count = place.height.div_ceil(F4::TILE) * place.width.div_ceil(F4::TILE);
        let stride = TILES * LANES;
        let mut buffers = [pool.take(POSITIONS * stride), pool.take(POSITIONS * stride)];
        let mut sums = vec![0f32; POSITIONS * ROWS * LANES];
        let offsets = &std::array::from_fn(|channel| channel);
        for start in (images.start * count..images.end * count).step_by(TILES) {
            let end = (start + TILES).min(images.end * count);
            let [source, grad] = buffers.each_mut().map(|buffer| buffer.as_mut_ptr());
            for tile in start..end {
                let at = (tile - start) * LANES;
                // SAFETY: both buffers hold all positions of `TILES` tiles.
                unsafe { self.transform(isa, [tile / count, tile % count], [source.add(at), grad.add(at)], stride) };
            }
            for (position, sums) in sums.chunks_exact_mut(ROWS * LANES).enumerate() {
                // SAFETY: as above.
                unsafe {
                    let strip = Strip {
                        source: source.add(position * stride),
                        grad: grad.add(position * stride),
                        offsets,
                        rows: 1,
                        columns: end - start,
                        row_step: 0,
                        step: LANES,
                        planar: false,
                        few: false,
                    };
                    outer::add(isa, &strip, sums);
                }
            }
        }
        sums
    }

    /// Both transforms of a tile.
    ///
    /// # Safety
    /// All positions may be written, `stride` floats apart.
    unsafe fn transform(&self, isa: Isa, [image, tile]: [usize; 2], [source, grad]: [*mut f32; 2], stride: usize) {
        let (from, to) = (self.source.place, self.grad.place);
        let columns = to.width.div_ceil(F4::TILE);
        let (y, x) = (tile / columns * F4::TILE, tile % columns * F4::TILE);
        let before = self.g.before.map(|before| before as isize);
        // SAFETY: tiles are read inside of the maps; the caller's promise.
        unsafe {
            let input = &InputTile {
                source: self.source.pointer(image, self.channels),
                size: [from.height, from.width],
                origin: [y as isize - before[0], x as isize - before[1]],
                out: source,
                stride,
            };
            let output = &GradientTile {
                grad: self.grad.pointer(image, self.block).add((y * to.width + x) * LANES),
                width: to.width,
                rows: F4::TILE.min(to.height - y),
                columns: F4::TILE.min(to.width - x),
                out: grad,
                stride,
            };
            for_isa!(isa, both(input: &InputTile = input, output: &GradientTile = output));
        }
    }
}

/// Gradients at the outputs of a tile.
struct GradientTile {
    grad: *const f32,
    width: usize,
    rows: usize,
    columns: usize,
    out: *mut f32,
    /// Floats from one position to the next.
    stride: usize,
}

#[inline(always)]
unsafe fn both<V: Lanes>(input: &InputTile, output: &GradientTile) {
    // SAFETY: the caller's promise.
    unsafe {
        transform_f4::<V>(input);
        spread::<V>(output);
    }
}

#[inline(always)]
#[allow(clippy::needless_range_loop)] // Columns become rows.
unsafe fn spread<V: Lanes>(tile: &GradientTile) {
    // SAFETY: gradients are read inside the map, positions written where the caller has room.
    unsafe {
        let number = |value: f32| V::splat(value);
        let mut columns = [[V::splat(0.0); F4::TILE]; F4::SIZE];
        for x in 0..F4::TILE {
            let mut column = [V::splat(0.0); F4::TILE];
            for (y, value) in column.iter_mut().enumerate() {
                if y < tile.rows && x < tile.columns {
                    *value = V::load(tile.grad.add((y * tile.width + x) * LANES));
                }
            }
            let column = F4::spread(column, number);
            for y in 0..F4::SIZE {
                columns[y][x] = column[y];
            }
        }
        for (y, row) in columns.iter().enumerate() {
            for (x, value) in F4::spread(*row, number).iter().enumerate() {
                value.store(tile.out.add((y * F4::SIZE + x) * tile.stride));
            }
        }
    }
}

/// `[tap][channel][16 units]` from the sums of all tiles.
pub(super) fn filters(sums: &[f32]) -> Vec<f32> {
    let plane = ROWS * LANES;
    let mut taps = vec![0f32; 9 * plane];
    for at in 0..plane {
        let sum = |y: usize, x: usize| f64::from(sums[(y * F4::SIZE + x) * plane + at]);
        let rows: [[f64; 3]; MOST] = std::array::from_fn(|y| F4::filter(std::array::from_fn(|x| sum(y, x))));
        for column in 0..3 {
            for (row, value) in F4::filter(rows.map(|row| row[column])).into_iter().enumerate() {
                taps[(row * 3 + column) * plane + at] = value as f32;
            }
        }
    }
    taps
}
