//! Principal components (Pearson 1901): the directions in which features vary most.

use super::features::Features;
use crate::{Error, Result, watch::Watch};
use rayon::prelude::*;

/// Rounds of subspace iteration at most.
const ROUNDS: usize = 500;
/// Directions iterated beside those asked for: the more, the faster the others settle.
const SPARE: usize = 8;
/// Pictures summed by one thread. The sums are added in their order, so that every run gives the same digits.
const PART: usize = 256;

/// Features projected to a few directions.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Row-major `(pictures, dimensions)`, about the mean.
    pub points: Vec<f32>,
    /// Directions.
    pub dimensions: usize,
    /// Share of the variance along each direction, 0 to 1, largest first.
    pub explained: Vec<f64>,
}

/// Projects features to their first principal components. The sign of a component is the one that makes its largest
/// weight positive.
///
/// # Errors
/// [`Error::Usage`] when there are fewer pictures or units than `dimensions`; [`Error::Cancelled`].
pub fn principal_components(features: &Features, dimensions: usize, watch: &Watch) -> Result<Projection> {
    let (count, width) = (features.len(), features.width);
    if count <= dimensions || width < dimensions {
        let why = format!("{dimensions} principal components need more pictures than {count} and units than {width}");
        return Err(Error::Usage(why));
    }
    let mut mean = vec![0f64; width];
    for row in 0..count {
        mean.iter_mut().zip(features.row(row)).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    mean.iter_mut().for_each(|sum| *sum /= count as f64);
    let centred: Vec<f64> =
        features.values.iter().enumerate().map(|(index, value)| f64::from(*value) - mean[index % width]).collect();
    let total: f64 = centred.iter().map(|value| value * value).sum();

    let wide = (dimensions + SPARE).min(width);
    let mut basis = start(wide, width);
    let mut strengths = vec![0f64; wide];
    for round in 0..ROUNDS {
        watch.at(round, ROUNDS)?;
        let mut next = times_covariance(&centred, &basis, width);
        let found = orthonormal(&mut next, width);
        basis = next;
        let settled = found.iter().zip(&strengths).take(dimensions).all(|(new, old)| (new - old).abs() <= 1e-12 * new);
        strengths = found;
        if settled {
            break;
        }
    }
    let basis: Vec<f64> = basis.chunks_exact(width).take(dimensions).flat_map(signed).collect();
    let project = |row: &[f64]| {
        basis
            .chunks_exact(width)
            .map(|axis| row.iter().zip(axis).map(|(a, b)| a * b).sum::<f64>() as f32)
            .collect::<Vec<f32>>()
    };
    let points: Vec<f32> = centred.par_chunks_exact(width).flat_map_iter(project).collect();
    let variance =
        |axis: usize| points.iter().skip(axis).step_by(dimensions).map(|v| f64::from(*v).powi(2)).sum::<f64>();
    let explained = (0..dimensions).map(|axis| variance(axis) / total.max(f64::MIN_POSITIVE)).collect();
    Ok(Projection { points, dimensions, explained })
}

/// A basis to begin with: fixed pseudo-random numbers.
fn start(rows: usize, width: usize) -> Vec<f64> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut number = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let mut basis: Vec<f64> = (0..rows * width).map(|_| number()).collect();
    orthonormal(&mut basis, width);
    basis
}

/// Every vector of the basis times the features' scatter matrix.
fn times_covariance(centred: &[f64], basis: &[f64], width: usize) -> Vec<f64> {
    let zero = || vec![0f64; basis.len()];
    let add_row = |mut sum: Vec<f64>, row: &[f64]| {
        for (axis, sum) in basis.chunks_exact(width).zip(sum.chunks_exact_mut(width)) {
            let along: f64 = axis.iter().zip(row).map(|(a, b)| a * b).sum();
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += along * value);
        }
        sum
    };
    let add = |mut a: Vec<f64>, b: Vec<f64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    let add_part = |part: &[f64]| part.chunks_exact(width).fold(zero(), add_row);
    let parts: Vec<Vec<f64>> = centred.par_chunks(width * PART).map(add_part).collect();
    parts.into_iter().fold(zero(), add)
}

/// Makes the vectors orthonormal in turn (modified Gram-Schmidt, twice) and returns the lengths they had.
fn orthonormal(basis: &mut [f64], width: usize) -> Vec<f64> {
    let mut lengths = Vec::new();
    for index in 0..basis.len() / width {
        let (before, rest) = basis.split_at_mut(index * width);
        let own = &mut rest[..width];
        for _ in 0..2 {
            for other in before.chunks_exact(width) {
                let along: f64 = other.iter().zip(own.iter()).map(|(a, b)| a * b).sum();
                own.iter_mut().zip(other).for_each(|(own, other)| *own -= along * other);
            }
        }
        let length = own.iter().map(|value| value * value).sum::<f64>().sqrt();
        own.iter_mut().for_each(|value| *value /= length.max(f64::MIN_POSITIVE));
        lengths.push(length);
    }
    lengths
}

/// The vector or its negative, whichever has a positive weight of the largest magnitude.
fn signed(axis: &[f64]) -> Vec<f64> {
    let largest =
        axis.iter().copied().fold(0.0, |best: f64, value| if value.abs() > best.abs() { value } else { best });
    axis.iter().map(|value| value * largest.signum()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn points_on_a_line_vary_along_it() {
        let values: Vec<f32> = (0..10).flat_map(|i| [i as f32 * 3.0, i as f32 * 4.0, 1.0]).collect();
        let features = Features { pictures: (0..10).collect(), width: 3, values };
        let found = principal_components(&features, 2, &Watch::default()).unwrap();
        assert!((found.explained[0] - 1.0).abs() < 1e-9 && found.explained[1] < 1e-9);
        for row in 0..10 {
            assert!((found.points[row * 2] - (row as f32 - 4.5) * 5.0).abs() < 1e-4);
        }
        assert!(principal_components(&features, 4, &Watch::default()).is_err());
    }
}
