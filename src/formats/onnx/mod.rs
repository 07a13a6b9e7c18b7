//! ONNX: a protobuf message with a graph of nodes, each an operator of ONNX's set, and the weights, which may lie in files
//! beside it.
//!
//! `message` holds the messages, `parse`, `parts`, `tensor`, `values` and `external` read them, `function` finds the activation functions that
//! exporters take apart, `import` turns nodes into `layers` by the files in `operators`, `finish` names them.

mod axes;
mod constants;
mod external;
mod finish;
mod fold;
mod function;
mod import;
mod job;
mod layers;
mod message;
mod moved;
mod names;
mod operators;
mod parse;
mod parts;
mod picture;
mod tensor;
mod values;

use super::network::{NetworkFile, described};
use crate::{
    Result,
    watch::Watch,
    weights::{
        Format,
        bounded::{Context, Stream},
    },
};
pub(super) use constants::phrase;
use external::External;
use finish::{Finished, finish};
use function::recognise as recognise_functions;
use import::import;
pub(super) use message::{Attribute, Declared, GraphProto, ModelProto, NodeProto};
pub(super) use operators::{ADAPTIVE_LARGEST, ADAPTIVE_MEAN};
use parse::Parser;
use picture::picture_input;
use std::{collections::HashMap, io::Read, path::Path};
pub(super) use values::{Kind, TensorValues, of_bytes};

/// Whether a file starts like an ONNX model: with the version of the format, a small number.
pub(super) fn recognise(head: &[u8]) -> bool {
    // A safetensors file begins with the length of its header in eight bytes, and the header with a brace.
    let safetensors = matches!(head, [_, _, _, _, _, 0, 0, 0, b'{', ..]);
    matches!(head, [0x08, 1..=32, ..]) && !safetensors
}

/// Reads a model of `length` bytes; weights beside it are looked for in `folder` only.
///
/// # Errors
/// [`crate::Error::Failed`] for a file that is damaged, or no network that can be shown.
pub(super) fn read<R: Read>(
    reader: R,
    length: u64,
    path: &Path,
    folder: Option<&Path>,
    watch: &Watch,
) -> Result<NetworkFile> {
    let name = path.display().to_string();
    let context = Context::new(&name, Format::Onnx, length, watch);
    let mut stream = Stream::new(&context, reader, length);
    let mut parser = Parser::new(External::new(folder));
    let mut model = parser.model(&mut stream)?;
    model.producer = if model.producer.is_empty() { "ONNX".to_owned() } else { format!("ONNX by {}", model.producer) };
    network_file(model, parser.values, &context, path, watch)
}

/// The network that a model is, with its description. The file holds `values` numbers.
///
/// # Errors
/// [`crate::Error::Failed`] for a model that makes no sense, or no network that can be shown.
pub(super) fn network_file(
    mut model: ModelProto,
    values: usize,
    context: &Context,
    path: &Path,
    watch: &Watch,
) -> Result<NetworkFile> {
    recognise_functions(&mut model.graph);
    // Constants that are computed have twice the values that the file has, or a few for small ones.
    let room = values.saturating_mul(2).max(1 << 18);
    let Finished { graph, tensors, notes, missing } = network(&model, context, room, watch)?;
    let metadata: HashMap<String, String> = model.metadata.into_iter().collect();
    let description = described(path, &model.producer, &graph, &metadata)?;
    Ok(NetworkFile { graph, tensors, description, metadata, notes, missing_head: missing })
}

/// The network that a model is.
fn network(model: &ModelProto, context: &Context, room: usize, watch: &Watch) -> Result<Finished> {
    let refused = |why: String| context.refused(why);
    if !model.functions.is_empty() {
        return Err(refused(format!("defines operators of its own ({})", model.functions.join(", "))));
    }
    let picture = picture_input(model).map_err(refused)?;
    let output = output_of(model).ok_or_else(|| refused("has no output".to_owned()))?;
    let imported = import(model, &picture, output, room, watch)?.map_err(refused)?;
    let mut finished = finish(&model.graph, imported).map_err(refused)?;
    if model.graph.outputs.len() > 1 {
        let all = model.graph.outputs.len();
        finished.notes.push(format!("the model has {all} outputs, of which '{output}' is shown"));
    }
    Ok(finished)
}

/// The output that is shown: the first that is a row of scores, else the first.
fn output_of(model: &ModelProto) -> Option<&str> {
    let outputs = &model.graph.outputs;
    let row = outputs.iter().find(|output| output.shape.len() == 2);
    row.or(outputs.first()).map(|output| output.name.as_str())
}
