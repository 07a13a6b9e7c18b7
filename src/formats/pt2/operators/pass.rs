//! Operators that change nothing when a network runs.

use crate::formats::{onnx::Attribute, pt2::model::Writing};

pub(super) fn pass(writing: &mut Writing) -> Result<(), String> {
    let x = writing.call.node.inputs.first().map(|input| input.name.as_str()).unwrap_or_default();
    let x = writing.input(x)?;
    writing.done("Identity", vec![x], vec![])
}

pub(super) fn dropout(writing: &mut Writing) -> Result<(), String> {
    if writing.call.flag("train", false) {
        return Err("it was exported in training mode; call eval() on the network before torch.export".to_owned());
    }
    pass(writing)
}

/// Another type of values: layers are float32 here, constants float32 or int64.
pub(super) fn cast(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let output = writing.output()?;
    // ONNX's float32, int64 and bool.
    let to = match writing.call.shapes.get(&output).map(|meta| meta.dtype) {
        Some(1..=5) => 7,
        Some(12) => 9,
        _ => 1,
    };
    writing.done("Cast", vec![x], vec![("to", Attribute::Int(to))])
}

/// Checks of shapes, which have no output here: shapes are those that the program states.
pub(super) fn nothing(_: &mut Writing) -> Result<(), String> {
    Ok(())
}
