//! Colour maps, and how a value becomes a colour.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::Range;
use crate::error::{Result, unknown};

/// A published colour map. Adding one is a variant, its place in [`ColourMap::ALL`], and its gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColourMap {
    /// Dark blue over green to yellow; even to the eye, the default.
    Viridis,
    /// Black over red to pale yellow.
    Inferno,
    /// Black over purple to pale pink.
    Magma,
    /// Dark blue over magenta to yellow.
    Plasma,
    /// A rainbow without its false edges, for much detail; D3's polynomial for it, darker at the low end than Google's.
    Turbo,
    /// Black to white.
    Grey,
    /// Diverging: blue negative, white zero, red positive.
    RedBlue,
}

impl ColourMap {
    /// Every map; the first is the default.
    pub const ALL: [ColourMap; 7] =
        [Self::Viridis, Self::Inferno, Self::Magma, Self::Plasma, Self::Turbo, Self::Grey, Self::RedBlue];

    /// The name on the command line and in pickers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Inferno => "inferno",
            Self::Magma => "magma",
            Self::Plasma => "plasma",
            Self::Turbo => "turbo",
            Self::Grey => "grey",
            Self::RedBlue => "redblue",
        }
    }

    /// The map called `name`.
    ///
    /// # Errors
    /// There is none; the message offers the nearest names.
    pub fn from_name(name: &str) -> Result<Self> {
        let names = || Self::ALL.into_iter().map(Self::name);
        let found = Self::ALL.into_iter().find(|map| map.name() == name);
        found.ok_or_else(|| unknown("colour map", name, names(), &names().collect::<Vec<_>>().join(", ")))
    }

    /// Whether the middle means zero and the two ends opposite signs.
    pub fn is_diverging(self) -> bool {
        self == Self::RedBlue
    }

    /// 256 RGB colours from low to high: what both [`colour`] and the shader interpolate in.
    pub fn table(self) -> &'static [[u8; 3]; 256] {
        static TABLES: OnceLock<[[[u8; 3]; 256]; ColourMap::ALL.len()]> = OnceLock::new();
        &TABLES.get_or_init(|| Self::ALL.map(Self::build))[self as usize]
    }

    fn build(self) -> [[u8; 3]; 256] {
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Inferno => colorous::INFERNO,
            Self::Magma => colorous::MAGMA,
            Self::Plasma => colorous::PLASMA,
            Self::Turbo => colorous::TURBO,
            Self::Grey => return std::array::from_fn(|i| [i as u8; 3]),
            // Published from red to blue.
            Self::RedBlue => return std::array::from_fn(|i| rgb(colorous::RED_BLUE, 255 - i)),
        };
        std::array::from_fn(|i| rgb(gradient, i))
    }
}

fn rgb(gradient: colorous::Gradient, i: usize) -> [u8; 3] {
    gradient.eval_rational(i, 256).into_array()
}

/// A colour map and its gamma.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// The colour map.
    pub map: ColourMap,
    /// The power that a position in the range is raised to, above 0: below 1 lifts weak values, above 1 hides them.
    /// With a diverging map it works on the distance from the middle.
    pub gamma: f32,
}

impl Style {
    /// For weights, and whatever else is above and below zero: zero is white.
    pub const SIGNED: Style = Style { map: ColourMap::RedBlue, gamma: 1.0 };
}

impl Default for Style {
    fn default() -> Self {
        Self { map: ColourMap::ALL[0], gamma: 1.0 }
    }
}

/// The colour of NaN and the infinities: loud, and in no colour map.
pub const NAN_COLOUR: [u8; 3] = [255, 0, 255];

/// The position of `value` in the colour map, 0..1: its place in `range`, clamped, after gamma. A range without extent
/// gives a sequential map's low end and a diverging map's middle. What is not finite has no place: NaN.
pub fn position(value: f32, range: Range, style: &Style) -> f32 {
    let diverging = style.map.is_diverging();
    if !value.is_finite() {
        return f32::NAN;
    }
    if range.high <= range.low {
        return if diverging { 0.5 } else { 0.0 };
    }
    let t = ((value - range.low) / (range.high - range.low)).clamp(0.0, 1.0);
    if !diverging {
        return t.powf(style.gamma);
    }
    let signed = 2.0 * t - 1.0;
    0.5 + 0.5 * signed.signum() * signed.abs().powf(style.gamma)
}

/// The colour of `value`: linear interpolation in the map's table at [`position`] * 255, rounded to the nearest level.
pub fn colour(value: f32, range: Range, style: &Style) -> [u8; 3] {
    let at = position(value, range, style) * 255.0;
    if at.is_nan() {
        return NAN_COLOUR;
    }
    let table = style.map.table();
    let low = at as usize;
    let fraction = at - low as f32;
    std::array::from_fn(|c| {
        let [a, b] = [table[low][c], table[(low + 1).min(255)][c]].map(f32::from);
        (a + (b - a) * fraction + 0.5) as u8
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const UNIT: Range = Range { low: 0.0, high: 1.0 };

    #[test]
    fn tables_are_the_published_ones() {
        let ends = |map: ColourMap| (map.table()[0], map.table()[255]);
        assert_eq!(ends(ColourMap::Viridis), ([68, 1, 84], [253, 231, 37]));
        assert_eq!(ends(ColourMap::Inferno), ([0, 0, 4], [252, 255, 164]));
        assert_eq!(ends(ColourMap::Magma), ([0, 0, 4], [252, 253, 191]));
        assert_eq!(ends(ColourMap::Grey), ([0; 3], [255; 3]));
        // Matplotlib's table in between; D3's is a spline through fewer colours, within one level of it.
        for (i, published) in [(64, [59, 82, 139]), (127, [33, 144, 141]), (191, [92, 200, 99])] {
            let ours = ColourMap::Viridis.table()[i];
            assert!((0..3).all(|c| ours[c].abs_diff(published[c]) <= 1), "{i}: {ours:?}");
        }
        let ([r, _, b], [r1, _, b1]) = ends(ColourMap::RedBlue);
        assert!(b > r && r1 > b1);
        let [r, g, b] = ColourMap::RedBlue.table()[128];
        assert!(r.min(g).min(b) > 235);
        for (i, map) in ColourMap::ALL.into_iter().enumerate() {
            assert_eq!((map as usize, ColourMap::from_name(map.name()).unwrap()), (i, map));
        }
        assert!(ColourMap::from_name("virdis").unwrap_err().to_string().contains("did you mean viridis"));
    }

    #[test]
    fn colours_of_known_values() {
        let grey = Style { map: ColourMap::Grey, gamma: 1.0 };
        assert_eq!(colour(0.5, UNIT, &grey), [128; 3]);
        assert_eq!(colour(-3.0, UNIT, &grey), [0; 3]);
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(colour(value, UNIT, &grey), NAN_COLOUR);
        }
        assert_eq!(colour(7.0, Range { low: 7.0, high: 7.0 }, &grey), [0; 3]);
        assert_eq!(colour(0.25, UNIT, &Style { gamma: 0.5, ..grey }), [128; 3]);
        // Between two entries: 100.25 of 255 rounds down, 100.75 up.
        assert_eq!(colour(100.25 / 255.0, UNIT, &grey), [100; 3]);
        assert_eq!(colour(100.75 / 255.0, UNIT, &grey), [101; 3]);
    }

    #[test]
    fn diverging_maps_keep_zero_in_the_middle() {
        let style = Style { map: ColourMap::RedBlue, gamma: 2.0 };
        let range = Range { low: -2.0, high: 2.0 };
        assert_eq!(position(0.0, range, &style), 0.5);
        assert_eq!(position(1.0, range, &style), 0.5 + 0.125);
        assert_eq!(position(-1.0, range, &style), 0.5 - 0.125);
        assert_eq!(position(3.0, Range { low: 0.0, high: 0.0 }, &style), 0.5);
    }
}
