//! Parametrisations of a picture: pixels about the mean (Simonyan, Vedaldi and Zisserman 2014), or waves of decorrelated
//! colours (Olah, Mordvintsev and Schubert 2017), in which a step changes large and small structures alike.

use super::{fourier::Fourier, images::Images, parameters as p};
use crate::{
    methods::{Noise, Settings},
    picture::Preprocess,
};

/// lucid's square root of the colours' covariance over ImageNet: rows are red, green, blue.
const COLOURS: [[f32; 3]; 3] = [[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]];

/// lucid divides the waves' sum by this before it becomes colours.
const CONTRAST: f32 = 0.25;

/// lucid's deviation of the first coefficients.
const WAVES: f64 = 0.01;

/// Colours of a picture to continue from are held this far from black and white, where the waves would be infinite.
const MARGIN: f32 = 0.02;

/// The map from parameters to normalised pictures of one size, and back.
pub(super) struct Parametrisation {
    /// The normalisation of the network's input.
    mean: Vec<f32>,
    std: Vec<f32>,
    waves: Option<Waves>,
}

struct Waves {
    fourier: Fourier,
    /// The factor of every coefficient: larger for large waves, as in photographs.
    scale: Vec<f32>,
    /// From waves to colours and back; the identity for grey.
    mix: Vec<Vec<f32>>,
    unmix: Vec<Vec<f32>>,
}

impl Parametrisation {
    /// For pictures of `size` that `space` normalises.
    pub fn new(settings: &Settings, space: &Preprocess, size: [usize; 2]) -> Self {
        let waves = (settings.choice(&p::PARAMETRISATION) == "fourier")
            .then(|| Waves::new(space.channels(), size, settings.number(&p::DECAY_POWER) as f32));
        let [mean, std] = space.statistics();
        Parametrisation { mean, std, waves }
    }

    /// Whether the parameters are pixels.
    pub fn is_pixels(&self) -> bool {
        self.waves.is_none()
    }

    /// The shape of the parameters for pictures of the shape `dims`.
    pub fn dims(&self, [batch, channels, height, width]: [usize; 4]) -> [usize; 4] {
        match &self.waves {
            Some(waves) => [batch, channels, height, 2 * waves.fourier.half()],
            None => [batch, channels, height, width],
        }
    }

    /// The start: the mean picture, or noise of a deviation in grey levels. Waves are never all zero, as published.
    pub fn start(&self, dims: [usize; 4], settings: &Settings, noise: &mut Noise) -> Images {
        let dims = self.dims(dims);
        let deviation = match (settings.choice(&p::START), &self.waves) {
            (_, Some(_)) => WAVES,
            ("noise", None) => settings.number(&p::NOISE),
            _ => return Images::zeros(dims),
        };
        Images { values: noise.normal(dims.iter().product(), deviation), dims }
    }

    /// The normalised pictures.
    pub fn images(&self, params: &Images) -> Images {
        let Some(waves) = &self.waves else { return params.map(|c, level| level / (255.0 * self.std[c])) };
        let colours = mixed(&waves.planes(params), &waves.mix);
        colours.map(|c, value| (sigmoid(value) - self.mean[c]) / self.std[c])
    }

    /// The gradient with respect to the parameters, from that with respect to the normalised pictures: the transposed
    /// derivative of [`Parametrisation::images`] at `params`, which gave `images`.
    pub fn pull(&self, images: &Images, gradient: &Images) -> Images {
        let Some(waves) = &self.waves else { return gradient.map(|c, value| value / (255.0 * self.std[c])) };
        let mut colours = gradient.map(|c, value| value / self.std[c]);
        let shades = images.map(|c, value| value * self.std[c] + self.mean[c]);
        colours.values.iter_mut().zip(&shades.values).for_each(|(value, shade)| *value *= shade * (1.0 - shade));
        let transposed: Vec<Vec<f32>> =
            (0..waves.mix.len()).map(|i| waves.mix.iter().map(|row| row[i]).collect()).collect();
        waves.pull(&mixed(&colours, &transposed))
    }

    /// The parameters whose pictures come nearest to these.
    pub fn params(&self, images: &Images) -> Images {
        let Some(waves) = &self.waves else { return images.map(|c, value| value * 255.0 * self.std[c]) };
        let colours = images.map(|c, value| {
            let shade = (value * self.std[c] + self.mean[c]).clamp(MARGIN, 1.0 - MARGIN);
            (shade / (1.0 - shade)).ln()
        });
        waves.coefficients(&mixed(&colours, &waves.unmix))
    }

    /// The pictures as a file of 8 bits a colour holds them: clipped to black and white, and rounded.
    pub fn as_saved(&self, images: &Images) -> Images {
        images.map(|c, value| {
            let shade = ((value * self.std[c] + self.mean[c]) * 255.0).round().clamp(0.0, 255.0) / 255.0;
            (shade - self.mean[c]) / self.std[c]
        })
    }

    /// Pixels held between black and white.
    pub fn clip(&self, params: &Images) -> Images {
        params.map(|c, level| level.clamp(-255.0 * self.mean[c], 255.0 * (1.0 - self.mean[c])))
    }
}

impl Waves {
    fn new(channels: usize, [height, width]: [usize; 2], power: f32) -> Self {
        let fourier = Fourier::new([height, width]);
        let lowest = 1.0 / height.max(width) as f32;
        let root = ((height * width) as f32).sqrt();
        let scale = fourier.frequencies().iter().map(|&f| root / f.max(lowest).powf(power)).collect();
        let longest = (0..3).map(|i| COLOURS.iter().map(|row| row[i] * row[i]).sum::<f32>().sqrt()).fold(0.0, f32::max);
        let (mix, unmix) = match channels {
            3 => {
                let mix = COLOURS.map(|row| row.map(|value| value / longest));
                (mix.map(Vec::from).to_vec(), inverse(&mix).map(Vec::from).to_vec())
            }
            _ => (vec![vec![1.0]], vec![vec![1.0]]),
        };
        Waves { fourier, scale, mix, unmix }
    }

    fn size(&self, params: &Images) -> [usize; 2] {
        [params.dims[2], self.fourier.half() * 2]
    }

    fn planes(&self, params: &Images) -> Images {
        let size = [params.dims[2], self.width()];
        params.map_planes(size, |_, plane| {
            let spectrum: Vec<f32> = plane.iter().enumerate().map(|(i, value)| value * self.scale[i / 2]).collect();
            self.fourier.inverse(&spectrum).iter().map(|value| value * CONTRAST).collect()
        })
    }

    fn pull(&self, planes: &Images) -> Images {
        planes.map_planes(self.size(planes), |_, plane| {
            let spectrum = self.fourier.adjoint(plane);
            spectrum.iter().enumerate().map(|(i, value)| value * self.scale[i / 2] * CONTRAST).collect()
        })
    }

    fn coefficients(&self, planes: &Images) -> Images {
        planes.map_planes(self.size(planes), |_, plane| {
            let spectrum = self.fourier.forward(plane);
            spectrum.iter().enumerate().map(|(i, value)| value / (self.scale[i / 2] * CONTRAST)).collect()
        })
    }

    fn width(&self) -> usize {
        self.fourier.width()
    }
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// The channels of every picture through a matrix.
fn mixed(images: &Images, matrix: &[Vec<f32>]) -> Images {
    let area = images.area();
    let mut out = Images::zeros(images.dims);
    let pictures = images.values.chunks_exact(images.length()).zip(out.values.chunks_exact_mut(images.length()));
    for (from, to) in pictures {
        for (row, plane) in matrix.iter().zip(to.chunks_exact_mut(area)) {
            for (weight, source) in row.iter().zip(from.chunks_exact(area)) {
                plane.iter_mut().zip(source).for_each(|(sum, value)| *sum += weight * value);
            }
        }
    }
    out
}

/// By cofactors.
fn inverse(m: &[[f32; 3]; 3]) -> [[f32; 3]; 3] {
    let cofactor = |i: usize, j: usize| {
        let at = |di: usize, dj: usize| m[(i + di) % 3][(j + dj) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f32 = (0..3).map(|j| m[0][j] * cofactor(0, j)).sum();
    [0, 1, 2].map(|i| [0, 1, 2].map(|j| cofactor(j, i) / determinant))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{assert_adjoint, numbers};
    use super::*;

    fn both() -> [(Parametrisation, [usize; 4]); 3] {
        let colour = Preprocess::imagenet(8, 8);
        let grey = Preprocess { mean: vec![0.4], std: vec![0.3], ..colour.clone() };
        let waves = Settings::parse(p::PARAMETERS, ["parametrisation=fourier"]).unwrap();
        [
            (Parametrisation::new(&Settings::new(), &colour, [8, 7]), [2, 3, 8, 7]),
            (Parametrisation::new(&waves, &colour, [8, 7]), [2, 3, 8, 7]),
            (Parametrisation::new(&waves, &grey, [6, 6]), [1, 1, 6, 6]),
        ]
    }

    #[test]
    fn pictures_come_back() {
        for (parametrisation, dims) in both() {
            let images =
                Images { values: numbers(dims.iter().product(), 5), dims }.map(|_, v| (v * 0.2).clamp(-0.3, 0.3));
            let params = parametrisation.params(&images);
            assert_eq!(params.dims, parametrisation.dims(dims));
            let back = parametrisation.images(&params);
            assert_eq!(back.dims, dims);
            let largest = images.values.iter().zip(&back.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest < 1e-4, "{largest}");
        }
    }

    #[test]
    fn gradients_are_pulled_by_the_transposed_derivative() {
        for (parametrisation, dims) in both() {
            let params = Images {
                values: numbers(parametrisation.dims(dims).iter().product(), 1),
                dims: parametrisation.dims(dims),
            };
            let params = params.map(|_, value| value * 0.05);
            let direction = params.map(|_, value| value.sin() + 0.01);
            let images = parametrisation.images(&params);
            // The derivative along a direction by central differences.
            let step = 1e-2;
            let [mut ahead, mut behind] = [params.clone(), params.clone()];
            ahead.add(&direction, step);
            behind.add(&direction, -step);
            let mut change = parametrisation.images(&ahead);
            change.add(&parametrisation.images(&behind), -1.0);
            let change = change.map(|_, value| value / (2.0 * step));
            let gradient = Images { values: numbers(dims.iter().product(), 9), dims };
            let pulled = parametrisation.pull(&images, &gradient);
            let dot =
                |a: &Images, b: &Images| a.values.iter().zip(&b.values).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let (left, right) = (dot(&gradient, &change), dot(&pulled, &direction));
            assert!((left - right).abs() < 2e-3 * left.abs().max(1.0), "{left} {right}");
            if parametrisation.is_pixels() {
                assert_adjoint(&params.values, &pulled.values, &images.values, &gradient.values);
            }
        }
    }

    #[test]
    fn the_colour_matrix_is_inverted() {
        let back = mixed(
            &mixed(&Images { values: vec![1.0, 2.0, 3.0], dims: [1, 3, 1, 1] }, &COLOURS.map(Vec::from)),
            &inverse(&COLOURS).map(Vec::from),
        );
        assert!(back.values.iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-4), "{back:?}");
    }
}
