//! The answer of a method.

use super::resize::{Align, bilinear};
use crate::{Result, kernels::to_vec, net::NodeId};
use candle_core::Tensor;

/// Values at the pixels of the network's input, or at the places of a layer.
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    /// Row-major `(channels, height, width)`; one channel where the method makes a heatmap.
    pub values: Vec<f32>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Whether values below zero mean something (then zero is drawn as the neutral colour).
    pub signed: bool,
    /// The layer whose maps these places are; `None` for the pixels of the input. Either way the values cover the
    /// whole input, evenly.
    pub layer: Option<NodeId>,
    /// Whether the values add up to what they should, where the method promises it.
    pub check: Option<SumCheck>,
    /// One sentence on how to read the values, where the method departs from what its name promises.
    pub note: Option<String>,
}

/// The sum of an attribution beside the sum that its method promises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SumCheck {
    /// The sum of all values.
    pub sum: f64,
    /// The sum by the method's definition: the target's value, its difference from the baseline's, or what its rules
    /// leave of it.
    pub expected: f64,
}

impl SumCheck {
    /// The error relative to the promise.
    pub fn error(self) -> f64 {
        (self.sum - self.expected).abs() / self.expected.abs().max(f64::MIN_POSITIVE)
    }
}

impl Attribution {
    /// An attribution to the pixels of the input from `(1, channels, height, width)`.
    ///
    /// # Errors
    /// When the tensor has another rank.
    pub fn new(values: &Tensor, signed: bool) -> Result<Self> {
        let (_, channels, height, width) = values.dims4()?;
        Ok(Attribution { values: to_vec(values)?, shape: [channels, height, width], signed, ..Attribution::default() })
    }

    /// With the sum of the values beside the expected one.
    pub(super) fn summing_to(self, expected: f64) -> Self {
        let sum = self.values.iter().map(|&value| f64::from(value)).sum();
        Attribution { check: Some(SumCheck { sum, expected }), ..self }
    }

    /// One value a place, `(height, width)`: the only channel, or of several the sum where they are signed and the
    /// largest where they are not.
    pub fn plane(&self) -> Vec<f32> {
        let [channels, height, width] = self.shape;
        let at = |place: usize| (0..channels).map(move |channel| self.values[channel * height * width + place]);
        (0..height * width)
            .map(|place| if self.signed { at(place).sum() } else { at(place).fold(f32::NEG_INFINITY, f32::max) })
            .collect()
    }

    /// The same places in the opposite order of importance.
    pub fn reversed(&self) -> Self {
        let [_, height, width] = self.shape;
        let values = self.plane().into_iter().map(|value| -value).collect();
        Attribution { values, shape: [1, height, width], signed: true, layer: self.layer, check: None, note: None }
    }

    /// [`Attribution::plane`] stretched bilinearly over `(height, width)`.
    pub fn stretched(&self, to: [usize; 2]) -> Vec<f32> {
        bilinear(&self.plane(), [self.shape[1], self.shape[2]], to, Align::Centres)
    }
}
