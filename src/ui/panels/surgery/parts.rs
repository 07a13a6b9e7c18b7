//! The parts of a network that can be switched off, as the rows of a tree: stages, blocks, branches, layers.

use crate::net::{Graph, surgery::Surgery};
use std::collections::{BTreeMap, BTreeSet};

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartRow {
    /// The part's name.
    pub name: String,
    /// Parts that it lies in.
    pub depth: usize,
    /// Its layers.
    pub layers: usize,
}

/// All rows, outer parts before those in them. Layers that only pass their input on are left out.
pub(super) fn rows(graph: &Graph) -> Vec<PartRow> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let count = graph.nodes().len();
    for node in graph.nodes() {
        for (at, _) in node.name.match_indices('.') {
            *counts.entry(&node.name[..at]).or_default() += 1;
        }
    }
    // A part that is most of the network, or that has several outputs, is none to switch off.
    let is_part = |name: &&str| {
        let own = counts.get(*name).copied().unwrap_or(0);
        own > 1
            && 2 * own < count
            && graph.part(name).is_ok_and(|part| part.output < graph.scores() && is_closed(graph, name, part.output))
    };
    let parts: BTreeSet<&str> = counts.keys().copied().filter(is_part).collect();
    let auxiliary = graph.auxiliary();
    let (mut found, mut seen): (Vec<PartRow>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
    for (id, node) in graph.nodes().iter().enumerate().take(graph.scores()).skip(1) {
        if auxiliary[id] {
            continue;
        }
        let above = node.name.match_indices('.').map(|(at, _)| &node.name[..at]).filter(|name| parts.contains(name));
        let mut depth = 0;
        for name in above {
            if seen.insert(name) {
                found.push(PartRow { name: name.to_owned(), depth, layers: counts[name] });
            }
            depth += 1;
        }
        found.push(PartRow { name: node.name.clone(), depth, layers: 1 });
    }
    found
}

/// Whether nothing outside a module reads any of its layers but the last.
fn is_closed(graph: &Graph, module: &str, output: usize) -> bool {
    let inside = |name: &str| name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
    let outside = graph.nodes().iter().filter(|node| !inside(&node.name));
    outside.flat_map(|node| &node.inputs).all(|&input| input == output || !inside(&graph.node(input).name))
}

/// The rows to show: those whose outer parts are all open; with a search, those whose name holds it.
pub(super) fn shown<'a>(rows: &'a [PartRow], open: &BTreeSet<String>, search: &str) -> Vec<&'a PartRow> {
    if !search.is_empty() {
        let wanted = search.to_lowercase();
        return rows.iter().filter(|row| row.name.to_lowercase().contains(&wanted)).collect();
    }
    let mut hidden: Option<usize> = None;
    let mut found = Vec::new();
    for row in rows {
        if hidden.is_some_and(|depth| row.depth > depth) {
            continue;
        }
        hidden = (row.layers > 1 && !open.contains(&row.name)).then_some(row.depth);
        found.push(row);
    }
    found
}

/// Whether a part lies in one that is switched off.
pub(super) fn is_inside_off(surgery: &Surgery, name: &str) -> bool {
    name.match_indices('.').any(|(at, _)| surgery.off(&name[..at]).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{net::surgery::InPlace, zoo};

    fn of(network: &str) -> Vec<PartRow> {
        let card = zoo::find(network).unwrap();
        rows(&(card.build)(card.size()).unwrap())
    }

    #[test]
    fn blocks_branches_and_layers_are_rows_of_a_tree() {
        let resnet = of("resnet18");
        let at = |name: &str| resnet.iter().find(|row| row.name == name).map(|row| row.depth);
        assert_eq!((at("layer1"), at("layer1.0"), at("layer1.0.conv1")), (Some(0), Some(1), Some(2)));
        assert!(at("fc").is_none(), "the scores cannot be switched off");
        let inception = of("googlenet");
        let depth = |name: &str| inception.iter().find(|row| row.name == name).map(|row| row.depth);
        assert_eq!((depth("inception3a"), depth("inception3a.branch2")), (Some(0), Some(1)));
        assert!(of("vgg16").iter().all(|row| row.layers == 1), "all of VGG's layers share a name");
    }

    #[test]
    fn closed_parts_hide_what_is_in_them() {
        let rows = of("resnet18");
        let closed = shown(&rows, &BTreeSet::new(), "");
        assert!(closed.iter().any(|row| row.name == "layer1") && closed.iter().all(|row| row.name != "layer1.0"));
        let open = shown(&rows, &BTreeSet::from(["layer1".to_owned()]), "");
        assert!(open.iter().any(|row| row.name == "layer1.1") && open.iter().all(|row| row.name != "layer1.1.conv1"));
        assert!(shown(&rows, &BTreeSet::new(), "1.CONV2").iter().all(|row| row.name.ends_with("1.conv2")));
        let surgery = Surgery::default().toggled("layer1", InPlace::Input);
        assert!(is_inside_off(&surgery, "layer1.0") && !is_inside_off(&surgery, "layer1"));
    }
}
