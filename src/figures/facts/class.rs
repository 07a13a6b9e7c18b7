//! A class and its score.

use crate::engine::Run;
use serde::Serialize;

/// A class and the network's answer for it. An untrained network has neither names nor probabilities to show.
#[derive(Clone, Debug, Serialize)]
pub struct ClassFacts {
    /// Its index among the network's outputs.
    pub index: usize,
    /// Its usual name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// All its names, comma-separated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<String>,
    /// Its WordNet id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wnid: Option<String>,
    /// Its value before softmax.
    pub score: f32,
    /// Its value after softmax, 0..=1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f32>,
}

impl ClassFacts {
    /// A class of a run.
    pub fn of(run: &Run, index: usize) -> Self {
        let trained = !run.model.is_untrained();
        let label = run.model.labels.all().get(index).filter(|_| trained);
        ClassFacts {
            index,
            label: label.map(|label| label.short().to_owned()),
            names: label.map(|label| label.name.clone()),
            wnid: label.and_then(|label| label.wnid.clone()),
            score: run.scores.get(index).copied().unwrap_or(f32::NAN),
            probability: run.probabilities.get(index).copied().filter(|_| trained),
        }
    }

    /// The usual name, or "class 7".
    pub fn title(&self) -> String {
        self.label.clone().unwrap_or_else(|| format!("class {}", self.index))
    }
}
