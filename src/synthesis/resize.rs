//! One axis of a resize.

/// The weighted source values of every output value along one axis.
pub(super) struct ResizeAxis {
    taps: Vec<(usize, Vec<f32>)>,
}

impl ResizeAxis {
    /// From `length` values to `count`.
    pub fn new(length: usize, count: usize) -> Self {
        let scale = length as f64 / count as f64;
        let support = scale.max(1.0);
        let tap = |i: usize| {
            let centre = (i as f64 + 0.5) * scale;
            let first = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(length);
            let triangle = |x: usize| (1.0 - ((x as f64 - centre + 0.5) / support).abs()).max(0.0);
            let sum: f64 = (first..end).map(triangle).sum();
            (first, (first..end).map(|x| (triangle(x) / sum) as f32).collect())
        };
        ResizeAxis { taps: (0..count).map(tap).collect() }
    }

    /// The resized line that starts at `start` of `values`, its values `stride` apart.
    pub fn apply(&self, values: &[f32], stride: usize, start: usize) -> Vec<f32> {
        let sum = |(first, weights): &(usize, Vec<f32>)| {
            weights.iter().enumerate().map(|(i, weight)| weight * values[start + (first + i) * stride]).sum()
        };
        self.taps.iter().map(sum).collect()
    }
}
