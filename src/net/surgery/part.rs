//! The layers that can be switched off together.

use crate::{
    Result,
    net::graph::{Graph, NodeId},
};

/// A layer, or a module of layers, with its input and its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkPart {
    /// Its name: that of a layer, or the common beginning of the names of its layers.
    pub name: String,
    /// The layer whose output goes in; `None` where several do.
    pub input: Option<NodeId>,
    /// The layer whose output comes out.
    pub output: NodeId,
}

impl Graph {
    /// The part called `name`: a layer's name, its title in the paper, or the common beginning of the names of several
    /// layers, as `layer1.0` or `inception4a`.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] with the nearest names.
    pub fn part(&self, name: &str) -> Result<NetworkPart> {
        let output = self.find(name)?;
        let node = self.node(output);
        let is_layer = node.name == name || node.title.is_some_and(|title| title.eq_ignore_ascii_case(name));
        let inputs = match is_layer {
            true => node.inputs.clone(),
            false => self.inputs_of_module(name),
        };
        let input = match inputs[..] {
            [input] => Some(input),
            _ => None,
        };
        Ok(NetworkPart { name: if is_layer { node.name.clone() } else { name.to_owned() }, input, output })
    }

    /// The layers outside a module that its layers read.
    fn inputs_of_module(&self, name: &str) -> Vec<NodeId> {
        let prefix = format!("{name}.");
        let inside = |id: NodeId| self.node(id).name.starts_with(&prefix);
        let own = self.nodes().iter().filter(|node| node.name.starts_with(&prefix));
        let mut inputs: Vec<NodeId> =
            own.flat_map(|node| &node.inputs).copied().filter(|&input| !inside(input)).collect();
        inputs.sort_unstable();
        inputs.dedup();
        inputs
    }

    /// The layers that read a layer's output.
    pub fn readers(&self, layer: NodeId) -> Vec<NodeId> {
        let reads = |&id: &NodeId| self.node(id).inputs.contains(&layer);
        (layer + 1..self.nodes().len()).filter(reads).collect()
    }
}
