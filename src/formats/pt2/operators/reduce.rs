//! Means, sums, largest values, lengths and variances over axes.

use crate::formats::{onnx::Attribute, pt2::model::Writing};

/// The axes of an operator and whether they stay with size 1. No axes are all of them.
fn axes(writing: &Writing) -> Result<(Vec<i64>, bool), String> {
    let mut axes = writing.call.ints("dim")?;
    if axes.is_empty() {
        axes = (0..writing.call.shape_of("self")?.len() as i64).collect();
    }
    Ok((axes, writing.call.flag("keepdim", false)))
}

fn attributes(axes: &[i64], keep: bool) -> Vec<(&'static str, Attribute)> {
    vec![("axes", Attribute::Ints(axes.to_vec())), ("keepdims", Attribute::Int(keep.into()))]
}

pub(super) fn reduce(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let (axes, keep) = axes(writing)?;
    let op = match writing.call.operator() {
        "mean" => "ReduceMean",
        "sum" => "ReduceSum",
        "amax" => "ReduceMax",
        "amin" => "ReduceMin",
        _ => {
            let order = if writing.call.argument("ord").is_some() { "ord" } else { "p" };
            match writing.call.number(order)? {
                None | Some(2.0) => "ReduceL2",
                Some(1.0) => "ReduceL1",
                Some(other) => return Err(format!("it is the norm of order {other}")),
            }
        }
    };
    writing.done(op, vec![x], attributes(&axes, keep))
}

/// Sums of all values up to each place along an axis.
pub(super) fn accumulate(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let axis = writing.model.numbers(&[writing.call.int("dim", 0)?])?;
    writing.done("CumSum", vec![x, axis], vec![])
}

/// Variances, with the means, or their square roots.
pub(super) fn spread(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let (axes, keep) = axes(writing)?;
    let shape = writing.call.shape_of("self")?;
    let size = |&axis: &i64| super::arrange::axis(axis, shape.len()).map(|axis| shape[axis]);
    let sizes: Option<Vec<usize>> = axes.iter().map(size).collect::<Result<Vec<_>, _>>()?.into_iter().collect();
    let count = sizes.ok_or("its sizes are open")?.iter().product::<usize>() as f64;
    let usual = if writing.call.flag("unbiased", true) { 1.0 } else { 0.0 };
    let correction = writing.call.number("correction")?.unwrap_or(usual);
    if count <= correction {
        return Err("it is the variance of too few values".to_owned());
    }
    let middle = writing.step("ReduceMean", vec![x.clone()], attributes(&axes, true));
    let centred = writing.step("Sub", vec![x.clone(), middle], vec![]);
    let squares = writing.step("Mul", vec![centred.clone(), centred], vec![]);
    let mean = writing.step("ReduceMean", vec![squares], attributes(&axes, keep));
    let factor = writing.model.number(count / (count - correction))?;
    let operator = writing.call.operator();
    if operator == "std" {
        let variance = writing.step("Mul", vec![mean, factor], vec![]);
        return writing.done("Sqrt", vec![variance], vec![]);
    }
    writing.done("Mul", vec![mean, factor], vec![])?;
    if let (true, Some(output)) = (operator == "var_mean", writing.call.outputs().get(1)) {
        writing.model.put(&writing.origin, "ReduceMean", vec![x], (*output).to_owned(), attributes(&axes, keep));
    }
    Ok(())
}
