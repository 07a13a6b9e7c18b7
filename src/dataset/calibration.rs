//! Calibration: whether a probability of 80% is right 8 times in 10 (Guo et al. 2017).

use super::outcome::Outcome;
use serde::Serialize;

/// Bins of equal width, as many as in the paper.
const BINS: usize = 15;

/// The pictures whose confidence lies in a range.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// The range's lower end, which belongs to the bin below.
    pub from: f64,
    /// Its upper end, which belongs to this bin.
    pub to: f64,
    /// Pictures in it.
    pub pictures: usize,
    /// Their mean confidence; 0 without pictures.
    pub confidence: f64,
    /// The share of them that are right; 0 without pictures.
    pub accuracy: f64,
}

/// Confidence beside accuracy.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error: the mean distance of accuracy from confidence over the pictures, 0 to 1.
    pub ece: f64,
    /// Maximum calibration error: the largest distance of any bin.
    pub mce: f64,
    /// The bins, in order.
    pub bins: Vec<CalibrationBin>,
}

impl Calibration {
    /// The calibration of a network on these pictures.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let width = 1.0 / BINS as f64;
        let bin = |index: usize| {
            let (from, to) = (index as f64 * width, (index + 1) as f64 * width);
            let inside = |outcome: &&Outcome| place(outcome.confidence) == index;
            let own: Vec<&Outcome> = outcomes.iter().filter(inside).collect();
            let count = own.len().max(1) as f64;
            CalibrationBin {
                from,
                to,
                pictures: own.len(),
                confidence: own.iter().map(|outcome| outcome.confidence).sum::<f64>() / count,
                accuracy: own.iter().filter(|outcome| outcome.is_right()).count() as f64 / count,
            }
        };
        let bins: Vec<CalibrationBin> = (0..BINS).map(bin).collect();
        let gap = |bin: &CalibrationBin| (bin.accuracy - bin.confidence).abs();
        let total = outcomes.len().max(1) as f64;
        let ece = bins.iter().map(|bin| gap(bin) * bin.pictures as f64 / total).sum();
        Calibration { ece, mce: bins.iter().map(gap).fold(0.0, f64::max), bins }
    }
}

/// The bin of a confidence. A bin's upper end belongs to it.
fn place(confidence: f64) -> usize {
    ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confident_and_always_wrong_is_an_error_of_the_confidence() {
        let outcome = |confidence: f64, rank: usize| Outcome {
            picture: 0,
            class: 0,
            predicted: rank,
            confidence,
            probability: 0.0,
            rank,
        };
        let found = Calibration::of(&[outcome(0.9, 1), outcome(0.9, 1), outcome(0.5, 0), outcome(0.5, 1)]);
        assert!((found.ece - 0.45).abs() < 1e-12 && (found.mce - 0.9).abs() < 1e-12, "{found:?}");
        assert_eq!((place(0.0), place(1.0 / 15.0), place(0.0667), place(1.0)), (0, 0, 1, 14));
    }
}
