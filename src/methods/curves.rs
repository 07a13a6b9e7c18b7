//! Deletion and insertion (Petsiuk, Das and Saenko 2018), two tests of a heatmap. Pixels are covered, or shown, in the
//! heatmap's order; the sooner the score falls, or rises, the better the heatmap.

use super::{attribution::Attribution, occlusion::blurred, question::Question, rise::outcome};
use crate::Result;
use candle_core::Tensor;

/// The network's answer as more and more pixels are covered or shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Share of the pixels that are covered or shown, from 0 to 1.
    pub shares: Vec<f32>,
    /// The class's probability at each; for targets that are no class, their value.
    pub values: Vec<f32>,
    /// The area below the curve: its mean height.
    pub area: f32,
}

/// Both tests of a heatmap.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// The brightest pixels are replaced by the mean colour first: a small area is good.
    pub deletion: Curve,
    /// The brightest pixels are shown first, on the blurred picture: a large area is good.
    pub insertion: Curve,
}

/// Tests a heatmap in `steps` equal steps of pixels, 50 are usual.
///
/// # Errors
/// When cancelled.
pub fn curves(question: &Question, heatmap: &Attribution, steps: usize) -> Result<Curves> {
    let trace = question.trace;
    let [_, height, width] = trace.network().graph().input_shape();
    let brightness = heatmap.stretched([height, width]);
    let mut order: Vec<usize> = (0..brightness.len()).collect();
    // The sort is stable: equal pixels go in reading order.
    order.sort_by(|&a, &b| brightness[b].total_cmp(&brightness[a]));
    let picture = trace.values(0)?;
    let grey = vec![0.0; picture.len()];
    let blurred = blurred(&picture, [height, width]);
    let half = |index| question.watch.part(index, 2);
    Ok(Curves {
        deletion: curve(&question.of(trace, &half(0)), &order, &picture, &grey, steps)?,
        insertion: curve(&question.of(trace, &half(1)), &order, &blurred, &picture, steps)?,
    })
}

/// From one picture to another, pixels in `order`.
fn curve(question: &Question, order: &[usize], from: &[f32], to: &[f32], steps: usize) -> Result<Curve> {
    let trace = question.trace;
    let [channels, height, width] = trace.network().graph().input_shape();
    let steps = steps.clamp(1, order.len().max(1));
    let changed = |step: usize| order.len() * step / steps;
    let make = &mut |start: usize, end: usize| {
        let mut batch = Vec::with_capacity((end - start) * from.len());
        for step in start..end {
            let mut picture = from.to_vec();
            for &pixel in &order[..changed(step)] {
                (0..channels).for_each(|c| picture[c * order.len() + pixel] = to[c * order.len() + pixel]);
            }
            batch.extend(picture);
        }
        let batch = Tensor::from_vec(batch, (end - start, channels, height, width), trace.network().device())?;
        Ok(batch.to_dtype(trace.output(0).dtype())?)
    };
    let aim = question.aim()?;
    let mut values = Vec::with_capacity(steps + 1);
    for output in question.outputs_of(&aim, 0, steps + 1, question.watch, make)? {
        values.extend(outcome(question, &aim, &output)?);
    }
    let shares: Vec<f32> = (0..=steps).map(|step| changed(step) as f32 / order.len().max(1) as f32).collect();
    let area = (0..steps).map(|i| (shares[i + 1] - shares[i]) * (values[i] + values[i + 1]) / 2.0).sum();
    Ok(Curve { shares, values, area })
}
