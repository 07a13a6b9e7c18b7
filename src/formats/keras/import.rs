//! From an architecture to a graph with weights: the order of the layers, models inside models, and the
//! description of the network.

use super::{
    config::{self, LayerConfig, ModelConfig},
    layers::layer,
    prepare,
    shared::{KerasImport, KerasLayer, LARGEST},
    store::{KerasStore, WeightsPlace},
};
use crate::{
    Error, Result,
    formats::network::{NetworkFile, described},
    net::{Builder, Graph, NodeId, Op, Tensors},
};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

/// Models inside models, this deep.
const MAX_DEPTH: usize = 8;
/// The side of a picture where the file leaves it open.
const USUAL_SIDE: usize = 224;

/// Imports a model.
pub(super) fn import(model: &ModelConfig, store: &KerasStore, version: &str, path: &Path) -> Result<NetworkFile> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let shape =
        input_shape(model, 0).ok_or_else(|| Error::Failed(format!("{file} states no shape of its pictures")))??;
    let mut import = KerasImport {
        net: Builder::new(shape),
        tensors: Tensors::new(),
        flattened: HashMap::new(),
        early: !version.is_empty()
            && version.split('.').next().is_some_and(|major| major.parse::<u32>().unwrap_or(3) < 3),
        file: &file,
        store,
        names: HashMap::new(),
    };
    import.model(model, 0, "", "layers", None, 0)?;
    let KerasImport { net, mut tensors, .. } = import;
    let graph =
        net.finish().map_err(|error| Error::Failed(format!("{file} is no network that can be shown: {error}")))?;
    let producer = if version.is_empty() { "Keras".to_owned() } else { format!("Keras {version}") };
    let mut description = described(path, &producer, &graph, &HashMap::new())?;
    let (preprocess, notes) = prepare::preparation(model, &graph, &file);
    if preprocess.bgr {
        turn_colours(&graph, &mut tensors)?;
    }
    description.preprocess = preprocess;
    let missing_head = Vec::new();
    Ok(NetworkFile { graph, tensors, description, metadata: HashMap::new(), notes, missing_head })
}

impl KerasImport<'_> {
    /// Adds a model's layers on top of `input` and returns its output. Of several outputs the first is taken.
    fn model(
        &mut self,
        model: &ModelConfig,
        input: NodeId,
        prefix: &str,
        container: &str,
        outermost: Option<&str>,
        depth: usize,
    ) -> Result<NodeId> {
        if depth > MAX_DEPTH {
            return Err(self.failed(format!("has models inside models, more than {MAX_DEPTH} deep")));
        }
        let numbered = numbered(&model.layers);
        let output = model.outputs.first().or(model.layers.last().map(|last| &last.name)).cloned().unwrap_or_default();
        let needed = needed(model, &output);
        let inputs = model.layers.iter().filter(|layer| layer.class == "InputLayer" && needed.contains(&layer.name));
        if inputs.count() > 1 {
            return Err(self.failed("takes several inputs; a network here has one picture".to_owned()));
        }
        let mut made: HashMap<&str, NodeId> = HashMap::new();
        let mut waiting: Vec<usize> =
            (0..model.layers.len()).filter(|&index| needed.contains(&model.layers[index].name)).collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for index in waiting {
                let config = &model.layers[index];
                let call = config.calls.first().map_or(&[][..], Vec::as_slice);
                let sources: Option<Vec<NodeId>> = call.iter().map(|name| made.get(name.as_str()).copied()).collect();
                let Some(sources) = sources else {
                    later.push(index);
                    continue;
                };
                let place = WeightsPlace {
                    container: container.to_owned(),
                    numbered: numbered[index].clone(),
                    name: config.name.clone(),
                    outermost: outermost.unwrap_or(&config.name).to_owned(),
                };
                let sources = if sources.is_empty() { vec![input] } else { sources };
                let node = self.one(config, &place, sources, prefix, depth)?;
                made.insert(&config.name, node);
            }
            waiting = later;
            if waiting.len() == before {
                let name = &model.layers[waiting[0]].name;
                return Err(self.failed(format!("has a layer {name} whose inputs are not in the file")));
            }
        }
        made.get(output.as_str())
            .copied()
            .ok_or_else(|| self.failed("names an output that it does not hold".to_owned()))
    }

    /// Adds one layer or inner model.
    fn one(
        &mut self,
        config: &LayerConfig,
        place: &WeightsPlace,
        inputs: Vec<NodeId>,
        prefix: &str,
        depth: usize,
    ) -> Result<NodeId> {
        if config.class == "InputLayer" {
            return Ok(inputs[0]);
        }
        if config.calls.len() > 1 {
            return Err(self.failed(format!("uses layer {} several times, which cannot be shown", config.name)));
        }
        let name = self.unique(format!("{prefix}{}", config.name));
        if config::is_model(&config.class) {
            let inner = config::model(&config.class, &config.settings, self.file)?;
            let container = format!("{}/{}/layers", place.container, place.numbered);
            return self.model(&inner, inputs[0], &format!("{name}."), &container, Some(&place.outermost), depth + 1);
        }
        // A wrapper that Keras puts around the rest in some models of the hub.
        layer(self, &KerasLayer { class: &config.class, name, settings: &config.settings, place, inputs })
    }
}

/// The layers that the output depends on.
fn needed(model: &ModelConfig, output: &str) -> HashSet<String> {
    let by_name: HashMap<&str, &LayerConfig> = model.layers.iter().map(|layer| (layer.name.as_str(), layer)).collect();
    let mut needed = HashSet::new();
    let mut open = vec![output.to_owned()];
    while let Some(name) = open.pop() {
        if let Some(layer) = by_name.get(name.as_str())
            && needed.insert(name)
        {
            open.extend(layer.calls.iter().flatten().cloned());
        }
    }
    needed
}

/// The groups of layers in an archive where none states its layer's name: the class in snake case, numbered.
fn numbered(layers: &[LayerConfig]) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let one = |layer: &LayerConfig| {
        let name = snake_case(&layer.class);
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}_{}", *count - 1) }
    };
    layers.iter().map(one).collect()
}

/// `max_pooling2d` for `MaxPooling2D`, as Keras makes it: an underscore in front of a capital that small letters follow, and
/// in front of a capital behind a small letter.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut name = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let small = |at: Option<&char>| at.is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase() && index > 0;
        if begins && (small(letters.get(index + 1)) || small(letters.get(index - 1))) {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Channels, height and width of the picture; `None` where no layer states a shape.
fn input_shape(model: &ModelConfig, depth: usize) -> Option<Result<[usize; 3]>> {
    let stated = |layer: &LayerConfig| {
        let settings = &layer.settings;
        let shape =
            [&settings["batch_shape"], &settings["batch_input_shape"]].into_iter().find(|shape| shape.is_array())?;
        let sizes: Vec<Option<u64>> = shape.as_array()?.iter().map(Value::as_u64).collect();
        let [_, height, width, channels] = sizes[..] else {
            let why = format!("layer {} takes {shape}, not pictures", layer.name);
            return Some(Err(Error::Failed(why)));
        };
        let side = |size: Option<u64>| size.map_or(USUAL_SIDE, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let shape = [side(channels.or(Some(3))), side(height), side(width)];
        Some(match shape.iter().all(|size| (1..=LARGEST).contains(size)) {
            true => Ok(shape),
            false => Err(Error::Failed(format!("layer {} takes pictures of {shape:?}", layer.name))),
        })
    };
    let first = model.layers.first()?;
    model.layers.iter().find_map(stated).or_else(|| {
        let inner = config::is_model(&first.class) && depth < MAX_DEPTH;
        let inner = inner.then(|| config::model(&first.class, &first.settings, "the inner model"))?;
        match inner {
            Ok(inner) => input_shape(&inner, depth + 1),
            Err(error) => Some(Err(error)),
        }
    })
}

/// Turns the filters that look at the picture from blue, green, red to red, green, blue.
fn turn_colours(graph: &Graph, tensors: &mut Tensors) -> Result<()> {
    let padded = |id: NodeId| id == 0 || matches!(graph.node(id).op, Op::Pad { .. }) && graph.node(id).inputs == [0];
    for node in graph.nodes().iter().filter(|node| matches!(node.op, Op::Conv(_)) && padded(node.inputs[0])) {
        if let Some(filters) = tensors.get_mut(&format!("{}.weight", node.name)) {
            *filters = filters.flip(&[1])?.contiguous()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn classes_in_snake_case_are_kerass() {
        for (class, expected) in [
            ("Conv2D", "conv2d"),
            ("MaxPooling2D", "max_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("ReLU", "re_lu"),
            ("PReLU", "p_re_lu"),
            ("Functional", "functional"),
            ("ZeroPadding2D", "zero_padding2d"),
        ] {
            assert_eq!(snake_case(class), expected);
        }
    }
}
