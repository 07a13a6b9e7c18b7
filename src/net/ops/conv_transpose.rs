//! Transposed convolution: the input gradient of a convolution, used forward (Zeiler, Krishnan, Taylor and Fergus 2010).

use super::{
    conv::Conv,
    step::{LayerWeights, Step, WeightSpec},
};
use crate::{
    Result,
    net::shapes::{self, Reach},
};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// A transposed convolution, weights (in, out / groups, kernel height, width).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvTranspose {
    /// The convolution whose input gradient it is, from its output to its input: `out` are this layer's units, stride,
    /// padding, dilation and groups are as frameworks state them.
    pub conv: Conv,
    /// Rows and columns added behind, which the stride leaves open.
    pub extra: [usize; 2],
}

impl ConvTranspose {
    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let [channels, height, width] = shapes::maps(input)?;
        let c = &self.conv;
        if c.groups == 0 || !channels.is_multiple_of(c.groups) || !c.out.is_multiple_of(c.groups) {
            return Err(format!("{channels} channels do not divide into {} groups", c.groups));
        }
        let size = |axis: usize, n: usize| {
            if c.kernel[axis] == 0 || c.stride[axis] == 0 || c.dilation[axis] == 0 || n == 0 {
                return Err("its window, stride and dilation must be at least 1".to_owned());
            }
            let whole = (n - 1) * c.stride[axis] + c.dilation[axis] * (c.kernel[axis] - 1) + 1 + self.extra[axis];
            whole
                .checked_sub(c.padding.along(axis).iter().sum())
                .filter(|&size| size > 0)
                .ok_or_else(|| format!("its padding is larger than its output of {whole}"))
        };
        Ok(vec![c.out, size(0, height)?, size(1, width)?])
    }

    pub(super) fn parameters(&self, input: &[usize]) -> Vec<WeightSpec> {
        let c = &self.conv;
        let weight = vec![input[0], c.out / c.groups.max(1), c.kernel[0], c.kernel[1]];
        WeightSpec::with_bias(weight, c.out, c.bias)
    }

    pub(super) fn forward(&self, x: &Tensor, weights: &LayerWeights, shape: &[usize]) -> Result<Tensor> {
        let transposed = weights.transposed(self.conv.groups, || Ok(weights.all()[0].clone()))?;
        let y = self.conv.gradient(x, transposed, [shape[1], shape[2]])?;
        Ok(match weights.bias_of_maps()? {
            Some(bias) => y.broadcast_add(&bias)?,
            None => y,
        })
    }

    pub(super) fn reverse(&self, step: &Step) -> Result<Tensor> {
        let [rows, columns] = step.input_size();
        let back = self.conv.plain(step.grad, &step.weights.all()[0])?;
        // The last windows may end in what was added behind.
        Ok(back.narrow(2, 0, rows)?.narrow(3, 0, columns)?.contiguous()?)
    }

    /// The gradient at the filters: that of the convolution that this one transposes, whose input is here the output.
    pub(super) fn weight_gradient(&self, step: &Step) -> Result<Tensor> {
        self.conv.weight_gradient(step.grad, step.values.input(0))
    }

    /// Inputs that reach one output.
    pub(super) fn reach(&self, axis: usize) -> Reach {
        let c = &self.conv;
        let span = (c.dilation[axis] * (c.kernel[axis] - 1)) / c.stride[axis] + 1;
        let stride = 1.0 / c.stride[axis] as f64;
        Reach { span, stride, pad: (span - 1) as f64 - c.padding.along(axis)[0] as f64 * stride }
    }
}
