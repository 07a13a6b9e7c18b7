//! 3x3 convolution of stride 1 with a quarter, or four ninths, of the multiplications: Winograd's minimal filtering
//! F(4x4, 3x3) and F(2x2, 3x3). Input tiles are transformed (6x6 or 4x4 values each), multiplied by transformed
//! weights position by position, which sums over channels, and transformed back to 4x4 or 2x2 outputs.
//!
//! Layout. Transformed input `[position][block][tile][16]`, products alike, weights `[position][panel][channel][16 or
//! 32 outputs]`: for each of the 36 or 16 positions a matrix product that the micro-kernel runs, tiles being pixels.
//!
//! Which. F(4,3) has four times the weights of the filter, F(2,3) 1.8 times. Where maps are small (14x14 and below)
//! and channels many, reading the weights is what takes the time, and F(2,3) is as fast or faster; it is also ten
//! times more accurate (largest error over largest value: 1e-6 against 1e-5).
//!
//! Blocking. Up to 128 channels a task takes a few dozen tiles through all three steps, so that its transformed values
//! stay in the second-level cache; the transformed weights, at most 2.4 MB, are read again by every task. With more
//! channels those would come from memory again and again: there each step runs over all tiles before the next begins,
//! and every panel of weights is read once.
//!
//! Gradient: the same with flipped filters, units and channels changed places, and 2 - padding.
#![allow(unsafe_code)] // The micro-kernel, and tiles of maps that many threads write.

use super::{
    buffer::{Buffer, BufferPool},
    filters::ConvFilters,
    finish::Epilogue,
    maps::{Maps, MapsMut, Placement},
    micro::{self, PixelStrip, SharedOutput},
    schemes::{F2, F4, MOST, Scheme},
    simd::{Isa, LANES, Lanes, for_isa},
    ties::keep_ties,
};
use rayon::prelude::*;

/// Tiles that a task takes through all steps: a register block.
const TILES_OF_A_TASK: usize = 14;

/// Input channels up to which a task does all steps.
const FEW_CHANNELS: usize = 128;

/// Prepared weights.
pub struct Winograd {
    isa: Isa,
    /// Outputs of a tile along an axis: 4 or 2.
    tile: usize,
    inputs: usize,
    output: [usize; 3],
    before: [usize; 2],
    /// Whether outputs with equal inputs stay equal. Only max pooling asks, and only on the way forward; looking for equal
    /// inputs takes a few hundredths of the time.
    pub keeps_ties: bool,
    weights: Buffer,
}

impl Winograd {
    /// Prepares a 3x3 convolution of stride 1 without dilation or groups, with tiles of 4 or 2.
    ///
    /// # Panics
    /// For another convolution.
    pub fn new(isa: Isa, filters: ConvFilters, tile: usize, pool: &BufferPool) -> Self {
        let geometry = filters.geometry;
        let plain =
            (geometry.kernel, geometry.stride, geometry.dilation, geometry.groups) == ([3, 3], [1, 1], [1, 1], 1);
        assert!(plain && (tile == 2 || tile == 4), "no Winograd tiles of {tile} for {geometry:?}");
        assert!(!filters.transposed || geometry.before.iter().all(|&before| before <= 2), "no gradient by Winograd");
        let (before, size) = match filters.transposed {
            true => (geometry.before.map(|before| 2 - before), geometry.input),
            false => (geometry.before, geometry.output),
        };
        let weights = match tile {
            4 => transformed::<F4>(isa, &filters, pool),
            _ => transformed::<F2>(isa, &filters, pool),
        };
        let (inputs, output) = (filters.inputs(), [filters.outputs(), size[1], size[2]]);
        Winograd { isa, tile, inputs, output, before, keeps_ties: !filters.transposed, weights }
    }

    /// Convolves `source` into `out`.
    ///
    /// # Panics
    /// When the sizes are not those it was prepared for.
    pub fn run(&self, source: Maps, out: &mut MapsMut, epilogue: &Epilogue, pool: &BufferPool) {
        self.convolve(source, out, epilogue, pool);
        // Summands and gates differ from place to place.
        if self.keeps_ties && epilogue.add.is_none() && epilogue.gate.is_none() {
            keep_ties(source, self.before, out);
        }
    }

    fn convolve(&self, source: Maps, out: &mut MapsMut, epilogue: &Epilogue, pool: &BufferPool) {
        let place = out.place;
        assert_eq!((source.place.channels, source.place.lanes), (self.inputs, LANES));
        assert_eq!((place.shape(), place.batch, place.lanes), (self.output, source.place.batch, LANES));
        epilogue.check(&place);
        let tiles = [place.height.div_ceil(self.tile), place.width.div_ceil(self.tile)];
        let job =
            WinogradJob { winograd: self, source, place, tiles, epilogue, out: SharedOutput(out.data.as_mut_ptr()) };
        let count = place.batch * tiles[0] * tiles[1];
        if self.inputs.max(self.output[0]) <= FEW_CHANNELS {
            let tasks = count.div_ceil(TILES_OF_A_TASK).next_multiple_of(rayon::current_num_threads());
            (0..tasks).into_par_iter().for_each(|task| {
                let group = TileGroup::new(&job, count * task / tasks, count * (task + 1) / tasks, pool);
                (0..group.input_blocks).for_each(|block| group.transform(&job, block, 0..group.count));
                (0..self.positions()).for_each(|position| group.multiply(&job, position, 0..job.panels()));
                (0..group.output_blocks).for_each(|block| group.transform_back(&job, block, 0..group.count));
            });
            return;
        }
        let group = TileGroup::new(&job, 0, count, pool);
        // Parts of a block, so that few blocks still make enough tasks.
        let parts = count.div_ceil(TILES_OF_A_TASK).next_multiple_of(rayon::current_num_threads());
        let part = |index: usize| count * (index % parts) / parts..count * (index % parts + 1) / parts;
        let tasks = 0..group.input_blocks * parts;
        tasks.into_par_iter().for_each(|task| group.transform(&job, task / parts, part(task)));
        let panels = job.panels();
        let tasks = 0..self.positions() * panels;
        tasks.into_par_iter().for_each(|task| {
            group.multiply(&job, task / panels, task % panels..task % panels + 1);
        });
        let tasks = 0..group.output_blocks * parts;
        tasks.into_par_iter().for_each(|task| group.transform_back(&job, task / parts, part(task)));
    }

    /// Products of a tile.
    fn positions(&self) -> usize {
        (self.tile + 2) * (self.tile + 2)
    }
}

/// One run.
struct WinogradJob<'a> {
    winograd: &'a Winograd,
    source: Maps<'a>,
    place: Placement,
    /// Rows and columns of tiles of a picture.
    tiles: [usize; 2],
    epilogue: &'a Epilogue<'a>,
    out: SharedOutput,
}

impl WinogradJob<'_> {
    fn panels(&self) -> usize {
        self.place.blocks().div_ceil(self.winograd.isa.vectors())
    }

    /// The picture a tile belongs to, and the row and column of its first output.
    fn position(&self, tile: usize) -> (usize, usize, usize) {
        let [rows, columns] = self.tiles;
        let (image, rest) = (tile / (rows * columns), tile % (rows * columns));
        (image, rest / columns * self.winograd.tile, rest % columns * self.winograd.tile)
    }
}

/// Tiles that go through the steps together.
struct TileGroup {
    /// The first tile, and how many.
    first: usize,
    count: usize,
    input_blocks: usize,
    output_blocks: usize,
    transformed: SharedOutput,
    products: SharedOutput,
    /// The memory of both.
    _buffers: [Buffer; 2],
}

impl TileGroup {
    fn new(job: &WinogradJob, first: usize, end: usize, pool: &BufferPool) -> Self {
        let (input_blocks, output_blocks) = (job.source.place.blocks(), job.place.blocks());
        let tile = job.winograd.positions() * (end - first) * LANES;
        let mut buffers = [pool.take(input_blocks * tile), pool.take(output_blocks * tile)];
        let [transformed, products] = buffers.each_mut().map(|buffer| SharedOutput(buffer.as_mut_ptr()));
        TileGroup { first, count: end - first, input_blocks, output_blocks, transformed, products, _buffers: buffers }
    }

    /// Transforms tiles `tiles` of the group, of one input block.
    fn transform(&self, job: &WinogradJob, block: usize, tiles: std::ops::Range<usize>) {
        let (source, before) = (job.source.place, job.winograd.before);
        for index in tiles {
            let (image, y, x) = job.position(self.first + index);
            // SAFETY: the tile lies in `transformed`, which was taken for all positions, blocks and tiles; tasks divide
            // blocks and tiles among themselves. `load` stays inside the source.
            unsafe {
                let tile = &InputTile {
                    source: job.source.pointer(image, block),
                    size: [source.height, source.width],
                    origin: [y as isize - before[0] as isize, x as isize - before[1] as isize],
                    out: self.transformed.at((block * self.count + index) * LANES),
                    stride: self.input_blocks * self.count * LANES,
                };
                match job.winograd.tile {
                    4 => for_isa!(job.winograd.isa, transform_f4(tile: &InputTile = tile)),
                    _ => for_isa!(job.winograd.isa, transform_f2(tile: &InputTile = tile)),
                }
            }
        }
    }

    /// All tiles' products at one position for some panels.
    fn multiply(&self, job: &WinogradJob, position: usize, panels: std::ops::Range<usize>) {
        let isa = job.winograd.isa;
        let plane = self.count * LANES;
        let taps: Vec<usize> = (0..self.input_blocks).map(|block| block * plane).collect();
        let matrix = self.input_blocks * LANES * LANES;
        for panel in panels {
            let block = panel * isa.vectors();
            // SAFETY: weights, transformed values and products hold all positions and blocks; tasks divide positions and
            // panels among themselves.
            unsafe {
                let strip = PixelStrip {
                    source: self.transformed.at(position * self.input_blocks * plane),
                    taps: &taps,
                    step: LANES,
                    depth: LANES,
                    weights: job.winograd.weights.as_ptr().add((position * self.output_blocks + block) * matrix),
                    vectors: isa.vectors().min(self.output_blocks - block),
                    pixels: self.count,
                    out: self.products.at((position * self.output_blocks + block) * plane),
                    out_step: LANES,
                    out_plane: plane,
                    finish: None,
                };
                micro::run(isa, &strip);
            }
        }
    }

    /// The outputs of tiles `tiles` of the group, of one output block.
    fn transform_back(&self, job: &WinogradJob, block: usize, tiles: std::ops::Range<usize>) {
        let place = job.place;
        for index in tiles {
            let (image, y, x) = job.position(self.first + index);
            let offset = (y * place.width + x) * LANES;
            // SAFETY: tasks divide blocks and tiles among themselves; rows and columns are cut at the map's edge.
            unsafe {
                let tile = &OutputTile {
                    products: self.products.at((block * self.count + index) * LANES),
                    stride: self.output_blocks * self.count * LANES,
                    out: job.out.at(place.start(image, block) + offset),
                    width: place.width,
                    rows: job.winograd.tile.min(place.height - y),
                    columns: job.winograd.tile.min(place.width - x),
                    finish: job.epilogue.at(image, block, offset),
                };
                match job.winograd.tile {
                    4 => for_isa!(job.winograd.isa, transform_back_f4(tile: &OutputTile = tile)),
                    _ => for_isa!(job.winograd.isa, transform_back_f2(tile: &OutputTile = tile)),
                }
            }
        }
    }
}

/// Inputs of a tile.
pub(super) struct InputTile {
    /// The block they are in, and its rows and columns.
    pub source: *const f32,
    pub size: [usize; 2],
    /// Row and column of the tile's first input; may be outside.
    pub origin: [isize; 2],
    /// The first position.
    pub out: *mut f32,
    /// Floats from one position to the next.
    pub stride: usize,
}

#[inline(always)]
pub(super) unsafe fn transform_f4<V: Lanes>(tile: &InputTile) {
    // SAFETY: the caller's promise.
    unsafe { transform::<V, F4>(tile) }
}

#[inline(always)]
unsafe fn transform_f2<V: Lanes>(tile: &InputTile) {
    // SAFETY: the caller's promise.
    unsafe { transform::<V, F2>(tile) }
}

#[inline(always)]
#[allow(clippy::needless_range_loop)] // Columns become rows.
unsafe fn transform<V: Lanes, S: Scheme>(tile: &InputTile) {
    // SAFETY: pixels are read only where they are inside the map, positions written where the caller has room.
    unsafe {
        let number = |value: f32| V::splat(value);
        let [height, width] = tile.size;
        let inside = |start: isize, size: usize| start >= 0 && start as usize + S::SIZE <= size;
        let whole = inside(tile.origin[0], height) && inside(tile.origin[1], width);
        let mut columns = [[V::splat(0.0); MOST]; MOST];
        for x in 0..S::SIZE {
            let mut column = [V::splat(0.0); MOST];
            for (y, value) in column.iter_mut().enumerate().take(S::SIZE) {
                let (y, x) = (tile.origin[0] + y as isize, tile.origin[1] + x as isize);
                let there = y >= 0 && x >= 0 && (y as usize) < height && (x as usize) < width;
                if whole || there {
                    *value = V::load(tile.source.add((y as usize * width + x as usize) * LANES));
                }
            }
            let column = S::forward(column, number);
            for y in 0..S::SIZE {
                columns[y][x] = column[y];
            }
        }
        for (y, row) in columns.iter().enumerate().take(S::SIZE) {
            let row = S::forward(*row, number);
            for (x, value) in row.iter().enumerate().take(S::SIZE) {
                value.store(tile.out.add((y * S::SIZE + x) * tile.stride));
            }
        }
    }
}

struct OutputTile {
    products: *const f32,
    /// Floats from one position to the next.
    stride: usize,
    out: *mut f32,
    width: usize,
    rows: usize,
    columns: usize,
    finish: Option<super::finish::Finish>,
}

#[inline(always)]
unsafe fn transform_back_f4<V: Lanes>(tile: &OutputTile) {
    // SAFETY: the caller's promise.
    unsafe { transform_back::<V, F4>(tile) }
}

#[inline(always)]
unsafe fn transform_back_f2<V: Lanes>(tile: &OutputTile) {
    // SAFETY: the caller's promise.
    unsafe { transform_back::<V, F2>(tile) }
}

#[inline(always)]
#[allow(clippy::needless_range_loop)] // Columns become rows.
unsafe fn transform_back<V: Lanes, S: Scheme>(tile: &OutputTile) {
    // SAFETY: products are read where `multiply` wrote them; outputs written inside the map.
    unsafe {
        let number = |value: f32| V::splat(value);
        let mut rows = [[V::splat(0.0); MOST]; MOST];
        for x in 0..S::SIZE {
            let mut column = [V::splat(0.0); MOST];
            for (y, value) in column.iter_mut().enumerate().take(S::SIZE) {
                *value = V::load(tile.products.add((y * S::SIZE + x) * tile.stride));
            }
            let column = S::back(column, number);
            for y in 0..S::TILE {
                rows[y][x] = column[y];
            }
        }
        let channel = tile.finish.map(|finish| finish.channel::<V>(0));
        for (y, row) in rows.iter().enumerate().take(S::TILE.min(tile.rows)) {
            let row = S::back(*row, number);
            for (x, &value) in row.iter().enumerate().take(S::TILE.min(tile.columns)) {
                let offset = (y * tile.width + x) * LANES;
                let value = match (&tile.finish, channel) {
                    (Some(finish), Some(channel)) => finish.apply(value, channel, offset),
                    _ => value,
                };
                value.store(tile.out.add(offset));
            }
        }
    }
}

/// All weights transformed, `[position][panel][channel][16 or 32 outputs]`, in float64 before they are rounded.
fn transformed<S: Scheme>(isa: Isa, filters: &ConvFilters, pool: &BufferPool) -> Buffer {
    let (input_blocks, output_blocks) = (filters.inputs().div_ceil(LANES), filters.outputs().div_ceil(LANES));
    let matrix = input_blocks * LANES * LANES;
    let mut weights = pool.take(S::SIZE * S::SIZE * output_blocks * matrix);
    let out = SharedOutput(weights.as_mut_ptr());
    (0..output_blocks * input_blocks * LANES).into_par_iter().with_min_len(64).for_each(|task| {
        let (block, channel) = (task / (input_blocks * LANES), task % (input_blocks * LANES));
        let panel = block / isa.vectors() * isa.vectors();
        let vectors = isa.vectors().min(output_blocks - panel);
        let at = panel * matrix + (channel * vectors + block - panel) * LANES;
        let found: [[f32; MOST * MOST]; LANES] = std::array::from_fn(|lane| {
            let weight = |row, column| f64::from(filters.weight(block * LANES + lane, channel, row, column));
            // The gradient's filters are flipped.
            let side = |index: usize| if filters.transposed { 2 - index } else { index };
            let rows = [0, 1, 2].map(|row| S::weights([0, 1, 2].map(|column| weight(side(row), side(column)))));
            let mut positions = [0f32; MOST * MOST];
            for x in 0..S::SIZE {
                let column = S::weights(rows.map(|row| row[x]));
                for (y, &value) in column.iter().enumerate().take(S::SIZE) {
                    positions[y * S::SIZE + x] = value as f32;
                }
            }
            positions
        });
        // Whole cache lines at a time: positions lie a power of two apart and would drive each other out of the cache.
        (0..S::SIZE * S::SIZE).for_each(|position| {
            let values: [f32; LANES] = std::array::from_fn(|lane| found[lane][position]);
            // SAFETY: each (block, channel, position) is sixteen floats of the buffer, written once.
            unsafe {
                out.at(position * output_blocks * matrix + at).copy_from_nonoverlapping(values.as_ptr(), LANES);
            }
        });
    });
    weights
}
