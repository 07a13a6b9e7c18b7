//! The values at a colour map's two ends.

use serde::{Deserialize, Serialize};

use crate::error::{Result, unknown};

/// The values at a colour map's two ends.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Range {
    /// At the map's start.
    pub low: f32,
    /// At the map's end.
    pub high: f32,
}

impl Range {
    /// The smallest and the largest finite value; 0..0 where there is none.
    pub fn of(values: &[f32]) -> Self {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let widen = |range: Self, v: f32| Self { low: range.low.min(v), high: range.high.max(v) };
        let range = finite.fold(Self { low: f32::INFINITY, high: f32::NEG_INFINITY }, widen);
        if range.low <= range.high { range } else { Self::default() }
    }

    /// The smallest range about 0 that holds this one.
    pub fn symmetric(self) -> Self {
        let most = self.low.abs().max(self.high.abs());
        Self { low: -most, high: most }
    }

    /// The smallest range that holds both.
    pub fn union(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// The values that a unit's colours are relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// The unit's own: every map uses the whole colour map, and brightness cannot be compared between units.
    #[default]
    Unit,
    /// The layer's: brightness can be compared between units.
    Layer,
    /// The layer's, symmetric about 0: for a diverging map.
    Symmetric,
}

impl Scaling {
    /// Every scaling; the first is the default.
    pub const ALL: [Scaling; 3] = [Self::Unit, Self::Layer, Self::Symmetric];

    /// The name on the command line and in pickers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Layer => "layer",
            Self::Symmetric => "symmetric",
        }
    }

    /// The scaling called `name`.
    ///
    /// # Errors
    /// There is none; the message offers the nearest names.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|scaling| scaling.name() == name);
        found.ok_or_else(|| unknown("scaling", name, Self::ALL.map(Self::name), "unit, layer, symmetric"))
    }

    /// The range of one unit's colours, from its own values' range and its layer's.
    pub fn range(self, unit: Range, layer: Range) -> Range {
        match self {
            Self::Unit => unit,
            Self::Layer => layer,
            Self::Symmetric => layer.symmetric(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_ignore_what_is_not_finite() {
        let range = Range::of(&[f32::NAN, 3.0, f32::INFINITY, -1.0]);
        assert_eq!(range, Range { low: -1.0, high: 3.0 });
        assert_eq!(range.symmetric(), Range { low: -3.0, high: 3.0 });
        assert_eq!(range.union(Range { low: 0.0, high: 9.0 }), Range { low: -1.0, high: 9.0 });
        assert_eq!((Range::of(&[]), Range::of(&[f32::NAN])), (Range::default(), Range::default()));
        let layer = Range { low: -2.0, high: 1.0 };
        assert_eq!(Scaling::ALL.map(|scaling| scaling.range(range, layer)), [range, layer, layer.symmetric()]);
    }
}
