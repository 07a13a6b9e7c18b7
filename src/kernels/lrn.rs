//! Local response normalisation across channels (Krizhevsky, Sutskever and Hinton 2012), with PyTorch's window:
//! y_c = x_c d_c^-beta, d_c = k + alpha / n * sum of x_j^2 over j in c - n/2 ..= c + (n - 1)/2.

use super::{candle_ops, for_float, lrn_constants::Lrn, with_values};
use candle_core::{Result, Tensor, WithDType};
use rayon::prelude::*;

impl Lrn {
    /// d_c at pixel `i`, for planes of `plane` values.
    fn denominator<T: WithDType>(&self, x: &[T], c: usize, plane: usize, i: usize) -> f64 {
        let channels = x.len() / plane;
        let window = c.saturating_sub(self.size / 2)..(c + self.size.div_ceil(2)).min(channels);
        let squares: f64 = window.map(|j| x[j * plane + i].to_f64().powi(2)).sum();
        self.k + self.alpha / self.size as f64 * squares
    }
}

/// Normalises `(batch, channels, height, width)`.
///
/// # Errors
/// When `x` has another rank or is not of floats.
pub fn lrn(x: &Tensor, how: Lrn) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_ops::lrn(x, how);
    }
    for_float!(x, lrn_of(x, how))
}

fn lrn_of<T: WithDType>(x: &Tensor, how: Lrn) -> Result<Tensor> {
    let (_, channels, height, width) = x.dims4()?;
    let plane = height * width;
    let values = with_values::<T, _>(x, |x| {
        let picture = channels * plane;
        Ok((0..x.len())
            .into_par_iter()
            .with_min_len(plane)
            .map(|at| {
                let d =
                    how.denominator(&x[at / picture * picture..][..picture], at % picture / plane, plane, at % plane);
                T::from_f64(x[at].to_f64() * d.powf(-how.beta))
            })
            .collect::<Vec<T>>())
    })?;
    Tensor::from_vec(values, x.shape(), x.device())
}

/// The gradient with respect to `x` of an LRN whose output's gradient is `grad`.
///
/// # Errors
/// When the shapes differ.
pub fn lrn_reverse(x: &Tensor, grad: &Tensor, how: Lrn) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_ops::lrn_reverse(x, grad, how);
    }
    for_float!(x, lrn_reverse_of(x, grad, how))
}

fn lrn_reverse_of<T: WithDType>(x: &Tensor, grad: &Tensor, how: Lrn) -> Result<Tensor> {
    let (_, channels, height, width) = x.dims4()?;
    let (plane, picture) = (height * width, channels * height * width);
    let values = with_values::<T, _>(x, |x| {
        with_values::<T, _>(grad, |g| {
            let d: Vec<f64> = (0..x.len())
                .into_par_iter()
                .with_min_len(plane)
                .map(|at| {
                    how.denominator(&x[at / picture * picture..][..picture], at % picture / plane, plane, at % plane)
                })
                .collect();
            // The derivative of channel c's normalisation with respect to each squared channel in its window, up to a factor.
            let owed: Vec<f64> = (0..x.len())
                .into_par_iter()
                .with_min_len(plane)
                .map(|at| g[at].to_f64() * x[at].to_f64() * d[at].powf(-how.beta - 1.0))
                .collect();
            let scale = 2.0 * how.alpha * how.beta / how.size as f64;
            Ok((0..x.len())
                .into_par_iter()
                .with_min_len(plane)
                .map(|at| {
                    let (start, c, i) = (at / picture * picture, at % picture / plane, at % plane);
                    let members = c.saturating_sub((how.size - 1) / 2)..(c + how.size / 2 + 1).min(channels);
                    let sum: f64 = members.map(|member| owed[start + member * plane + i]).sum();
                    T::from_f64(g[at].to_f64() * d[at].powf(-how.beta) - scale * x[at].to_f64() * sum)
                })
                .collect::<Vec<T>>())
        })
    })?;
    Tensor::from_vec(values, x.shape(), x.device())
}
