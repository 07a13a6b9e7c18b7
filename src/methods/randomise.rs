//! The weight-randomisation test (Adebayo et al. 2018): a heatmap that stays the same when what the network learned is
//! thrown away, layer by layer from the top, never showed what the network learned.

use super::{attribution::Attribution, method::Method, noise::Noise, question::Question};
use crate::{
    Error, Result,
    kernels::to_vec,
    net::{Network, NodeId, Op, Tensors},
};
use candle_core::Tensor;
use std::sync::Arc;

/// Places from the last layer down at which the test usually compares the heatmap.
pub const REDRAWN: usize = 6;

/// The heatmap after all layers from the top down to one were drawn anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Randomised {
    /// The lowest layer drawn anew.
    pub layer: NodeId,
    /// Spearman's rank correlation of the heatmap's magnitudes with the original's, in -1..=1: 1 is the same order,
    /// 0 none. `None` where nothing is left to show.
    pub correlation: Option<f32>,
}

/// Draws the layers with weights anew from the top down, each from a normal distribution with its weights' mean and
/// deviation, and compares the heatmap at up to `steps` places on the way.
///
/// # Errors
/// Those of the method on the trained network; when cancelled.
pub fn randomised(question: &Question, method: &Method, steps: usize) -> Result<Vec<Randomised>> {
    let trace = question.trace;
    let network = trace.network();
    let graph = network.graph();
    let [_, height, width] = graph.input_shape();
    let target = question.aim()?.node;
    let magnitudes =
        |answer: Attribution| -> Vec<f32> { answer.stretched([height, width]).into_iter().map(f32::abs).collect() };
    let learned = |id: &NodeId| matches!(graph.node(*id).op, Op::Conv(_) | Op::Linear { .. } | Op::TableConv { .. });
    let layers: Vec<NodeId> = (1..=target).rev().filter(learned).collect();
    let steps = steps.clamp(1, layers.len().max(1));
    let original = ranks(&magnitudes(method.ask(&question.of(trace, &question.watch.part(0, steps + 1)))?));
    let mut tensors = tensors(network);
    let mut done = 0;
    let mut results = Vec::with_capacity(steps);
    for step in 0..steps {
        let watch = question.watch.part(step + 1, steps + 1);
        let end = layers.len() * (step + 1) / steps;
        for &layer in &layers[done..end] {
            redraw(network, layer, &mut tensors)?;
        }
        done = end;
        let other = Network::new((**graph).clone(), tensors.clone(), "weights drawn anew", network.device())?;
        let other = Arc::new(other).forward(trace.output(0), &watch.part(0, 2))?;
        let correlation = match method.ask(&question.of(&other, &watch.part(1, 2))) {
            Ok(answer) => Some(correlation(&original, &ranks(&magnitudes(answer)))),
            Err(Error::Failed(_)) => None,
            Err(error) => return Err(error),
        };
        results.push(Randomised { layer: layers[end - 1], correlation });
    }
    Ok(results)
}

/// The network's weights by name.
fn tensors(network: &Network) -> Tensors {
    let graph = network.graph();
    let named = |id: NodeId| {
        let node = graph.node(id);
        let parameters =
            node.inputs.first().map_or_else(Vec::new, |&input| node.op.parameters(&graph.node(input).shape));
        let names = parameters.into_iter().map(|parameter| format!("{}.{}", node.name, parameter.suffix));
        names.zip(network.weights(id).iter().cloned()).collect::<Vec<_>>()
    };
    (0..graph.nodes().len()).flat_map(named).collect()
}

fn redraw(network: &Network, layer: NodeId, tensors: &mut Tensors) -> Result<()> {
    let name = format!("{}.weight", network.graph().node(layer).name);
    let weights = &network.weights(layer)[0];
    let values = to_vec(weights)?;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / values.len() as f64;
    let mut drawn = Noise::new(1, layer as u64).normal(values.len(), variance.sqrt());
    drawn.iter_mut().for_each(|value| *value += mean as f32);
    tensors.insert(name, Tensor::from_vec(drawn, weights.shape(), network.device())?.to_dtype(weights.dtype())?);
    Ok(())
}

/// Each value's rank; equal values share the mean of theirs.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let equal = order[start..].iter().take_while(|&&i| values[i] == values[order[start]]).count().max(1);
        for &index in &order[start..start + equal] {
            ranks[index] = start as f64 + (equal - 1) as f64 / 2.0;
        }
        start += equal;
    }
    ranks
}

/// Pearson's correlation; of ranks it is Spearman's. 0 where one of them does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f32 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>();
    let (ab, aa, bb) = (sum(&|a, b| a * b), sum(&|a, _| a * a), sum(&|_, b| b * b));
    if aa * bb > 0.0 { (ab / (aa * bb).sqrt()) as f32 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spearman_knows_only_order() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 9.0]), [1.5, 0.0, 1.5, 3.0]);
        let a = ranks(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(correlation(&a, &ranks(&[1.0, 8.0, 27.0, 64.0])), 1.0);
        assert_eq!(correlation(&a, &ranks(&[4.0, 3.0, 2.0, 1.0])), -1.0);
        assert_eq!(correlation(&a, &ranks(&[1.0; 4])), 0.0);
    }
}
