//! One ATen operator of a program with its arguments by name, as `native_functions.yaml` of PyTorch names them; arguments
//! that have their usual value are left out.

use super::program::{ProgramNode, TensorMeta, tensor_name, tensor_names};
use serde_json::Value;
use std::collections::HashMap;

/// The name of an operator without its overload: `torch.ops.aten.conv2d.default` is conv2d.
pub(super) fn base(target: &str) -> &str {
    let name = target.strip_prefix("torch.ops.").unwrap_or(target);
    let name = name.split_once('.').map_or(name, |(_, name)| name);
    name.split_once('.').map_or(name, |(base, _)| base)
}

/// An operator and what it is given.
pub(super) struct AtenCall<'a> {
    pub node: &'a ProgramNode,
    /// The shapes of all tensors.
    pub shapes: &'a HashMap<String, TensorMeta>,
}

impl<'a> AtenCall<'a> {
    /// The operator's name, without the underscore of those that change their input.
    pub fn operator(&self) -> &'a str {
        let name = base(&self.node.target);
        if name.ends_with("__") { name } else { name.strip_suffix('_').unwrap_or(name) }
    }

    /// The argument `name`, if it is given.
    pub fn argument(&self, name: &str) -> Option<&'a Value> {
        let given = self.node.inputs.iter().find(|input| input.name == name)?;
        given.arg.get("as_none").is_none().then_some(&given.arg)
    }

    /// The name of the tensor that an argument is.
    pub fn tensor(&self, name: &str) -> Option<&'a str> {
        tensor_name(self.argument(name)?)
    }

    /// The names of the tensors that an argument is a list of.
    pub fn tensors(&self, name: &str) -> Result<Vec<Option<&'a str>>, String> {
        self.argument(name).and_then(tensor_names).ok_or_else(|| format!("its {name} are no list of tensors"))
    }

    /// A whole number.
    pub fn int(&self, name: &str, usual: i64) -> Result<i64, String> {
        let Some(argument) = self.argument(name) else { return Ok(usual) };
        let number = argument.get("as_int").or_else(|| argument.get("as_sym_int")?.get("as_int"));
        number.and_then(Value::as_i64).ok_or_else(|| format!("its {name} is no fixed whole number"))
    }

    /// A whole number that may be left out.
    pub fn given_int(&self, name: &str) -> Result<Option<i64>, String> {
        self.argument(name).map(|_| self.int(name, 0)).transpose()
    }

    /// A number; `None` where it is left out.
    pub fn number(&self, name: &str) -> Result<Option<f64>, String> {
        let Some(argument) = self.argument(name) else { return Ok(None) };
        let value = ["as_float", "as_int", "as_bool"].iter().find_map(|kind| argument.get(kind));
        let number = match value {
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::Bool(flag)) => Some(f64::from(u8::from(*flag))),
            Some(Value::String(text)) => text.to_lowercase().replace("infinity", "inf").parse().ok(),
            _ => argument.get("as_sym_int").and_then(|size| size.get("as_int")?.as_f64()),
        };
        number.map(Some).ok_or_else(|| format!("its {name} is no fixed number"))
    }

    /// A flag.
    pub fn flag(&self, name: &str, usual: bool) -> bool {
        self.argument(name).and_then(|argument| argument.get("as_bool")?.as_bool()).unwrap_or(usual)
    }

    /// A word.
    pub fn word(&self, name: &str, usual: &'a str) -> &'a str {
        self.argument(name).and_then(|argument| argument.get("as_string")?.as_str()).unwrap_or(usual)
    }

    /// Whole numbers; none where they are left out.
    pub fn ints(&self, name: &str) -> Result<Vec<i64>, String> {
        let Some(argument) = self.argument(name) else { return Ok(Vec::new()) };
        let one = |value: &Value| value.as_i64().or_else(|| value.get("as_int")?.as_i64());
        let list = argument.get("as_ints").or_else(|| argument.get("as_sym_ints"));
        let numbers = match list {
            Some(Value::Array(values)) => values.iter().map(one).collect(),
            _ => self.int(name, 0).ok().map(|number| vec![number]),
        };
        numbers.ok_or_else(|| format!("its {name} are no fixed whole numbers"))
    }

    /// The two sizes that a pair is, of which one may stand for both.
    pub fn pair(&self, name: &str, usual: i64) -> Result<[i64; 2], String> {
        match *self.ints(name)? {
            [] => Ok([usual; 2]),
            [one] => Ok([one; 2]),
            [rows, columns] => Ok([rows, columns]),
            ref other => Err(format!("its {name} are {other:?}")),
        }
    }

    /// The sizes of a tensor, those that are open `None`.
    pub fn shape(&self, tensor: &str) -> Result<Vec<Option<usize>>, String> {
        self.shapes.get(tensor).map(TensorMeta::shape).ok_or_else(|| format!("the shape of {tensor} is not stated"))
    }

    /// The sizes of the tensor that an argument is.
    pub fn shape_of(&self, name: &str) -> Result<Vec<Option<usize>>, String> {
        self.shape(self.tensor(name).ok_or_else(|| format!("its {name} is missing"))?)
    }

    /// The names of the outputs, lists in place.
    pub fn outputs(&self) -> Vec<&'a str> {
        let names = |output: &'a Value| match tensor_name(output) {
            Some(name) => vec![name],
            None => tensor_names(output).unwrap_or_default().into_iter().flatten().collect(),
        };
        self.node.outputs.iter().flat_map(names).collect()
    }

    /// The sizes of the first output.
    pub fn output_shape(&self) -> Result<Vec<Option<usize>>, String> {
        self.shape(self.outputs().first().ok_or("it has no output")?)
    }

    /// The path of the module that it belongs to; empty for the network itself.
    pub fn module(&self) -> Option<String> {
        let innermost = self.node.metadata.nn_module_stack.split(';').next_back()?;
        let path = innermost.split(',').nth(1)?;
        // A module that runs several times has a number behind it, and older files write the network itself first.
        let path = path.trim_start_matches("L['self']").trim_start_matches('.');
        Some(path.split_once('@').map_or(path, |(path, _)| path).to_owned())
    }
}
