//! The definition of a tile's pixels: `crate::paint`, which exports go through.

use super::Maps;
use crate::{
    gpu::{TileGrid, layout::TileLayout},
    paint::{Plane, Range, colour, tile_value},
};

/// The colour of a pixel of a slot's tile: of a zoomed one, a pixel of the larger tile of which it shows a part.
pub(super) fn pixel(maps: &Maps, grid: &TileGrid, layout: &TileLayout, slot: u32, [x, y]: [u32; 2]) -> [u8; 3] {
    let unit = grid.order[slot as usize] as usize;
    let area = maps.height * maps.width;
    let plane = Plane { values: &maps.values[unit * area..][..area], width: maps.width, height: maps.height };
    let layer = maps.ranges.iter().copied().reduce(Range::union).unwrap();
    let range = grid.style.fixed.unwrap_or(grid.style.scaling.range(maps.ranges[unit], layer));
    let [width, height] = layout.whole.map(|side| side as usize);
    let [x, y] = [x + layout.shift[0], y + layout.shift[1]].map(|at| at as usize);
    colour(tile_value(&plane, x, y, width, height), range, &grid.style.colours)
}
