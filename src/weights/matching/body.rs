//! The body of a network, which is everything in front of its classifier, found in a file.

use crate::{
    Error, Result,
    net::{Graph, Node, NodeId, Op},
    weights::file_names::FileNames,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Segments of names that mark a copy of the weights: averages, momentum encoders, a teacher, an attack's copy. Of
/// several groups that cover a network, those without such a segment are the trained ones.
const COPIES: [&str; 15] = [
    "ema",
    "model_ema",
    "ema_model",
    "state_dict_ema",
    "averaged",
    "swa_model",
    "shadow",
    "encoder_k",
    "key_encoder",
    "momentum_encoder",
    "encoder_momentum",
    "teacher",
    "target",
    "target_encoder",
    "attacker",
];

/// The parameters of layers that compute; what else modules hold are counters and records.
const WEIGHTS: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

/// The layers of a graph by their part in it.
pub(super) struct Parts {
    /// Tensors of the body: name, shape, and whether the first axis after the units counts the picture's channels.
    pub body: Vec<(String, Vec<usize>, bool)>,
    /// The layers with weights of the classifier, in order: all fully connected ones at the end, or the last convolution.
    pub tail: Vec<NodeId>,
    /// Tensors of auxiliary classifiers.
    pub auxiliary: Vec<(String, Vec<usize>)>,
    /// Names of the layers of the classifiers.
    outside: Vec<String>,
}

impl Parts {
    pub fn of(graph: &Graph) -> Self {
        let auxiliary = graph.auxiliary();
        let weighted = |id: &NodeId| !graph.node_parameters(graph.node(*id)).is_empty();
        let main: Vec<NodeId> = (1..graph.nodes().len()).filter(|id| !auxiliary[*id]).filter(weighted).collect();
        let linear = |id: &&NodeId| matches!(graph.node(**id).op, Op::Linear { .. });
        let mut tail: Vec<NodeId> = main.iter().rev().take_while(linear).copied().collect();
        tail.reverse();
        if let (true, Some(&last)) = (tail.is_empty(), main.last())
            && matches!(graph.node(last).op, Op::Conv(_))
        {
            tail.push(last);
        }
        let tensors = |id: NodeId| {
            let node = graph.node(id);
            let parameters = graph.node_parameters(node).into_iter();
            parameters.map(move |parameter| (format!("{}.{}", node.name, parameter.suffix), parameter.shape))
        };
        let body = main.iter().filter(|id| !tail.contains(id)).flat_map(|&id| {
            let first = reads_picture(graph.node(id));
            tensors(id).map(move |(name, shape)| {
                let filters = first && shape.len() == 4;
                (name, shape, filters)
            })
        });
        let side = (1..graph.nodes().len()).filter(|id| auxiliary[*id]).flat_map(tensors);
        let classifying = (1..graph.nodes().len()).filter(|id| auxiliary[*id] || tail.contains(id));
        let outside = classifying.map(|id| graph.node(id).name.clone()).collect();
        Parts { body: body.collect(), auxiliary: side.collect(), outside, tail }
    }
}

fn reads_picture(node: &Node) -> bool {
    node.inputs == [0] && matches!(&node.op, Op::Conv(conv) if conv.groups == 1)
}

/// A group of tensors of a file that covers the body of a network.
pub(super) struct Cover {
    /// The beginning that the group's names share: modules with a dot behind each, or part of a word (`student_`).
    pub prefix: String,
    /// Tensors of the graph to those of the file.
    pub tensors: HashMap<String, String>,
    /// Channels of the picture.
    pub channels: usize,
    /// Further groups that cover the network and were passed over as copies.
    pub copies: Vec<String>,
}

/// Finds the group that covers a network's body.
///
/// # Errors
/// [`Error::Failed`] when several groups do and the file does not say which one is the trained one.
pub(super) fn cover(file: &FileNames, parts: &Parts, channels: usize, origin: &str) -> Result<Option<Cover>> {
    let Some((anchor, ..)) = parts.body.first() else { return Ok(None) };
    let mut complete: Vec<Cover> = Vec::new();
    for prefix in file.prefixes_of(anchor).iter() {
        complete.extend(covered(file, parts, prefix, channels));
    }
    // Two names of one tensor lead to one group.
    let mut seen = BTreeSet::new();
    complete.retain(|cover| seen.insert(cover.tensors.get(anchor).cloned()));
    let copies = |segment: &str| COPIES.contains(&segment.trim_end_matches('_'));
    let is_copy = |cover: &Cover| cover.prefix.split('.').any(copies);
    let originals = complete.iter().filter(|cover| !is_copy(cover)).count();
    if originals > 1 || (originals == 0 && complete.len() > 1) {
        let shown = |cover: &Cover| match cover.prefix.trim_end_matches('.') {
            "" => "the tensors without a prefix".to_owned(),
            prefix => prefix.to_owned(),
        };
        let names: Vec<String> = complete.iter().take(6).map(shown).collect();
        return Err(Error::Failed(format!(
            "{origin} holds {} networks, and nothing says which one to open: {}; save one of them alone",
            complete.len(),
            names.join(", ")
        )));
    }
    let Some(at) = complete.iter().position(|cover| originals == 0 || !is_copy(cover)) else { return Ok(None) };
    let mut chosen = complete.swap_remove(at);
    chosen.copies = complete.into_iter().map(|cover| cover.prefix).collect();
    Ok(Some(chosen))
}

/// The group with a prefix, where it has every tensor of the body in its shape and none that would belong to it besides: a
/// deeper network, or one with other blocks, holds the layers of a smaller one as well.
fn covered(file: &FileNames, parts: &Parts, prefix: &str, channels: usize) -> Option<Cover> {
    let mut cover = Cover { prefix: prefix.to_owned(), tensors: HashMap::new(), channels, copies: Vec::new() };
    for (name, shape, reads_picture) in &parts.body {
        let (own, found) = file.find(&format!("{prefix}{name}"))?;
        if *reads_picture && found.len() == 4 && found[0] == shape[0] && found[2..] == shape[2..] {
            cover.channels = found[1];
        } else if found.iter().product::<usize>() != shape.iter().product::<usize>() {
            return None;
        }
        cover.tensors.insert(name.clone(), own.to_owned());
    }
    // A first convolution over groups of channels cannot follow the file.
    (cover.channels > 0 && foreign(file, parts, &cover.prefix).is_none()).then_some(cover)
}

/// A weight of the file in a module of the body, which neither the body nor a classifier has a place for.
pub(super) fn foreign(file: &FileNames, parts: &Parts, prefix: &str) -> Option<String> {
    // A tensor that has a place may have other spellings that have none.
    let outside = parts.outside.iter().flat_map(|layer| WEIGHTS.map(|parameter| format!("{layer}.{parameter}")));
    let known = parts.body.iter().map(|(name, ..)| name.clone()).chain(outside);
    let used: HashSet<&str> = known.filter_map(|name| Some(file.find(&format!("{prefix}{name}"))?.0)).collect();
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    // A module that also holds a classifier may hold another one in the file.
    let classifying: BTreeSet<String> = parts.outside.iter().map(|name| first(name)).collect();
    let modules: BTreeSet<String> = parts.body.iter().map(|(name, ..)| first(name)).collect();
    let modules = modules.into_iter().filter(|module| !classifying.contains(module));
    modules.into_iter().find_map(|module| {
        let inside = format!("{prefix}{module}.");
        let mut left = file.under(&inside).map(|(name, own)| (&name[prefix.len()..], own));
        let is_weight = |name: &str| WEIGHTS.contains(&name.rsplit('.').next().unwrap_or_default());
        left.find(|(name, own)| is_weight(name) && !used.contains(own)).map(|(name, _)| name.to_owned())
    })
}
