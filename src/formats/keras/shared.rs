//! State and helpers that the import of every layer shares.

use super::store::{KerasStore, KerasVariable, WeightsPlace};
use crate::{
    Error, Result,
    net::{AutoPad, Builder, NodeId, Op, Tensors},
};
use candle_core::{Device, Tensor};
use serde_json::Value;
use std::collections::HashMap;

/// The largest padding, kernel or side of a picture that a file may ask for.
pub(super) const LARGEST: usize = 1 << 13;

/// An import under way.
pub(super) struct KerasImport<'a> {
    pub net: Builder,
    pub tensors: Tensors,
    /// Features that are maps flattened, in Keras's order: channels, height and width.
    pub flattened: HashMap<NodeId, [usize; 3]>,
    /// Whether the file is of Keras 2 or earlier.
    pub early: bool,
    pub file: &'a str,
    pub store: &'a KerasStore,
    /// Uses of every name.
    pub names: HashMap<String, usize>,
}

/// One layer to import.
pub(super) struct KerasLayer<'a> {
    pub class: &'a str,
    /// The name of its node here.
    pub name: String,
    pub settings: &'a Value,
    pub place: &'a WeightsPlace,
    pub inputs: Vec<NodeId>,
}

impl KerasImport<'_> {
    /// A name that no other node has.
    pub fn unique(&mut self, name: String) -> String {
        let uses = self.names.entry(name.clone()).or_default();
        *uses += 1;
        if *uses == 1 && name != "input" { name } else { format!("{name}_{uses}") }
    }

    /// Adds a node on top of a job's inputs.
    pub fn add(&mut self, name: impl Into<String>, op: Op, inputs: &[NodeId]) -> NodeId {
        self.net.add(name, op, inputs)
    }

    /// Channels, height and width of a node's maps; `None` for features.
    pub fn maps(&self, node: NodeId) -> Option<[usize; 3]> {
        self.net.shape(node).try_into().ok()
    }

    /// A variable that a layer needs, in a shape that `fits`.
    pub fn variable(
        &self,
        job: &KerasLayer,
        index: usize,
        names: &[&str],
        fits: impl Fn(&[usize]) -> bool,
    ) -> Result<KerasVariable> {
        let found = self.store.variable(job.place, index, names)?;
        let found = found.ok_or_else(|| self.failed(format!("lacks the {} of layer {}", names[0], job.place.name)))?;
        match fits(&found.shape) && found.shape.iter().product::<usize>() == found.values.len() {
            true => Ok(found),
            false => Err(self.failed(format!(
                "has a {} of shape {:?} in layer {}, which does not fit its input",
                names[0], found.shape, job.place.name
            ))),
        }
    }

    /// A variable with one value for each of `count` channels.
    pub fn channels(&self, job: &KerasLayer, index: usize, name: &str, count: usize) -> Result<Vec<f32>> {
        Ok(self.variable(job, index, &[name], |shape| shape.iter().product::<usize>() == count)?.values)
    }

    /// Gives a node a tensor.
    pub fn weight(&mut self, node: &str, suffix: &str, values: Vec<f32>, shape: &[usize]) -> Result<()> {
        self.tensors.insert(format!("{node}.{suffix}"), Tensor::from_vec(values, shape, &Device::Cpu)?);
        Ok(())
    }

    /// "FILE why".
    pub fn failed(&self, why: String) -> Error {
        Error::Failed(format!("{} {why}", self.file))
    }

    /// A layer that is not known here, or not in this form.
    pub fn unknown(&self, job: &KerasLayer, what: &str) -> Error {
        self.failed(format!("has a layer {} of class {} {what}", job.place.name, job.class))
    }
}

/// Height and width of something: one number or two.
pub(super) fn pair(import: &KerasImport, job: &KerasLayer, key: &str, usual: Option<[usize; 2]>) -> Result<[usize; 2]> {
    let value = &job.settings[key];
    let size =
        |value: &Value| value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|&size| size <= LARGEST);
    let found = match value {
        Value::Null => usual,
        Value::Array(both) => match both.as_slice() {
            [rows, columns] => size(rows).zip(size(columns)).map(|(rows, columns)| [rows, columns]),
            _ => None,
        },
        one => size(one).map(|size| [size; 2]),
    };
    found
        .filter(|sizes| sizes.iter().all(|&size| size > 0))
        .ok_or_else(|| import.unknown(job, &format!("with {key} {value}")))
}

/// The padding that a layer states.
pub(super) fn padding(import: &KerasImport, job: &KerasLayer) -> Result<AutoPad> {
    match job.settings["padding"].as_str() {
        Some("same") => Ok(AutoPad::SameUpper),
        Some("valid") | None => Ok(AutoPad::Stated),
        Some(other) => Err(import.unknown(job, &format!("with padding {other}"))),
    }
}
