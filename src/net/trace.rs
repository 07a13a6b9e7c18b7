//! Everything one forward pass computed.

use super::{
    backend::Pass,
    graph::NodeId,
    network::Network,
    ops::Op,
    walk::{Reverse, Walk},
};
use crate::{
    Error, Result,
    kernels::{self, Peak},
    memory,
    watch::Watch,
};
use candle_core::Tensor;
use std::sync::Arc;

/// All activations and pool switches of one forward pass.
pub struct Trace {
    network: Arc<Network>,
    pass: Pass,
}

impl Trace {
    pub(super) fn new(network: Arc<Network>, pass: Pass) -> Self {
        Trace { network, pass }
    }

    /// The network that ran.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The output of a node for the whole batch: `(batch, units, height, width)` or `(batch, units)`.
    ///
    /// The fast back end keeps maps in blocks, and drops those between a convolution and the rectifier behind it. The first
    /// request converts them or computes them again, which takes as long as the layer itself.
    ///
    /// # Panics
    /// When the node is not of the network.
    pub fn output(&self, node: NodeId) -> &Tensor {
        self.pass.outputs().output(node)
    }

    /// The largest value of every unit's map and its position, picture by picture, unit by unit. It is read from the maps as
    /// the back end keeps them, which takes a fraction of the time of [`Trace::output`].
    ///
    /// # Errors
    /// When the output is not float32.
    ///
    /// # Panics
    /// When the node is not of the network.
    pub fn peaks(&self, node: NodeId) -> Result<Vec<Peak>> {
        let [_, height, width] = self.network.graph().node(node).extent();
        self.pass.outputs().peaks(node, height * width)
    }

    /// Pictures in the batch.
    pub fn batch(&self) -> usize {
        self.output(0).dims()[0]
    }

    /// The dimensions of a node's output, batch first.
    pub fn dims(&self, node: NodeId) -> Vec<usize> {
        [&[self.batch()], self.network.graph().node(node).shape.as_slice()].concat()
    }

    /// The switches of a max pool: the position of each window's maximum, `row * width + column` in the input plane, u32,
    /// in the shape
    /// of the output; `None` for other nodes.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn switches(&self, node: NodeId) -> Result<Option<Tensor>> {
        match self.network.graph().node(node).op {
            Op::MaxPool(_) => Ok(Some(self.pass.outputs().switches(node)?)),
            _ => Ok(None),
        }
    }

    /// Walks from the output of `from`, where the gradient is `seed`, to the output of `to`.
    ///
    /// The result has the shape of `to`'s output; it is zero where `from` does not depend on `to`.
    ///
    /// # Errors
    /// When the seed's shape is not that of `from`'s output, when `to` comes after `from`, or when cancelled.
    pub fn reverse(&self, from: NodeId, seed: &Tensor, to: NodeId, how: &Reverse) -> Result<Tensor> {
        let batch = seed.dims().first().copied().unwrap_or(1);
        memory::check("a reverse walk through this network", self.network.graph().reverse_bytes(batch))?;
        self.network.count_reverse();
        let found = self.pass.reverse(self.network.layers(), &self.way(from, seed, to)?, how)?;
        found.map_or_else(|| Ok(self.output(to).zeros_like()?), Ok)
    }

    /// The walk of [`Trace::reverse`] with the caller's own step: `step(node, index, value)` carries what arrived at
    /// the output of `node` to its input number `index`; contributions of several nodes to one output are added up.
    /// Relevance is propagated this way.
    ///
    /// # Errors
    /// As [`Trace::reverse`], and those of `step`.
    pub fn walk(
        &self,
        from: NodeId,
        seed: &Tensor,
        to: NodeId,
        watch: &Watch,
        step: impl FnMut(NodeId, usize, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let found = self.way(from, seed, to)?.run(watch, |_, _| Ok(()), step)?;
        found.map_or_else(|| Ok(self.output(to).zeros_like()?), Ok)
    }

    fn way<'a>(&'a self, from: NodeId, seed: &'a Tensor, to: NodeId) -> Result<Walk<'a>> {
        Walk::new(self.network.graph(), from, seed, to)
    }

    /// One operator backwards, from its output to its input number `index`: the product of `grad` with its derivative,
    /// at rectifiers under the rule.
    ///
    /// # Errors
    /// When `grad` has not the shape of the node's output.
    pub fn step(&self, id: NodeId, index: usize, grad: &Tensor, how: &Reverse) -> Result<Tensor> {
        self.network.layers().step(self.pass.outputs(), id, index, grad, how)
    }

    /// The feature maps of a node for the first picture, `(units, height, width)`; features are maps of one value.
    pub fn maps(&self, node: NodeId) -> Result<Tensor> {
        let [units, height, width] = self.network.graph().node(node).extent();
        Ok(self.output(node).get(0)?.reshape((units, height, width))?)
    }

    /// The values of [`Trace::maps`] in row-major order.
    pub fn values(&self, node: NodeId) -> Result<Vec<f32>> {
        Ok(kernels::to_vec(&self.maps(node)?)?)
    }

    /// The class scores S_c of the first picture, before softmax.
    pub fn scores(&self) -> Result<Vec<f32>> {
        self.values(self.network.graph().scores())
    }

    /// The class probabilities of the first picture.
    pub fn probabilities(&self) -> Result<Vec<f32>> {
        let scores = self.maps(self.network.graph().scores())?.flatten_all()?;
        Ok(kernels::to_vec(&candle_nn::ops::softmax(&scores, 0)?)?)
    }

    /// A tensor like the node's output: zero but for `value` at `(unit, row, column)` of the first picture.
    ///
    /// # Errors
    /// [`Error::Usage`] when the position is outside the layer.
    pub fn seed(&self, node: NodeId, [unit, row, column]: [usize; 3], value: f32) -> Result<Tensor> {
        let [units, height, width] = self.network.graph().node(node).extent();
        let name = &self.network.graph().node(node).name;
        if unit >= units {
            return Err(Error::Usage(format!("layer {name} has units 0 to {}, not {unit}", units - 1)));
        }
        if row >= height || column >= width {
            return Err(Error::Usage(format!("layer {name} has maps of {height}x{width}, without ({row}, {column})")));
        }
        let dims = self.dims(node);
        let mut seed = vec![0f32; dims.iter().product()];
        seed[(unit * height + row) * width + column] = value;
        let seed = Tensor::from_vec(seed, dims, self.network.device())?;
        Ok(seed.to_dtype(self.output(0).dtype())?)
    }
}
