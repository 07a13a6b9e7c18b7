//! Max pooling with switches and mean pooling, both over windows given as spans along each axis, which covers
//! padding, ceil mode and adaptive sizes alike.

use super::{candle_ops, for_float, spans::Spans, with_values};
use candle_core::{DType, Result, Tensor, WithDType};
use rayon::prelude::*;

/// The largest value of each window and its switch: the position `row * width + column` in the input plane, the
/// first in row-major order where several are equal. NaN counts as largest, as in PyTorch.
///
/// # Errors
/// When `x` is not `(batch, channels, height, width)` of floats.
pub fn max_pool(x: &Tensor, rows: &Spans, columns: &Spans) -> Result<(Tensor, Tensor)> {
    if !x.device().is_cpu() {
        return candle_ops::max_pool(x, rows, columns);
    }
    for_float!(x, max_pool_of(x, rows, columns))
}

fn max_pool_of<T: WithDType>(x: &Tensor, rows: &Spans, columns: &Spans) -> Result<(Tensor, Tensor)> {
    let (batch, channels, height, width) = x.dims4()?;
    let plane = rows.windows().len() * columns.windows().len();
    let mut largest = vec![T::zero(); batch * channels * plane];
    let mut switches = vec![0u32; largest.len()];
    with_values::<T, _>(x, |x| {
        let outputs = largest.par_chunks_mut(plane).zip(switches.par_chunks_mut(plane));
        outputs.zip(x.par_chunks(height * width)).for_each(|((largest, switches), x)| {
            let mut outputs = largest.iter_mut().zip(switches);
            for &(top, bottom, _) in rows.windows() {
                for (&(left, right, _), (largest, switch)) in columns.windows().iter().zip(&mut outputs) {
                    let mut at = top * width + left;
                    for y in top..bottom {
                        for i in y * width + left..y * width + right {
                            // A value that differs from itself is NaN, in any float type.
                            #[allow(clippy::eq_op)]
                            if x[i] > x[at] || x[i] != x[i] {
                                at = i;
                            }
                        }
                    }
                    (*largest, *switch) = (x[at], at as u32);
                }
            }
        });
        Ok(())
    })?;
    let shape = (batch, channels, rows.windows().len(), columns.windows().len());
    Ok((Tensor::from_vec(largest, shape, x.device())?, Tensor::from_vec(switches, shape, &candle_core::Device::Cpu)?))
}

/// Sends each value of `grad` back to where its window's switch says the maximum was.
///
/// # Errors
/// When the shapes of `grad` and `switches` differ.
pub fn max_pool_reverse(grad: &Tensor, switches: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    if !grad.device().is_cpu() {
        return candle_ops::max_pool_reverse(grad, switches, rows, columns);
    }
    for_float!(grad, max_pool_reverse_of(grad, switches, rows, columns))
}

fn max_pool_reverse_of<T: WithDType>(g: &Tensor, switches: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    let (batch, channels, height, width) = g.dims4()?;
    let mut back = vec![T::zero(); batch * channels * rows.input() * columns.input()];
    with_values::<u32, _>(switches, |switches| {
        with_values::<T, _>(g, |g| {
            let grads = g.par_chunks(height * width).zip(switches.par_chunks(height * width));
            back.par_chunks_mut(rows.input() * columns.input()).zip(grads).for_each(|(back, (g, switches))| {
                for (&g, &switch) in g.iter().zip(switches) {
                    back[switch as usize] += g;
                }
            });
            Ok(())
        })
    })?;
    Tensor::from_vec(back, (batch, channels, rows.input(), columns.input()), g.device())
}

/// The sum over each window divided by the product of its spans' divisors.
///
/// # Errors
/// When `x` is not `(batch, channels, height, width)` of floats.
pub fn mean_pool(x: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_ops::mean_pool(x, rows, columns);
    }
    for_float!(x, mean_pool_of(x, rows, columns))
}

fn mean_pool_of<T: WithDType>(x: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let plane = rows.windows().len() * columns.windows().len();
    let mut means = vec![T::zero(); batch * channels * plane];
    with_values::<T, _>(x, |x| {
        means.par_chunks_mut(plane).zip(x.par_chunks(height * width)).for_each(|(means, x)| {
            let mut means = means.iter_mut();
            for &(top, bottom, row_count) in rows.windows() {
                for (&(left, right, column_count), mean) in columns.windows().iter().zip(&mut means) {
                    // Summed in float64: a global average adds thousands of values.
                    let sum: f64 = (top..bottom)
                        .map(|y| x[y * width + left..y * width + right].iter().map(|v| v.to_f64()).sum::<f64>())
                        .sum();
                    *mean = T::from_f64(sum / (row_count * column_count) as f64);
                }
            }
        });
        Ok(())
    })?;
    Tensor::from_vec(means, (batch, channels, rows.windows().len(), columns.windows().len()), x.device())
}

/// Spreads each value of `grad` evenly over its window.
///
/// # Errors
/// When `grad` is not `(batch, channels, height, width)` of floats.
pub fn mean_pool_reverse(grad: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    if !grad.device().is_cpu() {
        return candle_ops::mean_pool_reverse(grad, rows, columns);
    }
    for_float!(grad, mean_pool_reverse_of(grad, rows, columns))
}

fn mean_pool_reverse_of<T: WithDType>(g: &Tensor, rows: &Spans, columns: &Spans) -> Result<Tensor> {
    debug_assert!(matches!(g.dtype(), DType::F32 | DType::F64));
    let (batch, channels, height, width) = g.dims4()?;
    let mut back = vec![T::zero(); batch * channels * rows.input() * columns.input()];
    with_values::<T, _>(g, |g| {
        back.par_chunks_mut(rows.input() * columns.input()).zip(g.par_chunks(height * width)).for_each(|(back, g)| {
            let mut grads = g.iter();
            for &(top, bottom, row_count) in rows.windows() {
                for (&(left, right, column_count), &g) in columns.windows().iter().zip(&mut grads) {
                    let share = T::from_f64(g.to_f64() / (row_count * column_count) as f64);
                    for y in top..bottom {
                        back[y * columns.input() + left..y * columns.input() + right]
                            .iter_mut()
                            .for_each(|v| *v += share);
                    }
                }
            }
        });
        Ok(())
    })?;
    Tensor::from_vec(back, (batch, channels, rows.input(), columns.input()), g.device())
}
