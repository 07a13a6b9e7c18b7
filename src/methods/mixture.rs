//! Mixtures of Gaussians over the colours of pixels, as GrabCut models foreground and background.

use super::noise::Noise;

/// Colours are at most RGB; grey pictures leave the rest zero.
pub(super) type Colour = [f64; 3];

/// Added to every variance, so that a flat region still has some.
const LEAST_VARIANCE: f64 = 1e-3;

#[derive(Clone, Debug)]
struct Gaussian {
    share: f64,
    mean: Colour,
    /// Inverse of the covariance.
    inverse: [[f64; 3]; 3],
    determinant: f64,
}

/// A mixture of Gaussians.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    parts: Vec<Gaussian>,
}

impl Mixture {
    /// Fits `count` Gaussians to colours: k-means with k-means++ seeds, then one Gaussian for each cluster.
    pub fn fit(colours: &[Colour], count: usize) -> Self {
        let mut noise = Noise::new(7, colours.len() as u64);
        let mut means = vec![colours[(noise.uniform() * colours.len() as f64) as usize]];
        while means.len() < count.min(colours.len()) {
            let far: Vec<f64> = colours.iter().map(|colour| nearest(&means, colour).1).collect();
            let total: f64 = far.iter().sum();
            if total <= 0.0 {
                break;
            }
            let mut left = noise.uniform() * total;
            let chosen = far.iter().position(|d| {
                left -= d;
                left < 0.0
            });
            means.push(colours[chosen.unwrap_or(colours.len() - 1)]);
        }
        let mut labels = vec![0; colours.len()];
        for _ in 0..10 {
            labels = colours.iter().map(|colour| nearest(&means, colour).0).collect();
            for (index, mean) in means.iter_mut().enumerate() {
                let members = || colours.iter().zip(&labels).filter(|(_, label)| **label == index).map(|(c, _)| c);
                let size = members().count();
                if size > 0 {
                    *mean = [0, 1, 2].map(|axis| members().map(|c| c[axis]).sum::<f64>() / size as f64);
                }
            }
        }
        Mixture { parts: gaussians(colours, &labels, means.len()) }
    }

    /// The same with every colour given to the Gaussian under which it is likeliest: GrabCut's step.
    pub fn refit(&self, colours: &[Colour]) -> Self {
        let likeliest = |colour: &Colour| {
            let costs = self.parts.iter().map(|part| part.cost(colour));
            costs.enumerate().fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best }).0
        };
        let labels: Vec<usize> = colours.iter().map(likeliest).collect();
        Mixture { parts: gaussians(colours, &labels, self.parts.len()) }
    }

    /// -log of the density at a colour, but for a constant.
    pub fn cost(&self, colour: &Colour) -> f64 {
        -self.parts.iter().map(|part| (-part.cost(colour)).exp()).sum::<f64>().max(1e-300).ln()
    }
}

impl Gaussian {
    /// -log of its share times its density, but for a constant.
    fn cost(&self, colour: &Colour) -> f64 {
        let d = [0, 1, 2].map(|axis| colour[axis] - self.mean[axis]);
        let distance: f64 = (0..3).map(|i| (0..3).map(|j| d[i] * self.inverse[i][j] * d[j]).sum::<f64>()).sum();
        -self.share.ln() + 0.5 * self.determinant.ln() + 0.5 * distance
    }
}

/// The nearest mean and the squared distance to it.
fn nearest(means: &[Colour], colour: &Colour) -> (usize, f64) {
    let distance = |mean: &Colour| (0..3).map(|axis| (mean[axis] - colour[axis]).powi(2)).sum::<f64>();
    let distances = means.iter().map(distance).enumerate();
    distances.fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best })
}

/// One Gaussian for each label that has colours.
fn gaussians(colours: &[Colour], labels: &[usize], count: usize) -> Vec<Gaussian> {
    let fit = |index: usize| {
        let members = || colours.iter().zip(labels).filter(move |(_, label)| **label == index).map(|(c, _)| c);
        let size = members().count();
        if size == 0 {
            return None;
        }
        let mean = [0, 1, 2].map(|axis| members().map(|c| c[axis]).sum::<f64>() / size as f64);
        let entry = |i: usize, j: usize| {
            let sum: f64 = members().map(|c| (c[i] - mean[i]) * (c[j] - mean[j])).sum();
            sum / size as f64 + if i == j { LEAST_VARIANCE } else { 0.0 }
        };
        let m = [0, 1, 2].map(|i| [0, 1, 2].map(|j| entry(i, j)));
        // Cofactors of a symmetric matrix.
        let cofactor = |i: usize, j: usize| {
            let (a, b, c, d) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
            m[a][c] * m[b][d] - m[a][d] * m[b][c]
        };
        let determinant = (0..3).map(|j| m[0][j] * cofactor(0, j)).sum::<f64>().max(1e-12);
        let inverse = [0, 1, 2].map(|i| [0, 1, 2].map(|j| cofactor(j, i) / determinant));
        Some(Gaussian { share: size as f64 / colours.len() as f64, mean, inverse, determinant })
    };
    (0..count).filter_map(fit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_finds_two_clouds() {
        let mut noise = Noise::new(1, 1);
        let mut cloud =
            |at: f64| -> Vec<Colour> { (0..200).map(|_| [0, 1, 2].map(|_| at + noise.uniform() * 0.2)).collect() };
        let colours = [cloud(0.0), cloud(2.0)].concat();
        let mixture = Mixture::fit(&colours, 5).refit(&colours);
        let [near, far] = [[0.1; 3], [1.0; 3]].map(|colour| mixture.cost(&colour));
        assert!(near + 5.0 < far && (mixture.cost(&[2.1; 3]) - near).abs() < 3.0, "{near} {far}");
    }
}
