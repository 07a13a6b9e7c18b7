//! A model's architecture: layers with their settings and where their inputs come from.

use crate::{Error, Result};
use serde_json::Value;

/// A layer, or a model inside a model.
#[derive(Clone, Debug)]
pub(super) struct LayerConfig {
    /// `Conv2D`.
    pub class: String,
    pub name: String,
    /// Its settings.
    pub settings: Value,
    /// For every call the names of the layers whose outputs it takes. A sequential model's layers take the one before.
    pub calls: Vec<Vec<String>>,
}

/// A model.
#[derive(Clone, Debug)]
pub(super) struct ModelConfig {
    pub name: String,
    pub layers: Vec<LayerConfig>,
    /// Names of the layers whose outputs are the model's.
    pub outputs: Vec<String>,
}

/// Reads an architecture.
///
/// # Errors
/// [`Error::Failed`] when the text is no model.
pub(super) fn parse(text: &str, file: &str) -> Result<ModelConfig> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Error::Failed(format!("the architecture in {file} is no JSON: {error}")))?;
    model(value["class_name"].as_str().unwrap_or_default(), &value["config"], file)
}

/// Whether a class of layer is a model.
pub(super) fn is_model(class: &str) -> bool {
    matches!(class, "Sequential" | "Functional" | "Model")
}

/// A model's configuration.
pub(super) fn model(class: &str, config: &Value, file: &str) -> Result<ModelConfig> {
    let failed = |why: String| Error::Failed(format!("{file} {why}"));
    if !is_model(class) {
        return Err(failed(format!(
            "holds a model of class {class}, whose architecture is program code; functional and sequential models can be opened"
        )));
    }
    // Keras 1 and early 2 wrote a sequential model as a list.
    let listed = config["layers"].as_array().or_else(|| config.as_array());
    let listed = listed.ok_or_else(|| failed("states no layers".to_owned()))?;
    let sequential = class == "Sequential";
    let mut layers: Vec<LayerConfig> = Vec::with_capacity(listed.len());
    for layer in listed {
        let settings = layer["config"].clone();
        let named = layer["name"].as_str().or_else(|| settings["name"].as_str());
        let name = named.ok_or_else(|| failed("has a layer without a name".to_owned()))?.to_owned();
        let class = layer["class_name"].as_str().unwrap_or_default().to_owned();
        let calls = match layers.last() {
            Some(before) if sequential => vec![vec![before.name.clone()]],
            _ if sequential => Vec::new(),
            _ => layer["inbound_nodes"].as_array().map_or_else(Vec::new, |calls| calls.iter().map(inputs).collect()),
        };
        layers.push(LayerConfig { class, name, settings, calls });
    }
    let mut outputs = Vec::new();
    match layers.last() {
        Some(last) if sequential => outputs.push(last.name.clone()),
        _ => references(&config["output_layers"], &mut outputs),
    }
    let name = config["name"].as_str().unwrap_or_default().to_owned();
    Ok(ModelConfig { name, layers, outputs })
}

/// The names of the layers that a call takes: of Keras 3's tensors or of Keras 2's lists.
fn inputs(call: &Value) -> Vec<String> {
    let mut names = Vec::new();
    match call.get("args") {
        Some(arguments) => {
            tensors(arguments, &mut names);
            tensors(&call["kwargs"], &mut names);
        }
        None => references(call, &mut names),
    }
    names
}

/// Keras 3's references to tensors, wherever they stand in the arguments.
fn tensors(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| tensors(item, names)),
        Value::Object(_) if value["class_name"] == "__keras_tensor__" => {
            names.extend(value["config"]["keras_history"][0].as_str().map(str::to_owned));
        }
        Value::Object(fields) => fields.values().for_each(|field| tensors(field, names)),
        _ => {}
    }
}

/// `["layer", 0, 0]`, or lists of these.
fn references(value: &Value, names: &mut Vec<String>) {
    let Value::Array(items) = value else { return };
    match items.first() {
        Some(Value::String(name)) if items.get(1).is_some_and(Value::is_number) => names.push(name.clone()),
        _ => items.iter().for_each(|item| references(item, names)),
    }
}
