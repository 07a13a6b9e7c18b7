//! The layers that an index covers.

use crate::net::{Graph, NodeId, Op};

/// The layers whose outputs a forward pass keeps anyway. A layer is left out when only a batch normalisation or a
/// rectifier reads it, or when it passes its input on unchanged: computing its output again would double the work, and
/// [`stand_in`] names the layer that shows the same.
pub fn indexed_layers(graph: &Graph) -> Vec<NodeId> {
    (1..graph.nodes().len()).filter(|&layer| next(graph, layer).is_none()).collect()
}

/// The indexed layer that stands for `layer`: itself, or the rectifier or normalisation that its output goes through.
pub fn stand_in(graph: &Graph, layer: NodeId) -> NodeId {
    let mut layer = layer;
    while let Some(reader) = next(graph, layer) {
        layer = reader;
    }
    layer
}

/// The only reader of a layer, where that reader stands for it.
fn next(graph: &Graph, layer: NodeId) -> Option<NodeId> {
    let nodes = graph.nodes();
    let mut readers = nodes.iter().enumerate().filter(|(_, node)| node.inputs.contains(&layer));
    let (reader, node) = readers.next()?;
    if readers.next().is_some() || reader == graph.scores() && layer == 0 {
        return None;
    }
    let same_units = node.shape.first() == nodes[layer].shape.first();
    let passes = matches!(node.op, Op::BatchNorm { .. } | Op::Relu | Op::Dropout { .. });
    let sum = matches!(node.op, Op::Add) && matches!(nodes[layer].op, Op::BatchNorm { .. });
    (layer != graph.scores() && same_units && (passes || sum)).then_some(reader)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::{Builder, Conv};

    #[test]
    fn a_convolution_is_shown_by_its_rectifier() {
        let mut net = Builder::new([3, 8, 8]);
        let conv = net.then("conv", Op::Conv(Conv::new(4, 3)));
        net.then("bn", Op::BatchNorm { eps: 1e-5 });
        let relu = net.then("relu", Op::Relu);
        let flat = net.then("flat", Op::Flatten);
        let fc = net.then("fc", Op::Linear { out: 2, bias: true });
        let graph = net.finish().unwrap();
        assert_eq!(indexed_layers(&graph), [relu, flat, fc]);
        assert_eq!(stand_in(&graph, conv), relu);
        assert_eq!(stand_in(&graph, fc), fc);
    }
}
