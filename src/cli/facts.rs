//! What a picture shows and what it was made from: the same for `--json`, for the PNG's text chunks and for captions.

use super::{checks::Checks, object::ObjectFacts, target::TargetFacts};
use crate::{
    Result,
    engine::{Model, Run},
    methods::{Parameter, ParameterKind, Settings, SumCheck},
    net::NodeId,
    paint::Range,
    zoo::Label,
};
use serde::Serialize;
use std::path::PathBuf;

/// The keys are part of the command line: they stay as they are.
#[derive(Clone, Serialize)]
pub(super) struct Facts {
    pub network: &'static str,
    pub weights: String,
    /// Whether the weights are made up, so that nothing it says means anything.
    pub untrained: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer_title: Option<&'static str>,
    /// Where several were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<Vec<UnitFacts>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<StepFacts>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassFacts>,
    /// The class that is taken away from the class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minus: Option<ClassFacts>,
    /// What is explained where it is no class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<&'static str>,
    /// What a synthesised picture was to excite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// The parameters of the method or of the synthesis, those at their default too.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Shape of the values: what `--raw` writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Smallest and largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    #[serde(rename = "sum_check", skip_serializing_if = "Option::is_none")]
    pub sum: Option<SumFacts>,
    /// How to read the values, where the method departs from what its name promises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Checks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<PathBuf>,
}

/// One unit of several that a picture shows, in their order.
#[derive(Clone, Serialize)]
pub(super) struct UnitFacts {
    pub unit: usize,
    /// Row and column of the activation that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<[usize; 2]>,
    pub activation: f32,
}

/// One layer of a unit's path.
#[derive(Clone, Serialize)]
pub(super) struct StepFacts {
    pub layer: String,
    pub unit: usize,
    /// Where most of the signal passes.
    pub position: Option<[usize; 2]>,
    /// The unit's activation there.
    pub activation: f32,
    /// Of the signal that reached the layer, times its activations, what this unit has.
    pub share: f32,
}

/// The sum of an attribution, and what the method promises it to be.
#[derive(Clone, Serialize)]
pub(super) struct SumFacts {
    pub sum: f64,
    pub expected: f64,
    /// Relative to the promise.
    pub error: f64,
}

impl From<SumCheck> for SumFacts {
    fn from(check: SumCheck) -> Self {
        SumFacts { sum: check.sum, expected: check.expected, error: check.error() }
    }
}

/// A class and what the network gives it.
#[derive(Clone, Serialize)]
pub(super) struct ClassFacts {
    pub index: usize,
    pub label: String,
    /// All names, comma-separated.
    pub names: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wnid: Option<String>,
    /// Before softmax.
    pub score: f32,
    pub probability: f32,
}

impl ClassFacts {
    pub fn of(run: &Run, index: usize) -> Self {
        let label = run.model.labels.all().get(index);
        ClassFacts {
            index,
            label: label.map_or("?", Label::short).to_owned(),
            names: label.map_or_else(String::new, |label| label.name.clone()),
            wnid: label.and_then(|label| label.wnid.clone()),
            score: run.scores.get(index).copied().unwrap_or(f32::NAN),
            probability: run.probabilities.get(index).copied().unwrap_or(f32::NAN),
        }
    }
}

impl Facts {
    pub fn of(model: &Model) -> Self {
        Facts {
            network: model.card.name,
            weights: model.weights.to_string(),
            untrained: model.is_untrained(),
            picture: None,
            layer: None,
            layer_title: None,
            layers: None,
            unit: None,
            units: None,
            path: None,
            class: None,
            minus: None,
            target: None,
            method: None,
            paper: None,
            goal: None,
            settings: serde_json::Map::new(),
            shape: None,
            range: None,
            sum: None,
            note: None,
            check: None,
            object: None,
            out: None,
            raw: None,
        }
    }

    pub fn picture(self, name: String) -> Self {
        Facts { picture: Some(name), ..self }
    }

    pub fn layer(self, model: &Model, layer: NodeId) -> Self {
        let node = model.network.graph().node(layer);
        Facts { layer: Some(node.name.clone()), layer_title: node.title, ..self }
    }

    pub fn values(self, shape: &[usize], range: Range) -> Self {
        Facts { shape: Some(shape.to_vec()), range: Some(range), ..self }
    }

    /// The text chunks of a PNG.
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        let untrained = if self.untrained { " (untrained)" } else { "" };
        let titled = |layer: &String| match self.layer_title {
            Some(title) if title != layer => format!("{layer} ({title})"),
            _ => layer.clone(),
        };
        let units = || self.units.as_ref().map(|units| numbers(units.iter().map(|unit| unit.unit)));
        let steps = |steps: &Vec<StepFacts>| {
            let step = |s: &StepFacts| format!("{} unit {} ({:.0}%)", s.layer, s.unit, 100.0 * s.share);
            steps.iter().map(step).collect::<Vec<_>>().join(", ")
        };
        let class = |c: &ClassFacts| format!("{} ({}, probability {:.4})", c.label, c.index, c.probability);
        let target = |target: &TargetFacts| format!("{} ({})", target.what, number(target.value));
        let set: Vec<String> = self.settings.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
        let sum = |sum: &SumFacts| {
            let [sum_of, expected] = [sum.sum, sum.expected].map(|value| number(value as f32));
            format!("{sum_of} where the method promises {expected} ({:.2}% off)", 100.0 * sum.error)
        };
        let method = |method: &str| self.paper.map_or_else(|| method.to_owned(), |paper| format!("{method} ({paper})"));
        [
            ("Network", Some(self.network.to_owned())),
            ("Weights", Some(format!("{}{untrained}", self.weights))),
            ("Picture", self.picture.clone()),
            ("Layer", self.layer.as_ref().map(titled)),
            ("Layers", self.layers.as_ref().map(|layers| layers.join(", "))),
            ("Unit", self.unit.map(|unit| unit.to_string()).or_else(units)),
            ("Path", self.path.as_ref().map(steps)),
            ("Class", self.class.as_ref().map(class)),
            ("Minus", self.minus.as_ref().map(class)),
            ("Target", self.target.as_ref().map(target)),
            ("Method", self.method.map(method)),
            ("Goal", self.goal.clone()),
            ("Set", (!set.is_empty()).then(|| set.join(" "))),
            ("Range", self.range.map(range)),
            ("Sum", self.sum.as_ref().map(sum)),
            ("Note", self.note.clone()),
            ("Object", self.object.as_ref().map(ObjectFacts::text)),
        ]
        .into_iter()
        .filter_map(|(keyword, text)| Some((keyword, text?)))
        .collect()
    }

    /// For standard output: one JSON object, or a line of `key value`s a person can read and the files that were
    /// written.
    pub fn report(&self, json: bool) -> Result<String> {
        if json {
            return object(self);
        }
        let mut text = String::new();
        for (keyword, value) in self.texts() {
            text.push_str(&format!("{:10}{value}\n", keyword.to_lowercase()));
        }
        text.push_str(&self.check.as_ref().map(Checks::text).unwrap_or_default());
        for (path, what) in [(&self.out, "picture"), (&self.raw, "values")] {
            if let Some(path) = path {
                text.push_str(&format!("wrote the {what} to {}\n", path.display()));
            }
        }
        Ok(text)
    }
}

/// A method's parameters as they were: numbers and words.
pub(super) fn settings(parameters: &[Parameter], settings: &Settings) -> serde_json::Map<String, serde_json::Value> {
    let value = |parameter: &Parameter| match parameter.kind {
        ParameterKind::Number { .. } => settings.number(parameter).into(),
        ParameterKind::Count { .. } => settings.count(parameter).into(),
        ParameterKind::Choice(_) => settings.choice(parameter).into(),
    };
    parameters.iter().map(|parameter| (parameter.name.to_owned(), value(parameter))).collect()
}

/// Text without quotes.
fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A JSON object on a few lines, ended by a line feed.
pub(super) fn object(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|error| crate::Error::Failed(format!("cannot write JSON: {error}")))
}

/// "3, 5, 8".
pub(super) fn numbers(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

/// "-1.25 to 3.4".
pub(super) fn range(range: Range) -> String {
    format!("{} to {}", number(range.low), number(range.high))
}

/// Four significant digits.
pub(super) fn number(value: f32) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{value:.3e}");
    }
    let digits = (3 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [(0.0, "0"), (1.0, "1"), (-1.23456, "-1.235"), (1234.5, "1234"), (0.012345, "0.01235")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(1.5e-7), "1.500e-7");
        assert_eq!(range(Range { low: -0.5, high: 20.0 }), "-0.5 to 20");
    }
}
