//! Costs and receptive fields of layers, computed from the graph.

use super::{
    graph::{Graph, NodeId},
    shapes::Field,
};
use serde::Serialize;

/// The costs of one layer for one picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Learned weights (running statistics of batch normalisation are not counted, as in the papers' tables).
    pub parameters: u64,
    /// Multiply-adds of convolutions, fully connected layers and coefficients of subsampling; padding counted, biases
    /// not.
    pub macs: u64,
    /// Bytes of the output in float32.
    pub bytes: u64,
    /// Receptive field along rows and along columns; clipped at nothing, so it may be larger than the picture.
    pub field: [Field; 2],
}

impl Graph {
    /// The cost of every node, in their order.
    pub fn costs(&self) -> Vec<Cost> {
        let mut costs: Vec<Cost> = Vec::with_capacity(self.nodes().len());
        let [_, height, width] = self.input_shape();
        let size = [height, width];
        for node in self.nodes() {
            let parameters = self.node_parameters(node);
            let learned = parameters.iter().filter(|p| p.learned);
            let parameters = learned.map(|p| p.shape.iter().product::<usize>() as u64).sum();
            let macs = node.inputs.first().map_or(0, |&input| node.op.macs(&self.node(input).shape, &node.shape));
            let field = match node.inputs.split_first() {
                None => [Field::PIXEL; 2],
                Some((&first, rest)) => {
                    let input = self.node(first).extent();
                    let output = node.extent();
                    let field = |input: NodeId, axis: usize| {
                        // One value that every place of the output uses: a gate.
                        let spread = self.node(input).extent()[axis + 1] == 1 && output[axis + 1] > 1;
                        let own = costs[input].field[axis];
                        let places = node.inputs.iter().filter(|&&other| self.node(other).extent()[axis + 1] > 1);
                        let stride = places.map(|&other| costs[other].field[axis].stride).fold(1.0, f64::max);
                        let joins = !rest.is_empty() && spread;
                        if joins { Field::everywhere(size[axis], output[axis + 1], stride) } else { own }
                    };
                    let before = rest.iter().fold([0, 1].map(|axis| field(first, axis)), |fields, &other| {
                        [0, 1].map(|axis| fields[axis].union(field(other, axis)))
                    });
                    [0, 1].map(|axis| before[axis].through(node.op.reach(axis, input[axis + 1], output[axis + 1])))
                }
            };
            let bytes = node.shape.iter().product::<usize>() as u64 * 4;
            costs.push(Cost { parameters, macs, bytes, field });
        }
        costs
    }
}
