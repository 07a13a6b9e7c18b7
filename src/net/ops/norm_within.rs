//! Normalisation by the statistics of the values at hand: of each picture over the last axes or over the channels at each
//! place of the maps (layer normalisation; Ba, Kiros and Hinton 2016), or over groups of channels (group normalisation, Wu and
//! He 2018; of one channel each: instance normalisation, Ulyanov, Vedaldi and Lempitsky 2016); and of a batch, as batch
//! normalisation does in training (Ioffe and Szegedy 2015).

use super::step::{LayerWeights, Step, WeightSpec};
use crate::{Result, net::shapes};
use candle_core::{D, Tensor};

/// The values that are normalised together.
#[derive(Clone, Copy)]
pub(in crate::net) enum Over {
    /// The last so many axes; a weight and bias for each of their values.
    Axes(usize),
    /// So many groups of channels; a weight and bias for each channel.
    Groups(usize),
    /// The channels at each place; a weight and bias for each channel.
    Channels,
    /// Each channel over all pictures, rows and columns; a weight and bias for each channel.
    Batch,
}

impl Over {
    pub fn output_shape(self, input: &[usize]) -> Result<Vec<usize>, String> {
        match self {
            Over::Axes(count) if count == 0 || count > input.len() => {
                Err(format!("it normalises {count} axes of {input:?}"))
            }
            Over::Axes(_) | Over::Batch => Ok(input.to_vec()),
            Over::Channels => shapes::maps(input).map(|_| input.to_vec()),
            Over::Groups(groups) => {
                let [channels, ..] = shapes::maps(input)?;
                match groups > 0 && channels % groups == 0 {
                    true => Ok(input.to_vec()),
                    false => Err(format!("{channels} channels do not divide into {groups} groups")),
                }
            }
        }
    }

    pub fn parameters(self, input: &[usize]) -> Vec<WeightSpec> {
        let shape = match self {
            Over::Axes(count) => input[input.len() - count..].to_vec(),
            Over::Groups(_) | Over::Channels | Over::Batch => vec![input[0]],
        };
        vec![WeightSpec::learned("weight", shape.clone()), WeightSpec::learned("bias", shape)]
    }

    /// The values with those that are normalised together in one row.
    fn rows(self, x: &Tensor) -> Result<Tensor> {
        let dims = x.dims();
        let rows = match self {
            Over::Axes(count) => dims[..dims.len() - count].iter().product::<usize>(),
            Over::Groups(groups) => dims[0] * groups,
            Over::Channels => return Ok(x.permute((0, 2, 3, 1))?.contiguous()?.reshape(((), dims[1]))?),
            Over::Batch => return Ok(x.transpose(0, 1)?.contiguous()?.reshape((dims[1], ()))?),
        };
        Ok(x.contiguous()?.reshape((rows, ()))?)
    }

    /// Rows back in the shape of `x`.
    fn unrowed(self, rows: &Tensor, x: &Tensor) -> Result<Tensor> {
        if let Over::Channels = self {
            let (batch, channels, height, width) = x.dims4()?;
            return Ok(rows.reshape((batch, height, width, channels))?.permute((0, 3, 1, 2))?.contiguous()?);
        }
        if !matches!(self, Over::Batch) {
            return Ok(rows.reshape(x.shape())?);
        }
        let mut dims = x.dims().to_vec();
        dims.swap(0, 1);
        Ok(rows.reshape(dims)?.transpose(0, 1)?.contiguous()?)
    }

    /// Weights ready to be multiplied with an input.
    fn spread(self, weight: &Tensor, rank: usize) -> Result<Tensor> {
        let mut shape = vec![1; rank];
        match self {
            Over::Axes(_) => return Ok(weight.clone()),
            Over::Groups(_) | Over::Channels | Over::Batch => shape[1] = weight.elem_count(),
        }
        Ok(weight.reshape(shape)?)
    }

    pub fn forward(self, x: &Tensor, weights: &LayerWeights, eps: f64) -> Result<Tensor> {
        let (normal, _) = normalised(&self.rows(x)?, eps)?;
        let normal = self.unrowed(&normal, x)?;
        let [weight, bias] = [0, 1].map(|index| self.spread(&weights.all()[index], x.rank()));
        Ok(normal.broadcast_mul(&weight?)?.broadcast_add(&bias?)?)
    }

    /// With n the normalised row and d the gradient at it: (d - mean(d) - n mean(d n)) / deviation.
    pub fn reverse(self, step: &Step, eps: f64) -> Result<Tensor> {
        let x = step.values.input(0);
        let (normal, deviation) = normalised(&self.rows(x)?, eps)?;
        let grad = step.grad.broadcast_mul(&self.spread(&step.weights.all()[0], x.rank())?)?;
        let grad = self.rows(&grad)?;
        let along = (&grad * &normal)?.mean_keepdim(D::Minus1)?;
        let centred = grad.broadcast_sub(&grad.mean_keepdim(D::Minus1)?)?;
        let back = (centred - normal.broadcast_mul(&along)?)?.broadcast_div(&deviation)?;
        self.unrowed(&back, x)
    }

    /// The gradients at weight and bias: the sums of the gradient times n, and of the gradient, over what shares them.
    pub fn weight_gradients(self, step: &Step, eps: f64) -> Result<Vec<Tensor>> {
        let x = step.values.input(0);
        let (normal, _) = normalised(&self.rows(x)?, eps)?;
        let products = (step.grad * self.unrowed(&normal, x)?)?;
        let shape = step.weights.all()[0].dims();
        [&products, step.grad].into_iter().map(|values| self.summed(values, shape)).collect()
    }

    /// The sum over all axes but those of the weights.
    fn summed(self, values: &Tensor, shape: &[usize]) -> Result<Tensor> {
        match self {
            Over::Axes(_) => Ok(values.contiguous()?.reshape(((), shape.iter().product()))?.sum(0)?.reshape(shape)?),
            _ => per_channel(values),
        }
    }
}

/// The mean of each channel of a batch, and the mean squared deviation from it.
pub(in crate::net) fn batch_statistics(x: &Tensor) -> Result<[Tensor; 2]> {
    let rows = Over::Batch.rows(x)?;
    let mean = rows.mean_keepdim(D::Minus1)?;
    let squares = rows.broadcast_sub(&mean)?.sqr()?.mean(D::Minus1)?;
    Ok([mean.flatten_all()?, squares])
}

/// The sum of maps or features over everything but the channels.
pub(super) fn per_channel(values: &Tensor) -> Result<Tensor> {
    Ok(Over::Batch.rows(values)?.sum(1)?)
}

/// Each row less its mean, over its deviation; and the deviation.
fn normalised(rows: &Tensor, eps: f64) -> Result<(Tensor, Tensor)> {
    let centred = rows.broadcast_sub(&rows.mean_keepdim(D::Minus1)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    Ok((centred.broadcast_div(&deviation)?, deviation))
}
