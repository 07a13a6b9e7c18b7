//! The rows of the strip: layers, and in deep networks the stages and blocks that they fold into.

use crate::{
    net::{Graph, NodeId, Op},
    ui::model::stages::{Stage, stages},
};
use std::{collections::BTreeMap, ops::Range};

/// Height of a row in points.
pub const ROW: f32 = 44.0;
/// Height of the row of a group, and of a layer that only passes its input on or rectifies it.
pub const LOW: f32 = 24.0;
/// Height of the heading of a stage.
pub const HEADING: f32 = 20.0;
/// Networks with more layers than this fold.
const MANY: usize = 60;
/// Depth of the groups: stages, and blocks in them.
const DEPTH: usize = 2;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub enum StripRow {
    /// The heading of a stage or a block.
    Group(StripGroup),
    /// A layer, and how many groups it stands in.
    Layer(NodeId, usize),
    /// The heading of a stage: the size of its maps.
    Stage(String),
}

/// Layers in a row whose names begin alike.
#[derive(Clone, Debug, PartialEq)]
pub struct StripGroup {
    /// The common beginning of their names.
    pub name: String,
    /// The layers.
    pub layers: Range<NodeId>,
    /// Number of groups that contain it.
    pub depth: usize,
    /// Whether its layers are listed below it.
    pub open: bool,
}

impl StripRow {
    /// Its height in points.
    pub fn height(&self, graph: &Graph) -> f32 {
        match self {
            StripRow::Layer(layer, _) => height(&graph.node(*layer).op),
            StripRow::Group(_) => LOW,
            StripRow::Stage(_) => HEADING,
        }
    }
}

/// Whether a layer only passes its input on, rectifies or normalises it.
pub fn is_low(op: &Op) -> bool {
    matches!(op, Op::Relu | Op::Dropout { .. } | Op::Flatten | Op::Tanh { .. } | Op::Sigmoid | Op::BatchNorm { .. })
}

/// Height of a layer's row in points.
pub fn height(op: &Op) -> f32 {
    if is_low(op) { LOW } else { ROW }
}

/// Whether a network's layers fold into stages and blocks.
pub fn folds(graph: &Graph) -> bool {
    graph.nodes().len() > MANY
}

/// The rows of a network. The groups that hold the selected layer are open, unless the user `toggled` them.
pub fn rows(graph: &Graph, selected: NodeId, toggled: &BTreeMap<String, bool>) -> Vec<StripRow> {
    let all = 0..graph.nodes().len();
    if !folds(graph) {
        return staged(graph);
    }
    let mut rows = Vec::new();
    append(graph, selected, toggled, all, (0, 0), &mut rows);
    rows
}

/// All layers, below the headings of their stages.
fn staged(graph: &Graph) -> Vec<StripRow> {
    let has_maps = |stage: &Stage| stage.extent[0] * stage.extent[1] > 1;
    let rows = |stage: Stage| {
        let heading = has_maps(&stage).then(|| StripRow::Stage(stage.size()));
        heading.into_iter().chain(stage.layers.map(|layer| StripRow::Layer(layer, 0)))
    };
    stages(graph).into_iter().flat_map(rows).collect()
}

/// Appends the rows of some layers; `part` counts the parts of a name that are common to them, `depth` the groups.
fn append(
    graph: &Graph,
    selected: NodeId,
    toggled: &BTreeMap<String, bool>,
    layers: Range<NodeId>,
    (part, depth): (usize, usize),
    rows: &mut Vec<StripRow>,
) {
    let mut first = layers.start;
    while first < layers.end {
        let name = prefix(&graph.node(first).name, part);
        let same = |layer: &NodeId| name.is_some() && prefix(&graph.node(*layer).name, part) == name;
        let end = (first + 1..layers.end).find(|layer| !same(layer)).unwrap_or(layers.end);
        let group = first..end;
        match name {
            // A name that nearly all layers begin with says nothing.
            Some(_) if 5 * group.len() > 4 * graph.nodes().len() => {
                append(graph, selected, toggled, group, (part + 1, depth), rows);
            }
            Some(name) if group.len() > 1 && depth < DEPTH => {
                let open = toggled.get(name).copied().unwrap_or_else(|| group.contains(&selected));
                rows.push(StripRow::Group(StripGroup { name: name.to_owned(), layers: group.clone(), depth, open }));
                if open {
                    append(graph, selected, toggled, group, (part + 1, depth + 1), rows);
                }
            }
            _ => rows.extend(group.map(|layer| StripRow::Layer(layer, depth))),
        }
        first = end;
    }
}

/// The first parts of a name, one more than `part`; `None` where the name has no part below them.
fn prefix(name: &str, part: usize) -> Option<&str> {
    name.match_indices('.').nth(part).map(|(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::zoo;

    fn graph(name: &str) -> Graph {
        let card = zoo::find(name).unwrap();
        (card.build)(card.size()).unwrap()
    }

    #[test]
    fn deep_networks_fold_and_the_selected_layer_always_has_a_row() {
        for name in ["resnet152", "densenet201", "inception_v3", "googlenet", "resnet50"] {
            let graph = graph(name);
            let count = graph.nodes().len();
            for selected in (0..count).step_by(7).chain([count - 1]) {
                let rows = rows(&graph, selected, &BTreeMap::new());
                assert!(rows.len() < 130 && rows.len() < count, "{name}: {} rows", rows.len());
                assert!(
                    rows.iter().any(|row| matches!(row, StripRow::Layer(layer, _) if *layer == selected)),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn rows_cover_every_layer_once_and_in_order() {
        for card in zoo::ZOO {
            let graph = (card.build)(card.size()).unwrap();
            let mut next = 0;
            for row in rows(&graph, graph.nodes().len() / 2, &BTreeMap::new()) {
                match row {
                    StripRow::Layer(layer, _) => {
                        assert_eq!(layer, next, "{}", card.name);
                        next += 1;
                    }
                    StripRow::Stage(_) => {}
                    StripRow::Group(group) => {
                        assert_eq!(group.layers.start, next, "{}", card.name);
                        next = if group.open { next } else { group.layers.end };
                    }
                }
            }
            assert_eq!(next, graph.nodes().len(), "{}", card.name);
        }
    }

    #[test]
    fn a_resnet_folds_into_its_stages_and_blocks() {
        let graph = graph("resnet152");
        let selected = graph.nodes().iter().position(|node| node.name == "layer3.7.conv2").unwrap();
        let rows = rows(&graph, selected, &BTreeMap::new());
        let open: Vec<&str> = rows
            .iter()
            .filter_map(|row| match row {
                StripRow::Group(group) if group.open => Some(group.name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(open, ["layer3", "layer3.7"]);
        let closed = super::rows(&graph, selected, &BTreeMap::from([("layer3".into(), false)]));
        assert!(closed.len() < 20, "{}", closed.len());
    }
}
