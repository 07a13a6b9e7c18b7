//! Passes of training over a network, and the gradients at its weights.

use super::{
    backend::Pass,
    graph::NodeId,
    layers::is_finite,
    network::Network,
    training::{Lesson, Statistics, Training},
    walk::Walk,
};
use crate::{Error, Result, memory, watch::Watch};
use candle_core::Tensor;
use std::sync::Arc;

/// Everything one pass of training computed.
pub struct TrainingTrace {
    network: Arc<Network>,
    pass: Pass,
}

impl Network {
    /// Runs a batch `(batch, channels, height, width)` as training does.
    ///
    /// # Errors
    /// [`Error::Usage`] when the batch has not the graph's shape, or `how` not its layers; [`Error::Failed`] with the first
    /// layer whose output holds NaN or infinity; [`Error::Cancelled`] between two layers.
    pub fn forward_training(
        self: &Arc<Self>,
        pictures: &Tensor,
        how: Training,
        watch: &Watch,
    ) -> Result<TrainingTrace> {
        let (shape, layers) = (self.graph().input_shape(), self.graph().nodes().len());
        if pictures.dims().len() != 4 || pictures.dims()[1..] != shape || how.learns.len() != layers {
            let (found, flags) = (pictures.dims(), how.learns.len());
            let message = format!("{layers} layers take (batch, {shape:?}), not {found:?} with {flags} flags");
            return Err(Error::Usage(message));
        }
        memory::check("a pass of training", self.graph().training_bytes(pictures.dims()[0]))?;
        self.count_forward();
        let pass = self.runner().forward_training(pictures, layers - 1, Lesson::new(how), watch)?;
        let trace = TrainingTrace { network: Arc::clone(self), pass };
        match is_finite(trace.output(self.graph().scores()))? {
            true => Ok(trace),
            false => Err(trace.overflow()?),
        }
    }
}

impl TrainingTrace {
    /// The output of a layer for the whole batch.
    ///
    /// # Panics
    /// When the layer is not of the network.
    pub fn output(&self, layer: NodeId) -> &Tensor {
        self.pass.outputs().output(layer)
    }

    /// The means and variances that a batch normalisation found in the batch; `None` for layers that do not learn, and others.
    pub fn statistics(&self, layer: NodeId) -> Option<&Statistics> {
        self.pass.lesson().and_then(|lesson| lesson.statistics(layer))
    }

    /// The gradients at all weights that learn, by layer, in the order of [`super::Op::parameters`]; none for the others.
    /// `seeds` are the gradients at the outputs of some layers.
    ///
    /// # Errors
    /// When a seed's shape is not that of its layer's output, when a gradient is not finite, or when cancelled.
    pub fn gradients(&self, seeds: &[(NodeId, Tensor)], watch: &Watch) -> Result<Vec<Vec<Tensor>>> {
        let Some(lesson) = self.pass.lesson() else { return Ok(Vec::new()) };
        self.network.count_reverse();
        let walk = Walk::training(self.network.graph(), seeds, lesson.all())?;
        let all = self.pass.gradients(&walk, watch)?;
        for (layer, gradients) in all.iter().enumerate() {
            for gradient in gradients {
                if !is_finite(gradient)? {
                    let name = &self.network.graph().node(layer).name;
                    return Err(Error::Failed(format!(
                        "the gradient at the weights of layer {name} is NaN or infinite"
                    )));
                }
            }
        }
        Ok(all)
    }

    /// Names the first layer whose output is not finite.
    fn overflow(&self) -> Result<Error> {
        for (id, node) in self.network.graph().nodes().iter().enumerate() {
            if !is_finite(self.output(id))? {
                return Ok(Error::Failed(format!(
                    "the values of layer {} overflow: they hold NaN or infinity",
                    node.name
                )));
            }
        }
        Ok(Error::Failed("the scores overflow: they hold NaN or infinity".into()))
    }
}
