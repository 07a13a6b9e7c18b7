//! Checkpoints as people have them: from the names and shapes of a file's tensors follow the network, its number of
//! classes, its input channels, and whether it has a classifier.
//!
//! The body of a network, everything in front of its classifier, must be there under one prefix. The classifier is found
//! by position and shape. Tensors that the network has no use for are left out and named.

mod body;
mod fold;
mod head;
mod recognise;

pub use recognise::{Candidate, Recognised, blocks, recognise};

use super::{File, file_names::FileNames, fit, spelling};
use crate::{
    Result,
    net::{Conv, Graph, NodeId, Op, Replacement},
};
use body::{Cover, Parts, cover};
use head::{Head, head, pool_before};
use std::collections::{BTreeSet, HashMap};

/// Tensors that are named one by one in a note.
const NAMED: usize = 8;

/// A graph and the tensors of a file that agree with it.
pub struct Adapted {
    /// The graph, with the file's classes, classifier and input channels.
    pub graph: Graph,
    /// The file, with the graph's names.
    pub file: File,
    /// Remarks on what was left out or assumed: whole sentences.
    pub notes: Vec<String>,
    /// Tensors of the classifier that the file lacks: the network then ends at its features.
    pub missing_head: Vec<String>,
}

/// Makes a file and a network agree. `origin` names the file in messages. A file that holds no group of tensors that
/// covers the network's body is left to [`fit`], which reports the differences.
///
/// # Errors
/// [`crate::Error::Failed`] when several groups of tensors cover the network and nothing says which one to open.
pub fn adapt(mut file: File, graph: Graph, origin: &str) -> Result<Adapted> {
    let names = file.take_names();
    let parts = Parts::of(&graph);
    let channels = graph.input_shape()[0];
    let Some(cover) = cover(&names, &parts, channels, origin)? else {
        let skipped = file.skipped.clone();
        let (graph, file) = fit(file, graph)?;
        let notes = left_out(&skipped).into_iter().collect();
        return Ok(Adapted { graph, file, notes, missing_head: Vec::new() });
    };
    let mut head = head(&names, &graph, &parts, &cover);
    let both = matches!(head, Head::Other { both_pools: true, .. });
    let assumed = matches!(&head, Head::Other { layers, .. } if layers.iter().any(|(_, op)| matches!(op, Op::Relu)));
    let (mut file, unneeded) = renamed(file, &parts, &cover, &head, &names);
    if let Head::Other { layers, .. } = &mut head {
        *layers = fold::folded(std::mem::take(layers), &mut file.tensors)?;
    }
    let (graph, missing_head) = reheaded(&graph, &parts, &cover, &head, &names)?;
    let mut notes = Vec::new();
    if let Some(passed) = cover.copies.first() {
        let (chosen, passed) = (shown(&cover.prefix), shown(passed));
        notes.push(format!("opened the weights {chosen}; the copy {passed} was left out"));
    }
    if assumed {
        notes.push("the file does not say what stands between the layers of its classifier: ReLU was assumed".into());
    }
    if both {
        notes.push("its classifier takes twice the features: the maps' largest values and then their means, as fastai's do, were assumed".into());
    }
    notes.extend(left_out(&unneeded));
    let in_file = |layer: &str| names.find(&format!("{}{layer}.weight", cover.prefix)).is_some();
    let epsilon = spelling::epsilon(in_file, |layer| graph.find(layer).is_ok());
    let (graph, file) = fit(file, graph)?;
    let graph = graph.with_constants(|node| match (&node.op, epsilon) {
        (Op::BatchNorm { .. }, Some(eps)) => Some(Op::BatchNorm { eps }),
        _ => None,
    });
    Ok(Adapted { graph, file, notes, missing_head })
}

fn shown(prefix: &str) -> String {
    match prefix.trim_end_matches('.') {
        "" => "without a prefix".to_owned(),
        prefix => format!("under {prefix}"),
    }
}

/// The graph with the file's channels and classifier, and the classifier's tensors that are missing.
fn reheaded(
    graph: &Graph,
    parts: &Parts,
    cover: &Cover,
    head: &Head,
    names: &FileNames,
) -> Result<(Graph, Vec<String>)> {
    let auxiliary = graph.auxiliary();
    let last = parts.tail.last().copied();
    let sized = |op: &Op, classes: usize| match op {
        Op::Linear { bias, .. } => Op::Linear { out: classes, bias: *bias },
        Op::Conv(conv) => Op::Conv(Conv { out: classes, ..conv.clone() }),
        other => other.clone(),
    };
    // Auxiliary classifiers have as many classes as the main one.
    let side = |name: &str| names.find(&format!("{}{name}.weight", cover.prefix)).map(|(_, shape)| shape[0]);
    let first = match head {
        Head::Own { .. } => graph.nodes().len(),
        Head::Other { kept, .. } => parts.tail[*kept],
        Head::Missing => parts.tail[0],
    };
    // Rectifiers and dropout between replaced layers go with them; pooling behind a convolution stays.
    let dropped = |id: NodeId| {
        let op = &graph.node(id).op;
        let inner =
            matches!(op, Op::Relu | Op::Activation(_) | Op::Dropout { .. } | Op::Linear { .. } | Op::Tanh { .. });
        id >= first && !auxiliary[id] && (inner || parts.tail.contains(&id))
    };
    let twofold = match head {
        Head::Other { both_pools: true, .. } => pool_before(graph, parts.tail[0]),
        _ => None,
    };
    let rebuilt = graph.rebuilt(cover.channels, |id, node| match head {
        _ if Some(id) == twofold => Replacement::Joined(vec![
            (format!("{}.max", node.name), Op::AdaptiveMaxPool { size: [1, 1] }),
            (format!("{}.mean", node.name), node.op.clone()),
        ]),
        _ if auxiliary[id] => match (&node.op, side(&node.name)) {
            (Op::Linear { .. }, Some(classes)) => Replacement::Operator(sized(&node.op, classes)),
            _ => Replacement::Same,
        },
        Head::Own { classes, .. } if Some(id) == last => Replacement::Operator(sized(&node.op, *classes)),
        Head::Other { layers, .. } if id == first => Replacement::Layers(layers.clone()),
        Head::Other { layers, .. } => {
            let conv = matches!(layers[0].1, Op::Conv(_));
            if !conv && dropped(id) { Replacement::Layers(Vec::new()) } else { Replacement::Same }
        }
        Head::Missing if matches!(node.op, Op::Softmax) || dropped(id) => Replacement::Layers(Vec::new()),
        _ => Replacement::Same,
    })?;
    let missing = if matches!(head, Head::Missing) { tail_tensors(graph, parts) } else { Vec::new() };
    Ok((rebuilt, missing))
}

/// The names of the tensors of the classifier.
fn tail_tensors(graph: &Graph, parts: &Parts) -> Vec<String> {
    let tensors = parts.tail.iter().flat_map(|&id| {
        let node = graph.node(id);
        graph.node_parameters(node).into_iter().map(move |found| format!("{}.{}", node.name, found.suffix))
    });
    tensors.collect()
}

/// The file with the graph's names, and the names of the tensors that are not needed.
fn renamed(mut file: File, parts: &Parts, cover: &Cover, head: &Head, names: &FileNames) -> (File, Vec<String>) {
    let mut wanted: HashMap<String, String> = cover.tensors.clone();
    if let Head::Own { tensors, .. } | Head::Other { tensors, .. } = head {
        wanted.extend(tensors.clone());
    }
    for (name, _) in &parts.auxiliary {
        if let Some((own, _)) = names.find(&format!("{}{name}", cover.prefix)) {
            wanted.insert(name.clone(), own.to_owned());
        }
    }
    let mut tensors = std::mem::take(&mut file.tensors);
    let used: BTreeSet<&String> = wanted.values().collect();
    let copied = |name: &str| {
        let name = spelling::unwrapped(name);
        cover.copies.iter().any(|copy| !copy.is_empty() && name.starts_with(copy.as_str()))
    };
    let mut unneeded: Vec<String> = tensors
        .keys()
        .filter(|name| !used.contains(name) && !super::names::is_ignored(name) && !copied(name))
        .cloned()
        .collect();
    unneeded.extend(file.skipped.iter().cloned());
    unneeded.sort();
    for (name, own) in &wanted {
        if let Some(tensor) = tensors.remove(own) {
            file.tensors.insert(name.clone(), tensor);
        }
    }
    (file, unneeded)
}

/// One sentence about tensors that the network does not need: by name, or by group where they are many.
fn left_out(names: &[String]) -> Option<String> {
    let count = names.len();
    if count == 0 {
        return None;
    }
    let group = |name: &String| name.rsplit_once('.').map_or(name.clone(), |(layer, _)| layer.to_owned());
    let top = |name: &String| name.split('.').next().unwrap_or_default().to_owned();
    let grouped = |by: &dyn Fn(&String) -> String| names.iter().map(by).collect::<BTreeSet<String>>();
    let mut listed: BTreeSet<String> = names.iter().cloned().collect();
    for by in [&group as &dyn Fn(&String) -> String, &top] {
        if listed.len() > NAMED {
            listed = grouped(by);
        }
    }
    let more = if listed.len() > NAMED { ", ..." } else { "" };
    let list = listed.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    let tensors = if count == 1 {
        "1 tensor that the network does not need was"
    } else {
        &format!("{count} tensors that the network does not need were")
    };
    Some(format!("{tensors} left out: {list}{more}"))
}
