//! The question that a method answers, and the passes through the network that it may take.

use super::{
    settings::Settings,
    target::{Aim, Target},
};
use crate::{
    Error, Result,
    net::{Graph, NodeId, Reverse, Rule, Trace},
    watch::Watch,
};
use candle_core::Tensor;

static DEFAULTS: Settings = Settings::new();

/// A question to a method: which pixels, or which places of a layer, matter for a target on the trace's picture?
pub struct Question<'a> {
    /// One forward pass.
    pub trace: &'a Trace,
    /// The target to explain.
    pub target: Target,
    /// The layers to read, for methods that read layers; empty for the last with a spatial extent.
    pub layers: &'a [NodeId],
    /// The user's values of the method's parameters.
    pub settings: &'a Settings,
    /// Progress and cancelling.
    pub watch: &'a Watch,
}

impl<'a> Question<'a> {
    /// A question with everything at its default.
    pub fn new(trace: &'a Trace, target: Target, watch: &'a Watch) -> Self {
        Question { trace, target, layers: &[], settings: &DEFAULTS, watch }
    }

    /// The same question about another trace of the same graph.
    pub fn of<'b>(&'b self, trace: &'b Trace, watch: &'b Watch) -> Question<'b> {
        Question { trace, watch, target: self.target, layers: self.layers, settings: self.settings }
    }

    /// The target, looked up.
    ///
    /// # Errors
    /// Those of [`Target::aim`].
    pub fn aim(&self) -> Result<Aim> {
        self.target.aim(self.trace)
    }

    /// The layers to read: those asked for, or the last before the target that has a spatial extent.
    ///
    /// # Errors
    /// [`Error::Usage`] when one has no extent, or the target does not depend on it.
    pub fn maps(&self) -> Result<Vec<NodeId>> {
        let graph = self.trace.network().graph();
        let target = self.target.node(self.trace);
        if self.layers.is_empty() {
            let last = graph.last_maps();
            if last <= target && reaches(graph, last, target) {
                return Ok(vec![last]);
            }
            return match cam_layers(graph, target).last() {
                Some(&layer) => Ok(vec![layer]),
                None => Err(no_maps(graph, target, target)),
            };
        }
        for &layer in self.layers {
            let [_, height, width] = graph.node(layer).extent();
            if height * width < 2 || layer > target || !reaches(graph, layer, target) {
                return Err(no_maps(graph, layer, target));
            }
        }
        Ok(self.layers.to_vec())
    }

    /// The derivative of the target with respect to the output of `to`, in that output's shape, under a rule: one
    /// reverse walk.
    ///
    /// # Errors
    /// When cancelled, or the target does not exist.
    pub fn walk(&self, to: NodeId, rule: Rule) -> Result<Tensor> {
        let aim = self.aim()?;
        let how = Reverse { rule, watch: self.watch.clone(), ..Reverse::default() };
        self.trace.reverse(aim.node, &aim.seeds(self.trace.output(aim.node).dim(0)?)?, to, &how)
    }

    /// The target's value for each of `count` other outputs of `layer` (0 is the picture), which `make(from, to)`
    /// makes in batches that fit into memory: one partial forward pass a batch, with progress and cancelling.
    ///
    /// # Errors
    /// When cancelled, or those of `make`.
    pub fn values_of(
        &self,
        layer: NodeId,
        count: usize,
        watch: &Watch,
        mut make: impl FnMut(usize, usize) -> Result<Tensor>,
    ) -> Result<Vec<f32>> {
        let aim = self.aim()?;
        let outputs = self.outputs_of(&aim, layer, count, watch, &mut make)?;
        outputs.iter().map(|output| aim.values(output)).collect::<Result<Vec<_>>>().map(|values| values.concat())
    }

    /// As [`Question::values_of`], but the outputs of the target's layer, a tensor a batch.
    pub(super) fn outputs_of(
        &self,
        aim: &Aim,
        layer: NodeId,
        count: usize,
        watch: &Watch,
        make: &mut dyn FnMut(usize, usize) -> Result<Tensor>,
    ) -> Result<Vec<Tensor>> {
        let network = self.trace.network();
        // While a layer is computed it, its inputs and candle's unfolded patches are alive: about a dozen times the
        // largest layer.
        let largest = (layer..=aim.node).map(|id| self.trace.output(id).dims()[1..].iter().product::<usize>()).max();
        let batch = batch_size(largest.unwrap_or(1) * 4 * 12);
        let starts: Vec<usize> = (0..count).step_by(batch).collect();
        let mut outputs = Vec::with_capacity(starts.len());
        for (index, &start) in starts.iter().enumerate() {
            let made = make(start, (start + batch).min(count))?;
            let part = watch.part(index, starts.len());
            outputs.push(network.forward_from(self.trace, &[(layer, made)], aim.node, &part)?);
        }
        Ok(outputs)
    }
}

/// The number of pictures to run at once, for so many bytes a picture: enough to keep all cores busy, but no more than
/// half a gigabyte.
pub(super) fn batch_size(bytes: usize) -> usize {
    ((512 << 20) / bytes.max(1)).clamp(1, 32)
}

/// Whether the output of `to` depends on that of `from`.
pub(super) fn reaches(graph: &Graph, from: NodeId, to: NodeId) -> bool {
    let mut depends = vec![false; to.max(from) + 1];
    depends[from] = true;
    for id in from + 1..=to {
        depends[id] = graph.node(id).inputs.iter().any(|&input| depends[input]);
    }
    depends[to]
}

/// The layers at which class activation maps of a target at node `target` can be read: maps of more than one value
/// on which the target depends.
pub fn cam_layers(graph: &Graph, target: NodeId) -> Vec<NodeId> {
    let mut needed = vec![false; target + 1];
    needed[target] = true;
    for id in (1..=target).rev() {
        if needed[id] {
            graph.node(id).inputs.iter().for_each(|&input| needed[input] = true);
        }
    }
    let spatial = |id: &NodeId| graph.node(*id).extent()[1] * graph.node(*id).extent()[2] > 1;
    (1..=target).filter(|&id| needed[id]).filter(spatial).collect()
}

/// A layer without a spatial extent, or on which the target does not depend.
fn no_maps(graph: &Graph, layer: NodeId, target: NodeId) -> Error {
    let name = &graph.node(layer).name;
    let last = cam_layers(graph, target).last().map(|&id| graph.node(id).name.clone());
    let offer = last.map_or_else(String::new, |last| format!("; layer {last} would do"));
    let [_, height, width] = graph.node(layer).extent();
    let why = match height * width {
        0 | 1 => "has a single value a unit, no maps".to_owned(),
        _ => format!("does not lead to {}", graph.node(target).name),
    };
    Error::Usage(format!("layer {name} {why}: there is no heatmap of it{offer}"))
}
