//! The most confident mistakes.

use super::report::Report;
use crate::figures::shown_path;
use serde::Serialize;
use std::path::PathBuf;

/// A picture that is taken for another class.
#[derive(Serialize)]
pub(super) struct MistakeFacts {
    #[serde(serialize_with = "shown_path")]
    pub file: PathBuf,
    pub class: usize,
    pub label: String,
    pub predicted: usize,
    pub predicted_label: String,
    /// Probability of the predicted class.
    pub probability: f64,
    /// Probability of the picture's class.
    pub class_probability: f64,
    /// Place of the picture's class among all, from 1.
    pub rank: usize,
}

/// The `most` mistakes that the network is surest of.
pub(super) fn mistakes(report: &Report, most: usize) -> Vec<MistakeFacts> {
    let facts = report.evaluation.mistakes.iter().take(most).map(|outcome| MistakeFacts {
        file: report.folder.listing.path(outcome.picture),
        class: outcome.class,
        label: report.model.class_name(outcome.class),
        predicted: outcome.predicted,
        predicted_label: report.model.class_name(outcome.predicted),
        probability: outcome.confidence,
        class_probability: outcome.probability,
        rank: outcome.rank + 1,
    });
    facts.collect()
}
