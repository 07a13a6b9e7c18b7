//! Small networks of one picture: the program's own operators compute every number of the pages.

use crate::{
    Error, Result,
    kernels::to_vec,
    net::{Backend, Builder, Graph, Network, Op, Reverse, Tensors, Trace},
    watch::Watch,
};
use candle_core::{Device, Tensor};
use std::sync::Arc;

/// An operator and its weights, in the order of [`Op::parameters`].
pub(super) type SmallLayer<'a> = (Op, &'a [&'a [f32]]);

/// Runs an input of this shape through layers, one after the other. Layer 1 is the first; 0 is the input.
///
/// # Errors
/// When a layer does not fit its input, or has not as many weights as it needs.
pub(super) fn chain(shape: [usize; 3], input: &[f32], layers: &[SmallLayer]) -> Result<Trace> {
    let mut builder = Builder::new(shape);
    for (index, (op, _)) in layers.iter().enumerate() {
        builder.then(format!("layer{}", index + 1), op.clone());
    }
    let weights: Vec<&[&[f32]]> = layers.iter().map(|(_, weights)| *weights).collect();
    run(builder.finish()?, input, &weights)
}

/// Runs an input through a graph; `weights` are those of its nodes from the first behind the input.
///
/// # Errors
/// Those of [`chain`].
pub(super) fn run(graph: Graph, input: &[f32], weights: &[&[&[f32]]]) -> Result<Trace> {
    let network = network(graph, weights)?;
    let [channels, height, width] = network.graph().input_shape();
    if input.len() != channels * height * width {
        return Err(Error::Usage(format!("{} numbers are no {channels}x{height}x{width} maps", input.len())));
    }
    let input = Tensor::from_slice(input, (1, channels, height, width), &Device::Cpu)?;
    network.forward(&input, &Watch::default())
}

/// A graph with weights, run by candle's operators: for a few numbers nothing is prepared.
///
/// # Errors
/// Those of [`chain`].
pub(super) fn network(graph: Graph, weights: &[&[&[f32]]]) -> Result<Arc<Network>> {
    let mut tensors = Tensors::new();
    for (node, given) in graph.nodes().iter().skip(1).zip(weights) {
        for (spec, values) in graph.node_parameters(node).into_iter().zip(given.iter()) {
            let tensor = Tensor::from_slice(values, spec.shape.as_slice(), &Device::Cpu)?;
            tensors.insert(format!("{}.{}", node.name, spec.suffix), tensor);
        }
    }
    Ok(Arc::new(Network::new(graph, tensors, "the page", &Device::Cpu)?.with_backend(Backend::Candle)))
}

/// The gradient at layer `to` for these gradients at the output of layer `from`.
///
/// # Errors
/// When the gradients are not as many as the outputs.
pub(super) fn gradient(trace: &Trace, from: usize, seed: &[f32], to: usize) -> Result<Vec<f32>> {
    let seed = Tensor::from_slice(seed, trace.dims(from), &Device::Cpu)?;
    Ok(to_vec(&trace.reverse(from, &seed, to, &Reverse::default())?)?)
}

/// The last answer to a question that is asked in every frame.
pub(super) struct LastAnswer<K, V>(Option<(K, V)>);

impl<K, V> Default for LastAnswer<K, V> {
    fn default() -> Self {
        LastAnswer(None)
    }
}

impl<K: PartialEq + Clone, V: Clone> LastAnswer<K, V> {
    /// The answer for `key`; computed where the last one was for another.
    pub fn of(&mut self, key: &K, compute: impl FnOnce(&K) -> V) -> V {
        if let Some((_, value)) = self.0.as_ref().filter(|(old, _)| old == key) {
            return value.clone();
        }
        let value = compute(key);
        self.0 = Some((key.clone(), value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::Conv;

    #[test]
    fn a_chain_runs_forward_and_back() {
        let conv = Op::Conv(Conv::rect(1, [1, 2]).unbiased());
        let trace = chain([1, 1, 3], &[1.0, -2.0, 3.0], &[(conv, &[&[2.0, 1.0]]), (Op::Relu, &[])]).unwrap();
        assert_eq!(trace.values(1).unwrap(), [0.0, -1.0]);
        assert_eq!(trace.values(2).unwrap(), [0.0, 0.0]);
        assert_eq!(gradient(&trace, 1, &[1.0, 10.0], 0).unwrap(), [2.0, 21.0, 10.0]);
        assert!(chain([1, 1, 3], &[1.0], &[]).is_err());
    }

    #[test]
    fn an_answer_is_computed_once() {
        let mut last = LastAnswer::default();
        assert_eq!(last.of(&2, |key| key * 10), 20);
        assert_eq!(last.of(&2, |_| 0), 20);
        assert_eq!(last.of(&3, |key| key * 10), 30);
    }
}
