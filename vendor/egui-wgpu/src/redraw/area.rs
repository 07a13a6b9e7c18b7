//! Tiles of the window, and rectangles of whole pixels.

use core::ops::Range;
use epaint::Rect;

/// Width and height of a tile in pixels. Software rasterizers work in squares of this size or of a multiple of it.
pub const TILE: u32 = 32;

/// Rectangles drawn in one frame at most: each costs a walk over all primitives.
const MOST: usize = 16;

/// A rectangle of whole pixels within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixels {
    pub min: [u32; 2],
    pub max: [u32; 2],
}

impl Pixels {
    /// The whole window.
    pub fn all(size: [u32; 2]) -> Self {
        Self { min: [0, 0], max: size }
    }

    /// The pixels that a clip rectangle lets through, rounded as the renderer rounds it.
    pub fn of_clip(clip: Rect, pixels_per_point: f32) -> Self {
        let pixel = |point: f32| (pixels_per_point * point).round() as u32;
        Self { min: [pixel(clip.min.x), pixel(clip.min.y)], max: [pixel(clip.max.x), pixel(clip.max.y)] }
    }

    /// All pixels that something within these bounds may touch.
    pub fn around(bounds: Rect, pixels_per_point: f32) -> Self {
        let first = |point: f32| (pixels_per_point * point).floor() as u32;
        let end = |point: f32| (pixels_per_point * point).ceil() as u32;
        Self { min: [first(bounds.min.x), first(bounds.min.y)], max: [end(bounds.max.x), end(bounds.max.y)] }
    }

    pub fn is_empty(self) -> bool {
        self.min[0] >= self.max[0] || self.min[1] >= self.max[1]
    }

    pub fn intersect(self, other: Self) -> Self {
        Self {
            min: [0, 1].map(|axis| self.min[axis].max(other.min[axis])),
            max: [0, 1].map(|axis| self.max[axis].min(other.max[axis])),
        }
    }

    fn union(self, other: Self) -> Self {
        Self {
            min: [0, 1].map(|axis| self.min[axis].min(other.min[axis])),
            max: [0, 1].map(|axis| self.max[axis].max(other.max[axis])),
        }
    }

    /// Number of pixels of a rectangle that is not empty.
    pub fn area(self) -> u64 {
        u64::from(self.max[0] - self.min[0]) * u64::from(self.max[1] - self.min[1])
    }

    /// Columns and rows of the tiles that a rectangle touches, which is not empty.
    pub fn tiles(self) -> [Range<usize>; 2] {
        [0, 1].map(|axis| (self.min[axis] / TILE) as usize..self.max[axis].div_ceil(TILE) as usize)
    }

    /// In points, such that the renderer rounds it to the same pixels.
    pub fn in_points(self, pixels_per_point: f32) -> Rect {
        let [min, max] = [self.min, self.max].map(|at| epaint::pos2(at[0] as f32, at[1] as f32) / pixels_per_point);
        Rect { min, max }
    }
}

/// Columns and rows of tiles of a window.
pub fn grid(size: [u32; 2]) -> [usize; 2] {
    size.map(|pixels| pixels.div_ceil(TILE) as usize)
}

/// A few rectangles that hold all stale tiles, given row by row.
pub fn rectangles(stale: &[bool], size: [u32; 2]) -> Vec<Pixels> {
    let columns = grid(size)[0].max(1);
    let mut joined = Vec::new();
    for (row, tiles) in stale.chunks(columns).enumerate() {
        let mut column = 0;
        for run in tiles.chunk_by(|a, b| a == b) {
            if run[0] {
                let tile = |column: usize, row: usize| [column as u32 * TILE, row as u32 * TILE];
                let (min, max) = (tile(column, row), tile(column + run.len(), row + 1));
                join(&mut joined, Pixels { min, max }.intersect(Pixels::all(size)), 0);
            }
            column += run.len();
        }
    }
    // More and more pixels that did not change are drawn too, until the rectangles are few.
    let mut spare = 4 * u64::from(TILE * TILE);
    loop {
        let before = joined.len();
        for rectangle in core::mem::take(&mut joined) {
            join(&mut joined, rectangle, spare);
        }
        if joined.len() <= MOST && joined.len() == before {
            return joined;
        }
        if joined.len() == before {
            spare *= 4;
        }
    }
}

/// Adds a rectangle, or grows one that then holds at most `spare` pixels of neither.
fn join(rectangles: &mut Vec<Pixels>, new: Pixels, spare: u64) {
    let near = |old: &&mut Pixels| old.union(new).area() <= old.area() + new.area() + spare;
    match rectangles.iter_mut().rev().find(near) {
        Some(old) => *old = old.union(new),
        None => rectangles.push(new),
    }
}
