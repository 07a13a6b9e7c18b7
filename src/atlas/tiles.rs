//! Sheets: the hits of a unit, and the units of a layer.

use super::shown::ShownHit;
use crate::{
    Result,
    figures::{enlarged, lettering, spaced},
};
use image::{Rgba, RgbaImage, imageops};

/// Pixels between the two pictures of a pair, between pairs, and between units.
const NARROW: u32 = 2;
const WIDE: u32 = 8;
const BETWEEN: u32 = 16;
/// Height of a unit's number.
const LETTERS: u32 = 14;
/// Pairs in a row of a unit.
const COLUMNS: u32 = 3;
/// Least width of a crop on a sheet of one unit, in pixels.
const PLEASANT: u32 = 128;
/// The same on a sheet of many.
const SMALL: u32 = 24;

/// The hits of one unit, strongest first by rows: crops on the left, their reconstructions in the same places on the right,
/// as in the figures of Zeiler and Fergus.
pub fn sheet_of_hits(hits: &[ShownHit]) -> RgbaImage {
    let side = hits.iter().map(|hit| hit.crop.width().max(hit.crop.height())).max().unwrap_or(1);
    both(hits, PLEASANT.div_ceil(side.max(1)), 3)
}

/// The sheets of many units of a layer with their numbers, in their order, about as wide as high.
///
/// # Errors
/// When the font of the numbers cannot be read.
pub fn sheet_of_units(numbers: &[usize], units: &[Vec<ShownHit>]) -> Result<RgbaImage> {
    let rows = units.iter().map(|hits| hits.len().div_ceil(COLUMNS as usize)).max().unwrap_or(1);
    let side = units.iter().flatten().map(|hit| hit.crop.width().max(hit.crop.height())).max().unwrap_or(1);
    let factor = SMALL.div_ceil(side.max(1));
    let mut tiles: Vec<RgbaImage> = units.iter().map(|hits| both(hits, factor, rows as u32)).collect();
    let width = tiles.iter().map(RgbaImage::width).max().unwrap_or(1);
    let height = tiles.iter().map(RgbaImage::height).max().unwrap_or(1);
    for (tile, number) in tiles.iter_mut().zip(numbers) {
        // A unit with fewer hits, or none, keeps its place.
        let mut whole = RgbaImage::from_pixel(width, LETTERS + height, Rgba([128, 128, 128, 60]));
        imageops::replace(&mut whole, &lettering(&format!("unit {number}"), width, LETTERS)?, 0, 0);
        imageops::replace(&mut whole, tile, 0, LETTERS.into());
        *tile = whole;
    }
    let ratio = f64::from(width + BETWEEN) / f64::from(LETTERS + height + BETWEEN);
    let columns = ((tiles.len() as f64 / ratio).sqrt().ceil() as u32).max(1);
    Ok(spaced(&tiles, columns, BETWEEN))
}

/// Crops on the left, reconstructions on the right.
fn both(hits: &[ShownHit], factor: u32, rows: u32) -> RgbaImage {
    let side = |take: fn(&ShownHit) -> &RgbaImage| {
        let mut tiles: Vec<RgbaImage> = hits.iter().map(|hit| enlarged(take(hit), factor)).collect();
        let size = tiles.first().map_or((1, 1), RgbaImage::dimensions);
        tiles.resize((COLUMNS * rows) as usize, RgbaImage::new(size.0, size.1));
        spaced(&tiles, COLUMNS, NARROW)
    };
    let (left, right) = (side(|hit| &hit.crop), side(|hit| &hit.reconstruction));
    spaced(&[left, right], 2, WIDE)
}
