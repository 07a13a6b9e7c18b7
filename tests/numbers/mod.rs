//! Tensors against what PyTorch wrote of its own.

mod walk;

pub use walk::{close_calls, walk_agrees};

use candle_core::Tensor;
use serde::Deserialize;
use striate::kernels::to_vec;

/// Largest difference over largest magnitude that float32 sums in another order may reach.
pub const TOLERANCE: f32 = 2e-4;

/// A reference's statistics of a module's output.
#[derive(Deserialize)]
pub struct Module {
    /// Its name.
    pub module: String,
    shape: Vec<usize>,
    mean: f64,
    std: f64,
    l2: f64,
    first: Vec<f32>,
}

impl Module {
    /// The largest difference of statistics and first values over the largest magnitude, which must be small.
    pub fn agrees(&self, output: &Tensor) -> f32 {
        let values = to_vec(output).unwrap();
        assert_eq!(values.len(), self.shape.iter().product::<usize>(), "{}", self.module);
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let squares = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        let std = (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count).sqrt();
        let largest = f64::from(values.iter().fold(0f32, |m, v| m.max(v.abs())));
        let first = values.iter().zip(&self.first).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        let differences = [
            ("mean", (mean - self.mean).abs() / largest),
            ("std", (std - self.std).abs() / largest),
            ("l2", (squares.sqrt() - self.l2).abs() / self.l2),
            ("first values", f64::from(first) / largest),
        ];
        differences.into_iter().fold(0f32, |worst, (what, d)| {
            assert!(d <= f64::from(TOLERANCE), "{} {what}: {d:e}", self.module);
            worst.max(d as f32)
        })
    }
}

/// Largest difference over largest magnitude.
pub fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
    ours.iter().zip(theirs).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / largest
}

/// The same of tensors, which must be small.
pub fn close(what: &str, ours: &Tensor, theirs: &Tensor) -> f32 {
    let d = difference(&to_vec(ours).unwrap(), &to_vec(theirs).unwrap());
    assert!(d <= TOLERANCE, "{what}: {d:e}");
    d
}
