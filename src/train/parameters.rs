//! The weights of a network under training, with what the optimiser keeps of each.

use crate::{
    Result,
    kernels::to_vec,
    net::{Graph, Network, NodeId, Op, Tensors},
};
use candle_core::{Device, Tensor};

/// A tensor of weights under training.
#[derive(Clone, Debug)]
pub struct WeightTensor {
    /// Its full name: `conv1.weight`.
    pub name: String,
    /// Its layer.
    pub layer: NodeId,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values now.
    pub values: Vec<f32>,
    /// Whether gradients change it.
    pub learns: bool,
    /// Whether weight decay acts on it: on filters and matrices, not on biases and normalisations.
    pub decays: bool,
    /// The factor of its learning rate.
    pub rate: f64,
    /// The optimiser's momentum; empty before the first step.
    pub momentum: Vec<f32>,
    /// The optimiser's mean squares; empty where it keeps none.
    pub squares: Vec<f32>,
}

/// All weights of a network, in the order of its layers.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// The tensors.
    pub all: Vec<WeightTensor>,
    /// Number of layers.
    layers: usize,
}

impl Parameters {
    /// The weights of `graph`, from tensors by full name. All learn that can.
    ///
    /// # Errors
    /// [`crate::Error::Failed`] when a tensor is missing.
    pub fn new(graph: &Graph, tensors: &Tensors) -> Result<Self> {
        let mut all = Vec::new();
        for (layer, node) in graph.nodes().iter().enumerate() {
            let normalises = matches!(
                node.op,
                Op::BatchNorm { .. } | Op::LayerNorm { .. } | Op::LayerNorm2d { .. } | Op::GroupNorm { .. }
            );
            for spec in graph.node_parameters(node) {
                let name = format!("{}.{}", node.name, spec.suffix);
                let missing = || crate::Error::Failed(format!("the weights lack {name}"));
                let values = to_vec(tensors.get(&name).ok_or_else(missing)?)?;
                all.push(WeightTensor {
                    decays: spec.suffix == "weight" && !normalises,
                    learns: spec.learned,
                    shape: spec.shape,
                    layer,
                    values,
                    rate: 1.0,
                    momentum: Vec::new(),
                    squares: Vec::new(),
                    name,
                });
            }
        }
        Ok(Parameters { all, layers: graph.nodes().len() })
    }

    /// The tensors of each layer, as [`Network::with_weights`] takes them.
    ///
    /// # Errors
    /// When memory fails.
    pub fn tensors(&self, device: &Device) -> Result<Vec<Vec<Tensor>>> {
        let mut layers = vec![Vec::new(); self.layers];
        for parameter in &self.all {
            layers[parameter.layer].push(Tensor::from_slice(&parameter.values, parameter.shape.as_slice(), device)?);
        }
        Ok(layers)
    }

    /// The tensors by full name.
    ///
    /// # Errors
    /// When memory fails.
    pub fn by_name(&self) -> Result<Tensors> {
        let tensor = |parameter: &WeightTensor| {
            let values = Tensor::from_slice(&parameter.values, parameter.shape.as_slice(), &Device::Cpu)?;
            Ok((parameter.name.clone(), values))
        };
        self.all.iter().map(tensor).collect()
    }

    /// `network` with these weights.
    ///
    /// # Errors
    /// When they are another network's, or memory fails.
    pub fn network(&self, network: &Network) -> Result<Network> {
        network.with_weights(&self.tensors(network.device())?)
    }

    /// For each layer whether some of its weights learn.
    pub fn learning(&self) -> Vec<bool> {
        let mut learns = vec![false; self.layers];
        self.all.iter().for_each(|parameter| learns[parameter.layer] |= parameter.learns);
        learns
    }

    /// Lets only the layers learn that `keep` names.
    pub fn freeze(&mut self, keep: impl Fn(NodeId) -> bool) {
        self.all.iter_mut().for_each(|parameter| parameter.learns &= keep(parameter.layer));
    }
}
