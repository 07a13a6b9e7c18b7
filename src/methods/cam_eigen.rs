//! Class activation maps along a layer's principal direction: EigenCAM (Muhammad and Yeasin 2020) and the same of
//! gradient times activation.

use super::{
    cam::{CONVENTION, Plane, RELU, combine, grad_cam},
    method::Method,
    question::Question,
};
use crate::{
    Result,
    kernels::{to_vec, with_values},
    net::{NodeId, Rule},
};
use candle_core::{DType, Device, Tensor};

pub(super) const EIGEN_CAM: Method = Method {
    name: "eigen-cam",
    title: "EigenCAM",
    formula: "L = A projected on its first principal component",
    caution: "It knows nothing of the class: it shows what is prominent in the layer.",
    paper: "Muhammad and Yeasin 2020",
    about: "The common part of a layer's feature maps: their projection on the first principal direction. It knows \
            no class, which only decides the sign.",
    parameters: &[RELU, CONVENTION],
    run: |question| {
        combine(question, |question, layer| {
            let maps = question.trace.maps(layer)?;
            principal(question, layer, &maps)
        })
    },
    ..Method::LAYERED
};

pub(super) const EIGEN_GRAD_CAM: Method = Method {
    name: "eigen-grad-cam",
    title: "EigenGradCAM",
    formula: "L = A · ∂S/∂A projected on its first principal component",
    paper: "Muhammad and Yeasin 2020, applied to gradient times activation by Gildenblat 2021",
    about: "The first principal direction of feature maps times their gradients: what a layer's contributions to the \
            class have most in common.",
    parameters: &[RELU, CONVENTION],
    run: |question| {
        combine(question, |question, layer| {
            let products = (question.walk(layer, Rule::Gradient)?.get(0)? * question.trace.maps(layer)?)?;
            principal(question, layer, &products)
        })
    },
    ..Method::LAYERED
};

/// The places of `(units, height, width)` maps projected on their first right singular vector. The paper takes the maps
/// as they are; pytorch-grad-cam first takes each map's mean away. A singular vector has no sign of its own: it gets
/// that with which the result goes along with Grad-CAM.
fn principal(question: &Question, layer: NodeId, maps: &Tensor) -> Result<Plane> {
    let (units, height, width) = maps.dims3()?;
    let places = height * width;
    let rows = maps.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.reshape((units, places))?;
    let rows = match question.settings.choice(&CONVENTION) {
        "grad-cam" => rows.broadcast_sub(&rows.mean_keepdim(1)?)?,
        _ => rows,
    };
    let columns = rows.t()?.contiguous()?;
    let projection = if units <= places {
        let direction = eigenvector(rows.matmul(&columns)?)?;
        columns.matmul(&direction)?
    } else {
        // The eigenvector of M M' is the projection itself divided by its length, the singular value.
        let direction = eigenvector(columns.matmul(&rows)?)?;
        let length = rows.matmul(&direction)?.sqr()?.sum_all()?.sqrt()?;
        direction.broadcast_mul(&length)?
    };
    let plane = doubles(&projection)?;
    let guide = grad_cam(question, layer)?;
    let agreement = covariance(&plane, &guide);
    let agreement = if agreement == 0.0 { plane.iter().sum() } else { agreement };
    Ok(if agreement < 0.0 { plane.into_iter().map(|value| -value).collect() } else { plane })
}

/// The eigenvector `(n, 1)`, of length 1, of the largest eigenvalue of a symmetric `(n, n)` matrix without negative
/// ones. Squaring the matrix k times is power iteration with 2^k steps, which tells even close eigenvalues apart.
fn eigenvector(matrix: Tensor) -> Result<Tensor> {
    const SQUARINGS: usize = 24;
    let mut power = matrix;
    for _ in 0..SQUARINGS {
        let largest = doubles(&power)?.into_iter().fold(0f64, |m, v| m.max(v.abs()));
        if largest == 0.0 || !largest.is_finite() {
            break;
        }
        power = (power / largest)?;
        power = power.matmul(&power)?;
    }
    // All columns are multiples of the vector; the longest one is the most exact.
    let size = power.dim(0)?;
    let values = doubles(&power)?;
    let longest = (0..size).fold(0, |best, i| if values[i * size + i] > values[best * size + best] { i } else { best });
    let column = power.narrow(1, longest, 1)?.contiguous()?;
    let length = column.sqr()?.sum_all()?.to_scalar::<f64>()?.sqrt();
    Ok(if length > 0.0 { (column / length)? } else { column })
}

fn doubles(x: &Tensor) -> Result<Vec<f64>> {
    match x.dtype() {
        DType::F64 => Ok(with_values::<f64, _>(x, |values| Ok(values.to_vec()))?),
        _ => Ok(to_vec(x)?.into_iter().map(f64::from).collect()),
    }
}

fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn close_eigenvalues_are_told_apart() {
        // Eigenvectors (1, 1) / sqrt 2 with 3.001 and (1, -1) / sqrt 2 with 2.999.
        let matrix = Tensor::new(&[[3.0f64, 0.001], [0.001, 3.0]], &Device::Cpu).unwrap();
        let found = doubles(&eigenvector(matrix).unwrap()).unwrap();
        assert!(found.iter().all(|v| (v.abs() - 0.5f64.sqrt()).abs() < 1e-9), "{found:?}");
        assert!(found[0] * found[1] > 0.0);
    }
}
