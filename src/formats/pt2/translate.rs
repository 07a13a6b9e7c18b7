//! A program becomes a model of ONNX's operators.

use super::{
    aliases::Aliases,
    call::{AtenCall, base},
    model::{ModelWriter, NodeOrigin, Writing},
    operators,
    program::{Program, ProgramNode, tensor_name, tensor_names},
};
use crate::formats::onnx::{Declared, ModelProto, NodeProto};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// ONNX's operators as `operators` writes them.
const OPSET: i64 = 18;

/// A program as a model that lacks its weights.
pub(super) struct Translated {
    pub model: ModelProto,
    /// The names of the weights that it needs.
    pub weights: HashSet<String>,
}

/// Writes a program as a model.
///
/// # Errors
/// A phrase that continues the sentence that the file's name starts. An operator that cannot be written is no error: the
/// network ends before it.
pub(super) fn translate(program: &Program) -> Result<Translated, String> {
    let module = &program.graph_module;
    let (names, pictures) = inputs(program)?;
    let mut writer = ModelWriter::new(names);
    let mut aliases = Aliases::new();
    writer.computed.extend(pictures.iter().map(|picture| picture.name.clone()));
    for node in &module.graph.nodes {
        write(program, node, &aliases, &mut writer);
        aliases.follow(node);
    }
    let mut outputs = Vec::new();
    for name in
        module.signature.output_specs.iter().filter_map(|spec| tensor_name(spec.get("user_output")?.get("arg")?))
    {
        let shape = module.graph.tensor_values.get(name).map_or(Vec::new(), super::program::TensorMeta::shape);
        outputs.push(Declared { name: writer.name(aliases.current(name)?), shape });
    }
    let mut graph = writer.graph;
    let taken: HashSet<&String> = graph.nodes.iter().flat_map(|node| &node.inputs).collect();
    let weights = writer.names.into_values().filter(|name| taken.contains(name)).collect();
    (graph.inputs, graph.outputs) = (pictures, outputs);
    let producer = match program.torch_version.as_str() {
        "" => "torch.export".to_owned(),
        version => format!("torch.export of PyTorch {version}"),
    };
    let opsets = vec![(String::new(), OPSET)];
    Ok(Translated { model: ModelProto { producer, opsets, graph, ..ModelProto::default() }, weights })
}

/// The names of weights by the program's names of them, and the inputs that a user gives.
fn inputs(program: &Program) -> Result<(HashMap<String, String>, Vec<Declared>), String> {
    let module = &program.graph_module;
    let (mut names, mut pictures) = (HashMap::new(), Vec::new());
    for spec in &module.signature.input_specs {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        if let Some(input) = spec.get("user_input").and_then(|input| input.get("arg")) {
            let Some(name) = tensor_name(input) else { continue };
            let shape = module.graph.tensor_values.get(name).map_or(Vec::new(), super::program::TensorMeta::shape);
            pictures.push(Declared { name: name.to_owned(), shape });
            continue;
        }
        for (kind, key) in
            [("parameter", "parameter_name"), ("buffer", "buffer_name"), ("tensor_constant", "tensor_constant_name")]
        {
            let Some(weight) = spec.get(kind) else { continue };
            let name = text(weight.get("arg").and_then(|arg| arg.get("name")));
            names.extend(name.zip(text(weight.get(key))));
        }
    }
    match module.signature.input_specs.is_empty() {
        true => Err("has a program without inputs".to_owned()),
        false => Ok((names, pictures)),
    }
}

/// Writes one node, or a node that says why it cannot be written.
fn write<'a>(program: &'a Program, node: &'a ProgramNode, aliases: &Aliases<'a>, model: &mut ModelWriter) {
    let call = AtenCall { node, shapes: &program.graph_module.graph.tensor_values };
    let title = node.target.strip_prefix("torch.ops.").unwrap_or(&node.target).trim_end_matches(".default").to_owned();
    let (module, outputs) = (call.module(), call.outputs());
    let origin = NodeOrigin { module: module.clone(), title: title.clone() };
    let before = model.graph.nodes.len();
    let written = current(node, aliases, model).and_then(|current| {
        let aten = node.target.starts_with("torch.ops.aten.");
        let operator = operators::find(base(&node.target)).filter(|_| aten).ok_or("Striate does not know it")?;
        operator(&mut Writing { call, model, origin, current })
    });
    if let Err(why) = written {
        model.graph.nodes.truncate(before);
        let one = node.inputs.iter().filter_map(|input| tensor_name(&input.arg));
        let many = node.inputs.iter().filter_map(|input| tensor_names(&input.arg)).flatten().flatten();
        let inputs: Vec<String> = one.chain(many).map(|name| model.name(name)).collect();
        model.graph.nodes.push(NodeProto {
            op: base(&node.target).to_owned(),
            inputs,
            outputs: outputs.into_iter().map(str::to_owned).collect(),
            module,
            title: Some(title),
            fault: Some(why),
            ..NodeProto::default()
        });
    }
}

/// The names of a node's tensors now, by those that the program states.
fn current<'a>(
    node: &'a ProgramNode,
    aliases: &Aliases<'a>,
    model: &ModelWriter,
) -> Result<HashMap<&'a str, String>, String> {
    let one = node.inputs.iter().filter_map(|input| tensor_name(&input.arg));
    let many = node.inputs.iter().filter_map(|input| tensor_names(&input.arg)).flatten().flatten();
    one.chain(many).map(|name| Ok((name, model.name(aliases.current(name)?)))).collect()
}
