//! Made-up weights for tests that run every network.
#![allow(clippy::unwrap_used)]

use candle_core::Tensor;
use striate::{
    net::{Graph, Op, Tensors},
    weights,
};

/// Residual sums up to which [`weights::synthetic`]'s weights stay finite: each doubles the variance.
const MOST_SUMS: usize = 127;

/// Synthetic weights; those of convolutions are halved in networks so deep that float32 does not hold their sums.
pub fn finite(graph: &Graph) -> Tensors {
    let sums = graph.nodes().iter().filter(|node| matches!(node.op, Op::Add)).count();
    let half = |(name, tensor): (String, Tensor)| match tensor.rank() {
        4 if sums > MOST_SUMS => (name, (tensor / 2.0).unwrap()),
        _ => (name, tensor),
    };
    weights::synthetic(graph, 0).unwrap().into_iter().map(half).collect()
}
