//! The facts of an ablation over a folder.

use super::plan::{Row, StandIn};
use crate::{
    dataset::Hits,
    figures::{Facts, shown_path},
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The object of `--json`.
#[derive(Serialize)]
pub(super) struct AblationFacts {
    #[serde(flatten)]
    pub facts: Facts,
    #[serde(serialize_with = "shown_path")]
    pub folder: PathBuf,
    pub pictures: usize,
    pub unreadable: Vec<String>,
    #[serde(flatten)]
    pub measured: MeasuredRows,
    /// The network of --beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<BesideFacts>,
}

/// The accuracies of one network.
#[derive(Serialize)]
pub(super) struct MeasuredRows {
    pub baseline: Accuracies,
    pub rows: Vec<RowFacts>,
}

/// A second network with the same rows.
#[derive(Serialize)]
pub(super) struct BesideFacts {
    pub network: String,
    pub weights: String,
    pub untrained: bool,
    #[serde(flatten)]
    pub measured: MeasuredRows,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Accuracies {
    pub top1: f64,
    pub top5: f64,
}

#[derive(Serialize)]
pub(super) struct RowFacts {
    #[serde(skip)]
    pub name: String,
    pub removed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<StandIn>,
    /// Blocks, each with the block whose weights it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swapped: Option<usize>,
    /// The unit that is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<usize>,
    #[serde(flatten)]
    pub accuracies: Accuracies,
    /// After it learned without the parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrained: Option<Accuracies>,
}

impl RowFacts {
    /// A row and what was measured.
    pub fn of(row: &Row, accuracies: Accuracies) -> Self {
        RowFacts {
            name: row.name(),
            removed: row.removed(),
            with: row.absent.first().map(|absent| absent.with),
            moved: row.moved.iter().map(|(to, from)| [to.part.name.clone(), from.part.name.clone()]).collect(),
            dropped: row.dropped,
            swapped: row.swapped,
            unit: row.silent.as_ref().map(|(_, unit)| *unit),
            accuracies,
            retrained: None,
        }
    }
}

pub(super) fn accuracies(hits: Hits) -> Accuracies {
    Accuracies { top1: hits.top1(), top5: hits.top5() }
}
