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

/// The constant that a node without layers among its inputs computes, or a phrase that says why it cannot be. `room` is
/// the number of values that it may have.
pub(super) fn fold(node: &NodeProto, inputs: &[Option<&Tensor>], room: usize) -> Result<Tensor, String> {
    if node.op == "Constant" {
        return constant(node).map_err(|error| phrase(&error));
    }
    let sizes = |axis: usize| inputs.iter().flatten().filter_map(move |x| x.dims().iter().rev().nth(axis)).max();
    let together = (0..8).try_fold(1usize, |all, axis| all.checked_mul(sizes(axis).map_or(1, |&size| size.max(1))));
    if inputs.len() > 1 && node.op != "Concat" && together.is_none_or(|values| values > room) {
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
    if let Some(standardised) = standardised(node, inputs) {
        return standardised;
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
        "ReduceProd" | "ReduceSum" => {
            let values = numbers(x).ok()?;
            let all = values.iter().map(|&value| value as f64);
            let all = if node.op == "ReduceProd" { all.product::<f64>() } else { all.sum() } as i64;
            let rank = if node.int("keepdims", 1) == 1 { x.rank() } else { 0 };
            Tensor::from_vec(vec![all], vec![1; rank], &Device::Cpu)
        }
        "DequantizeLinear" => dequantised(node, x, get(1)?, get(2)),
        _ => return None,
    })
}

/// Bounds and means of weights: networks that standardise their filters when they run do it with these.
fn standardised(node: &NodeProto, inputs: &[Option<&Tensor>]) -> Option<Result<Tensor, String>> {
    let x = inputs.first().copied().flatten().filter(|x| x.dtype() != DType::I64)?;
    let bound = |index: usize, name: &str, usual: f64| match inputs.get(index).copied().flatten() {
        Some(tensor) => single(tensor).unwrap_or(usual),
        None => node.float(name, usual),
    };
    match node.op.as_str() {
        "Clip" => {
            let (low, high) = (bound(1, "min", f64::NEG_INFINITY), bound(2, "max", f64::INFINITY));
            Some(x.clamp(low, high).map_err(|error| phrase(&error)))
        }
        "ReduceMean" => Some(mean(node, x, inputs.get(1).copied().flatten())),
        _ => None,
    }
}

/// The mean over axes, which stay with size 1 or go.
fn mean(node: &NodeProto, x: &Tensor, axes: Option<&Tensor>) -> Result<Tensor, String> {
    let stated = match axes {
        Some(axes) => Some(numbers(axes)?),
        None => node.ints("axes").map(<[i64]>::to_vec),
    };
    let rank = x.rank();
    let axes = stated.unwrap_or_else(|| (0..rank as i64).collect());
    let axes = axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<Vec<usize>, _>>()?;
    let keeps = node.int("keepdims", 1) == 1;
    let mean = if keeps { x.mean_keepdim(axes) } else { x.mean(axes) };
    mean.map_err(|error| phrase(&error))
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
