//! Facts about units, sums, targets and objects.

use crate::methods::{Parameter, ParameterKind, Settings, SumCheck};
use serde::Serialize;

/// One unit of several that a picture shows, in their order.
#[derive(Clone, Debug, Serialize)]
pub struct UnitFacts {
    /// The unit.
    pub unit: usize,
    /// Row and column of the activation that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<[usize; 2]>,
    /// The largest activation that was kept.
    pub activation: f32,
}

/// One layer of a unit's deconvnet path.
#[derive(Clone, Debug, Serialize)]
pub struct StepFacts {
    /// The layer's name.
    pub layer: String,
    /// The unit of the layer that most of the signal passes through.
    pub unit: usize,
    /// The position on its map that most of the signal passes through.
    pub position: Option<[usize; 2]>,
    /// The unit's activation there.
    pub activation: f32,
    /// The unit's share of the signal that reaches the layer, times its activations.
    pub share: f32,
}

/// The sum of an attribution, and the value that the method promises for it.
#[derive(Clone, Debug, Serialize)]
pub struct SumFacts {
    /// The sum of all values.
    pub sum: f64,
    /// The promised sum.
    pub expected: f64,
    /// The difference, relative to the promise.
    pub error: f64,
}

impl From<SumCheck> for SumFacts {
    fn from(check: SumCheck) -> Self {
        SumFacts { sum: check.sum, expected: check.expected, error: check.error() }
    }
}

/// A target that is no class, and its value on the picture.
#[derive(Clone, Debug, Serialize)]
pub struct TargetFacts {
    /// The target in words.
    pub what: String,
    /// Its value.
    pub value: f32,
}

/// The object that a heatmap points at. Boxes are left, top, right and bottom.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectFacts {
    /// Its box in pixels of the picture.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// Its box in pixels of the network's input.
    pub input_box: [usize; 4],
    /// Its share of the input's area.
    pub share: f32,
    /// The true box in pixels of the picture, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_box: Option<[f32; 4]>,
    /// Intersection over union of the two boxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iou: Option<f32>,
}

impl ObjectFacts {
    /// The boxes in words.
    pub fn text(&self) -> String {
        let sides = |sides: [f32; 4]| sides.map(|side| side.round().to_string()).join(",");
        let iou = self.iou.map_or_else(String::new, |iou| format!("; intersection over union {iou:.3}"));
        let truth = self.true_box.map_or_else(String::new, |truth| format!(", true box {}", sides(truth)));
        format!("box {}{truth}, {:.0}% of the network's input{iou}", sides(self.bounds), 100.0 * self.share)
    }
}

/// A method's parameters and their values, defaults included: numbers and words.
pub fn settings(parameters: &[Parameter], settings: &Settings) -> serde_json::Map<String, serde_json::Value> {
    let value = |parameter: &Parameter| match parameter.kind {
        ParameterKind::Number { .. } => settings.number(parameter).into(),
        ParameterKind::Count { .. } => settings.count(parameter).into(),
        ParameterKind::Choice(_) => settings.choice(parameter).into(),
    };
    parameters.iter().map(|parameter| (parameter.name.to_owned(), value(parameter))).collect()
}
