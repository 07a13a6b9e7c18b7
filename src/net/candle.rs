//! The back end of candle's operators: any float type on any device, and the reference for the other.

use super::{
    graph::NodeId,
    layers::{Outputs, WeightedGraph},
    training::Lesson,
    walk::Walk,
};
use crate::{Error, Result, watch::Watch};
use candle_core::Tensor;
use std::sync::{Arc, OnceLock};

/// The outputs of one forward pass.
pub(super) struct CandlePass {
    layers: Arc<WeightedGraph>,
    outputs: Vec<Tensor>,
    /// Switches of max pools, computed at the first request.
    switches: Vec<OnceLock<Tensor>>,
    /// In training.
    lesson: Option<Lesson>,
}

impl CandlePass {
    /// Runs pictures, whose shape was checked, through all layers up to `to`.
    pub fn run(
        layers: &Arc<WeightedGraph>,
        pictures: &Tensor,
        to: NodeId,
        lesson: Option<Lesson>,
        watch: &Watch,
    ) -> Result<Self> {
        let nodes = layers.graph().nodes();
        let mut outputs: Vec<Tensor> = Vec::with_capacity(nodes.len());
        outputs.push(pictures.to_device(layers.device())?.contiguous()?);
        for (id, node) in nodes.iter().enumerate().take(to + 1).skip(1) {
            watch.at(id, to + 1)?;
            let inputs: Vec<&Tensor> = node.inputs.iter().map(|&input| &outputs[input]).collect();
            outputs.push(match &lesson {
                Some(lesson) => lesson.run(layers, id, &inputs, || layers.run(id, &inputs))?,
                None => layers.run(id, &inputs)?,
            });
        }
        watch.at(1, 1)?;
        let switches = nodes.iter().map(|_| OnceLock::new()).collect();
        Ok(CandlePass { layers: Arc::clone(layers), outputs, switches, lesson })
    }

    pub fn lesson(&self) -> Option<&Lesson> {
        self.lesson.as_ref()
    }

    /// The gradients at all weights that learn, by layer.
    pub fn gradients(&self, walk: &Walk, watch: &Watch) -> Result<Vec<Vec<Tensor>>> {
        let mut all = vec![Vec::new(); self.layers.graph().nodes().len()];
        let Some(lesson) = &self.lesson else { return Ok(all) };
        let visit = |id: NodeId, grad: &Tensor| {
            if lesson.learns(id) {
                all[id] = lesson.weight_gradients(&self.layers, self, id, grad)?;
            }
            Ok(())
        };
        walk.run(watch, visit, |id, index, grad| lesson.step(&self.layers, self, id, index, grad))?;
        Ok(all)
    }
}

impl Outputs for CandlePass {
    fn output(&self, layer: NodeId) -> &Tensor {
        &self.outputs[layer]
    }

    fn switches(&self, layer: NodeId) -> Result<Tensor> {
        if let Some(found) = self.switches[layer].get() {
            return Ok(found.clone());
        }
        let node = self.layers.graph().node(layer);
        let found = self.layers.switches(layer, &self.outputs[node.inputs[0]])?;
        let found = found.ok_or_else(|| Error::Failed(format!("layer {} has no switches", node.name)))?;
        Ok(self.switches[layer].get_or_init(|| found).clone())
    }
}
