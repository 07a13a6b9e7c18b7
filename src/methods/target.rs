//! The target of an explanation: a class, a unit, a layer, or one class against another.

use super::deconvnet::Keep;
use crate::{
    Error, Result,
    kernels::to_vec,
    net::{NodeId, Trace},
};
use candle_core::Tensor;

/// The target of an attribution: one number of the network, a weighted sum of one layer's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The score S_c of a class, before softmax.
    Class(usize),
    /// S_c - S_d: the first class against the second.
    Difference(usize, usize),
    /// A unit of a layer: its strongest activation on this picture, the mean over its map, or one position.
    Unit {
        /// The layer.
        layer: NodeId,
        /// The unit.
        unit: usize,
        /// [`Keep::Map`] stands for the mean.
        keep: Keep,
    },
    /// The mean of all activations of a layer.
    Layer(NodeId),
}

impl Target {
    /// The layer whose values it is made of.
    pub fn node(self, trace: &Trace) -> NodeId {
        match self {
            Target::Class(_) | Target::Difference(..) => trace.network().graph().scores(),
            Target::Unit { layer, .. } | Target::Layer(layer) => layer,
        }
    }

    /// Looks the target up in a trace.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no such class, unit, layer or position.
    pub fn aim(self, trace: &Trace) -> Result<Aim> {
        let graph = trace.network().graph();
        let node = self.node(trace);
        if node >= graph.nodes().len() {
            return Err(Error::Usage(format!("the network has layers 0 to {}, not {node}", graph.nodes().len() - 1)));
        }
        let [units, height, width] = graph.node(node).extent();
        let plane = height * width;
        let named = |what: &str, index: usize| match index < units {
            true => Ok(index),
            false => Err(Error::Usage(format!("there are {what} 0 to {}, not {index}", units - 1))),
        };
        let mut seed = vec![0f32; units * plane];
        match self {
            Target::Class(class) => seed[named("classes", class)?] = 1.0,
            Target::Difference(this, that) => {
                let (this, that) = (named("classes", this)?, named("classes", that)?);
                if this == that {
                    return Err(Error::Usage(format!("class {this} does not differ from itself")));
                }
                (seed[this], seed[that]) = (1.0, -1.0);
            }
            Target::Unit { unit, keep, .. } => {
                let start = named(&format!("units of {}", graph.node(node).name), unit)? * plane;
                match keep {
                    Keep::Map => seed[start..start + plane].fill(1.0 / plane as f32),
                    Keep::Strongest => {
                        let map = to_vec(&trace.maps(node)?.get(unit)?)?;
                        let best = (0..plane).fold(0, |best, at| if map[at] > map[best] { at } else { best });
                        seed[start + best] = 1.0;
                    }
                    Keep::At(row, column) => {
                        // Refuses a wrong position, with a reason.
                        trace.seed(node, [unit, row, column], 1.0)?;
                        seed[start + row * width + column] = 1.0;
                    }
                }
            }
            Target::Layer(_) => seed.fill(1.0 / (units * plane) as f32),
        }
        let output = trace.output(node);
        let mut shape = output.dims().to_vec();
        shape[0] = 1;
        let seed = Tensor::from_vec(seed, shape, trace.network().device())?.to_dtype(output.dtype())?;
        Ok(Aim { node, seed })
    }
}

/// A target in a trace: the value is the sum of `seed` times the output of `node`.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The layer.
    pub node: NodeId,
    /// The weights, `(1, ...)` in the shape of the layer's output: the derivative of the value.
    pub seed: Tensor,
}

impl Aim {
    /// The target's value for every picture of a batch, from the outputs of `node`.
    ///
    /// # Errors
    /// When the shape is another layer's.
    pub fn values(&self, outputs: &Tensor) -> Result<Vec<f32>> {
        Ok(to_vec(&outputs.broadcast_mul(&self.seed)?.flatten_from(1)?.sum(1)?)?)
    }

    /// The seed of a reverse walk for a batch.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn seeds(&self, batch: usize) -> Result<Tensor> {
        let mut shape = self.seed.dims().to_vec();
        shape[0] = batch;
        Ok(self.seed.broadcast_as(shape)?.contiguous()?)
    }
}
