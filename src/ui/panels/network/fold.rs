//! Residual blocks, inception modules and dense blocks, told by their names, and the graph with those folded that are
//! not open.

use crate::net::{Graph, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// Layers whose branches meet: all that share a name up to a dot with a layer of several inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldBlock {
    /// The common beginning of their names, without the dot.
    pub name: String,
    /// The layers, in order.
    pub nodes: Vec<NodeId>,
}

/// The blocks of a network, the outer ones before those in them.
pub fn blocks(graph: &Graph) -> Vec<FoldBlock> {
    let meets = graph.nodes().iter().filter(|node| node.inputs.len() > 1);
    let names: BTreeSet<&str> = meets.filter_map(|node| Some(node.name.rsplit_once('.')?.0)).collect();
    let block = |name: &&str| {
        let inside = |id: &NodeId| {
            let rest = graph.node(*id).name.strip_prefix(*name);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        FoldBlock { name: (*name).to_owned(), nodes: (0..graph.nodes().len()).filter(inside).collect() }
    };
    let mut blocks: Vec<FoldBlock> = names.iter().map(block).collect();
    // A block that is the whole network but for its ends would hide what there is to see.
    blocks.retain(|block| 2 * block.nodes.len() < graph.nodes().len());
    blocks.sort_by_key(|block| (block.name.matches('.').count(), block.nodes[0]));
    blocks
}

/// A box of the drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxed {
    /// The folded block; a single layer where `None`.
    pub block: Option<usize>,
    /// The layer; of a block, its last one: its output.
    pub node: NodeId,
    /// Number of layers that it stands for.
    pub count: usize,
}

/// The graph as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The boxes, in the order in which they are computed.
    pub boxes: Vec<Boxed>,
    /// From which box to which, each once; always from an earlier to a later one.
    pub edges: Vec<(usize, usize)>,
    /// The box of every layer.
    pub place: Vec<usize>,
    /// For each box, the number of edges to it that are left out: see [`fold`].
    pub left_out: Vec<usize>,
    /// Boxes of an unfolded block without blocks in it: they stay in one line.
    pub unbroken: Vec<Vec<usize>>,
    /// Boxes of an unfolded block with blocks in it: they begin a line and end one.
    pub stages: Vec<Vec<usize>>,
}

/// A box that reads at least this many others is dense.
const DENSE: usize = 4;

/// Folds every block that is not open, together with its layers.
///
/// A dense box, such as a layer of DenseNet, reads boxes that already lead to it by way of another box that it reads. These
/// edges are left out and counted: drawn, they would cover everything.
pub fn fold(graph: &Graph, blocks: &[FoldBlock], open: &BTreeSet<String>) -> Folded {
    let count = graph.nodes().len();
    // The outer blocks come first: what is in a folded one stays in that.
    let mut owner: Vec<Option<usize>> = vec![None; count];
    for (index, block) in blocks.iter().enumerate() {
        if !open.contains(&block.name) {
            for &node in &block.nodes {
                owner[node].get_or_insert(index);
            }
        }
    }
    // By the last layer of each, so that whatever a block reads stands before it.
    let mut last: BTreeMap<Result<usize, NodeId>, (NodeId, usize)> = BTreeMap::new();
    for (node, owner) in owner.iter().enumerate() {
        let entry = last.entry(owner.ok_or(node)).or_insert((node, 0));
        *entry = (node, entry.1 + 1);
    }
    let mut boxes: Vec<Boxed> =
        last.iter().map(|(key, &(node, count))| Boxed { block: key.ok(), node, count }).collect();
    boxes.sort_by_key(|boxed| boxed.node);
    let mut place = vec![0; count];
    for (index, boxed) in boxes.iter().enumerate() {
        match boxed.block {
            Some(block) => {
                (0..count).filter(|&node| owner[node] == Some(block)).for_each(|node| place[node] = index);
            }
            None => place[boxed.node] = index,
        }
    }
    let edge = |node: NodeId, input: NodeId| (place[input], place[node]);
    let all = (0..count).flat_map(|node| graph.node(node).inputs.iter().map(move |&input| edge(node, input)));
    let edges: BTreeSet<(usize, usize)> = all.filter(|(from, to)| from < to).collect();
    let (edges, left_out) = without_dense(boxes.len(), edges);
    let parts = |block: &FoldBlock| {
        let inside: BTreeSet<usize> = block.nodes.iter().map(|&node| place[node]).collect();
        inside.into_iter().collect::<Vec<_>>()
    };
    let is_open = |block: &&FoldBlock| {
        block.nodes.iter().any(|&node| owner[node].is_none()) || {
            // A block whose inner blocks are folded is open too.
            let own = blocks.iter().position(|other| other.name == block.name);
            block.nodes.iter().all(|&node| owner[node] != own) && parts(block).len() > 1
        }
    };
    let holds = |block: &FoldBlock| blocks.iter().any(|other| other.name.starts_with(&format!("{}.", block.name)));
    let (stages, unbroken): (Vec<&FoldBlock>, Vec<&FoldBlock>) =
        blocks.iter().filter(is_open).partition(|block| holds(block));
    let [stages, unbroken] = [stages, unbroken].map(|blocks| blocks.into_iter().map(parts).collect::<Vec<_>>());
    Folded { boxes, edges, place, left_out, unbroken, stages }
}

/// The edges without those to dense boxes that another path makes superfluous, and how many are left out for each box.
fn without_dense(count: usize, edges: BTreeSet<(usize, usize)>) -> (Vec<(usize, usize)>, Vec<usize>) {
    let mut before = vec![Vec::new(); count];
    edges.iter().for_each(|&(from, to)| before[to].push(from));
    let words = count.div_ceil(64);
    // The boxes that lead to each box, as bits.
    let mut ancestors = vec![vec![0u64; words]; count];
    let leads = |ancestors: &[Vec<u64>], from: usize, to: usize| ancestors[to][from / 64] >> (from % 64) & 1 == 1;
    for (to, inputs) in before.iter().enumerate() {
        for &from in inputs {
            let (earlier, later) = ancestors.split_at_mut(to);
            later[0].iter_mut().zip(&earlier[from]).for_each(|(own, other)| *own |= other);
            later[0][from / 64] |= 1 << (from % 64);
        }
    }
    let mut left_out = vec![0; count];
    let mut kept = Vec::with_capacity(edges.len());
    for (from, to) in edges {
        let dense = before[to].len() >= DENSE;
        if dense && before[to].iter().any(|&other| other > from && leads(&ancestors, from, other)) {
            left_out[to] += 1;
        } else {
            kept.push((from, to));
        }
    }
    (kept, left_out)
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
    fn modules_are_found_by_name() {
        let names = |network: &str| blocks(&graph(network)).into_iter().map(|block| block.name).collect::<Vec<_>>();
        assert_eq!(names("vgg16"), Vec::<String>::new());
        assert_eq!(names("resnet18").len(), 8);
        assert_eq!(names("resnet152").len(), 50);
        assert!(names("googlenet").contains(&"inception3a".into()));
        let dense = names("densenet201");
        assert!(dense.contains(&"features.denseblock1".into()));
        assert!(dense.contains(&"features.denseblock4.denselayer31".into()));
    }

    #[test]
    fn every_layer_has_its_box_and_edges_lead_forward() {
        for card in zoo::ZOO {
            let graph = (card.build)(card.size()).unwrap();
            let blocks = blocks(&graph);
            let all: BTreeSet<String> = blocks.iter().map(|block| block.name.clone()).collect();
            for open in [BTreeSet::new(), all] {
                let folded = fold(&graph, &blocks, &open);
                let total: usize = folded.boxes.iter().map(|boxed| boxed.count).sum();
                assert_eq!(total, graph.nodes().len(), "{}", card.name);
                assert!(folded.edges.iter().all(|(from, to)| from < to), "{}", card.name);
                // Nothing but the picture begins, unless folding made a block of it.
                for (index, boxed) in folded.boxes.iter().enumerate().skip(1) {
                    assert!(folded.edges.iter().any(|edge| edge.1 == index), "{} {boxed:?}", card.name);
                }
            }
        }
    }

    #[test]
    fn folding_a_deep_network_leaves_few_boxes() {
        let boxes = |name: &str, open: &[&str]| {
            let graph = graph(name);
            let open = open.iter().map(|&name| name.to_owned()).collect();
            fold(&graph, &blocks(&graph), &open).boxes.len()
        };
        let folded = boxes("densenet201", &[]);
        assert!(folded < 40, "{folded}");
        assert!(boxes("densenet201", &["features.denseblock1"]) > folded + 5);
        assert!(boxes("resnet152", &[]) < 70);
    }

    #[test]
    fn edges_of_dense_blocks_are_counted_and_branches_stay() {
        let count = |name: &str| {
            let graph = graph(name);
            let blocks = blocks(&graph);
            let open = blocks.iter().map(|block| block.name.clone()).collect();
            let folded = fold(&graph, &blocks, &open);
            (folded.edges.len(), folded.boxes.len(), folded.left_out.iter().sum::<usize>())
        };
        let (edges, boxes, left_out) = count("densenet201");
        assert!(edges < 2 * boxes && left_out > 1000, "{edges} {boxes} {left_out}");
        assert_eq!(count("googlenet").2, 0);
        assert_eq!(count("resnet50").2, 0);
    }
}
