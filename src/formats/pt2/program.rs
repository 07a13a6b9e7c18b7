//! The JSON of an exported program, as far as it matters here: `torch/_export/serde/schema.py` of PyTorch describes it.

use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

#[derive(Deserialize)]
pub(super) struct Program {
    pub graph_module: ProgramModule,
    /// The PyTorch that wrote it.
    #[serde(default)]
    pub torch_version: String,
}

#[derive(Deserialize)]
pub(super) struct ProgramModule {
    pub graph: ProgramGraph,
    pub signature: Signature,
}

#[derive(Deserialize)]
pub(super) struct ProgramGraph {
    pub nodes: Vec<ProgramNode>,
    /// The shape of every tensor, by name.
    pub tensor_values: HashMap<String, TensorMeta>,
}

/// The meaning of inputs and outputs: objects of one key, which is the kind.
#[derive(Deserialize)]
pub(super) struct Signature {
    pub input_specs: Vec<Value>,
    pub output_specs: Vec<Value>,
}

/// One operator.
#[derive(Deserialize)]
pub(super) struct ProgramNode {
    /// `torch.ops.aten.conv2d.default`.
    pub target: String,
    pub inputs: Vec<NamedArgument>,
    pub outputs: Vec<Value>,
    #[serde(default)]
    pub metadata: NodeMetadata,
}

#[derive(Deserialize)]
pub(super) struct NamedArgument {
    pub name: String,
    /// An object of one key, which is the type.
    pub arg: Value,
}

#[derive(Default, Deserialize)]
pub(super) struct NodeMetadata {
    /// `L__self__,,ResNet;L__self__layer1,layer1,Sequential`: key, path and class of each module, the innermost last.
    #[serde(default)]
    pub nn_module_stack: String,
}

/// The type and shape of a tensor.
#[derive(Deserialize)]
pub(super) struct TensorMeta {
    /// The number of a `ScalarType`.
    pub dtype: u64,
    pub sizes: Vec<StatedSize>,
    #[serde(default)]
    pub strides: Vec<StatedSize>,
    pub storage_offset: Option<StatedSize>,
}

/// A size; open where it may change from call to call.
#[derive(Deserialize)]
pub(super) struct StatedSize {
    as_int: Option<i64>,
}

impl StatedSize {
    /// The size, if it is stated.
    pub fn known(&self) -> Option<usize> {
        self.as_int.and_then(|size| usize::try_from(size).ok())
    }
}

impl TensorMeta {
    /// The sizes, those that are open `None`.
    pub fn shape(&self) -> Vec<Option<usize>> {
        self.sizes.iter().map(StatedSize::known).collect()
    }
}

/// The name of the tensor that an argument is.
pub(super) fn tensor_name(argument: &Value) -> Option<&str> {
    let named = argument.get("as_tensor").or_else(|| argument.get("as_optional_tensor")?.get("as_tensor"))?;
    named.get("name")?.as_str()
}

/// The names of the tensors that an argument is a list of; `None` for one that is left out.
pub(super) fn tensor_names(argument: &Value) -> Option<Vec<Option<&str>>> {
    match (argument.get("as_tensors"), argument.get("as_optional_tensors")) {
        (Some(Value::Array(names)), _) => Some(names.iter().map(|value| value.get("name")?.as_str()).collect()),
        (_, Some(Value::Array(names))) => {
            Some(names.iter().map(|value| value.get("as_tensor")?.get("name")?.as_str()).collect())
        }
        _ => None,
    }
}
