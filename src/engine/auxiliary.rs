//! The answers of auxiliary classifiers: side branches that helped training (Szegedy et al. 2015).

use super::run::Run;
use crate::net::NodeId;

/// The best class of an auxiliary classifier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AuxiliaryAnswer {
    /// The layer of its scores.
    pub layer: NodeId,
    /// The class.
    pub class: usize,
    /// The class's value before softmax.
    pub score: f32,
    /// The class's value after softmax, 0..=1.
    pub probability: f32,
}

impl Run {
    /// The answers of the auxiliary classifiers, in their order.
    pub fn auxiliary(&self) -> Vec<AuxiliaryAnswer> {
        let heads = self.model.network.graph().auxiliary_heads();
        let answer = |layer: NodeId| {
            let scores = self.layers[layer].with_values(<[f32]>::to_vec).ok()?;
            let (class, score) = scores.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
            let probability = 1.0 / scores.iter().map(|other| (other - score).exp()).sum::<f32>();
            Some(AuxiliaryAnswer { layer, class, score, probability })
        };
        heads.into_iter().filter_map(answer).collect()
    }
}
