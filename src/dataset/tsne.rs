//! t-SNE (van der Maaten and Hinton 2008) by the Barnes-Hut approximation (van der Maaten 2014).

use super::{features::Features, pca::principal_components};
use crate::{Error, Result, watch::Watch};
use bhtsne::tSNE;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Components that features are reduced to first, as in the paper's experiments.
const COMPONENTS: usize = 50;
/// Steps of gradient descent.
const STEPS: usize = 1000;
/// Opening angle of the Barnes-Hut tree.
const ANGLE: f32 = 0.5;

/// A cancelled descent.
struct Left;

/// Places features on a plane: row-major `(pictures, 2)`. `perplexity` is the effective number of neighbours. The start is
/// the plane of the first two principal components, so that the result depends on the features alone. `each` sees the places
/// after every step of the descent.
///
/// # Errors
/// [`Error::Usage`] when the perplexity does not suit the number of pictures; [`Error::Cancelled`].
pub fn tsne(features: &Features, perplexity: f32, each: &mut dyn FnMut(&[f32]), watch: &Watch) -> Result<Vec<f32>> {
    let most = features.len().saturating_sub(1) as f32 / 3.0;
    if !(perplexity >= 1.0 && perplexity <= most) {
        let count = features.len();
        return Err(Error::Usage(format!(
            "a perplexity of {perplexity} does not suit {count} pictures: 1 to {most:.0}"
        )));
    }
    let [first, rest] = watch.split(0.2);
    let components = COMPONENTS.min(features.width).min(features.len() - 1);
    let reduced = principal_components(features, components.max(2).min(features.width), &first)?;
    let samples: Vec<&[f32]> = reduced.points.chunks_exact(reduced.dimensions).collect();
    let spread = samples.iter().map(|row| f64::from(row[0]).powi(2)).sum::<f64>() / samples.len() as f64;
    let scale = (1e-4 / spread.sqrt().max(f64::MIN_POSITIVE)) as f32;
    let start: Vec<f32> =
        samples.iter().flat_map(|row| [row[0] * scale, row.get(1).copied().unwrap_or(0.0) * scale]).collect();
    rest.at(0, STEPS)?;
    let report = rest.clone();
    let mut fit: tSNE<f32, &[f32], 2> = tSNE::new(&samples);
    fit.perplexity(perplexity).epochs(STEPS).initial_embedding(start).epoch_callback(move |step, places| {
        each(places);
        if report.at(step.min(STEPS), STEPS).is_err() {
            // The crate has no other way out of a descent. This one calls no panic hook.
            resume_unwind(Box::new(Left));
        }
    });
    let distance = |a: &&[f32], b: &&[f32]| a.iter().zip(b.iter()).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        fit.barnes_hut(ANGLE, distance);
    }));
    if let Err(panic) = ended {
        return if panic.is::<Left>() { Err(Error::Cancelled) } else { resume_unwind(panic) };
    }
    rest.at(STEPS, STEPS)?;
    Ok(fit.embedding())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_step_is_seen_and_a_cancelled_descent_ends() {
        let values = (0..60).map(|at| ((at * 37) % 101) as f32).collect();
        let features = Features { pictures: (0..20).collect(), width: 3, values };
        let mut seen = Vec::new();
        let found = tsne(&features, 5.0, &mut |places| seen.push(places.to_vec()), &Watch::default()).unwrap();
        assert_eq!((seen.len(), seen[0].len()), (STEPS, 40));
        assert_eq!(seen.last(), Some(&found));
        let watch = Watch::default();
        let mut steps = 0;
        let mut leave = |_: &[f32]| {
            steps += 1;
            if steps == 10 {
                watch.cancel();
            }
        };
        assert!(matches!(tsne(&features, 5.0, &mut leave, &watch), Err(Error::Cancelled)));
        assert_eq!(steps, 10);
    }
}
