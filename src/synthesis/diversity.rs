//! The difference of several pictures in a layer, measured by Gram matrices: the products of units' maps summed over all
//! positions (Olah, Mordvintsev and Schubert 2017, after Gatys).

use crate::Result;
use candle_core::Tensor;

/// For maps `(batch, units, positions)`: for every picture minus the sum over the others of the cosine of their Gram
/// matrices, `(batch, 1)`, and the derivative of the sum, `(batch, units * positions)`.
pub(super) fn climb(maps: &Tensor) -> Result<(Tensor, Tensor)> {
    let gram = maps.matmul(&maps.t()?.contiguous()?)?;
    let norm = (gram.sqr()?.sum_keepdim((1, 2))?.sqrt()? + 1e-20)?;
    let unit = gram.broadcast_div(&norm)?;
    let others = unit.broadcast_sub(&unit.sum_keepdim(0)?)?;
    let values = (&unit * &others)?.sum((1, 2))?.unsqueeze(1)?;
    // Every pair counts for both of its pictures.
    let slope = (others * 2.0)?;
    let along = (&unit * &slope)?.sum_keepdim((1, 2))?;
    let slope = (slope - unit.broadcast_mul(&along)?)?.broadcast_div(&norm)?;
    // Gram matrices are symmetric, and so is the slope.
    let seed = (slope.matmul(maps)? * 2.0)?;
    Ok((values, seed.flatten_from(1)?))
}
