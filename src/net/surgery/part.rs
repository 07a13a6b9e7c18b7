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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::zoo;

    #[test]
    fn a_graph_without_parts_passes_their_input_on() {
        let graph = |name: &str| {
            let card = zoo::find(name).unwrap();
            (card.build)(card.size()).unwrap()
        };
        let without = |name: &str, parts: &[&str]| {
            graph(name).without(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>())
        };
        // The fifth layer of AlexNet then reads the 192 maps of the second, and the eighth the 4096 values of the sixth.
        let small = without("alexnet", &["conv3", "features.7", "conv4", "features.9", "classifier.4", "classifier.5"])
            .unwrap();
        let shape = |name: &str| small.parameters()[name].0.clone();
        assert_eq!(shape("features.10.weight"), [256, 192, 3, 3]);
        assert_eq!(shape("classifier.6.weight"), [1000, 4096]);
        assert!(!small.parameters().contains_key("features.6.weight"));
        // A residual block or a module goes whole; auxiliary heads stay.
        for (name, module) in [("resnet18", "layer1.1"), ("googlenet", "inception4b")] {
            let changed = without(name, &[module]).unwrap();
            assert!(changed.nodes().iter().all(|node| !node.name.starts_with(&format!("{module}."))), "{module}");
            assert_eq!(changed.auxiliary_heads().len(), graph(name).auxiliary_heads().len(), "{module}");
        }
        for part in ["input", "fc", "nowhere"] {
            assert!(without("resnet18", &[part]).is_err(), "{part}");
        }
        // Behind the block that doubles the maps, branch and shortcut have different ones.
        let misfit = without("resnet18", &["layer2.0"]).unwrap_err().to_string();
        assert!(misfit.starts_with("the network cannot be without layer2.0: layer layer2.1.add"), "{misfit}");
    }
}
