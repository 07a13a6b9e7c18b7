//! Where a network is right over a labelled folder and where it is wrong.

use super::{calibration::Calibration, labelled::LabelledFolder, outcome::Outcome};
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Pictures in all.
    pub pictures: usize,
    /// Pictures whose class has the largest score.
    pub first: usize,
    /// Pictures whose class is among the five largest scores.
    pub five: usize,
}

impl Hits {
    /// Counts outcomes.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        outcomes.into_iter().fold(Hits::default(), |hits, outcome| Hits {
            pictures: hits.pictures + 1,
            first: hits.first + usize::from(outcome.rank == 0),
            five: hits.five + usize::from(outcome.rank < 5),
        })
    }

    /// Top-1 accuracy in percent; 0 without pictures.
    pub fn top1(&self) -> f64 {
        percent(self.first, self.pictures)
    }

    /// Top-5 accuracy in percent; 0 without pictures.
    pub fn top5(&self) -> f64 {
        percent(self.five, self.pictures)
    }
}

fn percent(hits: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { 100.0 * hits as f64 / of as f64 }
}

/// The pictures of one class and the predictions of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassHits {
    /// The pictures of the class.
    pub hits: Hits,
    /// Pictures of any class that the class is predicted for.
    pub predicted: usize,
    /// Share of those that are of the class, 0 to 1; `None` where there are none.
    pub precision: Option<f64>,
    /// Share of the class's pictures that it is predicted for, 0 to 1; `None` where there are none.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall; `None` where one of them is missing.
    pub f1: Option<f64>,
}

/// How often one class is taken for another, or for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The pictures' class.
    pub class: usize,
    /// The predicted class.
    pub predicted: usize,
    /// Pictures.
    pub pictures: usize,
}

/// Everything that follows from the outcomes of a folder.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// All pictures.
    pub hits: Hits,
    /// One for each of [`LabelledFolder::classes`].
    pub classes: Vec<ClassHits>,
    /// The cells of the confusion matrix that are not zero, by class, then by predicted class.
    pub confusion: Vec<Confusion>,
    /// The folders within the classes' folders over all classes; empty where there are none.
    pub subgroups: Vec<(String, Hits)>,
    /// Confidence beside accuracy.
    pub calibration: Calibration,
    /// The wrong outcomes, the most confident first.
    pub mistakes: Vec<Outcome>,
}

impl Evaluation {
    /// The evaluation of a folder's outcomes.
    pub fn of(folder: &LabelledFolder, outcomes: &[Outcome]) -> Self {
        let mut cells: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut slots = vec![Vec::new(); folder.classes.len()];
        let mut subgroups: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
        for outcome in outcomes {
            *cells.entry((outcome.class, outcome.predicted)).or_default() += 1;
            slots[folder.slot(outcome.picture)].push(outcome);
            subgroups.entry(folder.subgroup(outcome.picture)).or_default().push(outcome);
        }
        let class = |(slot, own): (usize, Vec<&Outcome>)| {
            let class = folder.classes[slot].class;
            let column = cells.iter().filter(|((_, predicted), _)| *predicted == class);
            let predicted: usize = column.map(|(_, count)| count).sum();
            let right = cells.get(&(class, class)).copied().unwrap_or(0);
            class_hits(Hits::of(own), predicted, right)
        };
        let classes = slots.into_iter().enumerate().map(class).collect();
        let confusion = cells.iter().map(|(&(class, predicted), &pictures)| Confusion { class, predicted, pictures });
        let mut mistakes: Vec<Outcome> = outcomes.iter().filter(|outcome| !outcome.is_right()).copied().collect();
        mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.picture.cmp(&b.picture)));
        let subgroups = match subgroups.len() {
            0 | 1 => Vec::new(),
            _ => subgroups.into_iter().map(|(name, own)| (name, Hits::of(own))).collect(),
        };
        Evaluation {
            hits: Hits::of(outcomes),
            classes,
            confusion: confusion.collect(),
            subgroups,
            calibration: Calibration::of(outcomes),
            mistakes,
        }
    }

    /// Means of precision, recall and F1 over the classes that have pictures; a missing value counts as 0, as in
    /// scikit-learn.
    pub fn means(&self) -> [f64; 3] {
        let shown: Vec<&ClassHits> = self.classes.iter().filter(|class| class.hits.pictures > 0).collect();
        let mean = |value: fn(&ClassHits) -> Option<f64>| {
            shown.iter().map(|class| value(class).unwrap_or(0.0)).sum::<f64>() / shown.len().max(1) as f64
        };
        [mean(|class| class.precision), mean(|class| class.recall), mean(|class| class.f1)]
    }
}

fn class_hits(hits: Hits, predicted: usize, right: usize) -> ClassHits {
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    let (precision, recall) = (share(right, predicted), share(hits.first, hits.pictures));
    let f1 = match (precision, recall) {
        (Some(precision), Some(recall)) if precision + recall > 0.0 => {
            Some(2.0 * precision * recall / (precision + recall))
        }
        (Some(_), Some(_)) => Some(0.0),
        _ => None,
    };
    ClassHits { hits, predicted, precision, recall, f1 }
}
