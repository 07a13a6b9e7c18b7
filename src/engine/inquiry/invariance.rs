//! The question how a class's probability and the layers change while the picture is shifted, scaled, rotated or
//! covered: the curves of Zeiler and Fergus 2014, figure 5.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{
    Error, Result,
    engine::{layer_view::distance, run::Run},
    net::NodeId,
    picture::Alteration,
    watch::Watch,
};
use std::sync::Arc;

pub(super) static LANE: InquiryLane =
    InquiryLane { name: "invariance", thread: Thread::Own, subject: Subject::Picture };

/// A change of the picture that is measured over a range of amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Change {
    /// Shift to the right, in shares of the width.
    #[default]
    Across,
    /// Shift downwards, in shares of the height.
    Down,
    /// Enlargement about the centre, as a factor.
    Scale,
    /// Clockwise rotation about the centre, in degrees.
    Turn,
    /// A central square covered by the mean colour; its side in shares of the picture's.
    Cover,
}

impl Change {
    /// All changes.
    pub const ALL: [Change; 5] = [Change::Across, Change::Down, Change::Scale, Change::Turn, Change::Cover];

    /// The name that the window shows.
    pub fn label(self) -> &'static str {
        match self {
            Change::Across => "shift across",
            Change::Down => "shift down",
            Change::Scale => "scale",
            Change::Turn => "rotate",
            Change::Cover => "cover the middle",
        }
    }

    /// The smallest and largest amount, and the amount that changes nothing.
    pub fn range(self) -> ([f32; 2], f32) {
        match self {
            Change::Across | Change::Down => ([-0.4, 0.4], 0.0),
            Change::Scale => ([0.5, 2.0], 1.0),
            Change::Turn => ([-180.0, 180.0], 0.0),
            Change::Cover => ([0.0, 0.9], 0.0),
        }
    }

    /// The amount with its unit.
    pub fn say(self, amount: f32) -> String {
        match self {
            Change::Scale => format!("{amount:.2} times"),
            Change::Turn => format!("{amount:.0} degrees"),
            // Adding zero turns -0 into 0.
            _ => format!("{:.0}%", (100.0 * amount).round() + 0.0),
        }
    }

    /// The alteration that consists of this change alone.
    pub fn by(self, amount: f32) -> Alteration {
        let none = Alteration::default();
        match self {
            Change::Across => Alteration { shift: [amount, 0.0], ..none },
            Change::Down => Alteration { shift: [0.0, amount], ..none },
            Change::Scale => Alteration { scale: amount, ..none },
            Change::Turn => Alteration { turn: amount, ..none },
            Change::Cover if amount == 0.0 => none,
            Change::Cover => {
                let [near, far] = [-0.5, 0.5].map(|side| 0.5 + side * amount);
                Alteration { cover: Some([near, near, far, far]), ..none }
            }
        }
    }

    /// The amount of this change in an alteration. For a cover: the side of a square of the same area.
    pub fn amount(self, of: &Alteration) -> f32 {
        match self {
            Change::Across => of.shift[0],
            Change::Down => of.shift[1],
            Change::Scale => of.scale,
            Change::Turn => of.turn,
            Change::Cover => {
                of.cover.map_or(0.0, |[left, top, right, bottom]| ((right - left) * (bottom - top)).sqrt())
            }
        }
    }
}

/// The measured curves.
#[derive(Clone, Debug)]
pub struct Invariance {
    /// The amounts, ascending.
    pub amounts: Vec<f32>,
    /// The class's probability at each.
    pub probabilities: Vec<f32>,
    /// For an early layer, a middle one and the scores: the distance from the unchanged picture at each amount, as
    /// |changed - unchanged| / |unchanged|.
    pub distances: Vec<(NodeId, Vec<f32>)>,
}

/// A change of a run's unaltered picture to measure.
#[derive(Clone)]
pub struct InvarianceInquiry {
    /// The run.
    pub run: Arc<Run>,
    /// The change.
    pub change: Change,
    /// The class whose probability is measured.
    pub class: usize,
}

/// Key of a measurement. All alterations of a picture share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvarianceKey {
    /// Id of the unaltered picture's run ([`Run::of`]).
    pub of: u64,
    /// The change.
    pub change: Change,
    /// The class whose probability is measured.
    pub class: usize,
}

impl InquiryKey for InvarianceKey {
    type Answer = Invariance;
    const KEPT: usize = 32;

    fn runs(&self) -> Vec<u64> {
        // The run of the unaltered picture may be dropped while an alteration of it is on screen.
        Vec::new()
    }
}

impl Inquiry for InvarianceInquiry {
    type Key = InvarianceKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> InvarianceKey {
        InvarianceKey { of: self.run.of, change: self.change, class: self.class }
    }

    fn label(&self) -> String {
        format!("Invariance: {}", self.change.label())
    }

    fn answer(&self, watch: &Watch) -> Result<Invariance> {
        invariance(&self.run, self.change, self.class, watch)
    }
}

/// Number of amounts that are tried.
const AMOUNTS: usize = 21;

/// Measures one change of a run's unaltered picture: one forward pass for each amount.
///
/// # Errors
/// When cancelled, or when there is no picture.
pub fn invariance(run: &Run, change: Change, class: usize, watch: &Watch) -> Result<Invariance> {
    let (model, network) = (&run.model, &run.model.network);
    let original = run.original.as_ref().ok_or_else(|| Error::Failed("this run began without a picture".into()))?;
    let trace = |alteration: Alteration, watch: &Watch| {
        let picture = alteration.apply(original, &model.preprocess);
        network.forward(&model.preprocess.apply(&picture, network.device())?.tensor, watch)
    };
    let layers = probes(run);
    let rest = trace(Alteration::default(), watch)?;
    let at_rest: Vec<Vec<f32>> = layers.iter().map(|&layer| rest.values(layer)).collect::<Result<_>>()?;
    let ([low, high], _) = change.range();
    let step = (high - low) / (AMOUNTS - 1) as f32;
    let mut found = Invariance {
        amounts: (0..AMOUNTS).map(|index| low + step * index as f32).collect(),
        probabilities: Vec::with_capacity(AMOUNTS),
        distances: layers.iter().map(|&layer| (layer, Vec::with_capacity(AMOUNTS))).collect(),
    };
    for (index, &amount) in found.amounts.iter().enumerate() {
        let trace = trace(change.by(amount), &watch.part(index, AMOUNTS))?;
        found.probabilities.push(trace.probabilities()?.get(class).copied().unwrap_or(0.0));
        for ((layer, distances), rest) in found.distances.iter_mut().zip(&at_rest) {
            distances.push(distance(&trace.values(*layer)?, rest));
        }
    }
    Ok(found)
}

/// The first layer with weights, the middle one, and the scores.
fn probes(run: &Run) -> Vec<NodeId> {
    let graph = run.model.network.graph();
    let auxiliary = graph.auxiliary();
    let has_weights = |id: &NodeId| !run.model.network.weights(*id).is_empty() && !auxiliary[*id];
    let weighted: Vec<NodeId> = (1..graph.nodes().len()).filter(has_weights).collect();
    let mut probes: Vec<NodeId> =
        weighted.first().into_iter().chain(weighted.get(weighted.len() / 2)).copied().collect();
    probes.push(graph.scores());
    probes.dedup();
    probes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        engine::{Model, Opening},
        picture::Picture,
    };
    use candle_core::Device;
    use std::sync::Arc;

    #[test]
    fn a_change_is_found_again_in_its_alteration() {
        for change in Change::ALL {
            let ([low, high], rest) = change.range();
            for amount in [low, high, rest] {
                assert!((change.amount(&change.by(amount)) - amount).abs() < 1e-6, "{change:?} {amount}");
            }
            assert!(change.by(rest).is_none(), "{change:?}");
        }
    }

    #[test]
    fn nothing_changes_at_rest_and_something_elsewhere() {
        let watch = Watch::default();
        let model = Arc::new(Model::open(&Opening::of("photonet"), &Device::Cpu, &watch).unwrap());
        let run = Arc::new(Run::picture(&model, Picture::from_source("sample:chelsea").unwrap(), &watch).unwrap());
        let class = run.predicted();
        let found = invariance(&run, Change::Turn, class, &watch).unwrap();
        // Altered, it is measured all the same, and agrees with what the altered run says.
        let (by, of) = (Change::Turn.by(found.amounts[3]), Some(run.of));
        let turned = Run::altered(&model, run.original.clone().unwrap(), by, of, &watch).unwrap();
        assert!((turned.probabilities[class] - found.probabilities[3]).abs() < 1e-6);
        assert_eq!(invariance(&turned, Change::Turn, class, &watch).unwrap().probabilities, found.probabilities);
        let rest = AMOUNTS / 2;
        assert!(found.amounts[rest].abs() < 1e-3);
        assert!((found.probabilities[rest] - run.probabilities[class]).abs() < 1e-3);
        assert_eq!(found.distances.len(), 3);
        for (layer, distances) in &found.distances {
            assert!(distances[rest] < 1e-2, "{layer}: {}", distances[rest]);
            assert!(distances[0] > 0.1, "{layer}: {}", distances[0]);
        }
    }
}
