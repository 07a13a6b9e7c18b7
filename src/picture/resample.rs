//! Pillow's antialiased resize, bilinear and bicubic, restricted to a window of the result.
//!
//! Why not the `image` crate's: this is Pillow's arithmetic bit for bit (22-bit fixed-point weights, rows first, 8-bit
//! between the passes); it computes only the window that the crop keeps, so that a 60000x3 panorama costs no more than
//! a photograph; and it runs on all cores.

use crate::error::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Pillow's PRECISION_BITS for 8-bit pictures.
const BITS: u32 = 22;

/// The filter that resizes a picture, widened where the picture shrinks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// A triangle, two source pixels wide.
    #[default]
    Bilinear,
    /// Keys' cubic (1981) with a = -0.5, four source pixels wide.
    Bicubic,
}

impl Interpolation {
    /// All of them.
    pub const ALL: [Interpolation; 2] = [Interpolation::Bilinear, Interpolation::Bicubic];

    /// The name that `--interpolation` takes.
    pub fn name(self) -> &'static str {
        match self {
            Interpolation::Bilinear => "bilinear",
            Interpolation::Bicubic => "bicubic",
        }
    }

    /// Half its width, in source pixels.
    fn support(self) -> f64 {
        match self {
            Interpolation::Bilinear => 1.0,
            Interpolation::Bicubic => 2.0,
        }
    }

    /// The weight at a distance, in source pixels.
    fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            Interpolation::Bilinear => (1.0 - x).max(0.0),
            Interpolation::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Interpolation::Bicubic if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Interpolation::Bicubic => 0.0,
        }
    }
}

impl FromStr for Interpolation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Interpolation::ALL.into_iter().find(|filter| filter.name() == text);
        found.ok_or_else(|| Error::Usage(format!("unknown interpolation '{text}': bilinear or bicubic")))
    }
}

/// The weighted source pixels of every output pixel along one axis.
#[derive(Debug)]
pub struct Axis {
    /// First source pixel, and the fixed-point weights from there on; none where the output lies outside the picture.
    taps: Vec<(usize, Vec<i32>)>,
}

impl Axis {
    /// `count` output pixels over a row of `length` source pixels: pixel i covers source positions
    /// `scale * (start + i)` to `scale * (start + i + 1)`.
    pub fn new(length: usize, start: f64, scale: f64, count: usize, filter: Interpolation) -> Axis {
        let stretch = scale.max(1.0);
        let support = stretch * filter.support();
        let tap = |i: usize| {
            let centre = (start + i as f64 + 0.5) * scale;
            if !(0.0..length as f64).contains(&centre) {
                return (0, Vec::new());
            }
            let first = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(length);
            let weight = |x: usize| filter.weight((x as f64 - centre + 0.5) / stretch);
            let sum: f64 = (first..end).map(weight).sum();
            // Rounded away from zero, as Pillow does.
            let fixed = |x| (weight(x) / sum * f64::from(1 << BITS)).round() as i32;
            (first, (first..end).map(fixed).collect())
        };
        Axis { taps: (0..count).map(tap).collect() }
    }

    /// The source pixels that any tap reads.
    fn span(&self) -> std::ops::Range<usize> {
        let used = || self.taps.iter().filter(|(_, weights)| !weights.is_empty());
        let start = used().map(|(first, _)| *first).min().unwrap_or(0);
        start..used().map(|(first, weights)| first + weights.len()).max().unwrap_or(start)
    }
}

/// Resamples rows of `width * C` interleaved bytes; the result is `y.count` rows of `x.count * C`, black where an axis
/// reaches outside the picture.
pub fn resample<const C: usize>(pixels: &[u8], width: usize, x: &Axis, y: &Axis) -> Vec<u8> {
    let (columns, rows) = (x.taps.len() * C, y.span());
    let mut narrow = vec![0; rows.len() * columns];
    narrow.par_chunks_exact_mut(columns.max(1)).zip(rows.clone()).for_each(|(out, row)| {
        let row = &pixels[row * width * C..][..width * C];
        for (out, (first, weights)) in out.chunks_exact_mut(C).zip(&x.taps) {
            let mut sums = [1 << (BITS - 1); C];
            for (pixel, &weight) in row[first * C..].chunks_exact(C).zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += weight * i32::from(value);
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = level(sum);
            }
        }
    });
    let mut result = vec![0; y.taps.len() * columns];
    result.par_chunks_exact_mut(columns.max(1)).zip(&y.taps).for_each(|(out, (first, weights))| {
        let mut sums = vec![1 << (BITS - 1); columns];
        let above = first.saturating_sub(rows.start) * columns;
        for (row, &weight) in narrow[above..].chunks_exact(columns).zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += weight * i32::from(value);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = level(sum);
        }
    });
    result
}

fn level(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}
