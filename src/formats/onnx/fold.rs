//! Constant folding: what a model computes of shapes and weights alone is computed when it is opened. Shapes are int64,
//! everything else is float32.

use super::{
    axes::axis_of,
    constants::{numbers, phrase, single},
    message::{Attribute, NodeProto},
    moved::moved,
};
use candle_core::{DType, Device, Tensor};

type Folded = candle_core::Result<Tensor>;

/// Products of a convolution of constants that count as much as one value that is computed.
const MOST_PRODUCTS: usize = 4;

/// The constant that a node without layers among its inputs computes, or a phrase that says why it cannot be. `room` is
/// the number of values that it may have.
pub(super) fn fold(node: &NodeProto, inputs: &[Option<&Tensor>], room: usize) -> Result<Tensor, String> {
    if node.op == "Constant" {
        return constant(node).map_err(|error| phrase(&error));
    }
    let sizes = |axis: usize| inputs.iter().flatten().filter_map(move |x| x.dims().iter().rev().nth(axis)).max();
    let together = (0..8).try_fold(1usize, |all, axis| all.checked_mul(sizes(axis).map_or(1, |&size| size.max(1))));
    let spread = !matches!(node.op.as_str(), "Concat" | "BatchNormalization");
    if inputs.len() > 1 && spread && together.is_none_or(|values| values > room) {
        return Err("its constants are too large together".to_owned());
    }
    if let (Some(Some(x)), "Shape" | "Size") = (inputs.first(), node.op.as_str()) {
        return match node.op.as_str() {
            "Shape" => shape_of(node, x.dims()),
            _ => Tensor::from_vec(vec![x.elem_count() as i64], (), &Device::Cpu).map_err(|error| phrase(&error)),
        };
    }
    if let Some(moved) = moved(node, inputs, room) {
        return moved;
    }
    if let Some(found) = reduced(node, inputs).or_else(|| standardised(node, inputs)) {
        return found;
    }
    if let (Some(Some(x)), Some(Some(by)), "Conv" | "CumSum") = (inputs.first(), inputs.get(1), node.op.as_str()) {
        return match node.op.as_str() {
            "Conv" => convolved(node, x, by, inputs.get(2).copied().flatten(), room),
            _ => accumulated(node, x, by),
        };
    }
    if let Some(folded) = computed(node, inputs) {
        return folded.map_err(|error| phrase(&error));
    }
    Err("it is not known".to_owned())
}

/// The value of a `Constant`.
fn constant(node: &NodeProto) -> Folded {
    let device = &Device::Cpu;
    for value in node.attributes.values() {
        return match value {
            Attribute::Tensor(tensor) => Ok(tensor.clone()),
            Attribute::Int(number) => Tensor::from_vec(vec![*number], (), device),
            Attribute::Float(number) => Tensor::from_vec(vec![*number], (), device),
            Attribute::Ints(numbers) => Tensor::from_vec(numbers.clone(), numbers.len(), device),
            Attribute::Floats(numbers) => Tensor::from_vec(numbers.clone(), numbers.len(), device),
            _ => continue,
        };
    }
    candle_core::bail!("it has no value")
}

/// A shape as ONNX's Shape gives it, between its attributes `start` and `end`.
pub(super) fn shape_of(node: &NodeProto, shape: &[usize]) -> Result<Tensor, String> {
    let rank = shape.len() as i64;
    let at = |place: i64| (if place < 0 { place + rank } else { place }).clamp(0, rank) as usize;
    let (start, end) = (at(node.int("start", 0)), at(node.int("end", rank)));
    let sizes: Vec<i64> =
        shape.get(start..end.max(start)).unwrap_or_default().iter().map(|&size| size as i64).collect();
    let count = sizes.len();
    Tensor::from_vec(sizes, count, &Device::Cpu).map_err(|error| phrase(&error))
}

/// Nodes that compute values.
fn computed(node: &NodeProto, inputs: &[Option<&Tensor>]) -> Option<Folded> {
    let get = |index: usize| inputs.get(index).copied().flatten();
    let x = get(0)?;
    let whole = x.dtype() == DType::I64;
    Some(match node.op.as_str() {
        "Cast" => match node.int("to", 1) {
            6 | 7 | 12 | 13 if !whole => x.to_dtype(DType::I64),
            6 | 7 | 12 | 13 => Ok(x.clone()),
            9 => x.ne(&x.zeros_like().ok()?).and_then(|x| x.to_dtype(DType::I64)),
            _ => x.to_dtype(DType::F32),
        },
        "CastLike" => x.to_dtype(get(1)?.dtype()),
        "Neg" if whole => x.to_dtype(DType::F64).and_then(|x| x.neg()?.to_dtype(DType::I64)),
        "Neg" => x.neg(),
        "Abs" if whole => x.to_dtype(DType::F64).and_then(|x| x.abs()?.to_dtype(DType::I64)),
        "Abs" => x.abs(),
        "Floor" | "Ceil" | "Round" if whole => Ok(x.clone()),
        "Floor" => x.floor(),
        "Ceil" => x.ceil(),
        "Round" => x.round(),
        "Sqrt" => x.to_dtype(DType::F32).and_then(|x| x.sqrt()),
        "Exp" => x.exp(),
        "Sin" => x.to_dtype(DType::F32).and_then(|x| x.sin()),
        "Cos" => x.to_dtype(DType::F32).and_then(|x| x.cos()),
        "Reciprocal" => x.recip(),
        "Not" => x.eq(&x.zeros_like().ok()?).and_then(|x| x.to_dtype(DType::I64)),
        "Add" | "Sub" | "Mul" | "Div" | "Min" | "Max" | "Pow" | "Equal" | "Less" | "Greater" | "And" | "Or" => {
            binary(&node.op, x, get(1)?)
        }
        "Where" => {
            let (yes, no) = (get(1)?, get(2)?);
            let chosen = || {
                let shape = x.shape().broadcast_shape_binary_op(yes.shape(), "where")?;
                let shape = shape.broadcast_shape_binary_op(no.shape(), "where")?;
                let test = x.ne(&x.zeros_like()?)?.broadcast_as(&shape)?.contiguous()?;
                let no = no.to_dtype(yes.dtype())?;
                test.where_cond(&yes.broadcast_as(&shape)?.contiguous()?, &no.broadcast_as(&shape)?.contiguous()?)
            };
            chosen()
        }
        "Range" => {
            let bound = |index: usize| Some(numbers(get(index)?).ok()?.first().copied());
            let (start, end, step) = (bound(0)??, bound(1)??, bound(2)??);
            let count = if step == 0 { 0.0 } else { ((end as f64 - start as f64) / step as f64).ceil() };
            let count = count.clamp(0.0, 65536.0) as i64;
            let at = |index: i64| start.saturating_add(index.saturating_mul(step));
            Tensor::from_vec((0..count).map(at).collect::<Vec<i64>>(), count as usize, &Device::Cpu)
        }
        "DequantizeLinear" => dequantised(node, x, get(1)?, get(2)),
        _ => return None,
    })
}

/// A number that the values along some axes become: sizes that are multiplied, means of weights.
fn reduced(node: &NodeProto, inputs: &[Option<&Tensor>]) -> Option<Result<Tensor, String>> {
    let kind = node.op.strip_prefix("Reduce")?;
    if !matches!(kind, "Mean" | "Sum" | "Prod" | "Max" | "Min" | "SumSquare" | "L2") {
        return None;
    }
    let x = inputs.first().copied().flatten()?;
    let axes = match (inputs.get(1).copied().flatten(), node.ints("axes")) {
        (Some(axes), _) => numbers(axes),
        (None, Some(stated)) => Ok(stated.to_vec()),
        (None, None) => Ok(Vec::new()),
    };
    Some(axes.and_then(|axes| {
        let all = axes.is_empty();
        if all && node.int("noop_with_empty_axes", 0) == 1 {
            return Ok(x.clone());
        }
        let stated = axes.iter().map(|&axis| axis_of(axis, x.rank())).collect::<Result<Vec<usize>, _>>()?;
        let axes = if all { (0..x.rank()).collect() } else { stated };
        along(kind, x, axes, node.int("keepdims", 1) == 1).map_err(|error| phrase(&error))
    }))
}

fn along(kind: &str, x: &Tensor, axes: Vec<usize>, keeps: bool) -> Folded {
    // Whole numbers are computed as float64, as in `binary`.
    let wide = if x.dtype() == DType::I64 { x.to_dtype(DType::F64)? } else { x.clone() };
    let each = |one: fn(&Tensor, usize) -> Folded| axes.iter().try_fold(wide.clone(), |x, &axis| one(&x, axis));
    let found = match kind {
        "Mean" => wide.mean_keepdim(axes.clone()),
        "Max" => each(Tensor::max_keepdim),
        "Min" => each(Tensor::min_keepdim),
        "Prod" => each(|x, axis| {
            let first = x.narrow(axis, 0, 1)?;
            (1..x.dim(axis)?).try_fold(first, |all, place| all.mul(&x.narrow(axis, place, 1)?))
        }),
        "Sum" => wide.sum_keepdim(axes.clone()),
        "L2" => wide.sqr()?.sum_keepdim(axes.clone())?.sqrt(),
        _ => wide.sqr()?.sum_keepdim(axes.clone()),
    }?;
    let kept: Vec<usize> = (0..x.rank()).filter(|axis| !axes.contains(axis)).map(|axis| x.dims()[axis]).collect();
    let found = if keeps { found } else { found.reshape(kept)? };
    found.to_dtype(x.dtype())
}

/// Bounds of sizes and weights, and normalised weights: networks that standardise their filters when they run do it with
/// these.
fn standardised(node: &NodeProto, inputs: &[Option<&Tensor>]) -> Option<Result<Tensor, String>> {
    let get = |index: usize| inputs.get(index).copied().flatten();
    let x = get(0)?;
    let bound = |index: usize, name: &str, usual: f64| match get(index) {
        Some(tensor) => single(tensor).unwrap_or(usual),
        None => node.float(name, usual),
    };
    let found = match node.op.as_str() {
        "Clip" => {
            let (low, high) = (bound(1, "min", f64::NEG_INFINITY), bound(2, "max", f64::INFINITY));
            let wide = if x.dtype() == DType::I64 { DType::F64 } else { x.dtype() };
            x.to_dtype(wide).and_then(|wide| wide.clamp(low, high)?.to_dtype(x.dtype()))
        }
        "BatchNormalization" if x.rank() > 1 => normalised(node, x, [get(1)?, get(2)?, get(3)?, get(4)?]),
        _ => return None,
    };
    Some(found.map_err(|error| phrase(&error)))
}

/// Constants by channel, by their own statistics where the node is in training, else by those given.
fn normalised(node: &NodeProto, x: &Tensor, [scale, shift, mean, variance]: [&Tensor; 4]) -> Folded {
    let mut shape = vec![1; x.rank()];
    shape[1] = x.dim(1)?;
    let spread = |tensor: &Tensor| tensor.reshape(shape.as_slice());
    let (mean, variance) = if node.int("training_mode", 0) == 1 {
        let others: Vec<usize> = (0..x.rank()).filter(|&axis| axis != 1).collect();
        let mean = x.mean_keepdim(others.clone())?;
        let variance = x.broadcast_sub(&mean)?.sqr()?.mean_keepdim(others)?;
        (mean, variance)
    } else {
        (spread(mean)?, spread(variance)?)
    };
    let scale = (spread(scale)? / (variance + node.float("epsilon", 1e-5))?.sqrt()?)?;
    x.broadcast_sub(&mean)?.broadcast_mul(&scale)?.broadcast_add(&spread(shift)?)
}

/// Constants that are convolved: encodings of positions, which some networks compute when they run.
fn convolved(
    node: &NodeProto,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    room: usize,
) -> Result<Tensor, String> {
    let (&[batch, _, rows, columns], &[out, _, high, wide]) = (x.dims(), weight.dims()) else {
        return Err("it convolves constants that are no maps".to_owned());
    };
    if x.elem_count() == 0 || weight.elem_count() == 0 {
        return Err("it convolves constants without values".to_owned());
    }
    let same = |name: &str, usual: i64| match node.ints(name) {
        Some(&[first, ref rest @ ..]) if rest.iter().any(|&other| other != first) => None,
        stated => {
            stated.map_or(Some(usual), |sizes| sizes.first().copied()).and_then(|size| usize::try_from(size).ok())
        }
    };
    let uneven = "it convolves constants with another padding or stride at each side";
    let (stride, dilation) = (same("strides", 1).ok_or(uneven)?, same("dilations", 1).ok_or(uneven)?);
    let padding = same("pads", 0).filter(|_| node.text("auto_pad", "NOTSET") == "NOTSET").ok_or(uneven)?;
    let groups = usize::try_from(node.int("group", 1)).unwrap_or(0);
    let side = |size: usize, kernel: usize| {
        let window = kernel.checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        size.checked_add(padding.checked_mul(2)?)?.checked_sub(window)?.checked_div(stride)?.checked_add(1)
    };
    let grouped = groups > 0 && out.is_multiple_of(groups);
    let (Some(tall), Some(broad), true) = (side(rows, high), side(columns, wide), grouped && dilation > 0) else {
        return Err("it convolves constants that do not fit its filters".to_owned());
    };
    let products = [batch, tall, broad, weight.elem_count()];
    let products = products.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
    let values = [batch, out, tall, broad].iter().try_fold(1usize, |all, &size| all.checked_mul(size));
    if values.is_none_or(|values| values > room) || products.is_none_or(|products| products / MOST_PRODUCTS > room) {
        return Err("its constants are too large together".to_owned());
    }
    let found = || {
        let maps = x.to_dtype(DType::F32)?.contiguous()?;
        let maps = maps.conv2d(&weight.to_dtype(DType::F32)?.contiguous()?, padding, stride, dilation, groups)?;
        match bias {
            Some(bias) => maps.broadcast_add(&bias.to_dtype(DType::F32)?.reshape((1, bias.elem_count(), 1, 1))?),
            None => Ok(maps),
        }
    };
    found().map_err(|error| phrase(&error))
}

/// Sums of all values up to each place along an axis.
fn accumulated(node: &NodeProto, x: &Tensor, axis: &Tensor) -> Result<Tensor, String> {
    if node.int("exclusive", 0) != 0 || node.int("reverse", 0) != 0 {
        return Err("it adds up from behind, or without the value itself".to_owned());
    }
    let axis = axis_of(numbers(axis)?.first().copied().unwrap_or(0), x.rank())?;
    let step: usize = x.dims()[axis + 1..].iter().product();
    let whole = step * x.dims()[axis];
    let found = || {
        let mut sums: Vec<f64> = x.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        // A value has the one before it along the axis `step` places before it.
        for at in (0..sums.len()).filter(|at| at % whole >= step) {
            sums[at] += sums[at - step];
        }
        Tensor::from_vec(sums, x.dims(), &Device::Cpu)?.to_dtype(x.dtype())
    };
    found().map_err(|error| phrase(&error))
}

/// Values that were computed for one node: more than its output has where each is made of many.
pub(super) fn work(node: &NodeProto, inputs: &[Option<&Tensor>], found: &Tensor) -> usize {
    let taken = |index: usize| inputs.get(index).copied().flatten();
    match (node.op.as_str(), taken(0), taken(1)) {
        ("Conv", _, Some(weight)) => {
            let of_each = weight.elem_count() / weight.dims().first().copied().unwrap_or(1).max(1);
            found.elem_count().saturating_mul(of_each) / MOST_PRODUCTS
        }
        (op, Some(x), _) if op.starts_with("Reduce") => x.elem_count(),
        _ => found.elem_count(),
    }
}

fn binary(op: &str, a: &Tensor, b: &Tensor) -> Folded {
    let same = a.dtype() == b.dtype();
    let kind = if same { a.dtype() } else { DType::F32 };
    // Whole numbers are computed as float64, which holds every size and does not overflow.
    let wide = if kind == DType::I64 { DType::F64 } else { kind };
    let (a, b) = (a.to_dtype(wide)?, b.to_dtype(wide)?);
    let flag = |found: Tensor| found.to_dtype(DType::I64);
    let whole = |value: Tensor| if kind == DType::I64 { value.to_dtype(kind) } else { Ok(value) };
    let computed = match op {
        "Add" => a.broadcast_add(&b),
        "Sub" => a.broadcast_sub(&b),
        "Mul" => a.broadcast_mul(&b),
        "Div" => a.broadcast_div(&b),
        "Min" => a.broadcast_minimum(&b),
        "Max" => a.broadcast_maximum(&b),
        "Pow" => a.broadcast_pow(&b),
        "Equal" => return flag(a.broadcast_eq(&b)?),
        "Less" => return flag(a.broadcast_lt(&b)?),
        "Greater" => return flag(a.broadcast_gt(&b)?),
        "And" => a.broadcast_mul(&b),
        _ => a.broadcast_maximum(&b),
    };
    whole(computed?)
}

/// (x - zero point) * scale, one scale for all or one for each place along an axis.
pub(super) fn dequantised(node: &NodeProto, x: &Tensor, scale: &Tensor, zero: Option<&Tensor>) -> Folded {
    let x = x.to_dtype(DType::F32)?;
    let mut shape = vec![1; x.rank()];
    if scale.elem_count() > 1 {
        let Ok(axis) = axis_of(node.int("axis", 1), x.rank()) else {
            candle_core::bail!("its axis is none of its input")
        };
        shape[axis] = scale.elem_count();
    }
    let along = |values: &Tensor| values.to_dtype(DType::F32)?.reshape(shape.as_slice());
    let moved = match zero {
        Some(zero) => x.broadcast_sub(&along(zero)?)?,
        None => x,
    };
    moved.broadcast_mul(&along(scale)?)
}
