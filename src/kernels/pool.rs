//! Max pooling with switches and mean pooling, both over windows given as spans along each axis, which covers
//! padding, ceil mode and adaptive sizes alike.
//!
//! Ties. PyTorch takes the first of equal maxima in row-major order. On a flat part of a picture the values of a window
//! are equal, but a kernel that computes neighbours in a different order rounds them differently. So a switch is the
//! first value that rounding cannot tell from the maximum (`TIE`), so that the kernels decide alike.

use super::{candle_ops, for_float, with_values};
use candle_core::{DType, Result, Tensor, WithDType};
use rayon::prelude::*;

/// Values of a plane count as equal when they differ by less than this many roundings of its largest magnitude. On a flat
/// background (tests/engines.rs) this brings the back ends from a cosine of 0.72 to 0.986; 8 would bring them to 0.9999, but
/// already 4 decides between values that PyTorch tells apart (tests/synthesis.rs, the first steps of the presets).
pub(crate) const TIE: f64 = 2.0;

/// The windows along one axis: the inputs that each output covers, and its divisor.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    /// For each output: first input, one past the last input, divisor.
    spans: Vec<(usize, usize, usize)>,
    input: usize,
}

impl Spans {
    /// Windows of `kernel` every `stride` over `input` values with `pad` before and after. With `count_padding` the
    /// divisor counts the padding too, but never what ceil mode adds behind it.
    pub fn sliding(
        input: usize,
        output: usize,
        kernel: usize,
        stride: usize,
        pad: [usize; 2],
        count_padding: bool,
    ) -> Self {
        let span = |i: usize| {
            let padded = i * stride;
            let (start, end) = (padded.saturating_sub(pad[0]).min(input), (padded + kernel).saturating_sub(pad[0]));
            let counted = (padded + kernel).min(input + pad[0] + pad[1]) - padded;
            let end = end.min(input);
            (start, end, if count_padding { counted } else { end - start })
        };
        Spans { spans: (0..output).map(span).collect(), input }
    }

    /// `output` nearly equal windows over `input` values: floor(i n / m) up to ceil((i + 1) n / m).
    pub fn adaptive(input: usize, output: usize) -> Self {
        let span = |i: usize| {
            let (start, end) = (i * input / output, ((i + 1) * input).div_ceil(output));
            (start, end, end - start)
        };
        Spans { spans: (0..output).map(span).collect(), input }
    }

    /// For each output: first input, one past the last input, divisor.
    pub(crate) fn windows(&self) -> &[(usize, usize, usize)] {
        &self.spans
    }

    /// The number of inputs.
    pub(crate) fn input(&self) -> usize {
        self.input
    }

    /// For each input the outputs that cover it: first, one past the last. Neither end of a window ever moves back,
    /// so they are neighbours.
    pub(crate) fn covering(&self) -> Vec<(usize, usize)> {
        let first = |at: usize| self.spans.partition_point(|&(_, end, _)| end <= at);
        let last = |at: usize| self.spans.partition_point(|&(start, ..)| start <= at);
        (0..self.input).map(|at| (first(at), last(at).max(first(at)))).collect()
    }
}

/// The largest value of each window and its switch: the position `row * width + column` in the input plane, the
/// first in row-major order of the values equal to it (`TIE`). NaN counts as largest, as in PyTorch.
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
    let plane = rows.spans.len() * columns.spans.len();
    let mut largest = vec![T::zero(); batch * channels * plane];
    let mut switches = vec![0u32; largest.len()];
    with_values::<T, _>(x, |x| {
        let outputs = largest.par_chunks_mut(plane).zip(switches.par_chunks_mut(plane));
        outputs.zip(x.par_chunks(height * width)).for_each(|((largest, switches), x)| {
            let tie = tie_of(x);
            let mut outputs = largest.iter_mut().zip(switches);
            for &(top, bottom, _) in &rows.spans {
                for (&(left, right, _), (largest, switch)) in columns.spans.iter().zip(&mut outputs) {
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
                    let mut window = (top..bottom).flat_map(|y| y * width + left..y * width + right);
                    let first = window.find(|&i| x[i].to_f64() > x[at].to_f64() - tie).unwrap_or(at);
                    (*largest, *switch) = (x[at], first as u32);
                }
            }
        });
        Ok(())
    })?;
    let shape = (batch, channels, rows.spans.len(), columns.spans.len());
    Ok((Tensor::from_vec(largest, shape, x.device())?, Tensor::from_vec(switches, shape, &candle_core::Device::Cpu)?))
}

/// The difference below which values of a plane count as equal.
fn tie_of<T: WithDType>(plane: &[T]) -> f64 {
    let epsilon = if T::DTYPE == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    TIE * epsilon * plane.iter().fold(0.0, |largest, value| value.to_f64().abs().max(largest))
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
    let mut back = vec![T::zero(); batch * channels * rows.input * columns.input];
    with_values::<u32, _>(switches, |switches| {
        with_values::<T, _>(g, |g| {
            let grads = g.par_chunks(height * width).zip(switches.par_chunks(height * width));
            back.par_chunks_mut(rows.input * columns.input).zip(grads).for_each(|(back, (g, switches))| {
                for (&g, &switch) in g.iter().zip(switches) {
                    back[switch as usize] += g;
                }
            });
            Ok(())
        })
    })?;
    Tensor::from_vec(back, (batch, channels, rows.input, columns.input), g.device())
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
    let plane = rows.spans.len() * columns.spans.len();
    let mut means = vec![T::zero(); batch * channels * plane];
    with_values::<T, _>(x, |x| {
        means.par_chunks_mut(plane).zip(x.par_chunks(height * width)).for_each(|(means, x)| {
            let mut means = means.iter_mut();
            for &(top, bottom, row_count) in &rows.spans {
                for (&(left, right, column_count), mean) in columns.spans.iter().zip(&mut means) {
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
    Tensor::from_vec(means, (batch, channels, rows.spans.len(), columns.spans.len()), x.device())
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
    let mut back = vec![T::zero(); batch * channels * rows.input * columns.input];
    with_values::<T, _>(g, |g| {
        back.par_chunks_mut(rows.input * columns.input).zip(g.par_chunks(height * width)).for_each(|(back, g)| {
            let mut grads = g.iter();
            for &(top, bottom, row_count) in &rows.spans {
                for (&(left, right, column_count), &g) in columns.spans.iter().zip(&mut grads) {
                    let share = T::from_f64(g.to_f64() / (row_count * column_count) as f64);
                    for y in top..bottom {
                        back[y * columns.input + left..y * columns.input + right].iter_mut().for_each(|v| *v += share);
                    }
                }
            }
        });
        Ok(())
    })?;
    Tensor::from_vec(back, (batch, channels, rows.input, columns.input), g.device())
}
