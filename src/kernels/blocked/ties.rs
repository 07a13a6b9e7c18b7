//! Neighbouring outputs of a Winograd tile with equal inputs.
//!
//! A direct convolution gives equal patches of a map equal sums, and max pooling takes the first of them. Winograd's
//! transforms round each place of a tile in another way: on a flat background the pooling windows would choose by
//! rounding, and every gradient behind them would differ from PyTorch's. So each tile notes which of its outputs have
//! equal inputs in all channels, and these become equal again.

use super::{
    schemes::{MOST, Scheme},
    simd::{LANES, Lanes},
};

/// A bit for each output that equals its neighbour: `right` for the one at its right, `below` for the one below it.
/// Bit `4 y + x` stands for the output at row y, column x of the tile.
const BELOW: u32 = 16;

/// What a tile begins with: all outputs are equal.
pub(super) const ALL: u32 = u32::MAX;

/// Which outputs of a tile have equal inputs in a block of channels; `value` reads the inputs at a row and a column.
#[inline(always)]
pub(super) fn equal_outputs<S: Scheme>(value: impl Fn(usize, usize) -> [f32; LANES]) -> u32 {
    let mut values = [[[0.0; LANES]; MOST]; MOST];
    for (y, row) in values.iter_mut().enumerate().take(S::SIZE) {
        row.iter_mut().enumerate().take(S::SIZE).for_each(|(x, place)| *place = value(y, x));
    }
    let patch = |y: usize, x: usize| (0..9).map(move |place| (y + place / 3, x + place % 3));
    let mut bits = 0;
    for (y, x) in (0..S::TILE * S::TILE).map(|output| (output / S::TILE, output % S::TILE)) {
        let right = x + 1 < S::TILE && patch(y, x).all(|(y, x)| values[y][x] == values[y][x + 1]);
        let below = y + 1 < S::TILE && patch(y, x).all(|(y, x)| values[y][x] == values[y + 1][x]);
        bits |= (u32::from(right) | u32::from(below) << BELOW) << (4 * y + x);
    }
    bits
}

/// Gives outputs with equal inputs the value of the first of them.
#[inline(always)]
pub(super) fn equalise<V: Lanes, S: Scheme>(outputs: &mut [[V; MOST]; MOST], bits: u32) {
    let is_set = |y: usize, x: usize, side: u32| bits >> (side + (4 * y + x) as u32) & 1 == 1;
    for (y, x) in (0..S::TILE * S::TILE).map(|output| (output / S::TILE, output % S::TILE)) {
        if x > 0 && is_set(y, x - 1, 0) {
            outputs[y][x] = outputs[y][x - 1];
        } else if y > 0 && is_set(y - 1, x, BELOW) {
            outputs[y][x] = outputs[y - 1][x];
        }
    }
}
