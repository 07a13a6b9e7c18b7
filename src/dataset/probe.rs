//! Probes: the accuracy of simple classifiers on the features of a layer (Zeiler and Fergus 2014, Table 6; Alain and
//! Bengio 2016). A layer whose features a linear classifier tells apart is discriminative.

use super::{
    features::Features,
    linear::{Classifier, Loss},
    nearest::neighbour_vote,
    random::RandomOrder,
};
use crate::{Error, Result, watch::Watch};
use rayon::prelude::*;
use serde::Serialize;

/// The pictures that classifiers are trained on and tested with.
#[derive(Clone, Copy, Debug)]
pub struct ProbeSettings {
    /// Pictures of each class to train on; the others test.
    pub train: usize,
    /// Random splits.
    pub splits: usize,
    /// Weight of the summed loss against the norm (C of scikit-learn).
    pub cost: f64,
    /// Neighbours that vote.
    pub neighbours: usize,
    /// Seed of the splits.
    pub seed: u64,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        ProbeSettings { train: 20, splits: 5, cost: 0.01, neighbours: 5, seed: 0 }
    }
}

/// An accuracy over the splits, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Accuracy {
    /// Mean over the splits.
    pub mean: f64,
    /// Standard deviation over the splits.
    pub std: f64,
}

impl Accuracy {
    fn of(shares: &[f64]) -> Self {
        let count = shares.len().max(1) as f64;
        let mean = shares.iter().sum::<f64>() / count;
        let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / count;
        Accuracy { mean: 100.0 * mean, std: 100.0 * variance.sqrt() }
    }
}

/// The accuracies of three classifiers on one layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LayerProbe {
    /// A linear support vector machine.
    pub svm: Accuracy,
    /// Softmax regression.
    pub softmax: Accuracy,
    /// The vote of the nearest pictures by cosine.
    pub knn: Accuracy,
}

/// Probes the features of a layer. `labels` are the classes of the rows, `0..classes`. Features are standardised with the
/// mean and deviation of the training pictures.
///
/// # Errors
/// [`Error::Usage`] when a class has no picture left to test with; [`Error::Cancelled`].
pub fn probe(
    features: &Features,
    labels: &[usize],
    classes: usize,
    settings: &ProbeSettings,
    watch: &Watch,
) -> Result<LayerProbe> {
    let smallest = (0..classes).map(|class| labels.iter().filter(|label| **label == class).count()).min().unwrap_or(0);
    if smallest <= settings.train || classes < 2 {
        let train = settings.train;
        let why = format!(
            "probes that train on {train} pictures of each class need two classes of more; the smallest has {smallest}"
        );
        return Err(Error::Usage(why));
    }
    let mut shares = [Vec::new(), Vec::new(), Vec::new()];
    for split in 0..settings.splits {
        watch.at(split, settings.splits)?;
        let (train, test) = split_rows(labels, classes, settings.train, settings.seed + split as u64);
        let scaled = standardised(features, &train);
        let rows = |picked: &[usize]| {
            picked.iter().map(|&row| &scaled[row * features.width..][..features.width]).collect::<Vec<_>>()
        };
        let names = |picked: &[usize]| picked.iter().map(|&row| labels[row]).collect::<Vec<_>>();
        let (train_rows, test_rows) = (rows(&train), rows(&test));
        let (train_labels, test_labels) = (names(&train), names(&test));
        for (slot, loss) in [Loss::Svm, Loss::Softmax].into_iter().enumerate() {
            watch.at(split, settings.splits)?;
            let classifier = Classifier::train(&train_rows, &train_labels, classes, loss, settings.cost);
            shares[slot].push(classifier.accuracy(&test_rows, &test_labels));
        }
        let vote = |row: &&[f32]| neighbour_vote(&train_rows, &train_labels, row, settings.neighbours);
        let right = test_rows.par_iter().zip(&test_labels).filter(|(row, label)| vote(row) == **label).count();
        shares[2].push(right as f64 / test_rows.len() as f64);
    }
    let [svm, softmax, knn] = shares.map(|shares| Accuracy::of(&shares));
    Ok(LayerProbe { svm, softmax, knn })
}

/// Rows to train on, `count` of each class, and the others. The choice depends on the seed alone.
fn split_rows(labels: &[usize], classes: usize, count: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut random = RandomOrder::new(seed);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for class in 0..classes {
        let mut rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == class).collect();
        random.shuffle(&mut rows);
        test.extend(rows.split_off(count));
        train.extend(rows);
    }
    (train, test)
}

/// All features with the mean and deviation of the training rows taken out. A unit that does not vary stays at 0.
fn standardised(features: &Features, train: &[usize]) -> Vec<f32> {
    let width = features.width;
    let (mut mean, mut deviation) = (vec![0f64; width], vec![0f64; width]);
    for &row in train {
        mean.iter_mut().zip(features.row(row)).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    mean.iter_mut().for_each(|sum| *sum /= train.len() as f64);
    for &row in train {
        let values = features.row(row).iter().zip(&mean);
        deviation.iter_mut().zip(values).for_each(|(sum, (value, mean))| *sum += (f64::from(*value) - mean).powi(2));
    }
    deviation.iter_mut().for_each(|sum| *sum = (*sum / train.len() as f64).sqrt());
    let scale = |(index, value): (usize, &f32)| {
        let (mean, deviation) = (mean[index % width], deviation[index % width]);
        if deviation > 0.0 { ((f64::from(*value) - mean) / deviation) as f32 } else { 0.0 }
    };
    features.values.iter().enumerate().map(scale).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn features_that_hold_the_class_are_told_apart_and_noise_is_not() {
        let labels: Vec<usize> = (0..60).map(|row| row % 3).collect();
        let noise = |row: usize| (row.wrapping_mul(2_654_435_761) % 1000) as f32 / 1000.0;
        let good: Vec<f32> = labels.iter().enumerate().flat_map(|(row, &class)| [class as f32, noise(row)]).collect();
        let useless: Vec<f32> = (0..60).flat_map(|row| [noise(row), noise(row + 1000)]).collect();
        let settings = ProbeSettings { train: 10, splits: 3, cost: 1.0, ..ProbeSettings::default() };
        let ask = |values| {
            let features = Features { pictures: (0..60).collect(), width: 2, values };
            probe(&features, &labels, 3, &settings, &Watch::default()).unwrap()
        };
        let found = ask(good);
        assert!(found.softmax.mean > 95.0 && found.knn.mean > 80.0, "{found:?}");
        assert!(ask(useless).softmax.mean < 70.0);
        let few = Features { pictures: (0..60).collect(), width: 2, values: vec![0.0; 120] };
        let settings = ProbeSettings { train: 20, ..settings };
        assert!(probe(&few, &labels, 3, &settings, &Watch::default()).is_err());
    }

    #[test]
    fn a_split_holds_every_row_once() {
        let labels: Vec<usize> = (0..20).map(|row| row % 2).collect();
        let (train, test) = split_rows(&labels, 2, 3, 7);
        assert_eq!((train.len(), test.len()), (6, 14));
        let mut all = [train, test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..20).collect::<Vec<_>>());
    }
}
