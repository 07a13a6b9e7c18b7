//! Helpers of this room's tests.

use crate::methods::Noise;

/// Normal numbers that are the same every time.
pub fn numbers(count: usize, seed: u64) -> Vec<f32> {
    Noise::new(seed, 0).normal(count, 1.0)
}

/// Holds `<Ax, y> = <x, A'y>`.
pub fn assert_adjoint(x: &[f32], adjoint_y: &[f32], a_x: &[f32], y: &[f32]) {
    let dot = |a: &[f32], b: &[f32]| {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
    };
    let size = |a: &[f32]| dot(a, a).sqrt();
    let (left, right) = (dot(a_x, y), dot(x, adjoint_y));
    let scale = size(a_x) * size(y);
    assert!(scale > 0.0 && (left - right).abs() <= 1e-5 * scale, "{left} and {right} at a scale of {scale}");
}
