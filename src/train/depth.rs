//! Stochastic depth: residual branches left out at random while a network learns (Huang, Sun, Liu, Sedra and Weinberger 2016).

use super::random::Random;
use crate::{
    Result,
    net::{Graph, Network, NodeId, Op},
};
use candle_core::Tensor;

/// The residual branches of a network, each by the layer whose weights scale it, with the probability that a step leaves it
/// out. It grows from the first branch to the last. Branches that stay are divided by their probability to stay, so that the
/// network as it is shown needs no other weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StochasticDepth {
    branches: Vec<(NodeId, f64)>,
}

impl StochasticDepth {
    /// The branches of a network, the last of which is left out with probability `last`.
    pub fn of(graph: &Graph, last: f64) -> Self {
        if last <= 0.0 {
            return StochasticDepth::default();
        }
        let layers: Vec<NodeId> = graph.residual_branches().into_iter().filter_map(|id| scaling(graph, id)).collect();
        let count = layers.len() as f64;
        let share = |(at, layer): (usize, NodeId)| (layer, last * (at + 1) as f64 / count);
        StochasticDepth { branches: layers.into_iter().enumerate().map(share).collect() }
    }

    /// Whether there is no branch to leave out.
    pub fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// The factor of each branch in a step: 0, or one over the probability to stay.
    pub fn factors(&self, seed: u64, step: usize) -> Vec<(NodeId, f64)> {
        let mut random = Random::of(&[seed, step as u64, 0xDE97]);
        let factor = |&(layer, share): &(NodeId, f64)| {
            (layer, if random.unit() < share { 0.0 } else { 1.0 / (1.0 - share).max(f64::MIN_POSITIVE) })
        };
        self.branches.iter().map(factor).collect()
    }
}

/// The layer whose weights scale a branch that ends at `end`: rectifiers and dropout hand a factor on.
fn scaling(graph: &Graph, mut end: NodeId) -> Option<NodeId> {
    loop {
        let node = graph.node(end);
        let readers = graph.nodes().iter().filter(|reader| reader.inputs.contains(&end)).count();
        match &node.op {
            _ if readers != 1 => return None,
            Op::Relu | Op::Dropout { .. } => end = node.inputs[0],
            Op::Conv(_) | Op::BatchNorm { .. } | Op::Linear { .. } => return Some(end),
            _ => return None,
        }
    }
}

/// The network with each of these layers times a factor: of normalisations the scale and shift, of others weights and biases.
pub(super) fn scaled(network: Network, factors: &[(NodeId, f64)]) -> Result<Network> {
    if factors.is_empty() {
        return Ok(network);
    }
    let weights = (0..network.graph().nodes().len()).map(|layer| {
        let factor = factors.iter().find(|(own, _)| *own == layer).map(|(_, factor)| *factor);
        let weights = network.weights(layer).iter().enumerate();
        let scaled = weights.map(|(index, weight)| match factor.filter(|_| index < 2) {
            Some(factor) => Ok(weight.affine(factor, 0.0)?),
            None => Ok(weight.clone()),
        });
        scaled.collect::<Result<Vec<Tensor>>>()
    });
    network.with_weights(&weights.collect::<Result<Vec<_>>>()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        net::{Builder, Conv},
        train::{Batch, Learner, Optimiser, Parameters, UpdateRule},
        watch::Watch,
        weights,
    };
    use candle_core::Device;

    /// A stem and a classifier, with a residual block between them or without.
    fn small(with_block: bool) -> Graph {
        let mut net = Builder::new([2, 6, 6]);
        net.then("stem", Op::Conv(Conv::new(4, 3).same()));
        let input = net.then("relu", Op::Relu);
        if with_block {
            net.add("block.conv1", Op::Conv(Conv::new(4, 3).same()), &[input]);
            net.then("block.relu", Op::Relu);
            let branch = net.then("block.conv2", Op::Conv(Conv::new(4, 3).same()));
            net.add("block.add", Op::Add, &[branch, input]);
        }
        net.then("pool", Op::AdaptiveAvgPool { size: [1, 1] });
        net.then("flatten", Op::Flatten);
        net.then("fc", Op::Linear { out: 3, bias: true });
        net.finish().unwrap()
    }

    const RATE: f64 = 0.1;

    /// A learner without momentum and decay, one of whose weights is `moved`; its weights after a step, and the loss before it.
    fn learned(graph: &Graph, last: f64, moved: Option<(&str, f32)>) -> (f64, Vec<(String, Vec<f32>)>) {
        let tensors = weights::synthetic(graph, 0).unwrap();
        let mut parameters = Parameters::new(graph, &tensors).unwrap();
        if let Some((name, by)) = moved {
            parameters.all.iter_mut().find(|tensor| tensor.name == name).unwrap().values[5] += by;
        }
        let network = Network::new(graph.clone(), tensors, "synthetic:0", &Device::Cpu).unwrap();
        let rule = Optimiser { momentum: 0.0, ..Optimiser::new(UpdateRule::Sgd, RATE, 0.0) };
        let depth = StochasticDepth::of(graph, last);
        let mut learner = Learner::new(network, parameters, rule, 0.0, 3).with_depth(depth);
        let values = weights::uniform("pictures", 4 * 72, 0);
        let pictures = Tensor::from_vec(values, (4, 2, 6, 6), &Device::Cpu).unwrap();
        let loss = learner.learn(&Batch { pictures, classes: vec![0, 2, 1, 0] }, RATE, &Watch::default()).unwrap();
        (loss.mean, learner.parameters.all.into_iter().map(|tensor| (tensor.name, tensor.values)).collect())
    }

    #[test]
    fn a_branch_that_is_left_out_learns_nothing_and_changes_nothing() {
        let (whole, bare) = (small(true), small(false));
        let before = Parameters::new(&whole, &weights::synthetic(&whole, 0).unwrap()).unwrap();
        let (loss, found) = learned(&whole, 1.0, None);
        let (expected_loss, expected) = learned(&bare, 0.0, None);
        assert!((loss - expected_loss).abs() < 1e-6);
        for ((name, values), own) in found.iter().zip(&before.all) {
            let other = expected.iter().find(|(other, _)| other == name).map_or(&own.values, |(_, values)| values);
            assert!(values.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-6), "{name}");
        }
    }

    #[test]
    fn gradients_of_a_branch_that_stays_are_finite_differences() {
        let graph = small(true);
        // A share that this seed's first step lets stay.
        let share = 0.4;
        let factor = StochasticDepth::of(&graph, share).factors(3, 0)[0].1;
        assert!((factor - 1.0 / 0.6).abs() < 1e-9, "{factor}");
        let before = Parameters::new(&graph, &weights::synthetic(&graph, 0).unwrap()).unwrap();
        let (_, after) = learned(&graph, share, None);
        for name in ["stem.weight", "block.conv1.weight", "block.conv2.weight"] {
            let at = |of: &[(String, Vec<f32>)]| of.iter().find(|(own, _)| own == name).unwrap().1[5];
            let start = before.all.iter().find(|tensor| tensor.name == name).unwrap().values[5];
            let gradient = f64::from(start - at(&after)) / RATE;
            let step = 2e-3;
            let [up, down] = [step, -step].map(|by| learned(&graph, share, Some((name, by))).0);
            let slope = (up - down) / f64::from(2.0 * step);
            assert!((gradient - slope).abs() < 2e-3 * slope.abs().max(0.05), "{name}: {gradient} and {slope}");
        }
    }
}
