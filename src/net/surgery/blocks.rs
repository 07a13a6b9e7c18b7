//! Residual blocks whose shortcut passes the input on unchanged (He et al. 2016): each can be left out or change places
//! with another, and the network still runs (Veit, Wilber and Belongie 2016).

use super::part::NetworkPart;
use crate::net::{
    graph::{Graph, NodeId},
    ops::Op,
};

/// A residual block with an unchanged shortcut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResidualBlock {
    /// Its layers as a part: the common beginning of their names, the input and the output.
    pub part: NetworkPart,
    /// The sum.
    pub sum: NodeId,
    /// The last layer of the branch that is added to the input.
    pub branch: NodeId,
}

impl Graph {
    /// The residual blocks with an unchanged shortcut, in order.
    pub fn residual_blocks(&self) -> Vec<ResidualBlock> {
        (1..self.nodes().len()).filter_map(|sum| self.block_of(sum)).collect()
    }

    fn block_of(&self, sum: NodeId) -> Option<ResidualBlock> {
        let node = self.node(sum);
        let (Op::Add, [a, b]) = (&node.op, &node.inputs[..]) else { return None };
        let (input, branch) = if self.leads(*a, *b) {
            (*a, *b)
        } else if self.leads(*b, *a) {
            (*b, *a)
        } else {
            return None;
        };
        let output = match self.readers(sum)[..] {
            [reader] if matches!(self.node(reader).op, Op::Relu) => reader,
            _ => sum,
        };
        let name = common_module(&self.node(branch).name, &self.node(sum).name);
        Some(ResidualBlock { part: NetworkPart { name, input: Some(input), output }, sum, branch })
    }

    /// Whether everything that `to` is computed from comes through `from`.
    fn leads(&self, from: NodeId, to: NodeId) -> bool {
        let mut open = vec![to];
        while let Some(at) = open.pop() {
            if at == from {
                continue;
            }
            // A branch that does not pass through `from` reaches layers before it.
            if at < from {
                return false;
            }
            open.extend(&self.node(at).inputs);
        }
        to > from
    }
}

/// The module that two layers share: `layer1.0` for `layer1.0.bn2` and `layer1.0.add`.
fn common_module(a: &str, b: &str) -> String {
    let shared = a.split('.').zip(b.split('.')).take_while(|(a, b)| a == b).map(|(a, _)| a);
    let module = shared.collect::<Vec<_>>().join(".");
    if module.is_empty() { b.to_owned() } else { module }
}
