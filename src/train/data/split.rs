//! Which examples are for testing.

use super::{example::LabelledPicture, set::DataSet};
use crate::train::random::Random;

/// A share of each class, drawn by a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub share: f64,
    pub seed: u64,
}

impl Split {
    /// Divides examples: of each class the share, rounded, but never all.
    pub fn divide(self, classes: Vec<String>, examples: Vec<LabelledPicture>, damaged: Vec<String>) -> DataSet {
        let mut for_test = vec![false; examples.len()];
        for class in 0..classes.len() {
            let own: Vec<usize> = (0..examples.len()).filter(|&index| examples[index].class == class).collect();
            let count = ((own.len() as f64 * self.share).round() as usize).min(own.len().saturating_sub(1));
            let order = Random::of(&[self.seed, class as u64, 0x7E57]).order(own.len());
            order.into_iter().take(count).for_each(|place| for_test[own[place]] = true);
        }
        let (test, train): (Vec<_>, Vec<_>) = examples.into_iter().zip(for_test).partition(|(_, test)| *test);
        let only = |part: Vec<(LabelledPicture, bool)>| part.into_iter().map(|(example, _)| example).collect();
        DataSet { classes, train: only(train), test: only(test), damaged }
    }
}
