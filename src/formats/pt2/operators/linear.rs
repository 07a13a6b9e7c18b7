//! Fully connected layers and products of matrices.

use crate::formats::{onnx::Attribute, pt2::model::Writing};

pub(super) fn linear(writing: &mut Writing) -> Result<(), String> {
    let (x, weight, bias) = (writing.input("input")?, writing.input("weight")?, writing.given("bias"));
    if writing.call.shape_of("input")?.len() == 2 {
        let inputs = [vec![x, weight], bias.into_iter().collect()].concat();
        return writing.done("Gemm", inputs, vec![("transB", Attribute::Int(1))]);
    }
    let turned = writing.step("Transpose", vec![weight], vec![("perm", Attribute::Ints(vec![1, 0]))]);
    match bias {
        None => writing.done("MatMul", vec![x, turned], vec![]),
        Some(bias) => {
            let product = writing.step("MatMul", vec![x, turned], vec![]);
            writing.done("Add", vec![product, bias], vec![])
        }
    }
}

/// beta C + alpha A B.
pub(super) fn addmm(writing: &mut Writing) -> Result<(), String> {
    let inputs = vec![writing.input("mat1")?, writing.input("mat2")?, writing.input("self")?];
    let factor = |name: &str| Ok::<_, String>(Attribute::Float(writing.call.number(name)?.unwrap_or(1.0) as f32));
    let attributes = vec![("alpha", factor("alpha")?), ("beta", factor("beta")?)];
    writing.done("Gemm", inputs, attributes)
}

pub(super) fn matmul(writing: &mut Writing) -> Result<(), String> {
    let second = if writing.call.operator() == "matmul" { "other" } else { "mat2" };
    let inputs = vec![writing.input("self")?, writing.input(second)?];
    writing.done("MatMul", inputs, vec![])
}

/// A product of matrices and a summand.
pub(super) fn baddbmm(writing: &mut Writing) -> Result<(), String> {
    let [alpha, beta] = [writing.call.number("alpha")?, writing.call.number("beta")?];
    if [alpha, beta].into_iter().flatten().any(|factor| factor != 1.0) {
        return Err("its parts have factors".to_owned());
    }
    let inputs = vec![writing.input("batch1")?, writing.input("batch2")?];
    let product = writing.step("MatMul", inputs, vec![]);
    let summand = writing.input("self")?;
    writing.done("Add", vec![product, summand], vec![])
}
