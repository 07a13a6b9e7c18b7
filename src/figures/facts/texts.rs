//! Facts as the text chunks of a PNG and as the report on standard output.

use super::{
    checks::TrustChecks,
    class::ClassFacts,
    json::to_json,
    parts::{ObjectFacts, StepFacts, SumFacts, TargetFacts},
    record::Facts,
};
use crate::{
    Result,
    figures::words::{list, number, range},
};
use std::path::Path;

impl Facts {
    /// The text chunks of a PNG: keyword and text.
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        let untrained = if self.untrained { " (untrained)" } else { "" };
        let titled = |layer: &String| match self.layer_title {
            Some(title) if title != layer => format!("{layer} ({title})"),
            _ => layer.clone(),
        };
        let units = || self.units.as_ref().map(|units| list(units.iter().map(|unit| unit.unit)));
        let settings: Vec<String> =
            self.settings.iter().map(|(name, value)| format!("{name}={}", unquoted(value))).collect();
        let method = |method: &str| self.paper.map_or_else(|| method.to_owned(), |paper| format!("{method} ({paper})"));
        [
            ("Network", Some(self.network.clone())),
            ("Weights", Some(format!("{}{untrained}", self.weights))),
            ("Changes", self.changes.clone()),
            ("Preparation", self.preparation.as_ref().map(ToString::to_string)),
            ("Picture", self.picture.clone()),
            ("Altered", self.altered.clone()),
            ("Minus picture", self.minus_picture.clone()),
            ("Layer", self.layer.as_ref().map(titled)),
            ("Layers", self.layers.as_ref().map(|layers| layers.join(", "))),
            ("Unit", self.unit.map(|unit| unit.to_string()).or_else(units)),
            ("Path", self.path.as_deref().map(path)),
            ("Class", self.class.as_ref().map(class)),
            ("Minus", self.minus.as_ref().map(class)),
            ("Target", self.target.as_ref().map(target)),
            ("Method", self.method.map(method)),
            ("Goal", self.goal.clone()),
            ("Settings", (!settings.is_empty()).then(|| settings.join(" "))),
            ("Range", self.range.map(range)),
            ("Sum", self.sum.as_ref().map(sum)),
            ("Note", self.note.clone()),
            ("Object", self.object.as_ref().map(ObjectFacts::text)),
        ]
        .into_iter()
        .filter_map(|(keyword, text)| Some((keyword, text?)))
        .collect()
    }

    /// For standard output: one JSON object, or a line a fact and the files that were written.
    ///
    /// # Errors
    /// Those of [`to_json`].
    pub fn report(&self, json: bool) -> Result<String> {
        if json {
            return to_json(self);
        }
        let mut text = String::new();
        for (keyword, value) in self.texts() {
            text.push_str(&format!("{:9} {value}\n", keyword.to_lowercase()));
        }
        text.push_str(&self.check.as_ref().map(TrustChecks::text).unwrap_or_default());
        for (path, what) in [(&self.out, "picture"), (&self.raw, "values")] {
            if let Some(path) = path {
                let place = if path == Path::new("-") { "standard output".into() } else { path.to_string_lossy() };
                text.push_str(&format!("wrote the {what} to {place}\n"));
            }
        }
        Ok(text)
    }
}

fn path(steps: &[StepFacts]) -> String {
    let step = |s: &StepFacts| format!("{} unit {} ({:.0}%)", s.layer, s.unit, 100.0 * s.share);
    steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

fn class(class: &ClassFacts) -> String {
    match (&class.label, class.probability) {
        (Some(label), Some(probability)) => format!("{label} ({}, probability {probability:.4})", class.index),
        _ => format!("{} (untrained, score {})", class.index, number(class.score)),
    }
}

fn target(target: &TargetFacts) -> String {
    format!("{} ({})", target.what, number(target.value))
}

fn sum(sum: &SumFacts) -> String {
    let [sum_of, expected] = [sum.sum, sum.expected].map(|value| number(value as f32));
    format!("{sum_of} where the method promises {expected} ({:.2}% off)", 100.0 * sum.error)
}

fn unquoted(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
