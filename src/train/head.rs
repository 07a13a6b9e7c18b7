//! The classifier of a graph: found, and replaced by one for other classes.

use super::loss::classifiers;
use crate::{
    Error, Result,
    net::{Conv, Graph, Network, NodeId, Op, Replacement, Tensors},
};

/// The last layers with weights before the scores and before those of auxiliary classifiers; the one before the scores is
/// last.
///
/// # Errors
/// [`Error::Usage`] when no layer before the scores has weights.
pub fn heads(graph: &Graph) -> Result<Vec<NodeId>> {
    let weighted = |id: NodeId| matches!(graph.node(id).op, Op::Conv(_) | Op::Linear { .. });
    let head = |mut id: NodeId| {
        while id > 0 && !weighted(id) {
            id = graph.node(id).inputs[0];
        }
        match id {
            0 => Err(Error::Usage("the network has no classifier with weights".into())),
            id => Ok(id),
        }
    };
    classifiers(graph).into_iter().map(|(scores, _)| head(scores)).collect()
}

/// The graph with classifiers for another number of classes.
///
/// # Errors
/// As [`heads`].
pub fn with_classes(graph: &Graph, classes: usize) -> Result<Graph> {
    let heads = heads(graph)?;
    let outputs = graph.node(graph.scores()).extent()[0];
    if outputs == classes {
        return Ok(graph.clone());
    }
    let rebuilt = graph.rebuilt(graph.input_shape()[0], |id, node| match &node.op {
        Op::Linear { bias, .. } if heads.contains(&id) => {
            Replacement::Operator(Op::Linear { out: classes, bias: *bias })
        }
        Op::Conv(conv) if heads.contains(&id) => Replacement::Operator(Op::Conv(Conv { out: classes, ..conv.clone() })),
        _ => Replacement::Same,
    })?;
    match rebuilt.node(rebuilt.scores()).extent()[0] == classes {
        true => Ok(rebuilt),
        false => Err(Error::Usage(format!("the network's {outputs} outputs cannot become {classes} classes"))),
    }
}

/// The weights of a network by full name.
///
/// # Errors
/// When memory fails.
pub fn tensors_of(network: &Network) -> Result<Tensors> {
    let graph = network.graph();
    let mut tensors = Tensors::new();
    for (layer, node) in graph.nodes().iter().enumerate() {
        for (spec, weight) in graph.node_parameters(node).iter().zip(network.weights(layer)) {
            let weight = weight.to_dtype(candle_core::DType::F32)?.to_device(&candle_core::Device::Cpu)?;
            tensors.insert(format!("{}.{}", node.name, spec.suffix), weight);
        }
    }
    Ok(tensors)
}
