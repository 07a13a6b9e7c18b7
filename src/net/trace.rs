//! Everything one forward pass computed.

use super::{graph::NodeId, network::Network};
use crate::{Error, Result, kernels};
use candle_core::Tensor;
use std::sync::Arc;

/// All activations and pool switches of one forward pass.
pub struct Trace {
    pub(super) network: Arc<Network>,
    pub(super) outputs: Vec<Tensor>,
    /// For every max pool, where each window found its maximum: `row * width + column` in the input plane, u32.
    pub(super) switches: Vec<Option<Tensor>>,
}

impl Trace {
    /// The network that ran.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The output of a node for the whole batch: `(batch, units, height, width)` or `(batch, units)`.
    pub fn output(&self, node: NodeId) -> &Tensor {
        &self.outputs[node]
    }

    /// Where each window of a max pool found its maximum: `row * width + column` in the input plane, u32, in the shape
    /// of the output; `None` for other nodes.
    pub fn switches(&self, node: NodeId) -> Option<&Tensor> {
        self.switches[node].as_ref()
    }

    /// The feature maps of a node for the first picture, `(units, height, width)`; features are maps of one value.
    pub fn maps(&self, node: NodeId) -> Result<Tensor> {
        let [units, height, width] = self.network.graph().node(node).extent();
        Ok(self.outputs[node].get(0)?.reshape((units, height, width))?)
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
        let mut seed = vec![0f32; self.outputs[node].elem_count()];
        seed[(unit * height + row) * width + column] = value;
        let seed = Tensor::from_vec(seed, self.outputs[node].shape(), self.network.device())?;
        Ok(seed.to_dtype(self.outputs[node].dtype())?)
    }
}
