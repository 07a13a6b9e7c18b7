//! Pooling and LRN from candle's own operators, for tensors on a GPU. Mean pooling and LRN are matrix products with
//! banded matrices; max pooling looks at one tap of all windows after the other.

use super::{lrn_constants::Lrn, spans::Spans};
use candle_core::{Device, Result, Tensor};

/// As [`super::max_pool`].
pub(super) fn max_pool(x: &Tensor, rows: &Spans, columns: &Spans) -> Result<(Tensor, Tensor)> {
    let (batch, channels, _, width) = x.dims4()?;
    let device = x.device();
    let taps = |spans: &Spans| spans.windows().iter().map(|&(start, end, _)| end - start).max().unwrap_or(0);
    // Windows at the border have fewer taps. They read their last one again, which changes nothing.
    let tap = |spans: &Spans, tap: usize| -> Vec<u32> {
        spans.windows().iter().map(|&(start, end, _)| (start + tap).min(end - 1).max(start) as u32).collect()
    };
    // Every window's value at one tap, and its position.
    let at = |y: usize, column: usize| -> Result<(Tensor, Tensor)> {
        let (row, column) = (tap(rows, y), tap(columns, column));
        let lines = x.index_select(&Tensor::new(&row[..], device)?, 2)?;
        let value = lines.index_select(&Tensor::new(&column[..], device)?, 3)?;
        let place: Vec<u32> =
            row.iter().flat_map(|row| column.iter().map(move |column| row * width as u32 + column)).collect();
        let place = Tensor::from_vec(place, (1, 1, row.len(), column.len()), device)?;
        Ok((value, place.broadcast_as((batch, channels, row.len(), column.len()))?.contiguous()?))
    };
    let order: Vec<(usize, usize)> = (0..taps(rows)).flat_map(|y| (0..taps(columns)).map(move |x| (y, x))).collect();
    let mut best: Option<(Tensor, Tensor)> = None;
    for &(y, x) in &order {
        let (value, place) = at(y, x)?;
        best = Some(match best {
            None => (value, place),
            Some((largest, switches)) => {
                // NaN differs from itself, and counts as largest.
                let better = (value.gt(&largest)? + value.ne(&value)?)?.ne(0u8)?;
                (better.where_cond(&value, &largest)?, better.where_cond(&place, &switches)?)
            }
        });
    }
    best.ok_or_else(|| candle_core::Error::Msg("a pool without windows".into()))
}

/// As [`super::max_pool_reverse`].
pub(super) fn max_pool_reverse(grad: &Tensor, switches: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    let (batch, channels, height, width) = grad.dims4()?;
    let planes = batch * channels;
    let back = Tensor::zeros((planes, rows.input() * columns.input()), grad.dtype(), grad.device())?;
    let switches = switches.to_device(grad.device())?.reshape((planes, height * width))?;
    let back = back.scatter_add(&switches, &grad.reshape((planes, height * width))?.contiguous()?, 1)?;
    back.reshape((batch, channels, rows.input(), columns.input()))
}

/// As [`super::mean_pool`].
pub(super) fn mean_pool(x: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    apply(x, &shares(rows, x)?, &shares(columns, x)?)
}

/// As [`super::mean_pool_reverse`].
pub(super) fn mean_pool_reverse(grad: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    apply(grad, &shares(rows, grad)?.t()?, &shares(columns, grad)?.t()?)
}

/// The weight of each input in each output, `(outputs, inputs)`.
fn shares(spans: &Spans, like: &Tensor) -> Result<Tensor> {
    let mut matrix = vec![0f32; spans.windows().len() * spans.input()];
    for (line, &(start, end, count)) in matrix.chunks_mut(spans.input()).zip(spans.windows()) {
        line[start..end].fill(1.0 / count as f32);
    }
    Tensor::from_vec(matrix, (spans.windows().len(), spans.input()), like.device())?.to_dtype(like.dtype())
}

/// rows x columns^T of every plane of `x`.
fn apply(x: &Tensor, rows: &Tensor, columns: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let across = x.contiguous()?.reshape((batch * channels * height, width))?.matmul(&columns.t()?.contiguous()?)?;
    let planes = across.reshape((batch * channels, height, ()))?;
    let rows = rows.broadcast_left(batch * channels)?.contiguous()?;
    let found = rows.matmul(&planes.contiguous()?)?;
    found.reshape((batch, channels, found.dim(1)?, found.dim(2)?))
}

/// As [`super::lrn`].
pub(super) fn lrn(x: &Tensor, how: Lrn) -> Result<Tensor> {
    x * denominators(x, how)?.powf(-how.beta)?
}

/// As [`super::lrn_reverse`].
pub(super) fn lrn_reverse(x: &Tensor, grad: &Tensor, how: Lrn) -> Result<Tensor> {
    let d = denominators(x, how)?;
    let owed = window(x, how, true, &((grad * x)? * d.powf(-how.beta - 1.0)?)?)?;
    let scale = 2.0 * how.alpha * how.beta / how.size as f64;
    (grad * d.powf(-how.beta)?)? - ((x * owed)? * scale)?
}

fn denominators(x: &Tensor, how: Lrn) -> Result<Tensor> {
    window(x, how, false, &x.sqr()?)?.affine(how.alpha / how.size as f64, how.k)
}

/// Sums over the channels in each channel's window; or `transposed`, over those in whose window it is.
fn window(x: &Tensor, how: Lrn, transposed: bool, values: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let inside = |c: usize, j: usize| (c.saturating_sub(how.size / 2)..c + how.size.div_ceil(2)).contains(&j);
    let band = (0..channels).flat_map(|c| (0..channels).map(move |j| if transposed { (j, c) } else { (c, j) }));
    let band: Vec<f32> = band.map(|(c, j)| f32::from(u8::from(inside(c, j)))).collect();
    let band = Tensor::from_vec(band, (1, channels, channels), &Device::Cpu)?;
    let band = band.to_dtype(x.dtype())?.to_device(x.device())?;
    let band = band.broadcast_as((batch, channels, channels))?.contiguous()?;
    band.matmul(&values.reshape((batch, channels, height * width))?)?.reshape((batch, channels, height, width))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::kernels;

    fn difference(a: &Tensor, b: &Tensor) -> f32 {
        assert_eq!(a.dims(), b.dims());
        (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
    }

    /// Values in -1..1 that look random; others for another seed.
    fn maps(seed: f32, shape: (usize, usize, usize, usize)) -> Tensor {
        let count = shape.0 * shape.1 * shape.2 * shape.3;
        let values: Vec<f32> = (0..count).map(|i| (i as f32 * 12.9898 + seed).sin() * 43.5).map(f32::sin).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn both_ways_agree_on_padding_ceil_mode_and_adaptive_sizes() {
        for (rows, columns) in [
            (Spans::sliding(11, 6, 3, 2, [1, 1], false), Spans::sliding(8, 4, 3, 2, [1, 0], false)),
            (Spans::sliding(11, 6, 2, 2, [0, 0], true), Spans::sliding(8, 9, 2, 1, [1, 1], true)),
            (Spans::adaptive(11, 4), Spans::adaptive(8, 8)),
            (Spans::adaptive(11, 1), Spans::adaptive(8, 3)),
        ] {
            // Few different values, so that there are ties.
            let x = (maps(1.0, (2, 3, 11, 8)) * 4.0).unwrap().round().unwrap();
            let (theirs, switches) = kernels::max_pool(&x, &rows, &columns).unwrap();
            let (ours, found) = max_pool(&x, &rows, &columns).unwrap();
            assert_eq!(difference(&ours, &theirs), 0.0);
            let list = |switches: &Tensor| switches.flatten_all().unwrap().to_vec1::<u32>().unwrap();
            assert_eq!(list(&found), list(&switches));
            let shape = theirs.dims4().unwrap();
            let g = maps(2.0, shape);
            let theirs = kernels::max_pool_reverse(&g, &switches, &rows, &columns).unwrap();
            assert!(difference(&max_pool_reverse(&g, &found, &rows, &columns).unwrap(), &theirs) < 1e-6);
            let x = maps(1.0, (2, 3, 11, 8));
            let theirs = kernels::mean_pool(&x, &rows, &columns).unwrap();
            assert!(difference(&mean_pool(&x, &rows, &columns).unwrap(), &theirs) < 1e-6);
            let theirs = kernels::mean_pool_reverse(&g, &rows, &columns).unwrap();
            assert!(difference(&mean_pool_reverse(&g, &rows, &columns).unwrap(), &theirs) < 1e-6);
        }
    }

    #[test]
    fn both_normalisations_agree() {
        let (x, g) = (maps(1.0, (2, 7, 3, 4)), maps(2.0, (2, 7, 3, 4)));
        for size in [4, 5] {
            let how = Lrn { size, alpha: 0.3, beta: 0.75, k: 2.0 };
            assert!(difference(&lrn(&x, how).unwrap(), &kernels::lrn(&x, how).unwrap()) < 1e-6);
            let theirs = kernels::lrn_reverse(&x, &g, how).unwrap();
            assert!(difference(&lrn_reverse(&x, &g, how).unwrap(), &theirs) < 1e-6);
        }
    }
}
