//! Attention: softmax of queries times keys, times values.

use crate::formats::{onnx::Attribute, pt2::model::Writing};

pub(super) fn attention(writing: &mut Writing) -> Result<(), String> {
    let [query, key, value] = ["query", "key", "value"].map(|name| writing.input(name));
    if writing.call.flag("is_causal", false) || writing.call.flag("enable_gqa", false) {
        return Err("it is causal, or its heads share keys".to_owned());
    }
    let shape = writing.call.shape_of("query")?;
    let width = shape.last().copied().flatten().ok_or("the width of its heads is open")?;
    let scale = writing.call.number("scale")?.unwrap_or(1.0 / (width as f64).sqrt());
    let scale = writing.model.number(scale)?;
    let mut order: Vec<i64> = (0..shape.len() as i64).collect();
    let rank = order.len();
    if rank < 2 {
        return Err("its queries are no matrix".to_owned());
    }
    order.swap(rank - 1, rank - 2);
    let turned = writing.step("Transpose", vec![key?], vec![("perm", Attribute::Ints(order))]);
    let product = writing.step("MatMul", vec![query?, turned], vec![]);
    let mut scores = writing.step("Mul", vec![product, scale], vec![]);
    if let Some(mask) = writing.given("attn_mask") {
        scores = writing.step("Add", vec![scores, mask], vec![]);
    }
    let soft = writing.step("Softmax", vec![scores], vec![("axis", Attribute::Int(-1))]);
    writing.done("MatMul", vec![soft, value?], vec![])
}
