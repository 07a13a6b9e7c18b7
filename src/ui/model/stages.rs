//! The stages of a network: layers in a row whose maps have one size.

use crate::net::{Graph, NodeId, Op};
use std::ops::Range;

/// Layers between two reductions of the maps' size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The layers, in the order of the graph.
    pub layers: Range<NodeId>,
    /// Height and width of its maps.
    pub extent: [usize; 2],
    /// The last layer with maps of this size: what the stage hands on.
    pub last: NodeId,
}

impl Stage {
    /// Height and width as people write them.
    pub fn size(&self) -> String {
        format!("{}x{}", self.extent[0], self.extent[1])
    }
}

/// The stages of a network, from the picture on. A stage begins where the maps are smaller than all before. Its last one
/// holds the layers without extent, where there are any.
pub fn stages(graph: &Graph) -> Vec<Stage> {
    let mut found: Vec<Stage> = Vec::new();
    for (id, node) in graph.nodes().iter().enumerate() {
        let [_, rows, columns] = node.extent();
        let smaller = found.last().is_none_or(|stage| rows * columns < stage.extent[0] * stage.extent[1]);
        match found.last_mut() {
            Some(stage) if !smaller => {
                stage.layers.end = id + 1;
                let passes_on = matches!(node.op, Op::Dropout { .. } | Op::Flatten);
                if [rows, columns] == stage.extent && !passes_on {
                    stage.last = id;
                }
            }
            _ => found.push(Stage { layers: id..id + 1, extent: [rows, columns], last: id }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::zoo;

    #[test]
    fn stages_cover_every_network_and_halve_the_maps_of_vgg() {
        for card in zoo::ZOO {
            let graph = (card.build)(card.size()).unwrap();
            let found = stages(&graph);
            let layers: Vec<NodeId> = found.iter().flat_map(|stage| stage.layers.clone()).collect();
            assert_eq!(layers, (0..graph.nodes().len()).collect::<Vec<_>>(), "{}", card.name);
            assert!(found.iter().all(|stage| stage.layers.contains(&stage.last)), "{}", card.name);
        }
        let card = zoo::find("vgg16").unwrap();
        let graph = (card.build)(card.size()).unwrap();
        let sizes: Vec<usize> = stages(&graph).iter().map(|stage| stage.extent[0]).collect();
        assert_eq!(sizes, [224, 112, 56, 28, 14, 7, 1]);
    }
}
