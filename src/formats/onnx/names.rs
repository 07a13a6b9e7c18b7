//! Names of layers: the module paths that PyTorch's exporters leave in a model, the names of weights, the names that
//! TensorFlow gives its nodes; where there is none, the operator and a number.

use super::message::{GraphProto, NodeProto};
use crate::net::Activation;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The longest name that is shown.
const LONGEST: usize = 120;

/// A name for every node of `graph` that `shown` marks, no two the same.
pub(super) fn names(graph: &GraphProto, shown: &[bool]) -> Vec<String> {
    let modules: Vec<Option<String>> = graph.nodes.iter().map(|node| module(node, graph)).collect();
    // The operators of each module's own nodes, and whether it holds other modules.
    let mut own: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((module, node), _) in modules.iter().zip(&graph.nodes).zip(shown).filter(|(_, shown)| **shown) {
        if let Some(module) = module {
            own.entry(module).or_default().insert(&node.op);
        }
    }
    let holds_others = |module: &str| {
        let prefix = format!("{module}.");
        own.range(prefix.as_str()..).next().is_some_and(|(other, _)| other.starts_with(&prefix))
    };
    let mut used: HashMap<String, usize> = HashMap::from([("input".to_owned(), 1)]);
    let mut name = |index: usize| {
        let node = &graph.nodes[index];
        let wanted = match &modules[index] {
            Some(module) if module.is_empty() => short(node),
            Some(module) if own.get(module.as_str()).is_some_and(|own| own.len() == 1) && !holds_others(module) => {
                module.clone()
            }
            Some(module) => format!("{module}.{}", short(node)),
            None => short(node),
        };
        unique(&mut used, &printable(&wanted))
    };
    (0..graph.nodes.len()).map(|index| if shown[index] { name(index) } else { String::new() }).collect()
}

/// `wanted`, with a number behind it where it is taken.
fn unique(used: &mut HashMap<String, usize>, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    while used.contains_key(&name) {
        let count = used.entry(wanted.to_owned()).or_insert(1);
        name = format!("{wanted}_{count}");
        *count += 1;
    }
    used.insert(name.clone(), 1);
    name
}

/// The module that a node belongs to, as a path with dots; empty for the network itself.
fn module(node: &NodeProto, graph: &GraphProto) -> Option<String> {
    // The name of its weights first: a convolution that an exporter merged with its normalisation has the latter's path.
    let is_weight = |name: &&String| graph.initializers.contains_key(*name);
    let weight = node.inputs.iter().skip(1).find(is_weight).and_then(|name| name.strip_suffix(".weight"));
    if let Some(stem) = weight.filter(|stem| !stem.is_empty()) {
        return Some(stem.replace('/', "."));
    }
    if node.module.is_some() {
        return node.module.clone();
    }
    if let Some(path) = node.name.strip_prefix('/') {
        return Some(joined(path));
    }
    // TensorFlow: a path whose last part is the operator's name.
    let (path, _) = node.name.rsplit_once('/')?;
    let path = path.strip_prefix("StatefulPartitionedCall/").unwrap_or(path);
    Some(path.replace('/', "."))
}

/// The path of modules that PyTorch's older exporter writes as `layer1/layer1.0/conv1/Conv`: parts that repeat the part
/// before them take its place.
fn joined(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    let mut whole: Vec<&str> = Vec::new();
    for part in parts {
        let repeats =
            whole.last().is_some_and(|last| part.strip_prefix(*last).is_some_and(|rest| rest.starts_with('.')));
        if repeats {
            whole.pop();
        }
        whole.push(part);
    }
    whole.join(".")
}

/// A short name of what a node does.
fn short(node: &NodeProto) -> String {
    match node.op.as_str() {
        "Gemm" => "fc".to_owned(),
        "GlobalAveragePool" | "AveragePool" | "AdaptiveAveragePool" => "avgpool".to_owned(),
        "GlobalMaxPool" | "MaxPool" | "AdaptiveMaxPool" => "maxpool".to_owned(),
        "BatchNormalization" => "bn".to_owned(),
        "LayerNormalization" => "layernorm".to_owned(),
        "ReduceMean" => "mean".to_owned(),
        _ => match node.recognised {
            Some(Activation::Silu) => "silu".to_owned(),
            Some(activation) => activation.kind().to_lowercase(),
            None => node.op.to_lowercase(),
        },
    }
}

/// A name that fits on a line and into the name of a file.
fn printable(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_control() || c.is_whitespace() { '_' } else { c }).collect();
    let count = clean.chars().count();
    let clean: String = clean.chars().skip(count.saturating_sub(LONGEST)).collect();
    if clean.is_empty() { "layer".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(op: &str, name: &str) -> NodeProto {
        NodeProto { op: op.to_owned(), name: name.to_owned(), ..NodeProto::default() }
    }

    #[test]
    fn names_are_module_paths() {
        let mut nodes = vec![
            node("Conv", "/layer1/layer1.0/conv1/Conv"),
            node("Relu", "/layer1/layer1.0/relu/Relu"),
            node("Add", "/layer1/layer1.0/Add"),
            node("Conv", "/features/features.1/conv/conv.0/conv.0.0/Conv"),
            node("Flatten", "/Flatten"),
            node("Conv2D", "StatefulPartitionedCall/model/block_1_conv/Conv2D"),
            node("Relu", ""),
            node("Relu", ""),
        ];
        nodes.push(NodeProto { module: Some("conv1".into()), ..node("Conv", "node_conv2d") });
        let graph = GraphProto { nodes, ..GraphProto::default() };
        let found = names(&graph, &[true; 9]);
        let wanted = [
            "layer1.0.conv1",
            "layer1.0.relu",
            "layer1.0.add",
            "features.1.conv.0.0",
            "flatten",
            "model.block_1_conv",
            "relu",
            "relu_1",
            "conv1",
        ];
        assert_eq!(found, wanted);
    }
}
