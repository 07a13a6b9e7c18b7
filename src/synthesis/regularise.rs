//! Regularisation between steps (Yosinski et al. 2015): decay, blur, and setting to the mean the pixels with the least
//! norm or contribution.

use super::{blur::blurred, images::Images, parameters as p};
use crate::methods::Settings;

/// The pixels after step number `step`, counted from 0, whose gradient was `gradient`.
pub(super) fn regularised(settings: &Settings, pixels: Images, gradient: &Images, step: usize) -> Images {
    let number = |parameter| settings.number(parameter);
    let mut pixels = pixels;
    let kept = 1.0 - number(&p::DECAY) as f32;
    if kept < 1.0 {
        pixels.values.iter_mut().for_each(|value| *value *= kept);
    }
    if number(&p::BLUR) > 0.0 && step.is_multiple_of(settings.count(&p::BLUR_EVERY)) {
        pixels = blurred(&pixels, number(&p::BLUR));
    }
    let (area, length) = (pixels.area(), pixels.length());
    for (one, gradient) in pixels.values.chunks_exact_mut(length).zip(gradient.values.chunks_exact(length)) {
        let over_colours = |at: usize, f: &dyn Fn(usize) -> f32| (at..length).step_by(area).map(f).sum::<f32>();
        let norms = |one: &[f32]| (0..area).map(|at| over_colours(at, &|i| one[i] * one[i]).sqrt()).collect();
        clip(one, norms, number(&p::SMALL_NORM));
        let contributions =
            |one: &[f32]| (0..area).map(|at| over_colours(at, &|i| one[i] * gradient[i]).abs()).collect();
        clip(one, contributions, number(&p::SMALL_CONTRIBUTION));
    }
    pixels
}

/// Sets the pixels to zero whose measure lies below a percentile.
fn clip(one: &mut [f32], measure: impl Fn(&[f32]) -> Vec<f32>, percent: f64) {
    if percent == 0.0 {
        return;
    }
    let measures = measure(one);
    let limit = percentile(measures.clone(), percent);
    for plane in one.chunks_exact_mut(measures.len()) {
        let small = plane.iter_mut().zip(&measures).filter(|&(_, &measure)| measure < limit);
        small.for_each(|(value, _)| *value = 0.0);
    }
}

/// NumPy's: between the two nearest values linearly.
fn percentile(mut values: Vec<f32>, percent: f64) -> f32 {
    let at = percent / 100.0 * (values.len() - 1) as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(at as usize, f32::total_cmp);
    let high = above.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
    low + (high - low) * at.fract() as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn percentiles_are_numpys() {
        let values = vec![4.0, 1.0, 3.0, 2.0];
        assert_eq!([0.0, 50.0, 90.0, 100.0].map(|percent| percentile(values.clone(), percent)), [1.0, 2.5, 3.7, 4.0]);
    }

    #[test]
    fn what_is_small_becomes_the_mean() {
        let pixels = Images { values: vec![3.0, 1.0, -4.0, 0.5, /**/ 4.0, 1.0, 3.0, 0.0], dims: [1, 2, 1, 4] };
        let gradient = Images { values: vec![1.0, 9.0, 3.0, 1.0, /**/ -1.0, 9.0, 4.0, 1.0], dims: [1, 2, 1, 4] };
        let after = |text: &str| {
            let settings = Settings::parse(p::PARAMETERS, [text]).unwrap();
            regularised(&settings, pixels.clone(), &gradient, 0).values
        };
        // Norms 5, sqrt 2, 5, 0.5; contributions 1, 18, 0, 0.5.
        assert_eq!(after("small-norm=50"), [3.0, 0.0, -4.0, 0.0, 4.0, 0.0, 3.0, 0.0]);
        assert_eq!(after("small-contribution=50"), [3.0, 1.0, 0.0, 0.0, 4.0, 1.0, 0.0, 0.0]);
        assert_eq!(after("decay=0.5")[..2], [1.5, 0.5]);
        let settings = Settings::parse(p::PARAMETERS, ["blur=1", "blur-every=4"]).unwrap();
        assert_eq!(regularised(&settings, pixels.clone(), &gradient, 3), pixels);
        assert_ne!(regularised(&settings, pixels.clone(), &gradient, 4), pixels);
    }
}
