//! A model becomes layers, node by node: constants are folded, every other node goes to the operator that knows it. Where
//! none does, the layers end before it, and the refusal says why.

use super::{
    fold::{fold, shape_of, work},
    job::{ModelValue, NodeJob},
    layers::{AxisOrder, LayerList, LayerOutput},
    message::{GraphProto, ModelProto, NodeProto},
    operators,
    picture::PictureInput,
};
use crate::watch::Watch;
use candle_core::Tensor;
use std::collections::{HashMap, HashSet};

/// The first node that cannot be a layer.
pub(super) struct RefusedNode {
    /// The number of the node.
    pub node: usize,
    /// The layers that it works on.
    pub inputs: Vec<LayerOutput>,
    pub why: String,
    /// Nodes that could not become layers, this one included.
    pub affected: usize,
}

/// A model as layers.
pub(super) struct Imported {
    pub layers: LayerList,
    /// The layer of the model's output; `None` where there is a refusal.
    pub output: Option<LayerOutput>,
    pub refusal: Option<RefusedNode>,
}

/// Constants are computed at most so many times over: networks that standardise their filters need about ten values a weight.
const MOST_WORK: usize = 64;

/// Turns a model into layers. Constants that are folded have at most `room` values at a time. The outer error is the user's
/// wish to stop.
pub(super) fn import(
    model: &ModelProto,
    picture: &PictureInput,
    output: &str,
    room: usize,
    watch: &Watch,
) -> crate::Result<Result<Imported, String>> {
    let graph = &model.graph;
    let needed = needed(graph, output);
    let mut import = Import {
        graph,
        values: HashMap::new(),
        layers: LayerList::new(picture.shape),
        left: uses(graph, &needed, output),
        uses: uses(graph, &needed, output),
        computed: HashMap::new(),
        work: room.saturating_mul(MOST_WORK),
        opset: model.opset(),
        batch: picture.batch,
        room,
        output,
        refusal: None,
    };
    let constants =
        graph.initializers.iter().map(|(name, tensor)| (name.as_str(), ModelValue::Constant(tensor.clone())));
    import.values.extend(constants);
    let order = if picture.channels_last { AxisOrder::Last } else { AxisOrder::Batched };
    import
        .values
        .insert(&picture.name, ModelValue::LayerOutput(LayerOutput { id: 0, shape: picture.shape.to_vec(), order }));
    for index in (0..graph.nodes.len()).filter(|&index| needed[index]) {
        watch.check()?;
        if let Err(why) = import.node(index) {
            return Ok(Err(why));
        }
    }
    Ok(import.end())
}

/// For every node whether the output depends on it.
fn needed(graph: &GraphProto, output: &str) -> Vec<bool> {
    let mut wanted = HashSet::from([output]);
    let mut needed = vec![false; graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        needed[index] = node.outputs.iter().any(|name| wanted.contains(name.as_str()));
        if needed[index] {
            wanted.extend(node.inputs.iter().map(String::as_str));
        }
    }
    needed
}

/// For every value by how many nodes it is taken; the output counts as one.
fn uses<'a>(graph: &'a GraphProto, needed: &[bool], output: &'a str) -> HashMap<&'a str, usize> {
    let mut uses = HashMap::from([(output, 1)]);
    for node in graph.nodes.iter().zip(needed).filter(|(_, needed)| **needed).map(|(node, _)| node) {
        node.inputs.iter().for_each(|name| *uses.entry(name.as_str()).or_insert(0) += 1);
    }
    uses
}

/// The work in progress.
struct Import<'a> {
    graph: &'a GraphProto,
    values: HashMap<&'a str, ModelValue>,
    layers: LayerList,
    uses: HashMap<&'a str, usize>,
    opset: i64,
    batch: usize,
    /// Nodes that have still to take each value; a value that none takes any more is dropped.
    left: HashMap<&'a str, usize>,
    /// Values of each constant that was computed and is kept.
    computed: HashMap<&'a str, usize>,
    /// Values that computed constants may still have, together.
    room: usize,
    /// Values that may still be computed at all.
    work: usize,
    output: &'a str,
    refusal: Option<RefusedNode>,
}

impl<'a> Import<'a> {
    /// Makes the values of a node, or notes why it cannot be. An error is a model that makes no sense.
    fn node(&mut self, index: usize) -> Result<(), String> {
        let node = &self.graph.nodes[index];
        let mut inputs = Vec::new();
        for name in &node.inputs {
            match (name.as_str(), self.values.get(name.as_str())) {
                ("", _) => inputs.push(None),
                (_, Some(value)) => inputs.push(Some(value.clone())),
                (name, None) => match &mut self.refusal {
                    Some(refusal) => {
                        refusal.affected += 1;
                        return Ok(());
                    }
                    None => {
                        return Err(format!(
                            "has the node {} that takes '{name}', which no node before it makes",
                            node.op
                        ));
                    }
                },
            }
        }
        let made = self.values_of(index, inputs.clone());
        self.drop_taken(node);
        match made {
            Ok(outputs) => self.values.extend(node.outputs.iter().map(String::as_str).zip(outputs)),
            Err(why) => match &mut self.refusal {
                Some(refusal) => refusal.affected += 1,
                None => {
                    let layer = |value: Option<ModelValue>| match value {
                        Some(ModelValue::LayerOutput(layer)) => Some(layer),
                        _ => None,
                    };
                    let inputs = inputs.into_iter().filter_map(layer).collect();
                    self.refusal = Some(RefusedNode { node: index, inputs, why, affected: 1 });
                }
            },
        }
        Ok(())
    }

    fn values_of(&mut self, index: usize, inputs: Vec<Option<ModelValue>>) -> Result<Vec<ModelValue>, String> {
        let node = &self.graph.nodes[index];
        if let Some(why) = &node.fault {
            return Err(why.clone());
        }
        if !matches!(node.domain.as_str(), "" | "ai.onnx") {
            return Err("it is not one of ONNX's own operators".to_owned());
        }
        if let ("Shape", Some(Some(ModelValue::LayerOutput(layer)))) = (node.op.as_str(), inputs.first()) {
            return Ok(vec![ModelValue::Constant(shape_of(node, &layer.seen(self.batch))?)]);
        }
        if let Some(constants) = all_constant(&inputs) {
            return self.folded(node, &constants);
        }
        let operator = operators::find(&node.op).ok_or("Striate does not know it")?;
        let alone = [0, 1].map(|input| {
            node.inputs.get(input).is_some_and(|name| self.uses.get(name.as_str()).is_none_or(|&uses| uses <= 1))
        });
        let is_last = node.outputs.iter().any(|name| name == self.output);
        let (layers, opset, batch) = (&mut self.layers, self.opset, self.batch);
        operator(&mut NodeJob { layers, node, index, inputs, alone, opset, batch, is_last })
    }

    fn folded(&mut self, node: &'a NodeProto, constants: &[Option<&Tensor>]) -> Result<Vec<ModelValue>, String> {
        let folded = fold(node, constants, self.room)?;
        // A constant in another shape shares its values, but may outlive the one it was made of.
        if node.op != "Constant" {
            let count = folded.elem_count();
            let too_large = "its constants are too large together";
            self.room = self.room.checked_sub(count).ok_or(too_large)?;
            self.work = self.work.checked_sub(work(node, constants, &folded).max(count)).ok_or(too_large)?;
            self.computed.extend(node.outputs.first().map(|name| (name.as_str(), count)));
        }
        Ok(vec![ModelValue::Constant(folded)])
    }

    /// Drops the values that a node was the last to take. A network's weights are those that layers hold.
    fn drop_taken(&mut self, node: &'a NodeProto) {
        for name in node.inputs.iter().map(String::as_str) {
            let Some(left) = self.left.get_mut(name) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 {
                let is_constant = matches!(self.values.remove(name), Some(ModelValue::Constant(_)));
                let count = self.computed.remove(name).filter(|_| is_constant);
                self.room += count.unwrap_or(0);
            }
        }
    }

    fn end(mut self) -> Result<Imported, String> {
        let output = match self.values.remove(self.output) {
            Some(ModelValue::LayerOutput(layer)) => Some(layer),
            Some(ModelValue::Constant(_)) => return Err("has an output that does not depend on its input".to_owned()),
            None if self.refusal.is_some() => None,
            None => return Err(format!("has no node that makes its output '{}'", self.output)),
        };
        Ok(Imported { layers: self.layers, output, refusal: self.refusal })
    }
}

/// The inputs of a node that has no layer among them.
fn all_constant(inputs: &[Option<ModelValue>]) -> Option<Vec<Option<&Tensor>>> {
    inputs
        .iter()
        .map(|value| match value {
            None => Some(None),
            Some(ModelValue::Constant(tensor)) => Some(Some(tensor)),
            Some(ModelValue::LayerOutput(_)) => None,
        })
        .collect()
}
