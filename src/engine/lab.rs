//! How the network's answer and its layers change as the picture is moved, scaled, turned or covered: the curves of
//! Zeiler and Fergus 2014, figure 5.

use super::run::Run;
use crate::{Result, kernels::to_vec, net::NodeId, watch::Watch};
use candle_core::Tensor;
use std::sync::Arc;

/// A change of the picture, by an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Change {
    /// To the right, in shares of the width.
    #[default]
    Across,
    /// Downwards, in shares of the height.
    Down,
    /// Enlarged about the middle, as a factor.
    Scale,
    /// Turned clockwise about the middle, in degrees.
    Turn,
    /// A square in the middle covered by the mean colour, in shares of the side.
    Cover,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 5] = [Change::Across, Change::Down, Change::Scale, Change::Turn, Change::Cover];

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Change::Across => "shift across",
            Change::Down => "shift down",
            Change::Scale => "scale",
            Change::Turn => "rotate",
            Change::Cover => "cover the middle",
        }
    }

    /// From which amount to which, and the amount that changes nothing.
    pub fn range(self) -> ([f32; 2], f32) {
        match self {
            Change::Across | Change::Down => ([-0.4, 0.4], 0.0),
            Change::Scale => ([0.5, 2.0], 1.0),
            Change::Turn => ([-180.0, 180.0], 0.0),
            Change::Cover => ([0.0, 0.9], 0.0),
        }
    }

    /// The amount as a person reads it.
    pub fn say(self, amount: f32) -> String {
        match self {
            Change::Scale => format!("{amount:.2} times"),
            Change::Turn => format!("{amount:.0} degrees"),
            _ => format!("{:.0}%", 100.0 * amount),
        }
    }

    /// Changes normalised planes; what comes in from beyond the edge is the mean colour, zero.
    pub fn apply(self, planes: &[f32], [channels, height, width]: [usize; 3], amount: f32) -> Vec<f32> {
        let mut out = vec![0.0; planes.len()];
        let (h, w) = (height as f32, width as f32);
        let (sine, cosine) = amount.to_radians().sin_cos();
        for y in 0..height {
            for x in 0..width {
                // From the middle, in pixels.
                let (dx, dy) = (x as f32 + 0.5 - w / 2.0, y as f32 + 0.5 - h / 2.0);
                let covered = dx.abs() < amount * w / 2.0 && dy.abs() < amount * h / 2.0;
                let (from_x, from_y) = match self {
                    Change::Across => (dx - amount * w, dy),
                    Change::Down => (dx, dy - amount * h),
                    Change::Scale => (dx / amount, dy / amount),
                    Change::Turn => (dx * cosine + dy * sine, dy * cosine - dx * sine),
                    Change::Cover if covered => continue,
                    Change::Cover => (dx, dy),
                };
                let (from_x, from_y) = (from_x + w / 2.0 - 0.5, from_y + h / 2.0 - 0.5);
                for channel in 0..channels {
                    let plane = &planes[channel * height * width..][..height * width];
                    out[(channel * height + y) * width + x] = bilinear(plane, [height, width], from_x, from_y);
                }
            }
        }
        out
    }
}

/// The value between four pixels; zero beyond the edge.
fn bilinear(plane: &[f32], [height, width]: [usize; 2], x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (x - left, y - top);
    let pixel = |column: f32, row: f32| {
        let inside = column >= 0.0 && row >= 0.0 && column < width as f32 && row < height as f32;
        if inside { plane[row as usize * width + column as usize] } else { 0.0 }
    };
    let above = pixel(left, top) * (1.0 - across) + pixel(left + 1.0, top) * across;
    let below = pixel(left, top + 1.0) * (1.0 - across) + pixel(left + 1.0, top + 1.0) * across;
    above * (1.0 - down) + below * down
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Invariance {
    /// The amounts, ascending.
    pub amounts: Vec<f32>,
    /// The class's probability at each.
    pub probabilities: Vec<f32>,
    /// For some layers from first to last, at each amount: how far its values are from those of the unchanged picture,
    /// in lengths of the latter.
    pub distances: Vec<(NodeId, Vec<f32>)>,
}

/// What is measured, as data: the run's id, the change and the class.
pub type InvarianceKey = (u64, Change, usize);

/// How many amounts are tried.
pub const AMOUNTS: usize = 21;

/// Measures one change of a run's picture for a class, one forward pass an amount.
///
/// # Errors
/// When cancelled.
pub fn invariance(run: &Arc<Run>, change: Change, class: usize, watch: &Watch) -> Result<Invariance> {
    let network = &run.model.network;
    let graph = network.graph();
    let shape = graph.input_shape();
    let planes = run.trace.values(0)?;
    let layers = probes(run);
    let at_rest: Vec<Vec<f32>> = layers.iter().map(|&layer| run.trace.values(layer)).collect::<Result<_>>()?;
    let ([low, high], _) = change.range();
    let step = (high - low) / (AMOUNTS - 1) as f32;
    let amounts: Vec<f32> = (0..AMOUNTS).map(|index| low + step * index as f32).collect();
    let mut found = Invariance {
        amounts: amounts.clone(),
        probabilities: Vec::with_capacity(AMOUNTS),
        distances: layers.iter().map(|&layer| (layer, Vec::with_capacity(AMOUNTS))).collect(),
    };
    for (index, &amount) in amounts.iter().enumerate() {
        let changed = change.apply(&planes, shape, amount);
        let input = Tensor::from_vec(changed, (1, shape[0], shape[1], shape[2]), network.device())?;
        let trace = network.forward(&input, &watch.part(index, AMOUNTS))?;
        found.probabilities.push(trace.probabilities()?.get(class).copied().unwrap_or(0.0));
        for ((layer, distances), rest) in found.distances.iter_mut().zip(&at_rest) {
            let values = to_vec(&trace.maps(*layer)?)?;
            distances.push(distance(&values, rest));
        }
    }
    Ok(found)
}

/// The first layer with weights, one half way, and the scores.
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

fn distance(values: &[f32], rest: &[f32]) -> f32 {
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v) * f64::from(v)).sum::<f64>();
    let apart = square(&mut values.iter().zip(rest).map(|(a, b)| a - b));
    let length = square(&mut rest.iter().copied());
    (apart / length.max(f64::MIN_POSITIVE)).sqrt() as f32
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

    #[test]
    fn changes_move_pixels_where_they_should() {
        // One bright pixel at row 1, column 2 of 5x5.
        let mut plane = vec![0.0; 25];
        plane[7] = 1.0;
        let place = |change: Change, amount: f32| {
            let out = change.apply(&plane, [1, 5, 5], amount);
            out.iter().position(|&value| value > 0.99).map(|at| (at / 5, at % 5))
        };
        assert_eq!(place(Change::Across, 0.2), Some((1, 3)));
        assert_eq!(place(Change::Down, 0.4), Some((3, 2)));
        assert_eq!(place(Change::Turn, 90.0), Some((2, 3)));
        assert_eq!(place(Change::Scale, 2.0), Some((0, 2)));
        assert_eq!(place(Change::Cover, 0.9), None);
        for change in Change::ALL {
            assert_eq!(change.apply(&plane, [1, 5, 5], change.range().1), plane, "{change:?}");
        }
    }

    #[test]
    fn nothing_changes_at_rest_and_something_elsewhere() {
        let watch = Watch::default();
        let model = Arc::new(Model::open(&Opening::of("photonet"), &Device::Cpu, &watch).unwrap());
        let run = Arc::new(Run::picture(&model, Picture::from_source("sample:chelsea").unwrap(), &watch).unwrap());
        let class = run.predicted();
        let found = invariance(&run, Change::Turn, class, &watch).unwrap();
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
