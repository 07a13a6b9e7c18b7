//! Everything one forward pass computed.

use super::{fast::Blocks, forward::size_of, graph::NodeId, network::Network, op::Op};
use crate::{Error, Result, kernels};
use candle_core::Tensor;
use std::sync::{Arc, OnceLock};

/// All activations and pool switches of one forward pass.
pub struct Trace {
    pub(super) network: Arc<Network>,
    /// Outputs as plain tensors: all of them, or of a fast pass those that were asked for.
    pub(super) plain: Vec<OnceLock<Tensor>>,
    /// What a fast pass keeps.
    pub(super) blocks: Option<Blocks>,
    /// Of a plain pass, for every max pool where each window found its maximum: `row * width + column` in the input plane, u32.
    pub(super) switches: Vec<Option<Tensor>>,
}

impl Trace {
    /// The network that ran.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The output of a node for the whole batch: `(batch, units, height, width)` or `(batch, units)`.
    ///
    /// A fast pass keeps maps in blocks, and not those between a convolution and the rectifier behind it: the first
    /// time, they are converted or computed again here, which takes as long as the layer itself.
    ///
    /// # Panics
    /// When the node is not of the network.
    #[allow(clippy::panic)] // It ran before with the same sizes: only a defect here could make it fail.
    pub fn output(&self, node: NodeId) -> &Tensor {
        self.plain[node].get_or_init(|| match self.unblocked(node) {
            Ok(output) => output,
            Err(error) => panic!("layer {} ran before and cannot now: {error}", self.network.graph().node(node).name),
        })
    }

    /// Pictures in the batch.
    pub fn batch(&self) -> usize {
        self.plain[0].get().map_or(0, |pictures| pictures.dims()[0])
    }

    /// The dimensions of a node's output, batch first.
    pub fn dims(&self, node: NodeId) -> Vec<usize> {
        [&[self.batch()], self.network.graph().node(node).shape.as_slice()].concat()
    }

    /// Where each window of a max pool found its maximum: `row * width + column` in the input plane, u32, in the shape
    /// of the output; `None` for other nodes. A fast pass keeps them in blocks: they are found again here.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn switches(&self, node: NodeId) -> Result<Option<Tensor>> {
        let layer = self.network.graph().node(node);
        let Op::MaxPool(window) = &layer.op else { return Ok(None) };
        if let Some(kept) = &self.switches[node] {
            return Ok(Some(kept.clone()));
        }
        let input = self.output(layer.inputs[0]);
        let (rows, columns) = window.spans(size_of(input)?, &layer.shape, false);
        Ok(Some(kernels::max_pool(input, &rows, &columns)?.1))
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
