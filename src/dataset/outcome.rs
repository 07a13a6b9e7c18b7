//! A network's answer for every picture of a labelled folder.

use super::{
    labelled::LabelledFolder,
    pass::Prepare,
    run::{Damaged, NetworkAt, for_each_trace},
};
use crate::{Result, kernels::with_values, net::Network, watch::Watch};
use rayon::prelude::*;
use std::sync::Arc;

/// The answer for one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Index of the picture in the listing.
    pub picture: usize,
    /// Its class.
    pub class: usize,
    /// The class with the largest score; the first of equal ones.
    pub predicted: usize,
    /// Probability of the predicted class, 0 to 1.
    pub confidence: f64,
    /// Probability of the picture's class, 0 to 1.
    pub probability: f64,
    /// Place of the picture's class among all by score, from 0. Of equal scores the lower index goes first.
    pub rank: usize,
}

impl Outcome {
    /// The answer that the scores before softmax hold.
    pub fn of(picture: usize, class: usize, scores: &[f32]) -> Self {
        let ahead = |class: usize| {
            let own = scores[class];
            let before = |(index, &score): (usize, &f32)| score > own || (score == own && index < class);
            scores.iter().enumerate().filter(|&entry| before(entry)).count()
        };
        let better = |best: usize, index: usize| if scores[index] > scores[best] { index } else { best };
        let predicted = (0..scores.len()).fold(0, better);
        let largest = f64::from(scores[predicted]);
        let sum: f64 = scores.iter().map(|&score| (f64::from(score) - largest).exp()).sum();
        let probability = |class: usize| (f64::from(scores[class]) - largest).exp() / sum;
        Outcome {
            picture,
            class,
            predicted,
            confidence: probability(predicted),
            probability: probability(class),
            rank: ahead(class),
        }
    }

    /// Whether the predicted class is the picture's.
    pub fn is_right(&self) -> bool {
        self.rank == 0
    }
}

/// Runs every picture of a labelled folder once. Returns the outcomes in the order of the listing, and the pictures that
/// cannot be read.
///
/// # Errors
/// [`crate::Error::Cancelled`], and what the network refuses.
pub fn outcomes(
    network: &Arc<Network>,
    at: &NetworkAt,
    prepare: &Prepare,
    folder: &LabelledFolder,
    watch: &Watch,
) -> Result<(Vec<Outcome>, Damaged)> {
    let mut found = Vec::new();
    let damaged = for_each_trace(network, at, prepare, &folder.listing, watch, |pictures, trace| {
        let scores = trace.output(trace.network().graph().scores()).flatten_from(1)?;
        let classes = scores.dim(1)?;
        let outcome = |(&picture, scores): (&usize, &[f32])| Outcome::of(picture, folder.class(picture), scores);
        with_values::<f32, _>(&scores.contiguous()?, |values| {
            found.par_extend(pictures.par_iter().zip(values.par_chunks_exact(classes)).map(outcome));
            Ok(())
        })?;
        Ok(())
    })?;
    found.sort_by_key(|outcome| outcome.picture);
    Ok((found, damaged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_rank_by_index() {
        let scores = [1.0, 3.0, 3.0, 0.0];
        let outcome = Outcome::of(7, 2, &scores);
        assert_eq!((outcome.predicted, outcome.rank, outcome.is_right()), (1, 1, false));
        assert_eq!(Outcome::of(7, 1, &scores).rank, 0);
        let sum = 2.0 + (-2f64).exp() + (-3f64).exp();
        assert!((outcome.confidence - 1.0 / sum).abs() < 1e-12 && (outcome.probability - 1.0 / sum).abs() < 1e-12);
    }
}
