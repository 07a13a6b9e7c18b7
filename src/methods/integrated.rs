//! Integrated gradients (Sundararajan, Taly and Yan 2017): the gradient averaged along the straight line from a
//! baseline to the picture, times the way.

use super::{
    gradient::{COLOURS, coloured},
    method::Method,
    question::{Question, batch_size},
    settings::Parameter,
};
use crate::{
    Result,
    net::{Reverse, Rule},
};
use candle_core::Tensor;

const STEPS: Parameter =
    Parameter::count("steps", "Points on the line at which the gradient is taken", [1, 1000], 50, "points");

pub(super) const INTEGRATED: Method = Method {
    name: "integrated-gradients",
    title: "Integrated gradients",
    formula: "A = (x − x₀) · ∫ ∂S(x₀ + a (x − x₀))/∂x da, a from 0 to 1",
    caution: "It depends on the baseline x₀: parts of the picture that look like the baseline get nothing.",
    paper: "Sundararajan, Taly and Yan 2017",
    about: "Each pixel's share of the score as the picture fades in from the mean colour. The values add up to the \
            difference between the score of the picture and that of the flat mean colour; the completeness error says \
            how nearly.",
    parameters: &[STEPS, COLOURS],
    slow: true,
    run: |question| {
        let picture = question.trace.output(0).narrow(0, 0, 1)?;
        let (points, weights) = gauss_legendre(question.settings.count(&STEPS).max(1));
        let make = |start: usize, end: usize| {
            let scaled = points[start..end].iter().map(|&at| &picture * at).collect::<Result<Vec<_>, _>>()?;
            Ok(Tensor::cat(&scaled, 0)?)
        };
        let mut mean = picture.zeros_like()?;
        // The values at both ends are two pictures forward, to the steps' forward and back.
        let [steps, ends] = question.watch.split(points.len() as f32 / (points.len() + 1) as f32);
        gradients(&question.of(question.trace, &steps), points.len(), make, |start, gradients| {
            for (index, &weight) in weights[start..start + gradients.dim(0)?].iter().enumerate() {
                mean = (&mean + (gradients.narrow(0, index, 1)? * weight)?)?;
            }
            Ok(())
        })?;
        let both = Tensor::cat(&[picture.zeros_like()?, picture.clone()], 0)?;
        let values = question.values_of(0, 2, &ends, |from, to| Ok(both.narrow(0, from, to - from)?))?;
        let shares = coloured(question, &(mean * &picture)?)?;
        Ok(shares.summing_to(f64::from(values[1]) - f64::from(values[0])))
    },
    ..Method::BLANK
};

/// The gradients of the target at `count` other pictures, which `make(from, to)` makes, in batches that fit into
/// memory; `take(from, gradients)` gets them, in order.
pub(super) fn gradients(
    question: &Question,
    count: usize,
    mut make: impl FnMut(usize, usize) -> Result<Tensor>,
    mut take: impl FnMut(usize, &Tensor) -> Result<()>,
) -> Result<()> {
    let aim = question.aim()?;
    let network = question.trace.network();
    // A trace keeps every activation, and the walk back a second copy of some.
    let bytes: u64 = network.graph().costs().iter().map(|cost| cost.bytes).sum();
    let batch = batch_size(2 * bytes as usize);
    let starts: Vec<usize> = (0..count).step_by(batch).collect();
    for (index, &start) in starts.iter().enumerate() {
        let watch = question.watch.part(index, starts.len());
        let pictures = make(start, (start + batch).min(count))?;
        let trace = network.forward(&pictures, &watch.part(0, 2))?;
        let how = Reverse { rule: Rule::Gradient, watch: watch.part(1, 2), ..Reverse::default() };
        take(start, &trace.reverse(aim.node, &aim.seeds(pictures.dim(0)?)?, 0, &how)?)?;
    }
    Ok(())
}

/// Points in 0..1 and weights that sum to 1 of Gauss and Legendre's quadrature, exact for polynomials of degree
/// 2 `count` - 1: the roots of the Legendre polynomial, by Newton's method.
fn gauss_legendre(count: usize) -> (Vec<f64>, Vec<f64>) {
    let n = count as f64;
    let root = |i: usize| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut before, mut value) = (0.0, 1.0);
            for degree in 0..count {
                let k = degree as f64;
                (before, value) = (value, ((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0));
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        // From -1..1, largest first, to 0..1, smallest first.
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(root).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_is_exact_for_polynomials() {
        for count in [1, 2, 5, 50] {
            let (points, weights) = gauss_legendre(count);
            assert!(points.is_sorted() && points[0] > 0.0 && points[count - 1] < 1.0);
            for degree in [0, 1, 2 * count as i32 - 1] {
                let sum: f64 = points.iter().zip(&weights).map(|(x, w)| w * x.powi(degree)).sum();
                assert!((sum * f64::from(degree + 1) - 1.0).abs() < 1e-12, "{count} points, degree {degree}: {sum}");
            }
        }
    }
}
