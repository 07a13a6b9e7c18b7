//! The definition of a tile's pixels, painted slowly: `crate::paint` in miniature, for tables of these tests' own.

use super::Maps;
use crate::gpu::{Scaling, TileGrid, layout::Layout};
use std::sync::LazyLock;

/// A table and whether it diverges.
pub(super) type OwnTable = ([[u8; 3]; 256], bool);

/// A grey ramp, a curved sequential table and a diverging one.
pub(super) static TABLES: LazyLock<[OwnTable; 3]> = LazyLock::new(|| {
    let table = |colour: fn(f32) -> [f32; 3]| {
        std::array::from_fn(|i| colour(i as f32 / 255.0).map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8))
    };
    [
        (table(|t| [t, t, t]), false),
        (table(|t| [3.0 * t, 3.0 * t - 1.0, (6.0 * t).sin() * 0.5 + 0.5]), false),
        (table(|t| [2.0 * t, 1.0 - (2.0 * t - 1.0).abs(), 2.0 - 2.0 * t]), true),
    ]
});

fn colour(v: f32, (low, high): (f32, f32), (table, diverging): &OwnTable, gamma: f32) -> [u8; 3] {
    if !v.is_finite() {
        return [255, 0, 255];
    }
    let mut t = if *diverging { 0.5 } else { 0.0 };
    if high > low {
        t = ((v - low) / (high - low)).clamp(0.0, 1.0);
    }
    t = if *diverging {
        let s = 2.0 * t - 1.0;
        if s == 0.0 { 0.5 } else { 0.5 + 0.5 * s.signum() * s.abs().powf(gamma) }
    } else {
        t.powf(gamma)
    };
    let at = t * 255.0;
    let i = (at as usize).min(254);
    std::array::from_fn(|c| {
        let (a, b) = (f32::from(table[i][c]), f32::from(table[i + 1][c]));
        (a + (b - a) * (at - i as f32)).round() as u8
    })
}

/// Texels under a pixel's taps along one axis, in exact arithmetic.
fn taps(pixel: u32, pixels: u32, texels: usize) -> Vec<usize> {
    let (pixel, pixels) = (pixel as usize, pixels as usize);
    let n = texels.div_ceil(pixels).clamp(1, 4);
    (0..n).map(|i| (2 * n * pixel + 2 * i + 1) * texels / (2 * n * pixels)).collect()
}

/// The colour of a pixel of a slot's tile.
pub(super) fn pixel(maps: &Maps, grid: &TileGrid, layout: &Layout, slot: u32, [x, y]: [u32; 2]) -> [u8; 3] {
    let unit = grid.order[slot as usize] as usize;
    let (columns, rows) = (taps(x, layout.tile[0], maps.width), taps(y, layout.tile[1], maps.height));
    let map = &maps.values[unit * maps.height * maps.width..];
    let sum: f32 = rows.iter().flat_map(|y| columns.iter().map(move |x| map[y * maps.width + x])).sum();
    let usable = |(low, high): (f32, f32)| if low <= high { (low, high) } else { (0.0, 0.0) };
    let all = maps.ranges.iter().map(|&range| usable(range));
    let (low, high) = all.fold((f32::INFINITY, f32::NEG_INFINITY), |a, b| (a.0.min(b.0), a.1.max(b.1)));
    let most = low.abs().max(high.abs());
    let range = match grid.style.scaling {
        Scaling::Unit => usable(maps.ranges[unit]),
        Scaling::Layer => (low, high),
        Scaling::Symmetric => (-most, most),
        Scaling::Fixed(low, high) => (low, high),
    };
    let mean = sum / (columns.len() * rows.len()) as f32;
    colour(mean, range, &TABLES[grid.style.map], grid.style.gamma)
}
