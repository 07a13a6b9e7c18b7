//! The memory that running a graph takes, estimated from its shapes before anything is allocated.

use super::{
    graph::{Graph, Node},
    ops::Op,
};

impl Graph {
    /// Bytes of all outputs of one pass over `batch` pictures, in float32.
    pub fn activation_bytes(&self, batch: usize) -> u64 {
        let values = self.nodes().iter().map(|node| bytes(&node.shape)).fold(0u64, u64::saturating_add);
        values.saturating_mul(batch as u64)
    }

    /// Bytes of all weights in float32.
    pub fn parameter_bytes(&self) -> u64 {
        let parameters = self.nodes().iter().flat_map(|node| self.node_parameters(node));
        parameters.map(|parameter| bytes(&parameter.shape)).fold(0, u64::saturating_add)
    }

    /// Bytes that a forward pass over `batch` pictures takes at most: every output, which the trace keeps, and the
    /// workspace of the largest layer. `unrolled` counts the windows that candle's convolutions write out (im2col).
    pub fn forward_bytes(&self, batch: usize, unrolled: bool) -> u64 {
        let windows = |op: &Op, shape: &[usize], channels: usize| match op {
            Op::Conv(conv) => {
                let area: u64 = shape[1..].iter().map(|&side| side as u64).product();
                4 * area * (channels * conv.kernel[0] * conv.kernel[1]) as u64
            }
            _ => 0,
        };
        let workspace = |node: &Node| match node.inputs.first() {
            Some(&input) if unrolled => windows(&node.op, &node.shape, self.node(input).extent()[0]),
            _ => bytes(&node.shape),
        };
        let largest = self.nodes().iter().map(workspace).max().unwrap_or(0);
        self.activation_bytes(batch).saturating_add(largest.saturating_mul(batch as u64))
    }

    /// Bytes that a pass of training over `batch` pictures takes at most, with its reverse walk: every output, and a gradient
    /// for each of the layers that wait for theirs.
    pub fn training_bytes(&self, batch: usize) -> u64 {
        let passes = self.forward_bytes(batch, false).saturating_add(self.reverse_bytes(batch));
        passes.saturating_add(self.parameter_bytes().saturating_mul(4))
    }

    /// Bytes that a reverse walk over `batch` pictures takes at most beside its trace: the gradients of neighbouring
    /// layers, copied once between layouts.
    pub fn reverse_bytes(&self, batch: usize) -> u64 {
        let largest = self.nodes().iter().map(|node| bytes(&node.shape)).max().unwrap_or(0);
        largest.saturating_mul(4 * batch as u64)
    }
}

/// Bytes of a float32 array of this shape.
fn bytes(shape: &[usize]) -> u64 {
    shape.iter().fold(4, |bytes, &side| bytes.saturating_mul(side as u64))
}
