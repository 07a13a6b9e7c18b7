//! A graph with some of its layers replaced: another number of classes, another classifier, other input channels.

use super::{
    graph::{Builder, Graph, Node, NodeId},
    ops::Op,
};
use crate::Result;

/// The layers that stand in place of one.
pub enum Replacement {
    /// The layer itself.
    Same,
    /// The layer with another operator.
    Operator(Op),
    /// Layers in a row, each with its name; with none, the layer's input is passed on.
    Layers(Vec<(String, Op)>),
    /// Layers side by side, each with its name, whose outputs are joined under the layer's name.
    Joined(Vec<(String, Op)>),
}

impl Graph {
    /// The graph for pictures of `channels` channels, with layers replaced. Shapes follow.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when the layers do not fit each other any more.
    pub fn rebuilt(&self, channels: usize, replace: impl Fn(NodeId, &Node) -> Replacement) -> Result<Graph> {
        let [_, height, width] = self.input_shape();
        let mut net = Builder::new([channels, height, width]);
        let mut moved = vec![0; self.nodes().len()];
        for (id, node) in self.nodes().iter().enumerate().skip(1) {
            let inputs: Vec<NodeId> = node.inputs.iter().map(|&input| moved[input]).collect();
            let mut add = |name: &str, op: Op, inputs: &[NodeId]| {
                let added = net.add(name, op, inputs);
                if let (true, Some(title)) = (name == node.name, node.title) {
                    net.title(title);
                }
                added
            };
            moved[id] = match replace(id, node) {
                Replacement::Same => add(&node.name, node.op.clone(), &inputs),
                Replacement::Operator(op) => add(&node.name, op, &inputs),
                Replacement::Layers(layers) => {
                    layers.into_iter().fold(inputs[0], |input, (name, op)| add(&name, op, &[input]))
                }
                Replacement::Joined(layers) => {
                    let beside: Vec<NodeId> =
                        layers.into_iter().map(|(name, op)| add(&name, op, &[inputs[0]])).collect();
                    add(&node.name, Op::Concat, &beside)
                }
            };
        }
        net.finish()
    }
}
