//! Functions of one value.

use crate::formats::{onnx::Attribute, pt2::model::Writing};
use candle_core::{Device, Tensor};

/// Functions whose constants are attributes.
pub(super) fn stated(writing: &mut Writing) -> Result<(), String> {
    let operator = writing.call.operator();
    let x = writing.input(first(writing))?;
    let number = |name: &str, usual: f64| Ok::<f64, String>(writing.call.number(name)?.unwrap_or(usual));
    let float = |value: f64| Attribute::Float(value as f32);
    let (op, attributes) = match operator {
        "relu" => ("Relu", vec![]),
        "sigmoid" => ("Sigmoid", vec![]),
        "tanh" => ("Tanh", vec![]),
        "silu" => ("Swish", vec![]),
        "hardswish" => ("HardSwish", vec![]),
        "hardsigmoid" => ("HardSigmoid", vec![("alpha", float(1.0 / 6.0)), ("beta", float(0.5))]),
        "mish" => ("Mish", vec![]),
        "softplus" if number("beta", 1.0)? == 1.0 => ("Softplus", vec![]),
        "gelu" => ("Gelu", vec![("approximate", Attribute::Text(writing.call.word("approximate", "none").to_owned()))]),
        "elu" if number("scale", 1.0)? == 1.0 && number("input_scale", 1.0)? == 1.0 => {
            ("Elu", vec![("alpha", float(number("alpha", 1.0)?))])
        }
        "selu" => ("Selu", vec![]),
        "celu" => ("Celu", vec![("alpha", float(number("alpha", 1.0)?))]),
        "leaky_relu" => ("LeakyRelu", vec![("alpha", float(number("negative_slope", 0.01)?))]),
        "neg" => ("Neg", vec![]),
        "sqrt" => ("Sqrt", vec![]),
        "reciprocal" => ("Reciprocal", vec![]),
        "exp" => ("Exp", vec![]),
        "log" => ("Log", vec![]),
        "abs" => ("Abs", vec![]),
        "erf" => ("Erf", vec![]),
        "floor" => ("Floor", vec![]),
        "ceil" => ("Ceil", vec![]),
        "round" => ("Round", vec![]),
        "sin" => ("Sin", vec![]),
        "cos" => ("Cos", vec![]),
        _ => return Err("its constants are not known".to_owned()),
    };
    writing.done(op, vec![x], attributes)
}

/// The name of an operator's first argument, which is a tensor.
fn first<'a>(writing: &Writing<'a>) -> &'a str {
    writing.call.node.inputs.first().map_or("self", |input| input.name.as_str())
}

/// Values between two bounds.
pub(super) fn clip(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let bound = |name: &str| writing.call.number(name);
    let (low, high) = match writing.call.operator() {
        "hardtanh" => (Some(bound("min_val")?.unwrap_or(-1.0)), Some(bound("max_val")?.unwrap_or(1.0))),
        "relu6" => (Some(0.0), Some(6.0)),
        _ => (bound("min")?, bound("max")?),
    };
    let mut inputs = vec![x];
    for bound in [low, high] {
        inputs.push(bound.map_or(Ok(String::new()), |bound| writing.model.number(bound))?);
    }
    writing.done("Clip", inputs, vec![])
}

/// Softmax and its logarithm.
pub(super) fn softmax(writing: &mut Writing) -> Result<(), String> {
    let op = if writing.call.operator().contains("log") { "LogSoftmax" } else { "Softmax" };
    let axis = Attribute::Int(writing.call.int("dim", -1)?);
    let x = writing.input("self")?;
    writing.done(op, vec![x], vec![("axis", axis)])
}

/// A slope for each channel.
pub(super) fn prelu(writing: &mut Writing) -> Result<(), String> {
    let (x, slopes) = (writing.input("self")?, writing.input("weight")?);
    let rank = writing.call.shape_of("self")?.len();
    let mut shape = vec![1i64; rank.saturating_sub(1)];
    if let Some(first) = shape.first_mut() {
        *first = -1;
    }
    let count = shape.len();
    let shape = writing.model.constant(Tensor::from_vec(shape, count, &Device::Cpu))?;
    let slopes = writing.step("Reshape", vec![slopes, shape], vec![]);
    writing.done("PRelu", vec![x, slopes], vec![])
}
