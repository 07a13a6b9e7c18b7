//! The facts of an ablation over a folder.

use super::plan::StandIn;
use crate::{
    dataset::Hits,
    figures::{Facts, shown_path},
};
use serde::Serialize;
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
    pub baseline: Accuracies,
    pub rows: Vec<RowFacts>,
}

#[derive(Clone, Copy, Serialize)]
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
    #[serde(flatten)]
    pub accuracies: Accuracies,
}

pub(super) fn accuracies(hits: Hits) -> Accuracies {
    Accuracies { top1: hits.top1(), top5: hits.top5() }
}
