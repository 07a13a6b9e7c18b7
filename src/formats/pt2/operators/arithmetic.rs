//! Sums, products, quotients and powers of tensors and numbers.

use crate::formats::pt2::model::Writing;

/// A sum or difference, of which the second part may have a factor.
pub(super) fn sum(writing: &mut Writing) -> Result<(), String> {
    let (a, mut b) = (writing.operand("self")?, writing.operand("other")?);
    if let Some(alpha) = writing.call.number("alpha")?.filter(|&alpha| alpha != 1.0) {
        let alpha = writing.model.number(alpha)?;
        b = writing.step("Mul", vec![b, alpha], vec![]);
    }
    match writing.call.operator() {
        "add" => writing.done("Add", vec![a, b], vec![]),
        "sub" => writing.done("Sub", vec![a, b], vec![]),
        _ => writing.done("Sub", vec![b, a], vec![]),
    }
}

/// An operator of two tensors or numbers.
pub(super) fn pair(writing: &mut Writing) -> Result<(), String> {
    let op = match writing.call.operator() {
        "mul" | "multiply" => "Mul",
        "pow" => "Pow",
        "maximum" => "Max",
        "minimum" => "Min",
        _ => "Div",
    };
    let second = if op == "Pow" { "exponent" } else { "other" };
    let (a, b) = (writing.operand("self")?, writing.operand(second)?);
    match (op, writing.call.word("rounding_mode", "")) {
        (_, "") => writing.done(op, vec![a, b], vec![]),
        (_, "floor") => {
            let quotient = writing.step(op, vec![a, b], vec![]);
            writing.done("Floor", vec![quotient], vec![])
        }
        (_, other) => Err(format!("it rounds in the way '{other}'")),
    }
}

/// A tensor plus the product of two others.
pub(super) fn add_product(writing: &mut Writing) -> Result<(), String> {
    let inputs = ["self", "tensor1", "tensor2"].map(|name| writing.input(name));
    let [summand, a, b] = inputs;
    let mut product = writing.step("Mul", vec![a?, b?], vec![]);
    if let Some(value) = writing.call.number("value")?.filter(|&value| value != 1.0) {
        let value = writing.model.number(value)?;
        product = writing.step("Mul", vec![product, value], vec![]);
    }
    writing.done("Add", vec![summand?, product], vec![])
}

/// The square, one over the square root, and the logarithm and the exponential function beside 1.
pub(super) fn power(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    match writing.call.operator() {
        "square" => {
            let two = writing.model.number(2.0)?;
            writing.done("Pow", vec![x, two], vec![])
        }
        "log1p" => {
            let one = writing.model.number(1.0)?;
            let more = writing.step("Add", vec![x, one], vec![]);
            writing.done("Log", vec![more], vec![])
        }
        "expm1" => {
            let one = writing.model.number(1.0)?;
            let power = writing.step("Exp", vec![x], vec![]);
            writing.done("Sub", vec![power, one], vec![])
        }
        _ => {
            let root = writing.step("Sqrt", vec![x], vec![]);
            writing.done("Reciprocal", vec![root], vec![])
        }
    }
}
