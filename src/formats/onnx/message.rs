//! ONNX's messages, as far as they matter here.

use super::constants::{plain, single};
use crate::net::Activation;
use candle_core::Tensor;
use std::collections::HashMap;

/// A `ModelProto`.
#[derive(Default)]
pub(in crate::formats) struct ModelProto {
    /// The program that wrote it.
    pub producer: String,
    /// The version of each set of operators it uses; ONNX's own has the name "".
    pub opsets: Vec<(String, i64)>,
    pub graph: GraphProto,
    /// Functions the model defines for itself, by name.
    pub functions: Vec<String>,
    /// Facts that the model states about itself.
    pub metadata: Vec<(String, String)>,
}

impl ModelProto {
    /// The version of ONNX's own operators.
    pub fn opset(&self) -> i64 {
        let own = |(domain, version): &(String, i64)| matches!(domain.as_str(), "" | "ai.onnx").then_some(*version);
        self.opsets.iter().find_map(own).unwrap_or(9)
    }
}

/// A `GraphProto`.
#[derive(Default)]
pub(in crate::formats) struct GraphProto {
    pub nodes: Vec<NodeProto>,
    /// Weights, float32 or int64.
    pub initializers: HashMap<String, Tensor>,
    pub inputs: Vec<Declared>,
    pub outputs: Vec<Declared>,
}

/// A `NodeProto`: one operator.
#[derive(Default)]
pub(in crate::formats) struct NodeProto {
    pub name: String,
    pub op: String,
    pub domain: String,
    /// Names of values; an input that is left out is "".
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: HashMap<String, Attribute>,
    /// PyTorch's path of the module that it belongs to, `layer1.0.conv1`; empty for the network itself.
    pub module: Option<String>,
    /// The operator as the file names it, where that is not ONNX's name.
    pub title: Option<String>,
    /// Why the file's operator is none of ONNX's.
    pub fault: Option<String>,
    /// The function that this node and others before it are.
    pub recognised: Option<Activation>,
}

/// An `AttributeProto`.
pub(in crate::formats) enum Attribute {
    Int(i64),
    Float(f32),
    Text(String),
    Tensor(Tensor),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    /// A kind that no operator here has.
    Other,
}

/// A `ValueInfoProto`: an input or output of the graph with its shape, where a size may be left open.
#[derive(Default)]
pub(in crate::formats) struct Declared {
    pub name: String,
    pub shape: Vec<Option<usize>>,
}

impl NodeProto {
    /// A whole number among the attributes.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        match self.attributes.get(name) {
            Some(Attribute::Int(value)) => *value,
            _ => default,
        }
    }

    /// A number among the attributes.
    pub fn float(&self, name: &str, default: f64) -> f64 {
        match self.attributes.get(name) {
            Some(Attribute::Float(value)) => plain(*value),
            _ => default,
        }
    }

    /// Some text among the attributes.
    pub fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        match self.attributes.get(name) {
            Some(Attribute::Text(value)) => value,
            _ => default,
        }
    }

    /// Whole numbers among the attributes.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.attributes.get(name) {
            Some(Attribute::Ints(values)) => Some(values),
            _ => None,
        }
    }

    /// The number that a `Constant` is.
    pub fn number(&self) -> Option<f64> {
        self.attributes.values().find_map(|attribute| match attribute {
            Attribute::Float(value) => Some(plain(*value)),
            Attribute::Int(value) => Some(*value as f64),
            Attribute::Tensor(tensor) => single(tensor),
            _ => None,
        })
    }
}
