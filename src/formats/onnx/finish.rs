//! Layers become a network: those that the end needs, with their names and weights.

use super::{
    import::{Imported, RefusedNode},
    layers::{AxisOrder, LayerList, LayerOutput, Made},
    message::GraphProto,
    names::names,
};
use crate::net::{self, Builder, NodeId, Op, Tensors};
use std::collections::HashSet;

/// A finished network.
pub(super) struct Finished {
    pub graph: net::Graph,
    pub tensors: Tensors,
    /// Sentences about what was changed or left out.
    pub notes: Vec<String>,
    /// Operators that are missing behind the features that the network ends in; empty where it ends in scores.
    pub missing: Vec<String>,
}

/// Ends the layers in one row of scores or features and gives them their names.
///
/// # Errors
/// A phrase that continues the sentence that the model's name starts.
pub(super) fn finish(model: &GraphProto, imported: Imported) -> Result<Finished, String> {
    let Imported { mut layers, output, refusal } = imported;
    let (mut notes, mut missing) = (Vec::new(), Vec::new());
    let end = match (output, refusal) {
        (Some(output), _) => row(&mut layers, output, &mut notes, &mut missing)?,
        (None, Some(refusal)) => {
            let node = &model.nodes[refusal.node];
            let set = if node.domain.is_empty() { String::new() } else { format!("{}.", node.domain) };
            let operator = node.title.clone().unwrap_or_else(|| format!("{set}{}", node.op));
            let why = described(model, &layers, &refusal, &operator);
            let maps = last_maps(&layers, &refusal.inputs).ok_or_else(|| format!("has {why}"))?;
            notes.push(format!("the model has {why}, so the network ends before it, at its features"));
            missing.push(operator);
            pooled(&mut layers, maps)?
        }
        (None, None) => return Err("has no output".to_owned()),
    };
    build(model, layers, end, notes, missing)
}

/// The refused node in words: its operator, its name, the layer before it and how much depends on it.
fn described(model: &GraphProto, layers: &LayerList, refusal: &RefusedNode, operator: &str) -> String {
    let shown = |node: usize| {
        let shown: Vec<bool> = (0..model.nodes.len()).map(|other| other == node).collect();
        names(model, &shown).swap_remove(node)
    };
    let after = refusal.inputs.first().and_then(|layer| layers.made[layer.id].node).map(shown);
    let after = after.map_or_else(String::new, |name| format!(" after layer {name}"));
    let all = model.nodes.len();
    let (name, affected) = (shown(refusal.node), refusal.affected);
    let more = if affected == 1 { String::new() } else { format!("; {affected} of its {all} nodes are affected") };
    format!("the operator {operator} at {name}{after}, which cannot be shown: {}{more}", refusal.why)
}

/// The last maps on the way to some layers.
fn last_maps(layers: &LayerList, inputs: &[LayerOutput]) -> Option<NodeId> {
    let ends: Vec<NodeId> = inputs.iter().map(|layer| layer.id).collect();
    let needed = layers.needed(&ends);
    let maps = |id: &NodeId| needed[*id] && layers.made[*id].shape.len() == 3;
    let last = (1..layers.made.len()).rev().find(maps)?;
    let convolves = |made: &Made| matches!(made.op, Op::Conv(_));
    layers.made[..=last].iter().any(convolves).then_some(last)
}

/// The means of maps as a row of features.
fn pooled(layers: &mut LayerList, maps: NodeId) -> Result<NodeId, String> {
    let made = &layers.made[maps];
    let node = made.node.unwrap_or(0);
    let layer = LayerOutput { id: maps, shape: made.shape.clone(), order: AxisOrder::Batched };
    let mean = layers.add(node, Op::AdaptiveAvgPool { size: [1, 1] }, &[&layer], Vec::new(), AxisOrder::Batched)?;
    Ok(layers.add(node, Op::Flatten, &[&mean], Vec::new(), AxisOrder::Batched)?.id)
}

/// The model's output as one row of scores.
fn row(
    layers: &mut LayerList,
    output: LayerOutput,
    notes: &mut Vec<String>,
    missing: &mut Vec<String>,
) -> Result<NodeId, String> {
    let node = layers.made[output.id].node.unwrap_or(0);
    match *output.shape {
        [_] => Ok(output.id),
        [_, rows, columns] if rows * columns > 1 => {
            notes.push(format!(
                "the model's output is maps of {rows}x{columns} values, no scores of classes; their means are shown as features"
            ));
            missing.push("scores of classes".to_owned());
            pooled(layers, output.id)
        }
        _ => Ok(layers.add(node, Op::Flatten, &[&output], Vec::new(), AxisOrder::Batched)?.id),
    }
}

fn build(
    model: &GraphProto,
    layers: LayerList,
    end: NodeId,
    notes: Vec<String>,
    missing: Vec<String>,
) -> Result<Finished, String> {
    let needed = layers.needed(&[end]);
    let mut shown = vec![false; model.nodes.len()];
    for (made, _) in layers.made.iter().zip(&needed).filter(|(_, needed)| **needed) {
        made.node.into_iter().for_each(|node| shown[node] = true);
    }
    let names = names(model, &shown);
    let &[channels, height, width] = layers.made[0].shape.as_slice() else { return Err("has no picture".to_owned()) };
    let mut net = Builder::new([channels, height, width]);
    let mut tensors = Tensors::new();
    let mut moved = vec![0; layers.made.len()];
    let mut taken = HashSet::from(["input".to_owned()]);
    for (id, made) in layers.made.into_iter().enumerate().skip(1).filter(|(id, _)| needed[*id]) {
        let first = made.node.map_or("", |node| names[node].as_str()).to_owned();
        let name = free(&mut taken, first, made.op.kind());
        tensors.extend(made.weights.into_iter().map(|(suffix, tensor)| (format!("{name}.{suffix}"), tensor)));
        let inputs: Vec<NodeId> = made.inputs.iter().map(|&input| moved[input]).collect();
        moved[id] = net.add(name, made.op, &inputs);
    }
    let graph = net.finish().map_err(|error| format!("does not fit together: {error}"))?;
    Ok(Finished { graph, tensors, notes, missing })
}

/// A name that no layer has: the first layer of a node has the node's, others the kind of layer behind it.
fn free(taken: &mut HashSet<String>, first: String, kind: &str) -> String {
    let mut name = first.clone();
    let mut number = 0;
    while !taken.insert(name.clone()) {
        let count = if number == 0 { String::new() } else { format!("_{number}") };
        name = format!("{first}.{}{count}", kind.to_lowercase());
        number += 1;
    }
    name
}
