//! Linear centred kernel alignment: how alike a layer of two networks treats the same pictures, whatever the order and the
//! scale of its units (Kornblith, Norouzi, Lee and Hinton 2019).

use rayon::prelude::*;

/// Pictures below which the alignment is chance.
pub const LEAST_PICTURES: usize = 8;

/// The products of all pairs of pictures' activations, centred.
#[derive(Clone, Debug)]
pub struct Similarities {
    count: usize,
    /// Row by row; the diagonal is 0.
    values: Vec<f64>,
}

impl Similarities {
    /// Of some pictures, each a row of activations. Centred so that the alignment is unbiased although a layer has more
    /// activations than there are pictures (Szekely and Rizzo 2014, as in Kornblith's own code). `None` for fewer than
    /// [`LEAST_PICTURES`], or rows of different lengths.
    pub fn of(rows: &[Vec<f32>]) -> Option<Self> {
        let count = rows.len();
        if count < LEAST_PICTURES || rows.iter().any(|row| row.len() != rows[0].len()) {
            return None;
        }
        let product = |place: usize| {
            let (a, b) = (place / count, place % count);
            if a <= b { dot(&rows[a], &rows[b]) } else { 0.0 }
        };
        let mut values: Vec<f64> = (0..count * count).into_par_iter().map(product).collect();
        for a in 0..count {
            for b in 0..a {
                values[a * count + b] = values[b * count + a];
            }
            values[a * count + a] = 0.0;
        }
        let largest = values.iter().fold(0f64, |most, value| most.max(value.abs()));
        let n = count as f64;
        let means: Vec<f64> = values.chunks_exact(count).map(|row| row.iter().sum::<f64>() / (n - 2.0)).collect();
        let shift = means.iter().sum::<f64>() / (2.0 * (n - 1.0));
        for (place, value) in values.iter_mut().enumerate() {
            let (a, b) = (place / count, place % count);
            let centred = *value - (means[a] - shift) - (means[b] - shift);
            // Pictures that are all alike differ by rounding alone, which counts as nothing.
            *value = if a == b || centred.abs() < 1e-12 * largest { 0.0 } else { centred };
        }
        Some(Similarities { count, values })
    }

    /// The alignment with the similarities of the same pictures in another network: 1 for the same up to rotation and scale, about 0
    /// for unrelated ones. `None` for other pictures, or where all activations are alike.
    pub fn alignment(&self, other: &Similarities) -> Option<f64> {
        let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let scale = (inner(&self.values, &self.values) * inner(&other.values, &other.values)).sqrt();
        (self.count == other.count && scale > 0.0).then(|| inner(&self.values, &other.values) / scale)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    // In parts of a few values, so that the compiler adds them side by side.
    let part = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    a.chunks(1024).zip(b.chunks(1024)).map(part).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alignments_are_those_of_kornblith_in_numpy() {
        // cka(gram_linear(x), gram_linear(y), debiased=True) of Kornblith's published code, float64.
        let rows = |value: &dyn Fn(f64, f64) -> f64| -> Vec<Vec<f32>> {
            (0..12).map(|i| (0..30).map(|j| value(f64::from(i), f64::from(j)) as f32).collect()).collect()
        };
        let wave = |i: f64, j: f64| (1.3 * i + 0.7 * i * j).sin();
        let other = |i: f64, j: f64| (0.9 * i * i + j).cos();
        // The first in another order of units, twice as large, with a share of the other.
        let mixed = |i: f64, j: f64| 2.0 * wave(i, 29.0 - j) + 0.8 * other(i, j);
        let [x, y, z] = [rows(&wave), rows(&mixed), rows(&other)].map(|rows| Similarities::of(&rows));
        let alignment = |a: &Option<Similarities>, b: &Option<Similarities>| {
            a.as_ref().zip(b.as_ref()).and_then(|(a, b)| a.alignment(b)).unwrap_or(f64::NAN)
        };
        for (found, expected) in
            [(alignment(&x, &y), 0.926_444_364_9), (alignment(&x, &z), 0.022_904_713_4), (alignment(&x, &x), 1.0)]
        {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        assert!(Similarities::of(&rows(&wave)[..7]).is_none());
        assert!(Similarities::of(&vec![vec![1.0; 4]; 9]).is_some_and(|flat| flat.alignment(&flat).is_none()));
    }
}
