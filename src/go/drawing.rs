//! A board as a picture: a square of pixels for each point, so that a network's input lies on it exactly.

use super::{
    board::{POINTS, SIDE, Stone},
    position::Position,
};
use image::{Rgb, RgbImage};

/// Pixels of a point's square.
pub const CELL: u32 = 24;

const WOOD: [f32; 3] = [222.0, 184.0, 120.0];
const LINE: [f32; 3] = [96.0, 72.0, 40.0];
const MARK: [f32; 3] = [214.0, 60.0, 48.0];
/// The rows and columns of the dots.
const DOTS: [usize; 3] = [3, 9, 15];

/// Paints a position; the last move has a dot.
pub fn drawn(position: &Position) -> RgbImage {
    let side = SIDE as u32 * CELL;
    RgbImage::from_fn(side, side, |x, y| {
        let (column, row) = (x / CELL, y / CELL);
        let point = row as usize * SIDE + column as usize;
        // From the point's middle, in pixels.
        let middle = |at: u32| (at % CELL) as f32 + 0.5 - CELL as f32 / 2.0;
        let (dx, dy) = (middle(x), middle(y));
        let mut colour = ground(point, dx, dy);
        if let Some(stone) = position.at(point) {
            let radius = CELL as f32 * 0.47;
            let cover = (radius + 0.5 - dx.hypot(dy)).clamp(0.0, 1.0);
            let light = 1.0 - (dx + 3.0).hypot(dy + 3.0) / CELL as f32;
            let shade = match stone {
                Stone::Black => 20.0 + 60.0 * light.max(0.0),
                Stone::White => 205.0 + 48.0 * light.max(0.0),
            };
            colour = mixed(colour, [shade; 3], cover);
            if position.last == Some(point) {
                colour = mixed(colour, MARK, (CELL as f32 * 0.15 + 0.5 - dx.hypot(dy)).clamp(0.0, 1.0));
            }
        }
        Rgb(colour.map(|value| value.round() as u8))
    })
}

/// The board without stones: wood, lines that end at the edge, and dots.
fn ground(point: usize, dx: f32, dy: f32) -> [f32; 3] {
    debug_assert!(point < POINTS);
    let (row, column) = (point / SIDE, point % SIDE);
    let inside = |place: usize, along: f32| !(place == 0 && along < -0.6 || place == SIDE - 1 && along > 0.6);
    let across = dy.abs() < 0.6 && inside(column, dx);
    let down = dx.abs() < 0.6 && inside(row, dy);
    let dot = DOTS.contains(&row) && DOTS.contains(&column) && dx.hypot(dy) < 3.2;
    if across || down || dot { LINE } else { WOOD }
}

fn mixed(below: [f32; 3], above: [f32; 3], cover: f32) -> [f32; 3] {
    std::array::from_fn(|channel| below[channel] * (1.0 - cover) + above[channel] * cover)
}
