//! The record of facts about one picture.

use super::{
    checks::TrustChecks,
    class::ClassFacts,
    json::shown_file,
    parts::{ObjectFacts, StepFacts, SumFacts, TargetFacts, UnitFacts},
};
use crate::{
    engine::{Model, Run},
    net::NodeId,
    paint::Range,
    picture::{Picture, Preprocess, SAMPLES},
};
use serde::Serialize;
use std::path::PathBuf;

/// The facts about one picture. The field names are the keys of `--json`: they stay as they are.
#[derive(Clone, Default, Serialize)]
pub struct Facts {
    /// The network's name.
    pub network: String,
    /// Where its weights came from.
    pub weights: String,
    /// Whether the weights are made up, so that no picture and no score means anything.
    pub untrained: bool,
    /// The changes to the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// How pictures become the network's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Preprocess>,
    /// The picture's name or path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// How the picture was altered before it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altered: Option<String>,
    /// The picture whose values are subtracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minus_picture: Option<String>,
    /// The layer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// The paper's name of the layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer_title: Option<&'static str>,
    /// The layers' names, where several are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<String>>,
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<usize>,
    /// The units, where a picture shows several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<Vec<UnitFacts>>,
    /// The layers of a deconvnet path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<StepFacts>>,
    /// The class that is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassFacts>,
    /// The class whose score is subtracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minus: Option<ClassFacts>,
    /// The target that is explained, where it is no class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetFacts>,
    /// The method's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The method's paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<&'static str>,
    /// The goal of a synthesised picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// The parameters of the method or of the synthesis, defaults included.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Shape of the values: what `--raw` writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Smallest and largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// The sum of the values, where the method promises one.
    #[serde(rename = "sum_check", skip_serializing_if = "Option::is_none")]
    pub sum: Option<SumFacts>,
    /// How to read the picture, where it departs from what its name promises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The tests of `--check`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<TrustChecks>,
    /// The object that a heatmap points at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectFacts>,
    /// The PNG that was written.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown_file")]
    pub out: Option<PathBuf>,
    /// The .npy file that was written.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown_file")]
    pub raw: Option<PathBuf>,
}

impl Facts {
    /// The network and its weights.
    pub fn of(model: &Model) -> Self {
        Facts {
            network: model.card.name.to_owned(),
            weights: model.weights.to_string(),
            untrained: model.is_untrained(),
            changes: Some(model.changes()).filter(|words| !words.is_empty()),
            preparation: Some(model.preprocess.clone()),
            ..Facts::default()
        }
    }

    /// The network and the picture of a run, and how the picture was altered.
    pub fn of_run(run: &Run) -> Self {
        let [_, height, width] = run.model.network.graph().input_shape();
        let altered = Some(run.alteration.say([width, height])).filter(|text| !text.is_empty());
        let picture = run.picture.as_ref().map(picture_name);
        Facts { picture, altered, ..Facts::of(&run.model) }
    }

    /// With the picture's name.
    pub fn picture(self, name: String) -> Self {
        Facts { picture: Some(name), ..self }
    }

    /// With the names of a layer.
    pub fn layer(self, model: &Model, layer: NodeId) -> Self {
        let node = model.network.graph().node(layer);
        Facts { layer: Some(node.name.clone()), layer_title: node.title, ..self }
    }

    /// With one unit of the layer.
    pub fn unit(self, unit: usize) -> Self {
        Facts { unit: Some(unit), ..self }
    }

    /// With the method and its paper.
    pub fn method(self, name: &'static str, paper: &'static str) -> Self {
        Facts { method: Some(name), paper: Some(paper), ..self }
    }

    /// With the shape and the range of the values.
    pub fn values(self, shape: &[usize], range: Range) -> Self {
        Facts { shape: Some(shape.to_vec()), range: Some(range), ..self }
    }
}

/// A picture's name in captions: `sample:NAME` for a sample, as the command line takes it, else the file's name.
pub fn picture_name(picture: &Picture) -> String {
    let is_sample = picture.path.is_none() && SAMPLES.iter().any(|sample| sample.name == picture.name);
    if is_sample { format!("sample:{}", picture.name) } else { picture.name.clone() }
}
