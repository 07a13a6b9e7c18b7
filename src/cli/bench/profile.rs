//! Time by kind of layer.

use super::{super::table::Table, clock::Stopwatch, subject::BenchSubject};
use crate::{
    Result,
    net::{Graph, NodeId, Op},
    watch::Watch,
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Milliseconds by kind of layer.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Profile(BTreeMap<String, f64>);

/// Forward and reverse: for every layer the least of `runs`.
pub(super) fn of(subject: &BenchSubject, runs: usize) -> Result<[Profile; 2]> {
    let graph = subject.network.graph();
    let (nodes, scores) = (graph.nodes().len(), graph.scores());
    let mut least = [vec![f64::MAX; nodes], vec![f64::MAX; nodes]];
    for _ in 0..runs {
        let seen: [Arc<Mutex<Vec<f64>>>; 2] = Default::default();
        let watches = seen.each_ref().map(|seen| {
            let (seen, stopwatch) = (Arc::clone(seen), Stopwatch::new(subject.cpu));
            Watch::reporting(move |_| {
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(stopwatch.milliseconds());
            })
        });
        subject.gradient(&watches[0], &watches[1])?;
        for (direction, seen) in seen.iter().enumerate() {
            // A pass reports before every layer, and once at its end.
            for (step, pair) in seen.lock().unwrap_or_else(PoisonError::into_inner).windows(2).enumerate() {
                let node = if direction == 0 { step + 1 } else { scores - step };
                least[direction][node] = least[direction][node].min(pair[1] - pair[0]);
            }
        }
    }
    Ok(least.map(|least| {
        let mut kinds = BTreeMap::new();
        for (node, ms) in least.iter().enumerate().filter(|(_, ms)| **ms < f64::MAX) {
            *kinds.entry(kind(graph, node)).or_insert(0.0) += ms;
        }
        Profile(kinds)
    }))
}

impl Profile {
    pub fn text(&self) -> String {
        let sum: f64 = self.0.values().sum();
        let mut kinds: Vec<_> = self.0.iter().filter(|(_, ms)| **ms > 0.005 * sum).collect();
        kinds.sort_by(|a, b| b.1.total_cmp(a.1));
        let mut table = Table::new(&["layers", ">ms", ">share"]);
        for (kind, ms) in kinds {
            table.row([kind.clone(), format!("{ms:.2}"), format!("{:.0}%", 100.0 * ms / sum)]);
        }
        table.render()
    }
}

/// A node's kind. The fast engine runs a convolution with what follows it, at the last of the group.
fn kind(graph: &Graph, node: NodeId) -> String {
    let mut at = node;
    while matches!(graph.node(at).op, Op::Relu | Op::BatchNorm { .. } | Op::Add) {
        at = graph.node(at).inputs[0];
    }
    match &graph.node(at).op {
        Op::Conv(conv) => {
            let [channels, height, _] = graph.node(graph.node(at).inputs[0]).extent();
            let [rows, columns] = conv.kernel;
            let first = if channels <= 4 { " first" } else { "" };
            let small = if height <= 14 { " small" } else { "" };
            let groups = if conv.groups > 1 { " grouped" } else { "" };
            let [down, across] = conv.stride;
            let stride = if down == across { down.to_string() } else { format!("{down}x{across}") };
            format!("{rows}x{columns} stride {stride}{first}{groups}{small}")
        }
        _ => graph.node(node).op.kind().to_owned(),
    }
}
