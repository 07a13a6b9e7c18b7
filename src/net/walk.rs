//! The order of a reverse walk: one pass from a layer back to an earlier one or to the picture. Saliency, guided
//! backpropagation, deconvnet, Grad-CAM and synthesis are all this walk with another seed, rule or goal.

use super::{
    graph::{Graph, NodeId},
    ops::Rule,
};
use crate::{Error, Result, watch::Watch};
use candle_core::Tensor;

/// The options of a reverse walk.
#[derive(Clone, Default)]
pub struct Reverse {
    /// The rule at rectifiers.
    pub rule: Rule,
    /// Pass LRN layers by, as some deconvnets do, instead of multiplying by their derivative.
    pub skip_lrn: bool,
    /// Progress and cancelling.
    pub watch: Watch,
}

impl From<Rule> for Reverse {
    fn from(rule: Rule) -> Self {
        Reverse { rule, ..Reverse::default() }
    }
}

/// From a layer, where the gradient is `seed` (batch first), back to another.
pub(super) struct Walk<'a> {
    pub graph: &'a Graph,
    pub from: NodeId,
    pub seed: &'a Tensor,
    pub to: NodeId,
    /// Gradients at the outputs of layers before `from`.
    pub others: &'a [(NodeId, Tensor)],
    /// For every layer up to `from` whether it depends on `to`, which does itself: only these are walked.
    pub leads_to: Vec<bool>,
}

impl<'a> Walk<'a> {
    /// # Errors
    /// [`Error::Usage`] when the seed's shape is not that of `from`'s output, or `to` comes after `from`.
    pub fn new(graph: &'a Graph, from: NodeId, seed: &'a Tensor, to: NodeId) -> Result<Self> {
        let wanted = [&seed.dims()[..1], &graph.node(from).shape].concat();
        if seed.dims() != wanted {
            let found = seed.dims();
            return Err(Error::Usage(format!("the seed has shape {found:?}, the layer {wanted:?}")));
        }
        if to > from {
            let (to, from) = (&graph.node(to).name, &graph.node(from).name);
            return Err(Error::Usage(format!("layer {to} comes after layer {from}: there is no way back")));
        }
        let mut leads_to = vec![false; from + 1];
        leads_to[to] = true;
        for id in to + 1..=from {
            leads_to[id] = graph.node(id).inputs.iter().any(|&input| leads_to[input]);
        }
        Ok(Walk { graph, from, seed, to, others: &[], leads_to })
    }

    /// From the outputs of several layers, where the gradients are `seeds`, back to all layers whose weights learn.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no seed, or a seed's shape is not that of its layer's output.
    pub fn training(graph: &'a Graph, seeds: &'a [(NodeId, Tensor)], learns: &[bool]) -> Result<Self> {
        let fits = |(id, seed): &(NodeId, Tensor)| seed.dims()[1..] == graph.node(*id).shape;
        let ordered = seeds.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let Some(((from, seed), others)) = seeds.split_last().filter(|_| ordered && seeds.iter().all(fits)) else {
            return Err(Error::Usage("the seeds are gradients of layers in order, of their outputs' shapes".into()));
        };
        let mut leads_to = vec![false; from + 1];
        for id in 1..=*from {
            let node = graph.node(id);
            let own = learns[id] && !graph.node_parameters(node).is_empty();
            leads_to[id] = own || node.inputs.iter().any(|&input| leads_to[input]);
        }
        Ok(Walk { graph, from: *from, seed, to: 0, others, leads_to })
    }

    /// Walks with `step(layer, index, value)`, which carries what arrived at the output of a layer to its input number
    /// `index`. Contributions of several layers to one output are added up, and `visit(layer, gradient)` sees each sum.
    /// `None` where `from` does not depend on `to`.
    pub fn run(
        &self,
        watch: &Watch,
        mut visit: impl FnMut(NodeId, &Tensor) -> Result<()>,
        mut step: impl FnMut(NodeId, usize, &Tensor) -> Result<Tensor>,
    ) -> Result<Option<Tensor>> {
        let mut grads: Vec<Option<Tensor>> = vec![None; self.from + 1];
        grads[self.from] = Some(self.seed.contiguous()?);
        for (id, seed) in self.others {
            grads[*id] = Some(seed.contiguous()?);
        }
        for id in (self.to + 1..=self.from).rev() {
            watch.at(self.from - id, self.from - self.to)?;
            if !self.leads_to[id] {
                continue;
            }
            let Some(grad) = grads[id].take() else { continue };
            visit(id, &grad)?;
            for (index, &input) in self.graph.node(id).inputs.iter().enumerate() {
                if self.leads_to[input] {
                    let part = step(id, index, &grad)?;
                    grads[input] = Some(match grads[input].take() {
                        Some(sum) => (sum + part)?,
                        None => part,
                    });
                }
            }
        }
        watch.at(1, 1)?;
        Ok(grads[self.to].take())
    }
}
