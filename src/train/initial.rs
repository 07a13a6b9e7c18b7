//! The weights that training starts from.

use super::random::Random;
use crate::{
    Error, Result,
    net::{Graph, Node, Op, Tensors},
};
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How filters and matrices start. Biases start at 0, normalisations at scale 1 and shift 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Initialisation {
    /// Normal with variance 2 / inputs of a unit (He, Zhang, Ren and Sun 2015), for rectifiers.
    #[default]
    He,
    /// Uniform with variance 2 / (inputs + outputs) (Glorot and Bengio 2010).
    Xavier,
    /// Normal with variance 1 / inputs of a unit (LeCun, Bottou, Orr and Mueller 1998), for tanh.
    LeCun,
    /// As torchvision starts its networks: convolutions normal with variance 2 / outputs, matrices and biases uniform within
    /// 1 / sqrt(inputs).
    Torchvision,
}

impl Initialisation {
    /// Every one.
    pub const ALL: [Initialisation; 4] =
        [Initialisation::He, Initialisation::Xavier, Initialisation::LeCun, Initialisation::Torchvision];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Initialisation::He => "he",
            Initialisation::Xavier => "xavier",
            Initialisation::LeCun => "lecun",
            Initialisation::Torchvision => "torchvision",
        }
    }
}

impl FromStr for Initialisation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let names = || Initialisation::ALL.map(Initialisation::name).join(", ");
        let found = Initialisation::ALL.into_iter().find(|way| way.name() == text);
        found.ok_or_else(|| Error::Usage(format!("unknown initialisation '{text}': {}", names())))
    }
}

/// New weights for a graph: the same for the same seed.
///
/// # Errors
/// When memory fails.
pub fn initial(graph: &Graph, how: Initialisation, seed: u64) -> Result<Tensors> {
    let mut tensors = Tensors::new();
    for node in graph.nodes() {
        for spec in graph.node_parameters(node) {
            let name = format!("{}.{}", node.name, spec.suffix);
            let mut random = Random::named(seed, &name);
            let values = values(graph, node, spec.suffix, &spec.shape, how, &mut random);
            tensors.insert(name, Tensor::from_vec(values, spec.shape, &Device::Cpu)?);
        }
    }
    Ok(tensors)
}

fn values(
    graph: &Graph,
    node: &Node,
    suffix: &str,
    shape: &[usize],
    how: Initialisation,
    random: &mut Random,
) -> Vec<f32> {
    let count = shape.iter().product();
    let [inputs, outputs] = fans(graph, node);
    let bound = 1.0 / inputs.sqrt();
    match (&node.op, suffix) {
        (_, "running_mean") => vec![0.0; count],
        (_, "running_var") => vec![1.0; count],
        (Op::Linear { .. }, _) if how == Initialisation::Torchvision => {
            (0..count).map(|_| random.between(-bound, bound) as f32).collect()
        }
        (Op::Conv(_) | Op::ConvTranspose(_) | Op::TableConv { .. } | Op::Linear { .. }, "weight") => {
            let limit = (6.0 / (inputs + outputs)).sqrt();
            let mut draw = || match how {
                Initialisation::He => random.normal() * (2.0 / inputs).sqrt(),
                Initialisation::Xavier => random.between(-limit, limit),
                Initialisation::LeCun => random.normal() * bound,
                Initialisation::Torchvision => random.normal() * (2.0 / outputs).sqrt(),
            };
            (0..count).map(|_| draw() as f32).collect()
        }
        // The mean of the window: LeNet-5's coefficient multiplies its sum.
        (Op::Subsample(window), "weight") => vec![1.0 / (window.kernel[0] * window.kernel[1]) as f32; count],
        (Op::PRelu, _) => vec![0.25; count],
        (_, "weight") => vec![1.0; count],
        _ => vec![0.0; count],
    }
}

/// Inputs of a unit, and outputs that an input reaches, taps included.
fn fans(graph: &Graph, node: &Node) -> [f64; 2] {
    let input = node.inputs.first().map_or(&[][..], |&input| &graph.node(input).shape);
    let channels = input.first().copied().unwrap_or(1) as f64;
    let fans = match &node.op {
        Op::Conv(conv) => {
            let area = (conv.kernel[0] * conv.kernel[1]) as f64;
            [channels, conv.out as f64].map(|size| size * area / conv.groups as f64)
        }
        Op::ConvTranspose(transposed) => {
            let conv = &transposed.conv;
            let area = (conv.kernel[0] * conv.kernel[1]) as f64;
            [channels, conv.out as f64].map(|size| size * area / conv.groups as f64)
        }
        Op::TableConv { kernel, table } => {
            let connections = table.iter().map(Vec::len).sum::<usize>() as f64;
            let area = (kernel[0] * kernel[1]) as f64;
            [connections / table.len() as f64, connections / channels].map(|size| size * area)
        }
        Op::Linear { out, .. } => [channels, *out as f64],
        _ => [1.0; 2],
    };
    fans.map(|fan| fan.max(1.0))
}
