//! The additions of training to passes over blocked maps: batch normalisation by the statistics of the batch, and gradients at
//! weights.

use super::{
    convert::block,
    pass::FastPass,
    prepared::{Affine, geometry, padded},
};
use crate::{
    Result,
    kernels::{
        blocked::{self, Depthwise, Maps},
        to_vec,
    },
    net::{graph::NodeId, ops::Op, training::Statistics, walk::Reverse},
};
use candle_core::{Device, Tensor};

/// Factors of a weighted sum, and the gradients at a batch normalisation's weight and bias.
pub(super) struct NormReverse {
    /// Of the gradient, of the input, and the summand.
    pub factors: [Vec<f32>; 3],
    pub gradients: Vec<Tensor>,
}

impl FastPass {
    /// Scale and shift of a batch normalisation that learns, by the statistics of its input; `None` for one that does not.
    pub(super) fn batch_affine(&self, norm: NodeId) -> Result<Option<Affine>> {
        let Some(lesson) = self.lesson().filter(|lesson| lesson.learns(norm)) else { return Ok(None) };
        let fast = self.fast();
        let node = fast.graph().node(norm);
        if lesson.statistics(norm).is_none() {
            let [mean, variance] =
                self.with_maps(node.inputs[0], false, |maps| Ok(blocked::moments(fast.isa, maps)))?;
            let count = self.batch() * node.shape[1..].iter().product::<usize>();
            lesson.keep(norm, Statistics { mean, variance, count });
        }
        let Some(Statistics { mean, variance, .. }) = lesson.statistics(norm) else { return Ok(None) };
        let weights = fast.layers().weights(norm).all();
        let (gamma, beta) = (to_vec(&weights[0])?, to_vec(&weights[1])?);
        let eps = if let Op::BatchNorm { eps } = node.op { eps } else { 0.0 };
        let scale: Vec<f64> = (0..gamma.len()).map(|c| f64::from(gamma[c]) / (variance[c] + eps).sqrt()).collect();
        let shift = (0..gamma.len()).map(|c| (f64::from(beta[c]) - mean[c] * scale[c]) as f32).collect();
        let scale = scale.into_iter().map(|scale| scale as f32).collect();
        Ok(Some(Affine { scale: Some(padded(scale)), shift: Some(padded(shift)) }))
    }

    /// A batch normalisation that learns, backwards: with n the normalised input, the gradient at the input is
    /// (g - mean(g) - n mean(g n)) gamma / deviation; those at weight and bias are sums of g n and of g.
    pub(super) fn norm_reverse(&self, norm: NodeId, grad: Maps) -> Result<Option<NormReverse>> {
        let found = self.lesson().and_then(|lesson| lesson.statistics(norm));
        let Some(Statistics { mean, variance, count }) = found else { return Ok(None) };
        let fast = self.fast();
        let node = fast.graph().node(norm);
        let eps = if let Op::BatchNorm { eps } = node.op { eps } else { 0.0 };
        let gamma = to_vec(&fast.layers().weights(norm).all()[0])?;
        let [sums, products] =
            self.with_maps(node.inputs[0], false, |maps| Ok(blocked::moments_reverse(fast.isa, maps, grad, mean)))?;
        let mut factors = [(); 3].map(|()| Vec::with_capacity(gamma.len()));
        let mut weights = Vec::with_capacity(gamma.len());
        for channel in 0..gamma.len() {
            let inverse = 1.0 / (variance[channel] + eps).sqrt();
            let a = f64::from(gamma[channel]) * inverse;
            let b = -a * inverse * inverse * products[channel] / *count as f64;
            let c = -a * sums[channel] / *count as f64 - b * mean[channel];
            factors.iter_mut().zip([a, b, c]).for_each(|(factors, value)| factors.push(value as f32));
            weights.push((products[channel] * inverse) as f32);
        }
        let biases: Vec<f32> = sums.iter().map(|&sum| sum as f32).collect();
        let gradients = [weights, biases].map(|values| Tensor::new(values, &Device::Cpu));
        let gradients = gradients.into_iter().collect::<candle_core::Result<_>>()?;
        Ok(Some(NormReverse { factors: factors.map(padded), gradients }))
    }

    /// The gradients at a convolution's filters and biases.
    pub(super) fn conv_gradients(&self, conv: NodeId, grad: Maps) -> Result<Vec<Tensor>> {
        let fast = self.fast();
        let geometry = geometry(fast.graph(), conv);
        let planar = fast.plan.is_planar(fast.graph(), conv);
        let values = self.with_maps(fast.graph().node(conv).inputs[0], planar, |source| {
            Ok(match Depthwise::suits(&geometry) {
                true => blocked::depthwise_gradient(fast.isa, &geometry, source, grad),
                false => blocked::weight_gradient(fast.isa, &geometry, source, grad, &fast.pool),
            })
        })?;
        let weights = fast.layers().weights(conv).all();
        let mut all = vec![Tensor::from_vec(values, weights[0].shape(), &Device::Cpu)?];
        if weights.len() > 1 {
            all.push(Tensor::new(blocked::channel_sums(grad), &Device::Cpu)?);
        }
        Ok(all)
    }

    /// The gradients at the weights of a layer, from a plain gradient.
    pub(super) fn weight_gradients(&self, id: NodeId, grad: &Tensor) -> Result<Vec<Tensor>> {
        match (&self.fast().graph().node(id).op, self.lesson()) {
            (Op::Conv(_), _) => self.conv_gradients(id, block(grad, &self.fast().pool)?.view()),
            (_, Some(lesson)) => lesson.weight_gradients(self.fast().layers(), self, id, grad),
            _ => Ok(Vec::new()),
        }
    }

    /// A layer that no kernel runs backwards.
    pub(super) fn plain_step(&self, id: NodeId, index: usize, grad: &Tensor, how: &Reverse) -> Result<Tensor> {
        match self.lesson() {
            Some(lesson) => lesson.step(self.fast().layers(), self, id, index, grad),
            None => self.fast().layers().step(self, id, index, grad, how),
        }
    }
}
