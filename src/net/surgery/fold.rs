//! An operation as plain weights for the unchanged graph, so that any program opens the result as the network it knows.

use super::{
    operate::{Operation, Removal, Substitute, UnitChange},
    part::NetworkPart,
};
use crate::{
    Error, Result,
    net::{
        graph::{Graph, NodeId},
        layers::Tensors,
        network::Network,
        ops::Op,
    },
};
use candle_core::{DType, Tensor};

impl Network {
    /// The weights with which the unchanged graph computes what the changed network does.
    ///
    /// # Errors
    /// [`Error::Usage`] with the part whose absence no weights can express.
    pub fn folded(&self, operation: &Operation) -> Result<Tensors> {
        let mut tensors = self.tensors();
        for (block, other) in &operation.moved {
            self.move_weights(block, other, &mut tensors)?;
        }
        for removal in &operation.removals {
            fold(self.graph(), removal, &mut tensors)?;
        }
        Ok(tensors)
    }
}

fn fold(graph: &Graph, removal: &Removal, tensors: &mut Tensors) -> Result<()> {
    let Removal { part, with } = removal;
    let block = graph.residual_blocks().into_iter().find(|block| block.part == *part);
    match (with, block) {
        (Substitute::Identity, Some(block)) => {
            // The branch adds nothing; the rectifier behind the sum passes what a rectifier before it left.
            let rectified = block.sum != part.output;
            if rectified && !part.input.is_some_and(|input| is_rectified(graph, input)) {
                return Err(refused(part, "its input may be negative, and a rectifier follows"));
            }
            constant(graph, part, block.branch, &[], tensors)
        }
        (Substitute::Identity, None) => Err(refused(part, "it is no residual block")),
        (Substitute::Zero, _) => constant(graph, part, part.output, &[], tensors),
        (Substitute::Constant(values), _) => constant(graph, part, part.output, values, tensors),
        (Substitute::Units(changes), _) => units(graph, part, part.output, changes, tensors),
    }
}

fn refused(part: &NetworkPart, why: &str) -> Error {
    let name = &part.name;
    Error::Usage(format!("no weights of the unchanged network change {name} so: {why}"))
}

/// Changes units of a layer by its own weights, or by those before its rectifier.
fn units(
    graph: &Graph,
    part: &NetworkPart,
    layer: NodeId,
    changes: &[UnitChange],
    tensors: &mut Tensors,
) -> Result<()> {
    let node = graph.node(layer);
    let passes = |change: &UnitChange| {
        change.shift == 0.0 && change.factor >= 0.0 || change.factor == 0.0 && change.shift >= 0.0
    };
    match node.op {
        Op::Relu | Op::Dropout { .. } if changes.iter().all(passes) => {
            let before = node.inputs[0];
            return match graph.readers(before).len() {
                1 => units(graph, part, before, changes, tensors),
                _ => Err(refused(part, "other layers read what comes before its rectifier")),
            };
        }
        Op::Conv(_) | Op::Linear { .. } | Op::BatchNorm { .. } => {}
        _ => return Err(refused(part, &format!("{} has no weights", node.name))),
    }
    let specs = graph.node_parameters(node);
    let has_bias = specs.iter().any(|spec| spec.suffix == "bias");
    if !has_bias && changes.iter().any(|change| change.shift != 0.0) {
        return Err(refused(part, &format!("{} has no bias", node.name)));
    }
    for spec in specs.iter().filter(|spec| spec.learned) {
        let name = format!("{}.{}", node.name, spec.suffix);
        let Some(old) = tensors.get(&name) else { continue };
        let (dims, device) = (old.dims().to_vec(), old.device().clone());
        let mut values = crate::kernels::to_vec(old)?;
        let row = values.len() / dims[0].max(1);
        for change in changes {
            let shift = if spec.suffix == "bias" { change.shift } else { 0.0 };
            let own = &mut values[change.unit * row..][..row];
            own.iter_mut().for_each(|value| *value = *value * change.factor + shift);
        }
        tensors.insert(name, Tensor::from_vec(values, dims, &device)?);
    }
    Ok(())
}

/// Whether a layer's values are never below zero.
fn is_rectified(graph: &Graph, layer: NodeId) -> bool {
    let node = graph.node(layer);
    match node.op {
        Op::Relu | Op::Sigmoid => true,
        Op::MaxPool(_) | Op::Dropout { .. } | Op::Flatten => is_rectified(graph, node.inputs[0]),
        _ => false,
    }
}

/// Makes a layer's output one value for each unit, zero without `values`, by its own weights or by those before it.
fn constant(graph: &Graph, part: &NetworkPart, layer: NodeId, values: &[f32], tensors: &mut Tensors) -> Result<()> {
    let node = graph.node(layer);
    let is_zero = values.iter().all(|&value| value == 0.0);
    let specs = graph.node_parameters(node);
    match node.op {
        Op::Relu | Op::Dropout { .. } if values.iter().all(|&value| value >= 0.0) => {
            let before = node.inputs[0];
            match graph.readers(before).len() {
                1 => return constant(graph, part, before, values, tensors),
                _ => return Err(refused(part, "other layers read what comes before its rectifier")),
            }
        }
        Op::Conv(_) | Op::Linear { .. } | Op::BatchNorm { .. }
            if is_zero || specs.iter().any(|spec| spec.suffix == "bias") => {}
        Op::Conv(_) | Op::Linear { .. } => return Err(refused(part, &format!("{} has no bias", node.name))),
        _ => return Err(refused(part, &format!("{} has no weights", node.name))),
    }
    for spec in specs.iter().filter(|spec| spec.learned) {
        let name = format!("{}.{}", node.name, spec.suffix);
        let Some(old) = tensors.get(&name) else { continue };
        let new = match spec.suffix == "bias" && !values.is_empty() {
            true => Tensor::from_slice(values, values.len(), old.device())?.to_dtype(old.dtype())?,
            false => old.zeros_like()?,
        };
        let new = if new.dtype() == DType::F16 { new.to_dtype(DType::F32)? } else { new };
        tensors.insert(name, new);
    }
    Ok(())
}
