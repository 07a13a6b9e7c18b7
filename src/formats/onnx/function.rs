//! Functions of one value: the one that a node states, and those that exporters write as several nodes (x times the logistic
//! function of x, GELU by the error function), which are found by their values.

use super::{
    constants::single,
    message::{GraphProto, NodeProto},
};
use crate::net::{Activation, Op};
use candle_core::{DType, Device, Tensor};
use std::collections::HashMap;

/// The operator of nodes that stand for several.
pub(super) const RECOGNISED: &str = "Recognised";

/// The layer for a function whose constants are attributes.
pub(super) fn stated(node: &NodeProto) -> Option<Op> {
    let float = |name: &str, usual: f64| node.float(name, usual);
    Some(Op::Activation(match node.op.as_str() {
        "Relu" => return Some(Op::Relu),
        "Sigmoid" => return Some(Op::Sigmoid),
        "Tanh" => return Some(Op::Tanh { amplitude: 1.0, slope: 1.0 }),
        "Sqrt" => Activation::Power { exponent: 0.5 },
        "Reciprocal" => Activation::Power { exponent: -1.0 },
        "Exp" => Activation::Exp,
        "Log" => Activation::Log,
        "Abs" => Activation::Abs,
        "Erf" => Activation::Erf,
        "LeakyRelu" => Activation::LeakyRelu { slope: float("alpha", 0.01) },
        "Elu" => Activation::Elu { alpha: float("alpha", 1.0) },
        "Celu" if float("alpha", 1.0) == 1.0 => Activation::Elu { alpha: 1.0 },
        "HardSigmoid" => Activation::HardSigmoid { slope: float("alpha", 0.2), offset: float("beta", 0.5) },
        "HardSwish" => Activation::HardSwish,
        "Softplus" => Activation::Softplus,
        "Gelu" if node.text("approximate", "none") == "tanh" => Activation::GeluTanh,
        "Gelu" => Activation::Gelu,
        "Mish" => Activation::Mish,
        "Swish" if float("alpha", 1.0) == 1.0 => Activation::Silu,
        RECOGNISED => node.recognised?,
        _ => return None,
    }))
}

/// The layer for values no less than `low` and no more than `high`.
pub(super) fn clip(low: Option<f64>, high: Option<f64>) -> Op {
    // Exporters write the ends of float32's range for no bound.
    let low = low.filter(|&low| low > f64::from(f32::MIN)).unwrap_or(f64::NEG_INFINITY);
    let high = high.filter(|&high| high < f64::from(f32::MAX)).unwrap_or(f64::INFINITY);
    match (low, high) {
        (0.0, f64::INFINITY) => Op::Relu,
        _ => Op::Activation(Activation::Clip { low, high }),
    }
}

/// Functions that exporters take apart.
const KNOWN: [Activation; 8] = [
    Activation::Elu { alpha: 1.0 },
    Activation::Silu,
    Activation::HardSwish,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Mish,
    Activation::Softplus,
    Activation::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 },
];

/// Values at which functions are compared.
const POINTS: [f64; 12] = [-6.0, -4.2, -3.0, -1.5, -0.7, -0.1, 0.2, 0.9, 1.8, 3.3, 5.0, 7.0];
/// Largest difference of two functions that are the same; exporters round constants to float32.
const CLOSE: f64 = 1e-5;
/// The most nodes of a function.
const MOST: usize = 16;

/// Puts one node in place of nodes that together are a known function of one value. The others are needed by nothing then.
pub(super) fn recognise(graph: &mut GraphProto) {
    let nodes = graph.nodes.iter().enumerate();
    let makers = nodes.flat_map(|(index, node)| node.outputs.iter().map(move |output| (output.clone(), index)));
    let makers: HashMap<String, usize> = makers.collect();
    for index in 0..graph.nodes.len() {
        if !matches!(graph.nodes[index].op.as_str(), "Mul" | "Div" | "Log" | "Where") {
            continue;
        }
        let values = ValueMakers { graph, makers: &makers };
        if let Some((root, activation)) = values.function(index) {
            let node = &mut graph.nodes[index];
            (node.op, node.inputs, node.recognised) = (RECOGNISED.to_owned(), vec![root], Some(activation));
        }
    }
}

/// The nodes and constants of a graph by the values they make.
struct ValueMakers<'a> {
    graph: &'a GraphProto,
    makers: &'a HashMap<String, usize>,
}

impl<'a> ValueMakers<'a> {
    fn maker(&self, value: &str) -> Option<&'a NodeProto> {
        self.makers.get(value).map(|&index| &self.graph.nodes[index])
    }

    /// The number that a value is, wherever it is stated.
    fn number(&self, value: &str) -> Option<f64> {
        if let Some(tensor) = self.graph.initializers.get(value) {
            return single(tensor);
        }
        self.maker(value).filter(|node| node.op == "Constant").and_then(NodeProto::number)
    }

    /// The known function that a node ends, and the value it is a function of.
    fn function(&self, index: usize) -> Option<(String, Activation)> {
        let node = &self.graph.nodes[index];
        let mut roots: Vec<&str> = node.inputs.iter().map(String::as_str).collect();
        let mut at = 0;
        while at < roots.len() && roots.len() < MOST {
            if let Some(node) = self.maker(roots[at]).filter(|node| is_pointwise(node)) {
                let more: Vec<&str> = node.inputs.iter().map(String::as_str).collect();
                more.into_iter().for_each(|value| {
                    if !roots.contains(&value) {
                        roots.push(value);
                    }
                });
            }
            at += 1;
        }
        let points = Tensor::new(&POINTS, &Device::Cpu).ok()?;
        roots.iter().filter(|root| !root.is_empty() && self.number(root).is_none()).find_map(|root| {
            let mut steps = MOST * 4;
            let found = self.node(node, root, &points, &mut steps)?;
            let same = |known: &Activation| {
                let apart =
                    || known.apply(&points).ok()?.sub(&found).ok()?.abs().ok()?.max_all().ok()?.to_scalar().ok();
                apart().is_some_and(|apart: f64| apart < CLOSE)
            };
            KNOWN.into_iter().find(same).map(|known| ((*root).to_owned(), known))
        })
    }

    fn value(&self, value: &str, root: &str, points: &Tensor, steps: &mut usize) -> Option<Tensor> {
        if value == root {
            return Some(points.clone());
        }
        if let Some(number) = self.number(value) {
            return Tensor::full(number, points.shape(), &Device::Cpu).ok();
        }
        self.node(self.maker(value)?, root, points, steps)
    }

    /// The output of a node where `root` has the values `points`.
    fn node(&self, node: &NodeProto, root: &str, points: &Tensor, steps: &mut usize) -> Option<Tensor> {
        *steps = steps.checked_sub(1)?;
        let mut input = |index: usize| self.value(node.inputs.get(index)?, root, points, steps);
        let x = input(0)?;
        match node.op.as_str() {
            "Add" => (x + input(1)?).ok(),
            "Sub" => (x - input(1)?).ok(),
            "Mul" => (x * input(1)?).ok(),
            "Div" => (x / input(1)?).ok(),
            "Max" => x.maximum(&input(1)?).ok(),
            "Min" => x.minimum(&input(1)?).ok(),
            "Neg" => x.neg().ok(),
            "Identity" | "Cast" => Some(x),
            "Greater" | "GreaterOrEqual" => x.gt(&input(1)?).ok()?.to_dtype(DType::F64).ok(),
            "Less" | "LessOrEqual" => x.lt(&input(1)?).ok()?.to_dtype(DType::F64).ok(),
            "Where" => x.ne(0f64).ok()?.where_cond(&input(1)?, &input(2)?).ok(),
            "Pow" => {
                let exponent = self.number(node.inputs.get(1)?)?;
                Activation::Power { exponent }.apply(&x).ok()
            }
            "Clip" => {
                let bound = |index: usize, name: &str| match node.inputs.get(index).filter(|name| !name.is_empty()) {
                    Some(value) => self.number(value).map(Some),
                    None => Some(node.attributes.get(name).map(|_| node.float(name, 0.0))),
                };
                applied(&clip(bound(1, "min")?, bound(2, "max")?), &x)
            }
            _ => applied(&stated(node)?, &x),
        }
    }
}

fn applied(op: &Op, x: &Tensor) -> Option<Tensor> {
    match op {
        Op::Relu => x.relu().ok(),
        Op::Sigmoid => candle_nn::ops::sigmoid(x).ok(),
        Op::Tanh { .. } => x.tanh().ok(),
        Op::Activation(activation) => activation.apply(x).ok(),
        _ => None,
    }
}

/// Whether a node takes one value for one value.
fn is_pointwise(node: &NodeProto) -> bool {
    stated(node).is_some()
        || matches!(
            node.op.as_str(),
            "Add"
                | "Sub"
                | "Mul"
                | "Div"
                | "Max"
                | "Min"
                | "Neg"
                | "Identity"
                | "Cast"
                | "Pow"
                | "Clip"
                | "Where"
                | "Greater"
                | "GreaterOrEqual"
                | "Less"
                | "LessOrEqual"
        )
}
