//! The model of ONNX's operators that a program becomes, node by node.

use super::call::AtenCall;
use crate::formats::onnx::{Attribute, GraphProto, NodeProto, phrase};
use candle_core::{Device, Tensor};
use std::collections::{HashMap, HashSet};

/// The most constants that a program may write into its nodes.
const MAX_CONSTANTS: usize = 1 << 18;

/// The model in the making.
pub(super) struct ModelWriter {
    pub graph: GraphProto,
    /// The names that the program's names stand for: those of weights in the network.
    pub names: HashMap<String, String>,
    /// Values that depend on the picture.
    pub computed: HashSet<String>,
    /// Values that are the same flag everywhere.
    pub answers: HashMap<String, bool>,
    made: usize,
}

/// The parts that the nodes of one operator share.
pub(super) struct NodeOrigin {
    pub module: Option<String>,
    pub title: String,
}

impl ModelWriter {
    pub fn new(names: HashMap<String, String>) -> Self {
        ModelWriter { graph: GraphProto::default(), names, computed: HashSet::new(), answers: HashMap::new(), made: 0 }
    }

    /// The model's name for a name of the program.
    pub fn name(&self, name: &str) -> String {
        self.names.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// A name that nothing has.
    pub fn fresh(&mut self) -> String {
        self.made += 1;
        format!("#{}", self.made)
    }

    /// A constant.
    pub fn constant(&mut self, tensor: candle_core::Result<Tensor>) -> Result<String, String> {
        let tensor = tensor.map_err(|error| phrase(&error))?;
        if self.graph.initializers.len() >= MAX_CONSTANTS {
            return Err("the program has too many constants".to_owned());
        }
        let name = self.fresh();
        self.graph.initializers.insert(name.clone(), tensor);
        Ok(name)
    }

    /// A number as a constant.
    pub fn number(&mut self, value: f64) -> Result<String, String> {
        self.constant(Tensor::new(value as f32, &Device::Cpu))
    }

    /// Whole numbers as a constant.
    pub fn numbers(&mut self, values: &[i64]) -> Result<String, String> {
        self.constant(Tensor::from_slice(values, values.len(), &Device::Cpu))
    }

    /// Adds a node of one output.
    pub fn put(
        &mut self,
        origin: &NodeOrigin,
        op: &str,
        inputs: Vec<String>,
        output: String,
        attributes: Vec<(&str, Attribute)>,
    ) {
        self.put_all(origin, op, inputs, vec![output], attributes);
    }

    /// Adds a node.
    pub fn put_all(
        &mut self,
        origin: &NodeOrigin,
        op: &str,
        inputs: Vec<String>,
        outputs: Vec<String>,
        attributes: Vec<(&str, Attribute)>,
    ) {
        if inputs.iter().any(|input| self.computed.contains(input)) {
            self.computed.extend(outputs.iter().cloned());
        }
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (module, title) = (origin.module.clone(), Some(origin.title.clone()));
        let op = op.to_owned();
        self.graph.nodes.push(NodeProto { op, inputs, outputs, attributes, module, title, ..NodeProto::default() });
    }
}

/// An operator that is being written, and where to.
pub(super) struct Writing<'a> {
    pub call: AtenCall<'a>,
    pub model: &'a mut ModelWriter,
    pub origin: NodeOrigin,
    /// The names of its tensors now, by those that the program states.
    pub current: HashMap<&'a str, String>,
}

impl<'a> Writing<'a> {
    /// The tensor that an argument is, `None` where it is left out.
    pub fn given(&self, name: &str) -> Option<String> {
        self.call.tensor(name).map(|tensor| self.value(tensor))
    }

    /// The model's name for a tensor.
    pub fn value(&self, tensor: &str) -> String {
        self.current.get(tensor).cloned().unwrap_or_else(|| self.model.name(tensor))
    }

    /// The tensor that an argument is.
    pub fn input(&self, name: &str) -> Result<String, String> {
        self.given(name).ok_or_else(|| format!("its {name} is no tensor"))
    }

    /// The tensor or number that an argument is.
    pub fn operand(&mut self, name: &str) -> Result<String, String> {
        if let Some(tensor) = self.given(name) {
            return Ok(tensor);
        }
        let number = self.call.number(name)?.ok_or_else(|| format!("its {name} is missing"))?;
        self.model.number(number)
    }

    /// Whether an argument depends on the picture.
    pub fn is_computed(&self, name: &str) -> bool {
        self.given(name).is_some_and(|tensor| self.model.computed.contains(&tensor))
    }

    /// The first output.
    pub fn output(&self) -> Result<String, String> {
        self.call.outputs().first().map(|output| (*output).to_owned()).ok_or_else(|| "it has no output".to_owned())
    }

    /// Adds a node before the last, and gives its output.
    pub fn step(&mut self, op: &str, inputs: Vec<String>, attributes: Vec<(&str, Attribute)>) -> String {
        let output = self.model.fresh();
        self.model.put(&self.origin, op, inputs, output.clone(), attributes);
        output
    }

    /// Adds the last node, which makes the first output.
    pub fn done(&mut self, op: &str, inputs: Vec<String>, attributes: Vec<(&str, Attribute)>) -> Result<(), String> {
        let output = self.output()?;
        self.model.put(&self.origin, op, inputs, output, attributes);
        Ok(())
    }

    /// A constant of one value for each unit: `value` where the program leaves it out.
    pub fn filled(&mut self, count: usize, value: f32) -> Result<String, String> {
        if count > 1 << 24 {
            return Err(format!("it has {count} units"));
        }
        self.model.constant(Tensor::full(value, count, &Device::Cpu))
    }

    /// A shape as a constant. One size may be open, which is then what is left.
    pub fn target(&mut self, shape: &[Option<usize>]) -> Result<String, String> {
        if shape.iter().filter(|size| size.is_none()).count() > 1 {
            return Err("it has several sizes that are open".to_owned());
        }
        let sizes: Vec<i64> = shape.iter().map(|size| size.map_or(-1, |size| size as i64)).collect();
        self.model.numbers(&sizes)
    }
}
