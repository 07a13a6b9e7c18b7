//! The layers that can be switched off together.

use crate::{
    Error, Result,
    net::{
        graph::{Graph, NodeId},
        rebuild::Replacement,
    },
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

impl NetworkPart {
    /// Whether a layer is the part, or one of its layers.
    fn holds(&self, layer: &str) -> bool {
        layer.strip_prefix(&self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
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

    /// The graph without these parts: whatever reads a part's output reads the part's input instead. Layers behind it take
    /// the shape that reaches them, so that some need weights of another shape.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no such part, when it holds the input or the scores, or when the layers behind it do not
    /// fit any more.
    pub fn without(&self, parts: &[String]) -> Result<Graph> {
        if parts.is_empty() {
            return Ok(self.clone());
        }
        let parts = parts.iter().map(|name| self.part(name)).collect::<Result<Vec<_>>>()?;
        let is_left_out = |name: &str| parts.iter().any(|part| part.holds(name));
        for end in [0, self.scores()] {
            if let Some(part) = parts.iter().find(|part| part.holds(&self.node(end).name)) {
                return Err(Error::Usage(format!(
                    "{} cannot be left out: it holds the input or the scores",
                    part.name
                )));
            }
        }
        let left = self.rebuilt(self.input_shape()[0], |_, node| match is_left_out(&node.name) {
            true => Replacement::Layers(Vec::new()),
            false => Replacement::Same,
        });
        let names = || parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(", ");
        left.map_err(|error| match error {
            Error::Usage(why) => Error::Usage(format!("the network cannot be without {}: {why}", names())),
            other => other,
        })
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
