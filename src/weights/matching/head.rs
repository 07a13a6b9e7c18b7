//! The classifier of a network, found in a file by position and shape.

use super::body::{Cover, Parts};
use crate::{
    net::{Graph, Op},
    weights::file_names::FileNames,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Names that classifiers have. They decide only where a file holds several groups that could be one.
const CLASSIFIERS: [&str; 9] =
    ["fc", "classifier", "head", "linear", "last_linear", "logits", "cls_head", "output", "pre_logits"];

/// Parts of names of what contrastive training puts behind a body, which is no classifier.
const PROJECTIONS: [&str; 3] = ["proj", "predictor", "prototype"];

/// The classifier that a file holds.
pub(super) enum Head {
    /// The graph's own layers, with this many classes.
    Own {
        /// Classes.
        classes: usize,
        /// Tensors of the graph to those of the file.
        tensors: HashMap<String, String>,
    },
    /// Other layers in place of the graph's last `replaced` ones with weights.
    Other {
        /// Layers of the graph's tail that are kept.
        kept: usize,
        /// Names and operators, in order.
        layers: Vec<(String, Op)>,
        /// Tensors of the graph to those of the file.
        tensors: HashMap<String, String>,
        /// Whether they take the largest values of the maps and, behind them, their means, as fastai's classifiers do.
        both_pools: bool,
    },
    /// None.
    Missing,
}

/// One layer with weights among the tensors that the body leaves over.
#[derive(Clone, Debug)]
struct Layer {
    name: String,
    op: Op,
    inputs: usize,
    outputs: usize,
    tensors: Vec<(String, String)>,
}

/// Finds the classifier.
pub(super) fn head(file: &FileNames, graph: &Graph, parts: &Parts, cover: &Cover) -> Head {
    if parts.tail.is_empty() {
        return Head::Own { classes: 0, tensors: HashMap::new() };
    }
    let used: HashSet<&str> = cover.tensors.values().map(String::as_str).collect();
    let mut kept = HashMap::new();
    for (index, &id) in parts.tail.iter().enumerate() {
        let last = index + 1 == parts.tail.len();
        let Some((tensors, classes)) = own_layer(file, graph, id, &cover.prefix, last) else {
            let found = replacement(file, graph, parts, cover, index, &used);
            return found.map_or(Head::Missing, |Replaced { layers, mut tensors, both_pools }| {
                tensors.extend(kept);
                Head::Other { kept: index, layers, tensors, both_pools }
            });
        };
        kept.extend(tensors);
        if last {
            return Head::Own { classes, tensors: kept };
        }
    }
    Head::Missing
}

/// The tensors of a layer of the graph under its own name, and its outputs. The last layer may have any number of them.
fn own_layer(
    file: &FileNames,
    graph: &Graph,
    id: usize,
    prefix: &str,
    last: bool,
) -> Option<(HashMap<String, String>, usize)> {
    let node = graph.node(id);
    let mut found = HashMap::new();
    let mut outputs = 0;
    for parameter in graph.node_parameters(node) {
        let name = format!("{}.{}", node.name, parameter.suffix);
        let (own, shape) = file.find(&format!("{prefix}{name}"))?;
        let (rows, wanted) = (*shape.first()?, parameter.shape[0]);
        let per_row = |shape: &[usize]| shape[1..].iter().product::<usize>();
        if per_row(shape) != per_row(&parameter.shape) || (!last && rows != wanted) || (outputs != 0 && rows != outputs)
        {
            return None;
        }
        outputs = rows;
        found.insert(name, own.to_owned());
    }
    Some((found, outputs))
}

/// Layers that stand for the end of a graph.
struct Replaced {
    layers: Vec<(String, Op)>,
    tensors: HashMap<String, String>,
    both_pools: bool,
}

/// The pool over whole maps whose means are the features that a layer takes.
pub(super) fn pool_before(graph: &Graph, layer: usize) -> Option<usize> {
    let before = |id: usize| graph.node(id).inputs.first().copied();
    let mut id = before(layer)?;
    while matches!(graph.node(id).op, Op::Flatten | Op::Dropout { .. }) {
        id = before(id)?;
    }
    matches!(graph.node(id).op, Op::AdaptiveAvgPool { size: [1, 1] }).then_some(id)
}

/// Whether a group is the module behind the body in a `Sequential` of the two: `1` behind `0.`.
fn follows(prefix: &str, group: &str) -> bool {
    let numbered = |path: &str| -> Option<(String, usize)> {
        let (parent, last) = path.rsplit_once('.').unwrap_or(("", path));
        Some((parent.to_owned(), last.parse().ok()?))
    };
    let next = numbered(prefix.trim_end_matches('.')).map(|(parent, number)| (parent, number + 1));
    next.is_some() && next == numbered(group)
}

/// Layers of the file that can stand for the graph's tail from its layer number `from` on, or from the first one on.
fn replacement(
    file: &FileNames,
    graph: &Graph,
    parts: &Parts,
    cover: &Cover,
    from: usize,
    used: &HashSet<&str>,
) -> Option<Replaced> {
    let node = graph.node(parts.tail[from]);
    let inputs = match node.op {
        Op::Conv(_) => graph.node(node.inputs[0]).shape[0],
        _ => graph.node(node.inputs[0]).shape.iter().product(),
    };
    let is_conv = matches!(node.op, Op::Conv(_));
    let groups = groups(file, cover, used, inputs);
    let pooled = from == 0 && !is_conv && pool_before(graph, parts.tail[0]).is_some();
    let both_pools = |layers: &[Layer]| pooled && layers.first().is_some_and(|first| first.inputs == 2 * inputs);
    let fits = |layers: &&Vec<Layer>| {
        let ends = layers.first().is_some_and(|first| first.inputs == inputs) || both_pools(layers);
        let chained = layers.windows(2).all(|pair| pair[0].outputs == pair[1].inputs);
        let single = layers.len() == 1 && matches!(layers[0].op, Op::Linear { .. });
        ends && chained && (!is_conv || single)
    };
    let mut candidates: Vec<(&String, &Vec<Layer>)> = groups.iter().filter(|(_, layers)| fits(layers)).collect();
    let body = cover.prefix.split('.').next().unwrap_or_default();
    let named = |group: &str| {
        let last = group.rsplit('.').find(|segment| segment.parse::<usize>().is_err()).unwrap_or(group);
        CLASSIFIERS.contains(&last)
    };
    // Several layers beside the body, not called a classifier, are a projection of contrastive training.
    let inside = |group: &str| cover.prefix.is_empty() || group.starts_with(&cover.prefix);
    let beside = |group: &str| group.is_empty() || (named(group) && group != "head");
    candidates
        .retain(|(group, layers)| layers.len() == 1 || inside(group) || beside(group) || follows(&cover.prefix, group));
    candidates.retain(|(group, _)| !PROJECTIONS.iter().any(|part| group.contains(part)));
    if candidates.len() > 1 {
        candidates.retain(|(group, _)| named(group));
    }
    if candidates.len() > 1 {
        candidates.retain(|(group, _)| inside(group) || group.starts_with(body));
    }
    let [(_, layers)] = candidates.as_slice() else { return None };
    let both_pools = both_pools(layers);
    let (layers, tensors) = built(layers, is_conv.then(|| node.op.clone()), &node.name);
    Some(Replaced { layers, tensors, both_pools })
}

/// The layers of a group as operators, with rectifiers between them where modules without weights stood.
fn built(layers: &[Layer], conv: Option<Op>, own_name: &str) -> (Vec<(String, Op)>, HashMap<String, String>) {
    let mut found = Vec::new();
    let mut tensors = HashMap::new();
    let position = |name: &str| name.rsplit('.').next().and_then(|last| last.parse::<usize>().ok());
    for (index, layer) in layers.iter().enumerate() {
        let name = if layers.len() == 1 { own_name } else { &layer.name };
        let op = match (&conv, &layer.op) {
            (Some(Op::Conv(own)), _) => Op::Conv(crate::net::Conv { out: layer.outputs, ..own.clone() }),
            (_, op) => op.clone(),
        };
        found.push((name.to_owned(), op));
        let names = layer.tensors.iter().map(|(suffix, own)| (format!("{name}.{suffix}"), own.clone()));
        tensors.extend(names);
        let Some(next) = layers.get(index + 1) else { continue };
        let adjacent = position(&layer.name).zip(position(&next.name)).is_none_or(|(a, b)| a + 1 == b);
        let is_norm = matches!(layer.op, Op::BatchNorm { .. });
        let norm_before = is_norm && index == 0;
        let norm_next = matches!(next.op, Op::BatchNorm { .. });
        let rectified = is_norm && found.iter().rev().nth(1).is_some_and(|(_, op)| matches!(op, Op::Relu));
        if !(norm_before || (norm_next && adjacent) || (rectified && !norm_next)) {
            found.push((format!("{}.relu", layer.name), Op::Relu));
        }
    }
    (found, tensors)
}

/// The layers that the body leaves over, by the module that holds them, in the order in which they run: that of their
/// numbers, and where they have names, that in which their sizes fit.
fn groups(file: &FileNames, cover: &Cover, used: &HashSet<&str>, inputs: usize) -> BTreeMap<String, Vec<Layer>> {
    let mut modules: BTreeMap<&str, BTreeMap<String, (String, Vec<usize>)>> = BTreeMap::new();
    for (name, own, shape) in file.all() {
        let copied = cover.copies.iter().any(|copy| !copy.is_empty() && name.starts_with(copy.as_str()));
        if let (false, false, Some((layer, suffix))) = (used.contains(own), copied, name.rsplit_once('.')) {
            modules.entry(layer).or_default().insert(suffix.to_owned(), (own.to_owned(), shape.to_vec()));
        }
    }
    let (mut groups, mut named) = (BTreeMap::<String, Vec<Layer>>::new(), BTreeMap::<&str, Vec<Layer>>::new());
    for (name, tensors) in modules {
        let Some(layer) = layer(name, &tensors) else { continue };
        let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
        match last.parse::<usize>() {
            Ok(_) => groups.entry(parent.to_owned()).or_default().push(layer),
            Err(_) => named.entry(parent).or_default().push(layer),
        }
    }
    let number = |layer: &Layer| layer.name.rsplit('.').next().and_then(|last| last.parse::<usize>().ok());
    groups.values_mut().for_each(|layers| layers.sort_by_key(number));
    for (parent, layers) in named {
        match chain(&layers, inputs) {
            Some(chain) => drop(groups.insert(parent.to_owned(), chain)),
            None => groups.extend(layers.into_iter().map(|layer| (layer.name.clone(), vec![layer]))),
        }
    }
    // A normalisation alone classifies nothing.
    groups.retain(|_, layers| matches!(layers.last().map(|layer| &layer.op), Some(Op::Linear { .. })));
    groups
}

/// Layers of one module that fit each other from `inputs` features on, each behind the one that it fits; `None` where there
/// are not two of them, or where several fit one place. A normalisation stands behind the layer whose size it has.
fn chain(layers: &[Layer], inputs: usize) -> Option<Vec<Layer>> {
    let is_linear = |layer: &&Layer| matches!(layer.op, Op::Linear { .. });
    let mut left: Vec<&Layer> = layers.iter().filter(is_linear).collect();
    let mut norms: Vec<&Layer> = layers.iter().filter(|layer| !is_linear(layer)).collect();
    let (mut chain, mut size): (Vec<Layer>, usize) = (Vec::new(), inputs);
    loop {
        let fitting: Vec<usize> = (0..left.len()).filter(|&at| left[at].inputs == size).collect();
        let at = match *fitting {
            [] => break,
            [only] => only,
            // Layers that keep the size: in the order of their names, the last one first left out.
            [first, ..] if !chain.is_empty() && fitting.iter().all(|&at| left[at].outputs == size) => first,
            _ => return None,
        };
        let layer = left.remove(at);
        size = layer.outputs;
        chain.push(layer.clone());
        if let Some(at) = norms.iter().position(|norm| norm.outputs == size) {
            chain.push(norms.remove(at).clone());
        }
    }
    let linear = chain.iter().filter(is_linear).count();
    (linear > 1).then_some(chain)
}

/// A module as a fully connected layer or a normalisation of features.
fn layer(name: &str, tensors: &BTreeMap<String, (String, Vec<usize>)>) -> Option<Layer> {
    let shape = &tensors.get("weight")?.1;
    let named = |suffixes: &[&str]| {
        suffixes.iter().filter_map(|suffix| Some(((*suffix).to_owned(), tensors.get(*suffix)?.0.clone()))).collect()
    };
    if let (1, Some((_, mean))) = (shape.len(), tensors.get("running_mean")) {
        let tensors = named(&["weight", "bias", "running_mean", "running_var"]);
        let whole = mean == shape;
        let op = Op::BatchNorm { eps: 1e-5 };
        return whole.then(|| Layer { name: name.to_owned(), op, inputs: shape[0], outputs: shape[0], tensors });
    }
    if !matches!(shape.len(), 2 | 4) {
        return None;
    }
    let (outputs, inputs) = (shape[0], shape[1..].iter().product());
    let bias = tensors.contains_key("bias");
    let op = Op::Linear { out: outputs, bias };
    Some(Layer { name: name.to_owned(), op, inputs, outputs, tensors: named(&["weight", "bias"]) })
}
