//! Normalisations.

use crate::formats::{onnx::Attribute, pt2::model::Writing};

/// The phrase for what only a network in training does.
const TRAINING: &str = "it was exported in training mode; call eval() on the network before torch.export";

fn eps(writing: &Writing, usual: f64) -> Result<Attribute, String> {
    Ok(Attribute::Float(writing.call.number("eps")?.unwrap_or(usual) as f32))
}

/// The factors and summands of each channel: 1 and 0 where the program has none.
fn affine(writing: &mut Writing, count: Option<usize>) -> Result<[String; 2], String> {
    let one = |writing: &mut Writing, name: &str, value: f32| match (writing.given(name), count) {
        (Some(tensor), _) => Ok(tensor),
        (None, Some(count)) => writing.filled(count, value),
        (None, None) => Err("the number of its channels is open".to_owned()),
    };
    Ok([one(writing, "weight", 1.0)?, one(writing, "bias", 0.0)?])
}

/// The name of the argument that is normalised.
fn normalised<'a>(writing: &Writing<'a>) -> &'a str {
    writing.call.node.inputs.first().map_or("input", |input| input.name.as_str())
}

/// By running statistics.
pub(super) fn batch(writing: &mut Writing) -> Result<(), String> {
    let first = normalised(writing);
    let shape = writing.call.shape_of(first)?;
    let training = writing.call.flag("training", false);
    let (mean, variance) = (writing.given("running_mean"), writing.given("running_var"));
    if training || mean.is_none() || variance.is_none() {
        // Networks that standardise their filters have it on weights.
        return if writing.is_computed(first) { Err(TRAINING.to_owned()) } else { own(writing, first, shape.len()) };
    }
    let x = writing.input(first)?;
    let [weight, bias] = affine(writing, shape.get(1).copied().flatten())?;
    let inputs = [vec![x, weight, bias], mean.into_iter().chain(variance).collect()].concat();
    let eps = eps(writing, 1e-5)?;
    writing.done("BatchNormalization", inputs, vec![("epsilon", eps)])
}

/// Constants by their own statistics along axis 1.
fn own(writing: &mut Writing, first: &str, rank: usize) -> Result<(), String> {
    let x = writing.input(first)?;
    let axes: Vec<i64> = (0..rank as i64).filter(|&axis| axis != 1).collect();
    let mean = |writing: &mut Writing, x: String| {
        let attributes = vec![("axes", Attribute::Ints(axes.clone())), ("keepdims", Attribute::Int(1))];
        writing.step("ReduceMean", vec![x], attributes)
    };
    let middle = mean(writing, x.clone());
    let centred = writing.step("Sub", vec![x, middle], vec![]);
    let squares = writing.step("Mul", vec![centred.clone(), centred.clone()], vec![]);
    let variance = mean(writing, squares);
    let eps = writing.call.number("eps")?.unwrap_or(1e-5);
    let eps = writing.model.number(eps)?;
    let raised = writing.step("Add", vec![variance, eps], vec![]);
    let deviation = writing.step("Sqrt", vec![raised], vec![]);
    let mut shape = vec![Some(1); rank];
    if let Some(units) = shape.get_mut(1) {
        *units = None;
    }
    let mut result = writing.step("Div", vec![centred, deviation], vec![]);
    for (name, op) in [("weight", "Mul"), ("bias", "Add")] {
        let Some(tensor) = writing.given(name) else { continue };
        let target = writing.target(&shape)?;
        let tensor = writing.step("Reshape", vec![tensor, target], vec![]);
        result = writing.step(op, vec![result, tensor], vec![]);
    }
    writing.done("Identity", vec![result], vec![])
}

/// Each channel by its own statistics.
pub(super) fn instance(writing: &mut Writing) -> Result<(), String> {
    if !writing.call.flag("use_input_stats", true) {
        return batch(writing);
    }
    let x = writing.input("input")?;
    let shape = writing.call.shape_of("input")?;
    let [weight, bias] = affine(writing, shape.get(1).copied().flatten())?;
    let eps = eps(writing, 1e-5)?;
    writing.done("InstanceNormalization", vec![x, weight, bias], vec![("epsilon", eps)])
}

/// Groups of channels by their own statistics.
pub(super) fn group(writing: &mut Writing) -> Result<(), String> {
    let first = normalised(writing);
    let x = writing.input(first)?;
    let shape = writing.call.shape_of(first)?;
    let groups = if writing.call.operator() == "group_norm" { "num_groups" } else { "group" };
    let groups = Attribute::Int(writing.call.int(groups, 1)?);
    let [weight, bias] = affine(writing, shape.get(1).copied().flatten())?;
    let eps = eps(writing, 1e-5)?;
    writing.done("GroupNormalization", vec![x, weight, bias], vec![("num_groups", groups), ("epsilon", eps)])
}

/// The last axes by their own statistics.
pub(super) fn layer(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("input")?;
    let axes = writing.call.ints("normalized_shape")?;
    let count = axes.iter().try_fold(1usize, |all, &size| all.checked_mul(usize::try_from(size).ok()?));
    let [mut weight, mut bias] = affine(writing, count)?;
    if axes.len() > 1 {
        let shape: Vec<Option<usize>> = axes.iter().map(|&size| usize::try_from(size).ok()).collect();
        for tensor in [&mut weight, &mut bias] {
            let target = writing.target(&shape)?;
            *tensor = writing.step("Reshape", vec![tensor.clone(), target], vec![]);
        }
    }
    let eps = eps(writing, 1e-5)?;
    let axis = Attribute::Int(-(axes.len() as i64));
    writing.done("LayerNormalization", vec![x, weight, bias], vec![("axis", axis), ("epsilon", eps)])
}
