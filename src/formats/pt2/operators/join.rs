//! Tensors one behind the other along an axis.

use super::arrange::axis;
use crate::formats::{onnx::Attribute, pt2::model::Writing};

pub(super) fn join(writing: &mut Writing) -> Result<(), String> {
    let stacked = writing.call.operator() == "stack";
    let parts: Option<Vec<&str>> = writing.call.tensors("tensors")?.into_iter().collect();
    let parts: Vec<String> = parts.ok_or("one of its tensors is missing")?.iter().map(|p| writing.value(p)).collect();
    let rank = writing.call.output_shape()?.len();
    let place = axis(writing.call.int("dim", 0)?, rank)? as i64;
    let unsqueezed = |writing: &mut Writing, part: String| {
        writing.step("Unsqueeze", vec![part], vec![("axes", Attribute::Ints(vec![place]))])
    };
    let parts = match stacked {
        true => parts.into_iter().map(|part| unsqueezed(writing, part)).collect(),
        false => parts,
    };
    writing.done("Concat", parts, vec![("axis", Attribute::Int(place))])
}
