//! The data an operator works with: its weights, and in a reverse walk the values around its layer.

use super::rule::Rule;
use crate::{Error, Result};
use candle_core::{DType, Tensor};
use std::sync::OnceLock;

/// A tensor of weights that an operator needs.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightSpec {
    /// The name behind the layer's: `weight`, `bias`, `running_mean`, ...
    pub suffix: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether training changes it by gradient (and a table counts it).
    pub learned: bool,
}

impl WeightSpec {
    /// A parameter that training changes.
    pub(in crate::net) fn learned(suffix: &'static str, shape: Vec<usize>) -> Self {
        WeightSpec { suffix, shape, learned: true }
    }

    /// A `weight` of some shape, and with `bias` one bias for each of `out` units.
    pub(in crate::net) fn with_bias(weight: Vec<usize>, out: usize, bias: bool) -> Vec<Self> {
        let mut all = vec![WeightSpec::learned("weight", weight)];
        all.extend(bias.then(|| WeightSpec::learned("bias", vec![out])));
        all
    }
}

/// The weights of one layer, in the order of [`super::Op::parameters`].
pub(in crate::net) struct LayerWeights {
    tensors: Vec<Tensor>,
    /// A convolution's filters as its reverse needs them; made when a reverse walk first comes by.
    transposed: OnceLock<Tensor>,
}

impl LayerWeights {
    pub fn new(tensors: Vec<Tensor>) -> Self {
        LayerWeights { tensors, transposed: OnceLock::new() }
    }

    /// All of them, as they are kept: a fully connected layer's may be float16.
    pub fn all(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The first, never in float16.
    pub fn weight(&self) -> Result<Tensor> {
        let weight = &self.tensors[0];
        Ok(if weight.dtype() == DType::F16 { weight.to_dtype(DType::F32)? } else { weight.clone() })
    }

    /// The second, one value a unit, ready to be added to maps.
    pub fn bias_of_maps(&self) -> Result<Option<Tensor>> {
        Ok(self.tensors.get(1).map(|bias| bias.reshape((1, (), 1, 1))).transpose()?)
    }

    /// Filters `(units, inputs of a unit, height, width)` with units and channels changing places and both axes
    /// flipped: `(inputs, units of a group, height, width)`.
    pub fn transposed(&self, groups: usize, filters: impl FnOnce() -> Result<Tensor>) -> Result<&Tensor> {
        if self.transposed.get().is_none() {
            let filters = filters()?;
            let (out, inputs, height, width) = filters.dims4()?;
            let split = filters.reshape((groups, out / groups, inputs, height, width))?;
            let joined = split.transpose(1, 2)?.reshape((groups * inputs, out / groups, height, width))?;
            // Two walks may get here at once; either result serves.
            let _ = self.transposed.set(joined.flip(&[2, 3])?.contiguous()?);
        }
        self.transposed.get().ok_or(Error::Cancelled)
    }
}

/// The values around one layer in a forward pass. A pass that did not keep one computes it again when it is asked for.
pub(in crate::net) trait Values {
    /// Shape of an input, without the batch.
    fn input_shape(&self, index: usize) -> &[usize];
    /// An input, batch first.
    fn input(&self, index: usize) -> &Tensor;
    /// The output, batch first.
    fn output(&self) -> &Tensor;
    /// The switches of a max pool: for each window the position of its maximum, `row * width + column`, u32.
    fn switches(&self) -> Result<Tensor>;
}

/// One layer of a reverse walk: from the gradient at its output to the gradient at one of its inputs.
pub(in crate::net) struct Step<'a> {
    pub weights: &'a LayerWeights,
    pub values: &'a dyn Values,
    /// Shape of the output, without the batch.
    pub shape: &'a [usize],
    /// The gradient at the output, batch first.
    pub grad: &'a Tensor,
    /// The number of the input.
    pub index: usize,
    pub rule: Rule,
    /// Whether LRN passes the gradient on unchanged.
    pub skip_lrn: bool,
}

impl Step<'_> {
    /// Shape of the input, without the batch.
    pub fn input_shape(&self) -> &[usize] {
        self.values.input_shape(self.index)
    }

    /// Height and width of the input's maps.
    pub fn input_size(&self) -> [usize; 2] {
        match *self.input_shape() {
            [_, height, width] => [height, width],
            _ => [1, 1],
        }
    }

    /// Dimensions of the input, batch first.
    pub fn input_dims(&self) -> Vec<usize> {
        [&[self.grad.dims()[0]], self.input_shape()].concat()
    }

    /// The gradient times the derivative.
    pub fn times(&self, derivative: &Tensor) -> Result<Tensor> {
        Ok((self.grad * derivative)?)
    }
}
