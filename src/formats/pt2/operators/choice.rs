//! Comparisons and choices. PyTorch's softmax of attention, decomposed, asks whether a whole row of scores is minus infinity:
//! the scores of a picture are finite, so that the answer is known when the program is read.

use crate::formats::pt2::model::Writing;
use candle_core::{Device, Tensor};

pub(super) fn choice(writing: &mut Writing) -> Result<(), String> {
    let operator = writing.call.operator();
    let given =
        |writing: &Writing, name: &str| writing.given(name).and_then(|x| writing.model.answers.get(&x).copied());
    match operator {
        "where" => {
            let answer = given(writing, "condition");
            let test = writing.input("condition")?;
            match answer {
                Some(answer) => {
                    let chosen = writing.operand(if answer { "self" } else { "other" })?;
                    writing.done("Identity", vec![chosen], vec![])
                }
                None => {
                    let (yes, no) = (writing.operand("self")?, writing.operand("other")?);
                    writing.done("Where", vec![test, yes, no], vec![])
                }
            }
        }
        "any" => match given(writing, "self") {
            Some(answer) => answered(writing, answer),
            None => Err("what it asks about is not known".to_owned()),
        },
        "logical_not" | "bitwise_not" => match given(writing, "self") {
            Some(answer) => answered(writing, !answer),
            None => {
                let x = writing.input("self")?;
                writing.done("Not", vec![x], vec![])
            }
        },
        "eq" if writing.is_computed("self") && writing.call.number("other")? == Some(f64::NEG_INFINITY) => {
            answered(writing, false)
        }
        other => {
            let op = match other {
                "eq" => "Equal",
                "lt" => "Less",
                "le" => "LessOrEqual",
                "ge" => "GreaterOrEqual",
                _ => "Greater",
            };
            let (a, b) = (writing.operand("self")?, writing.operand("other")?);
            writing.done(op, vec![a, b], vec![])
        }
    }
}

/// Answers the same for every value.
fn answered(writing: &mut Writing, answer: bool) -> Result<(), String> {
    let output = writing.output()?;
    let value = writing.model.constant(Tensor::new(i64::from(answer), &Device::Cpu))?;
    writing.model.answers.insert(output, answer);
    writing.done("Identity", vec![value], vec![])
}
