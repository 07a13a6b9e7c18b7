//! A pass of training: batch normalisation by the statistics of the batch, dropout that drops, and gradients at weights.

use super::{
    graph::NodeId,
    layers::{Outputs, WeightedGraph},
    ops::{Op, Over, batch_statistics},
    walk::Reverse,
};
use crate::Result;
use candle_core::{DType, Tensor};
use rayon::prelude::*;
use std::sync::OnceLock;

/// How a pass of training differs from one that shows a network.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// For each layer whether its weights are learned. Batch normalisation that learns uses the statistics of the batch, and
    /// its running ones elsewhere.
    pub learns: Vec<bool>,
    /// Picks the values that dropout drops; `None` drops none.
    pub dropout: Option<u64>,
}

/// Means and variances that a batch normalisation found in a batch, by channel.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Means.
    pub mean: Vec<f64>,
    /// Mean squared deviations.
    pub variance: Vec<f64>,
    /// Values of a channel.
    pub count: usize,
}

/// A pass of training under way.
pub(super) struct Lesson {
    how: Training,
    statistics: Vec<OnceLock<Statistics>>,
}

impl Lesson {
    pub fn new(how: Training) -> Self {
        let statistics = how.learns.iter().map(|_| OnceLock::new()).collect();
        Lesson { how, statistics }
    }

    pub fn learns(&self, layer: NodeId) -> bool {
        self.how.learns[layer]
    }

    /// For each layer whether it learns.
    pub fn all(&self) -> &[bool] {
        &self.how.learns
    }

    /// The means and variances that a batch normalisation found; `None` for other layers and those that do not learn.
    pub fn statistics(&self, layer: NodeId) -> Option<&Statistics> {
        self.statistics[layer].get()
    }

    pub fn keep(&self, layer: NodeId, statistics: Statistics) {
        let _ = self.statistics[layer].set(statistics);
    }

    /// The output of a layer for `inputs`, batch first, by `run` where training changes nothing.
    pub fn run(
        &self,
        layers: &WeightedGraph,
        layer: NodeId,
        inputs: &[&Tensor],
        run: impl FnOnce() -> Result<Tensor>,
    ) -> Result<Tensor> {
        match layers.graph().node(layer).op {
            Op::Dropout { p } => self.drop(layer, p, inputs[0]),
            Op::BatchNorm { eps } if self.learns(layer) => {
                let [mean, variance] = batch_statistics(inputs[0])?.map(|values| values.to_dtype(DType::F64));
                let (mean, variance) = (mean?.to_vec1()?, variance?.to_vec1()?);
                let count = inputs[0].elem_count() / inputs[0].dim(1)?;
                self.keep(layer, Statistics { mean, variance, count });
                Over::Batch.forward(inputs[0], layers.weights(layer), eps)
            }
            _ => run(),
        }
    }

    /// One layer backwards, from the gradient at its output to that at its input number `index`.
    pub fn step(
        &self,
        layers: &WeightedGraph,
        outputs: &dyn Outputs,
        layer: NodeId,
        index: usize,
        grad: &Tensor,
    ) -> Result<Tensor> {
        match layers.graph().node(layer).op {
            Op::Dropout { p } => self.drop(layer, p, grad),
            Op::BatchNorm { eps } if self.learns(layer) => {
                layers.around(outputs, layer, index, grad, |step| Over::Batch.reverse(step, eps))
            }
            _ => layers.step(outputs, layer, index, grad, &Reverse::default()),
        }
    }

    /// The gradients at a layer's learned weights.
    pub fn weight_gradients(
        &self,
        layers: &WeightedGraph,
        outputs: &dyn Outputs,
        layer: NodeId,
        grad: &Tensor,
    ) -> Result<Vec<Tensor>> {
        let op = &layers.graph().node(layer).op;
        layers.around(outputs, layer, 0, grad, |step| op.weight_gradients(step))
    }

    /// Values, or gradients, of which a share `p` is dropped and the others are divided by 1 - p (Srivastava, Hinton,
    /// Krizhevsky, Sutskever and Salakhutdinov 2014). The same ones in every call of a pass.
    fn drop(&self, layer: NodeId, p: f64, values: &Tensor) -> Result<Tensor> {
        let Some(seed) = self.how.dropout.filter(|_| p > 0.0) else { return Ok(values.clone()) };
        let start = mixed(seed ^ mixed(layer as u64));
        let kept = if p < 1.0 { (1.0 / (1.0 - p)) as f32 } else { 0.0 };
        let limit = (p * 2f64.powi(32)) as u64;
        let factor = |place: usize| if mixed(start.wrapping_add(place as u64)) >> 32 < limit { 0.0 } else { kept };
        let factors: Vec<f32> = (0..values.elem_count()).into_par_iter().with_min_len(4096).map(factor).collect();
        let factors = Tensor::from_vec(factors, values.shape(), values.device())?.to_dtype(values.dtype())?;
        Ok((values * factors)?)
    }
}

/// SplitMix64's output for a counter.
fn mixed(counter: u64) -> u64 {
    let mut z = counter.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
