//! The network as data: named nodes in topological order.

use super::ops::{Op, WeightSpec};
use crate::{Error, Result, error::unknown};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Index of a node in its graph; the picture is node 0.
pub type NodeId = usize;

/// A layer: an operator, its inputs and its names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// torchvision's module path (`layer4.2.conv3`), with torch.fx's suffixes where a module runs twice (`relu_1`).
    pub name: String,
    /// The paper's name (`conv1_2`, `res5c`), where there is one.
    pub title: Option<&'static str>,
    /// Its operator.
    pub op: Op,
    /// The nodes whose outputs it takes, all before it.
    pub inputs: Vec<NodeId>,
    /// Shape of its output: `[units, height, width]` or `[units]`; follows from `op` and the inputs' shapes.
    pub shape: Vec<usize>,
}

impl Node {
    /// Units, height and width; features are maps of one value.
    pub fn extent(&self) -> [usize; 3] {
        match *self.shape {
            [units, height, width] => [units, height, width],
            _ => [self.shape.iter().product(), 1, 1],
        }
    }
}

/// A network without its weights. Plain data: shapes, costs and receptive fields are computed from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graph {
    nodes: Vec<Node>,
    #[serde(skip)]
    by_name: HashMap<String, NodeId>,
}

impl Graph {
    /// All nodes, in an order in which they can be computed; the first is the picture.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    ///
    /// # Panics
    /// If the id is not of this graph.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// Shape of the picture, `[channels, height, width]`.
    pub fn input_shape(&self) -> [usize; 3] {
        self.nodes[0].extent()
    }

    /// The node whose values are the class scores S_c: the last before softmax. A graph ends with its main classifier;
    /// auxiliary ones stand where they branch off.
    pub fn scores(&self) -> NodeId {
        let last = self.nodes.len() - 1;
        match self.nodes[last].op {
            Op::Softmax => self.nodes[last].inputs[0],
            _ => last,
        }
    }

    /// The last feature maps before the classifier: where class activation maps are read. Pools between them and the
    /// classifier are passed by. Where the classifier is itself a convolution, with one map a class that is only averaged
    /// afterwards (SqueezeNet), they are its input.
    pub fn last_maps(&self) -> NodeId {
        let spatial = |id: NodeId| self.nodes[id].extent()[1] * self.nodes[id].extent()[2] > 1;
        let weighted = |id: NodeId| matches!(self.nodes[id].op, Op::Conv(_) | Op::TableConv { .. } | Op::Linear { .. });
        let before = |id: NodeId| self.nodes[id].inputs.first().copied().unwrap_or(0);
        let pools = |id: NodeId| match self.nodes[id].op {
            Op::MaxPool(_) | Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. } | Op::Dropout { .. } => true,
            _ => id > 0 && !spatial(id),
        };
        let (mut last, mut classified) = (self.scores(), false);
        while pools(last) {
            classified |= weighted(last);
            last = before(last);
        }
        if classified {
            return last;
        }
        while last > 0 && !weighted(last) {
            last = before(last);
        }
        last = before(last);
        while pools(last) {
            last = before(last);
        }
        last
    }

    /// For every node whether it is part of an auxiliary classifier: a side branch that helps training and on which the
    /// scores do not depend (GoogLeNet, Inception v3). Auxiliary nodes are counted, checked against weights files and run
    /// like all others; they cost under half a percent of the network's multiply-adds. torchvision's published
    /// multiply-adds leave them out.
    pub fn auxiliary(&self) -> Vec<bool> {
        let scores = self.scores();
        let mut auxiliary = vec![true; self.nodes.len()];
        auxiliary[scores..].fill(false);
        for id in (1..=scores).rev() {
            if !auxiliary[id] {
                self.nodes[id].inputs.iter().for_each(|&input| auxiliary[input] = false);
            }
        }
        auxiliary
    }

    /// The outputs of the auxiliary classifiers: as many values as there are classes, that nothing reads.
    pub fn auxiliary_heads(&self) -> Vec<NodeId> {
        let scores = self.scores();
        let is_read = |id: NodeId| self.nodes.iter().any(|node| node.inputs.contains(&id));
        let is_head = |id: &NodeId| self.nodes[*id].shape == self.nodes[scores].shape && !is_read(*id);
        (1..scores).filter(is_head).collect()
    }

    /// The graph with the operators that `change` replaces. A replacement may differ in constants only, on which shapes
    /// and weights do not depend.
    pub fn with_constants(mut self, change: impl Fn(&Node) -> Option<Op>) -> Graph {
        for node in &mut self.nodes {
            if let Some(op) = change(node) {
                node.op = op;
            }
        }
        self
    }

    /// The graph for pictures of another size, by the same operators.
    ///
    /// # Errors
    /// [`Error::Usage`] when a layer does not fit any more.
    pub fn resized(&self, [height, width]: [usize; 2]) -> Result<Graph> {
        let mut graph = self.clone();
        graph.nodes[0].shape = vec![self.input_shape()[0], height, width];
        for id in 1..graph.nodes.len() {
            if let Some(&input) = graph.nodes[id].inputs.first() {
                let op = graph.nodes[id].op.clone();
                graph.nodes[id].op = op.settled(&graph.nodes[input].shape);
            }
            let node = &graph.nodes[id];
            let shapes: Vec<&[usize]> = node.inputs.iter().map(|&input| graph.nodes[input].shape.as_slice()).collect();
            let shape = node.op.output_shape(&shapes).map_err(|why| {
                Error::Usage(format!("layer {} does not fit pictures of {height}x{width} pixels: {why}", node.name))
            })?;
            graph.nodes[id].shape = shape;
        }
        Ok(graph)
    }

    /// The graph for pictures of another size, where the same weights serve.
    ///
    /// # Errors
    /// [`Error::Usage`] when a layer does not fit that size, when a layer would need other weights, or when the size is
    /// no square and a layer weighs each place of a square map.
    pub fn at_size(&self, size: [usize; 2]) -> Result<Graph> {
        let [_, height, width] = self.input_shape();
        let square = |[height, width]: [usize; 2]| height == width;
        if square([height, width])
            && !square(size)
            && let Some(layer) = self.layer_of_places()
        {
            let name = &self.node(layer).name;
            let why = format!("layer {name} has a weight for every place of a square map, so the input must be square");
            return Err(Error::Usage(why));
        }
        let graph = self.resized(size)?;
        let (own, other) = (self.parameters(), graph.parameters());
        match own.iter().find(|(name, parameter)| other.get(*name) != Some(parameter)) {
            None => Ok(graph),
            Some((name, _)) => Err(Error::Usage(format!(
                "{name} has a value for every place of its layer's input, so only {height}x{width} pixels fit"
            ))),
        }
    }

    /// The first fully connected layer on the way to the scores that reads maps place by place.
    fn layer_of_places(&self) -> Option<NodeId> {
        let auxiliary = self.auxiliary();
        let reads_places = |id: NodeId| {
            let mut at = self.nodes[id].inputs[0];
            while matches!(self.nodes[at].op, Op::Flatten | Op::Dropout { .. }) {
                at = self.nodes[at].inputs[0];
            }
            let [_, height, width] = self.nodes[at].extent();
            height * width > 1
        };
        (1..self.nodes.len())
            .find(|&id| !auxiliary[id] && matches!(self.nodes[id].op, Op::Linear { .. }) && reads_places(id))
    }

    /// The graph up to a node, which becomes its last.
    pub(super) fn until(&self, node: NodeId) -> Graph {
        let mut graph = self.clone();
        graph.nodes.truncate(node + 1);
        graph.by_name.retain(|_, id| *id <= node);
        graph
    }

    /// The graph without its auxiliary classifiers, which weights files saved for inference leave out.
    pub fn without_auxiliary(&self) -> Graph {
        let auxiliary = self.auxiliary();
        let mut moved = vec![0; self.nodes.len()];
        let mut graph = Graph { nodes: Vec::new(), by_name: HashMap::new() };
        for (id, node) in self.nodes.iter().enumerate().filter(|&(id, _)| !auxiliary[id]) {
            moved[id] = graph.nodes.len();
            graph.by_name.insert(node.name.clone(), moved[id]);
            let inputs = node.inputs.iter().map(|&input| moved[input]).collect();
            graph.nodes.push(Node { inputs, ..node.clone() });
        }
        graph
    }

    /// The node called `name`: a node's own name, its paper title, `input`, or a module that holds several nodes
    /// (`layer4`, `inception5b`), which stands for the last of them, its output.
    ///
    /// # Errors
    /// [`Error::Usage`] with the nearest names.
    pub fn find(&self, name: &str) -> Result<NodeId> {
        if let Some(&id) = self.by_name.get(name) {
            return Ok(id);
        }
        let titled =
            self.nodes.iter().position(|node| node.title.is_some_and(|title| title.eq_ignore_ascii_case(name)));
        let prefix = format!("{name}.");
        titled.or_else(|| self.nodes.iter().rposition(|node| node.name.starts_with(&prefix))).ok_or_else(|| {
            let names = self.nodes.iter().flat_map(|node| [Some(node.name.as_str()), node.title]).flatten();
            unknown("layer", name, names, "'striate layers' lists them")
        })
    }

    /// Every tensor of weights, by full name (`features.0.weight`), with its shape and whether training learns it.
    pub fn parameters(&self) -> BTreeMap<String, (Vec<usize>, bool)> {
        let mut all = BTreeMap::new();
        for node in &self.nodes {
            for parameter in self.node_parameters(node) {
                all.insert(format!("{}.{}", node.name, parameter.suffix), (parameter.shape, parameter.learned));
            }
        }
        all
    }

    /// The weights one node needs.
    pub fn node_parameters(&self, node: &Node) -> Vec<WeightSpec> {
        node.inputs.first().map_or_else(Vec::new, |&input| node.op.parameters(&self.nodes[input].shape))
    }
}

/// Builds a [`Graph`], node by node. [`Builder::finish`] reports the first layer that does not fit; the calls before it
/// need no error handling, so that the files in `zoo` read like the papers' tables.
pub struct Builder {
    nodes: Vec<Node>,
    by_name: HashMap<String, NodeId>,
    /// The node that `then` builds on.
    last: NodeId,
    fault: Option<String>,
}

impl Builder {
    /// A graph whose picture has this shape, `[channels, height, width]`.
    pub fn new(input: [usize; 3]) -> Self {
        let picture =
            Node { name: "input".into(), title: None, op: Op::Input, inputs: Vec::new(), shape: input.to_vec() };
        Builder { nodes: vec![picture], by_name: HashMap::from([("input".into(), 0)]), last: 0, fault: None }
    }

    /// Adds a node and returns its id.
    pub fn add(&mut self, name: impl Into<String>, op: Op, inputs: &[NodeId]) -> NodeId {
        let name = name.into();
        let id = self.nodes.len();
        let shapes: Vec<&[usize]> = inputs.iter().map(|&input| self.nodes[input].shape.as_slice()).collect();
        let op = match shapes.first() {
            Some(shape) => op.settled(shape),
            None => op,
        };
        let shape = op.output_shape(&shapes).unwrap_or_else(|why| {
            self.fault.get_or_insert(format!("layer {name} does not fit: {why}"));
            shapes.first().map_or_else(Vec::new, |shape| shape.to_vec())
        });
        if self.by_name.insert(name.clone(), id).is_some() {
            self.fault.get_or_insert(format!("two layers are called {name}"));
        }
        self.nodes.push(Node { name, title: None, op, inputs: inputs.to_vec(), shape });
        self.last = id;
        id
    }

    /// Adds a node on top of the last one.
    pub fn then(&mut self, name: impl Into<String>, op: Op) -> NodeId {
        let last = self.last();
        self.add(name, op, &[last])
    }

    /// The node added last, or resumed from.
    pub fn last(&self) -> NodeId {
        self.last
    }

    /// Goes back to an earlier node, to build on it next. A side branch ends this way.
    pub fn resume(&mut self, node: NodeId) {
        self.last = node;
    }

    /// Gives the node added last its name in the paper.
    pub fn title(&mut self, title: &'static str) {
        if let Some(node) = self.nodes.last_mut() {
            node.title = Some(title);
        }
    }

    /// The shape of a node's output.
    pub fn shape(&self, node: NodeId) -> &[usize] {
        &self.nodes[node].shape
    }

    /// The channels of a node's output.
    pub fn channels(&self, node: NodeId) -> usize {
        self.nodes[node].extent()[0]
    }

    /// The finished graph.
    ///
    /// # Errors
    /// [`Error::Usage`] when a layer does not fit its inputs: the picture is too small, or the table is wrong.
    pub fn finish(self) -> Result<Graph> {
        match self.fault {
            Some(fault) => Err(Error::Usage(fault)),
            None => Ok(Graph { nodes: self.nodes, by_name: self.by_name }),
        }
    }
}
