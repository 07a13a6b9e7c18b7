//! Penalties, which are subtracted from the objective: terms of the picture alone. They see pixels about the mean colour
//! on a scale where black to white is 1, and are means over pixels, so that one weight serves every size.

use super::{blur::blurred, images::Images, parameters as p};
use crate::methods::Settings;

/// The blur that [`p::SHARPNESS`] compares with, in pixels.
const SIGMA: f64 = 1.0;

/// The penalty of a batch, summed over its pictures.
pub(super) struct Penalty {
    /// Its value.
    pub value: f64,
    /// Its derivative.
    pub gradient: Images,
}

impl Penalty {
    /// All penalties that are set; `None` where none is.
    pub fn of(settings: &Settings, images: &Images) -> Option<Self> {
        let weight = |parameter| settings.number(parameter);
        let mut sum = Penalty { value: 0.0, gradient: Images::zeros(images.dims) };
        let mut any = false;
        for (parameter, power) in [(&p::L1, 1), (&p::L2, 2), (&p::RANGE, 6)] {
            if weight(parameter) > 0.0 {
                sum.norm(images, power, weight(parameter));
                any = true;
            }
        }
        if weight(&p::VARIATION) > 0.0 {
            sum.variation(images, weight(&p::VARIATION_POWER), weight(&p::VARIATION));
            any = true;
        }
        if weight(&p::SHARPNESS) > 0.0 {
            sum.sharpness(images, weight(&p::SHARPNESS));
            any = true;
        }
        any.then_some(sum)
    }

    /// The mean over pixels of the sum over colours of |v|^power.
    fn norm(&mut self, images: &Images, power: i32, weight: f64) {
        let share = (weight / images.area() as f64) as f32;
        for (gradient, &v) in self.gradient.values.iter_mut().zip(&images.values) {
            self.value += f64::from(share * v.abs().powi(power));
            *gradient += share * power as f32 * v.abs().powi(power - 1) * if v == 0.0 { 0.0 } else { v.signum() };
        }
    }

    /// The mean over pixels of the sum over colours of (dx^2 + dy^2)^(power/2), differences to the right and below.
    fn variation(&mut self, images: &Images, power: f64, weight: f64) {
        let ([height, width], share) = (images.size(), weight / images.area() as f64);
        let planes = images.values.chunks_exact(height * width);
        for (plane, gradient) in planes.zip(self.gradient.values.chunks_exact_mut(height * width)) {
            for at in 0..height * width {
                let right = (at % width + 1 < width).then_some(at + 1);
                let below = (at + width < height * width).then_some(at + width);
                let difference = |next: Option<usize>| next.map_or(0.0, |next| f64::from(plane[next] - plane[at]));
                let (dx, dy) = (difference(right), difference(below));
                let square = dx * dx + dy * dy;
                if square == 0.0 {
                    continue;
                }
                self.value += share * square.powf(power / 2.0);
                let slope = share * power * square.powf(power / 2.0 - 1.0);
                for (next, d) in [(right, dx), (below, dy)] {
                    if let Some(next) = next {
                        gradient[next] += (slope * d) as f32;
                        gradient[at] -= (slope * d) as f32;
                    }
                }
            }
        }
    }

    /// Half the mean over pixels of the squared difference from the blurred picture, which counts as given: its
    /// gradient step is a blur.
    fn sharpness(&mut self, images: &Images, weight: f64) {
        let share = (weight / images.area() as f64) as f32;
        let blurred = blurred(images, SIGMA);
        for ((gradient, v), smooth) in self.gradient.values.iter_mut().zip(&images.values).zip(&blurred.values) {
            self.value += f64::from(0.5 * share * (v - smooth).powi(2));
            *gradient += share * (v - smooth);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::numbers;
    use super::*;

    #[test]
    fn gradients_are_those_of_the_values() {
        let images = Images { values: numbers(2 * 3 * 5 * 4, 1), dims: [2, 3, 5, 4] };
        let direction = numbers(2 * 3 * 5 * 4, 2);
        for text in ["l1=2", "l2=3", "range=0.5", "variation=2", "variation=2 variation-power=2", "l2=1 variation=1"] {
            let settings = Settings::parse(p::PARAMETERS, text.split(' ')).unwrap();
            let gradient = Penalty::of(&settings, &images).unwrap().gradient;
            let at = |step: f32| {
                let values = images.values.iter().zip(&direction).map(|(v, d)| v + step * d).collect();
                Penalty::of(&settings, &Images { values, dims: images.dims }).unwrap().value
            };
            let slope = (at(1e-3) - at(-1e-3)) / 2e-3;
            let expected: f64 = gradient.values.iter().zip(&direction).map(|(&g, &d)| f64::from(g * d)).sum();
            assert!((slope - expected).abs() < 2e-3 * expected.abs().max(1.0), "{text}: {slope} {expected}");
        }
        assert!(Penalty::of(&Settings::new(), &images).is_none());
    }

    #[test]
    fn a_step_down_the_sharpness_is_a_blur() {
        let images = Images { values: numbers(30, 1), dims: [1, 1, 6, 5] };
        let settings = Settings::parse(p::PARAMETERS, ["sharpness=30"]).unwrap();
        let mut stepped = images.clone();
        stepped.add(&Penalty::of(&settings, &images).unwrap().gradient, -1.0);
        let wanted = blurred(&images, SIGMA);
        assert!(stepped.values.iter().zip(&wanted.values).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
