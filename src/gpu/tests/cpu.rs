//! The definition of a tile's pixels: `crate::paint`, which exports go through.

use super::Maps;
use crate::{
    gpu::{TileGrid, layout::Layout},
    paint::{Plane, Range, colour, tile_value},
};

/// The colour of a pixel of a slot's tile.
pub(super) fn pixel(maps: &Maps, grid: &TileGrid, layout: &Layout, slot: u32, [x, y]: [u32; 2]) -> [u8; 3] {
    let unit = grid.order[slot as usize] as usize;
    let area = maps.height * maps.width;
    let plane = Plane { values: &maps.values[unit * area..][..area], width: maps.width, height: maps.height };
    let layer = maps.ranges.iter().copied().reduce(Range::union).unwrap();
    let range = grid.style.fixed.unwrap_or(grid.style.scaling.range(maps.ranges[unit], layer));
    let [width, height] = layout.tile.map(|side| side as usize);
    colour(tile_value(&plane, x as usize, y as usize, width, height), range, &grid.style.colours)
}
