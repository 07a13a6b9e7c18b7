//! The plan of a graph, made once: groups of nodes that are computed together, and the place of each node's maps in memory.
//!
//! Groups. A convolution or pointwise node takes along the batch normalisation (or scale), sum and activation that follow
//! it, if no other node reads the values between them. Only the last node's output is kept. The outputs inside a group are computed
//! again on request (`FastPass::output`), with the same kernel and so the same numbers. That is cheaper than writing them all:
//! a forward pass writes half as many bytes, and a viewer shows few of a network's layers.
//!
//! Places. The inputs of a concatenation are computed right into its buffer where their channels fill whole blocks, as in
//! every published network; the concatenation itself then takes no time. DenseNet's concatenations, each the one before and
//! one layer more, share the buffer of the last one of their block.
//!
//! A node that no kernel for blocked maps computes is held as a plain tensor and runs by candle's operator; its
//! neighbours convert from and to blocks.

use super::convert::nonlinearity;
use crate::{
    kernels::blocked::{LANES, Placement},
    net::{
        graph::{Graph, NodeId},
        ops::Op,
    },
};

/// Channels up to which a picture is read as it is, in planes.
const FEW: usize = 4;

/// The form in which a node's output is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::net) enum Held {
    /// As a plain tensor.
    Plain,
    /// As blocked maps, from block `first` of a buffer on.
    Maps { buffer: usize, first: usize },
    /// As another node's output, which it equals.
    Same(NodeId),
    /// Not at all: the node lies inside the group that ends in this one.
    Within(NodeId),
}

/// Nodes computed together.
#[derive(Clone, Copy, Debug)]
pub(in crate::net) struct LayerGroup {
    /// The first of them.
    pub head: NodeId,
    /// Batch normalisation, or a factor for each map.
    pub norm: Option<NodeId>,
    /// A sum, and the other input of it.
    pub add: Option<(NodeId, NodeId)>,
    /// A rectifier or another activation that kernels have.
    pub activation: Option<NodeId>,
}

/// Blocks, height and width of a buffer.
#[derive(Clone, Copy, Debug)]
struct Extent {
    blocks: usize,
    height: usize,
    width: usize,
}

pub(in crate::net) struct Plan {
    pub held: Vec<Held>,
    /// By the last node.
    pub groups: Vec<Option<LayerGroup>>,
    extents: Vec<Extent>,
    training: bool,
}

impl Plan {
    /// Whether it is for passes of training.
    pub fn trains(&self) -> bool {
        self.training
    }

    /// The first node of the group that a node is computed in; itself where it is alone.
    pub fn head_of(&self, id: NodeId) -> NodeId {
        let last = if let Held::Within(last) = self.held[id] { last } else { id };
        self.groups[last].map_or(id, |group| group.head)
    }

    /// With `training`, a convolution does not take along the batch normalisation behind it, whose factors are not known
    /// before its output is, and dropout is a layer.
    pub(super) fn new(graph: &Graph, training: bool) -> Self {
        let nodes = graph.nodes();
        let (held, groups) = (vec![Held::Plain; nodes.len()], vec![None; nodes.len()]);
        let mut plan = Plan { held, groups, extents: vec![], training };
        let mut readers = vec![Vec::new(); nodes.len()];
        for (id, node) in nodes.iter().enumerate() {
            node.inputs.iter().for_each(|&input| readers[input].push(id));
        }
        for id in 1..nodes.len() {
            if !matches!(plan.held[id], Held::Within(_)) && plan.groups[id].is_none() {
                plan.group(graph, &readers, id);
            }
        }
        plan.place(graph);
        plan
    }

    /// Makes the largest group that begins at a node.
    fn group(&mut self, graph: &Graph, readers: &[Vec<NodeId>], head: NodeId) {
        let node = graph.node(head);
        let mut group = LayerGroup { head, norm: None, add: None, activation: None };
        match &node.op {
            Op::Conv(_) => {}
            op if is_factor_a_map(op, &node.shape) => group.norm = Some(head),
            Op::Add if is_sum_of_two(graph, head) => group.add = Some((head, node.inputs[1])),
            op if is_activation(op) && node.shape.len() == 3 => group.activation = Some(head),
            _ => return,
        }
        let mut last = head;
        let mut inside = Vec::new();
        while group.activation.is_none() {
            let &[next] = readers[last].as_slice() else { break };
            let node = graph.node(next);
            match &node.op {
                op if is_factor_a_map(op, &node.shape) && self.training => break,
                op if is_factor_a_map(op, &node.shape)
                    && last == head
                    && group.norm.is_none()
                    && group.add.is_none() =>
                {
                    group.norm = Some(next);
                }
                Op::Add if group.add.is_none() && is_sum_of_two(graph, next) && self.held[next] == Held::Plain => {
                    if self.groups[next].is_some() || self.claimed(next) {
                        break;
                    }
                    let other = if node.inputs[0] == last { node.inputs[1] } else { node.inputs[0] };
                    group.add = Some((next, other));
                }
                op if is_activation(op) => group.activation = Some(next),
                _ => break,
            }
            inside.push(last);
            last = next;
        }
        inside.iter().for_each(|&id| self.held[id] = Held::Within(last));
        self.groups[last] = Some(group);
    }

    /// Whether a sum is in some group already.
    fn claimed(&self, sum: NodeId) -> bool {
        self.groups.iter().flatten().any(|group| group.add.is_some_and(|(id, _)| id == sum))
    }

    /// Gives every node that is kept as maps its place, the concatenations' inputs first.
    fn place(&mut self, graph: &Graph) {
        let nodes = graph.nodes();
        let blocked: Vec<bool> = (0..nodes.len()).map(|id| self.is_blocked(graph, id)).collect();
        for (id, node) in nodes.iter().enumerate() {
            if matches!(node.op, Op::Dropout { .. }) && !self.training {
                self.held[id] = Held::Same(self.root(node.inputs[0]));
            }
        }
        for id in (0..nodes.len()).rev() {
            if !matches!(nodes[id].op, Op::Concat) || !blocked[id] {
                continue;
            }
            let (buffer, mut first) = match (self.held[id], self.neighbours(graph, id)) {
                (Held::Maps { buffer, first }, _) => (buffer, first),
                (_, Some(place)) => place,
                _ => self.buffer(graph, id),
            };
            self.held[id] = Held::Maps { buffer, first };
            for &input in &nodes[id].inputs {
                let root = self.root(input);
                if self.held[root] == Held::Plain && blocked[root] {
                    self.held[root] = Held::Maps { buffer, first };
                }
                first += nodes[input].shape[0] / LANES;
            }
        }
        for (id, &blocked) in blocked.iter().enumerate() {
            if self.held[id] == Held::Plain && blocked {
                let (buffer, first) = self.buffer(graph, id);
                self.held[id] = Held::Maps { buffer, first };
            }
        }
    }

    /// A buffer of a node's own.
    fn buffer(&mut self, graph: &Graph, id: NodeId) -> (usize, usize) {
        let [channels, height, width] = graph.node(id).extent();
        self.extents.push(Extent { blocks: channels.div_ceil(LANES), height, width });
        (self.extents.len() - 1, 0)
    }

    /// The place of a concatenation whose inputs lie one behind the other already.
    fn neighbours(&self, graph: &Graph, concat: NodeId) -> Option<(usize, usize)> {
        let mut found = None;
        let mut expected = None;
        for &input in &graph.node(concat).inputs {
            let Held::Maps { buffer, first } = self.held[self.root(input)] else { return None };
            if expected.is_some_and(|place| place != (buffer, first)) {
                return None;
            }
            found = found.or(Some((buffer, first)));
            expected = Some((buffer, first + graph.node(input).shape[0] / LANES));
        }
        found
    }

    /// Whether the node is computed by a kernel for blocked maps.
    fn is_blocked(&self, graph: &Graph, id: NodeId) -> bool {
        let node = graph.node(id);
        if node.shape.len() != 3 {
            return false;
        }
        match &node.op {
            Op::MaxPool(_) | Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. } | Op::LayerNorm2d { .. } => true,
            Op::Mul => gate(graph, id).is_some(),
            Op::Concat => {
                let (_, others) = node.inputs.split_last().unwrap_or((&0, &[]));
                others.iter().all(|&input| graph.node(input).shape[0].is_multiple_of(LANES))
            }
            _ => self.groups[id].is_some(),
        }
    }

    /// The node whose output this node's is.
    pub fn root(&self, id: NodeId) -> NodeId {
        match self.held[id] {
            Held::Same(other) => other,
            _ => id,
        }
    }

    /// The buffer and place of a node's maps, for a batch.
    pub fn place_of(&self, graph: &Graph, id: NodeId, batch: usize) -> Option<(usize, Placement)> {
        match self.held[self.root(id)] {
            Held::Maps { buffer, first } => {
                let place = Placement::alone(batch, graph.node(id).extent());
                Some((buffer, Placement { first, total: self.extents[buffer].blocks, ..place }))
            }
            _ => None,
        }
    }

    /// Floats of every buffer.
    pub fn buffers(&self, batch: usize) -> impl Iterator<Item = usize> {
        self.extents.iter().map(move |extent| batch * extent.blocks * extent.height * extent.width * LANES)
    }

    /// Whether a convolution reads its input in planes.
    pub fn is_planar(&self, graph: &Graph, conv: NodeId) -> bool {
        let input = graph.node(conv).inputs[0];
        let one_group = matches!(&graph.node(conv).op, Op::Conv(conv) if conv.groups == 1);
        one_group && self.held[input] == Held::Plain && graph.node(input).shape[0] <= FEW
    }
}

/// Whether a node adds two maps of one size.
fn is_sum_of_two(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    let same = node.inputs.iter().all(|&input| graph.node(input).shape == node.shape);
    node.shape.len() == 3 && node.inputs.len() == 2 && same
}

/// Batch normalisation of maps, or a learned factor for each of them.
pub(super) fn is_factor_a_map(op: &Op, shape: &[usize]) -> bool {
    match op {
        Op::BatchNorm { .. } => shape.len() == 3,
        Op::Scale { shape: factors } => shape.len() == 3 && **factors == [shape[0], 1, 1],
        _ => false,
    }
}

/// An activation that kernels apply and whose gradient is a product with a gate.
pub(super) fn is_activation(op: &Op) -> bool {
    matches!(op, Op::Relu) || nonlinearity(op).is_some()
}

/// Where a product is of maps and one factor for each: the numbers of the inputs that are the maps and the factors.
pub(super) fn gate(graph: &Graph, id: NodeId) -> Option<[usize; 2]> {
    let node = graph.node(id);
    let (&[units, height, width], &[a, b]) = (node.shape.as_slice(), node.inputs.as_slice()) else { return None };
    let is_maps = |input: NodeId| graph.node(input).shape == node.shape;
    let is_factors = |input: NodeId| graph.node(input).shape == [units, 1, 1] && height * width > 1;
    match (is_maps(a) && is_factors(b), is_maps(b) && is_factors(a)) {
        (true, _) => Some([0, 1]),
        (_, true) => Some([1, 0]),
        _ => None,
    }
}
