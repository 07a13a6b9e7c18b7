//! The layers of a network counted and summed up as papers do.

use super::{
    graph::{Graph, Node, NodeId},
    ops::Op,
};
use serde::Serialize;
use std::collections::HashMap;

/// Numbers of weight layers: convolutions and fully connected layers, which papers count as a network's layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WeightLayers {
    /// On the longest way from the input to the scores: 16 in VGG-16, 22 in GoogLeNet, 50 in ResNet-50.
    pub deep: usize,
    /// In all, with those of branches and shortcuts, without auxiliary classifiers.
    pub all: usize,
}

impl WeightLayers {
    /// "16 weight layers", "22 weight layers deep, 57 in all".
    pub fn words(&self) -> String {
        match self {
            WeightLayers { deep, all } if deep == all => format!("{deep} weight layers"),
            WeightLayers { deep, all } => format!("{deep} weight layers deep, {all} in all"),
        }
    }
}

/// Sums over the layers of a module: those whose names begin alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModuleCost {
    /// The beginning of the names.
    pub name: String,
    /// The number of layers.
    pub layers: usize,
    /// The shape of its last layer's output.
    pub output: Vec<usize>,
    /// Learned weights.
    pub parameters: u64,
    /// Multiply-adds.
    pub macs: u64,
    /// Bytes of all outputs in float32.
    pub bytes: u64,
}

/// Whether papers count it as a layer.
fn has_filters(node: &Node) -> bool {
    matches!(node.op, Op::Conv(_) | Op::TableConv { .. } | Op::ConvTranspose(_) | Op::Linear { .. })
}

impl Graph {
    /// For each layer the weight layers on the longest way to it, itself included.
    fn depths(&self) -> Vec<usize> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let before = node.inputs.iter().map(|&input| depths[input]).max().unwrap_or(0);
            depths.push(before + usize::from(has_filters(node)));
        }
        depths
    }

    /// The last layers of the residual branches, in order: of the two inputs of a sum the one that is reached through more
    /// weight layers. The other is the shortcut, which may be a projection.
    pub fn residual_branches(&self) -> Vec<NodeId> {
        let depths = self.depths();
        let branch = |node: &Node| match (&node.op, &node.inputs[..]) {
            (Op::Add, &[a, b]) if depths[a] > depths[b] => Some(a),
            (Op::Add, &[a, b]) if depths[b] > depths[a] => Some(b),
            _ => None,
        };
        self.nodes().iter().filter_map(branch).collect()
    }

    /// The numbers of weight layers.
    pub fn weight_layers(&self) -> WeightLayers {
        let (auxiliary, depths) = (self.auxiliary(), self.depths());
        let all = self.nodes().iter().zip(auxiliary).filter(|(node, side)| !side && has_filters(node)).count();
        WeightLayers { deep: depths[self.scores()], all }
    }

    /// The sums over modules, whose layers agree in the first `parts` parts of their names, in the order of the layers.
    pub fn modules(&self, parts: usize) -> Vec<ModuleCost> {
        let mut found: Vec<ModuleCost> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (node, cost) in self.nodes().iter().zip(self.costs()).skip(1) {
            let end = node.name.match_indices('.').nth(parts.max(1) - 1).map_or(node.name.len(), |(at, _)| at);
            let name = &node.name[..end];
            let place = *places.entry(name).or_insert_with(|| {
                let output = Vec::new();
                found.push(ModuleCost { name: name.to_owned(), layers: 0, output, parameters: 0, macs: 0, bytes: 0 });
                found.len() - 1
            });
            let module = &mut found[place];
            module.output.clone_from(&node.shape);
            module.layers += 1;
            module.parameters += cost.parameters;
            module.macs += cost.macs;
            module.bytes += cost.bytes;
        }
        found
    }
}
