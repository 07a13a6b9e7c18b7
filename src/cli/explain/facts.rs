//! The facts of many heatmaps.

use super::trust::TrustRow;
use crate::{
    engine::Model,
    figures::{ClassFacts, Facts, shown_path},
    methods::Method,
    paint::Range,
};
use serde::Serialize;
use std::path::PathBuf;

/// The object of `--json`.
#[derive(Serialize)]
pub(super) struct BatchFacts {
    #[serde(flatten)]
    pub facts: Facts,
    #[serde(skip)]
    pub method_title: &'static str,
    #[serde(skip)]
    pub command: &'static str,
    pub pictures: Vec<HeatmapFacts>,
    pub left_out: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<TrustRow>,
}

#[derive(Serialize)]
pub(super) struct HeatmapFacts {
    #[serde(serialize_with = "shown_path")]
    pub picture: PathBuf,
    /// The heatmap in the folder.
    pub file: String,
    pub class: Option<ClassFacts>,
    pub range: Option<Range>,
}

impl BatchFacts {
    /// The facts before the first picture.
    pub fn of(model: &Model, method: &Method) -> Self {
        BatchFacts {
            facts: Facts::of(model).method(method.name, method.paper),
            method_title: method.title,
            command: if method.layered { "cam" } else { "saliency" },
            pictures: Vec::new(),
            left_out: Vec::new(),
            trust: Vec::new(),
        }
    }
}
