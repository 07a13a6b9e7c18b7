//! Sums, differences, products, quotients and powers, of two layers or of a layer and constants.

use crate::formats::onnx::{
    constants::{phrase, single},
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
};
use crate::net::{Activation, Op};
use candle_core::Tensor;

/// A node's two inputs.
enum Pair {
    LayerList(LayerOutput, LayerOutput),
    /// A layer and constants in the network's shape; whether the constants come first.
    Constants(LayerOutput, Tensor, bool),
}

fn pair(job: &mut NodeJob) -> Result<Pair, String> {
    let (first, second) = match job.inputs.as_slice() {
        [Some(a), Some(b)] => (a.clone(), b.clone()),
        _ => return Err(format!("it has {} inputs where 2 belong", job.inputs.len())),
    };
    let (layer, constant, turned) = match (first, second) {
        (ModelValue::LayerOutput(a), ModelValue::LayerOutput(b)) => return layers(job, a, b),
        (ModelValue::LayerOutput(layer), ModelValue::Constant(constant)) => (layer, constant, false),
        (ModelValue::Constant(constant), ModelValue::LayerOutput(layer)) => (layer, constant, true),
        _ => return Err("it has no layer among its inputs".to_owned()),
    };
    let layer = grown(job, layer, constant.rank())?;
    let constant = job.beside(&constant, &layer)?;
    Ok(Pair::Constants(layer, constant, turned))
}

/// A layer with as many axes as a constant that has more.
fn grown(job: &mut NodeJob, layer: LayerOutput, rank: usize) -> Result<LayerOutput, String> {
    match rank.checked_sub(layer.rank()) {
        None | Some(0) => Ok(layer),
        Some(more) => {
            let target = [vec![1; more], layer.seen(job.batch)].concat();
            job.reshaped(&layer, &target)
        }
    }
}

/// Two layers, seen in the same order and with as many axes.
fn layers(job: &mut NodeJob, a: LayerOutput, b: LayerOutput) -> Result<Pair, String> {
    if a.order == b.order && a.shape.len() == b.shape.len() {
        return Ok(Pair::LayerList(a, b));
    }
    let rank = a.rank().max(b.rank());
    let (a, b) = (grown(job, a, rank)?, grown(job, b, rank)?);
    let mixed = a.order != b.order;
    // Maps of one value a channel join others in their order.
    let order = |layer: LayerOutput, other: AxisOrder| match (layer.order, layer.shape.as_slice(), other) {
        (AxisOrder::Batched, &[1, 1, channels], AxisOrder::Last) => (Some(vec![channels, 1, 1]), layer),
        _ => (None, layer),
    };
    let ((a_shape, a), (b_shape, b)) = (order(a.clone(), b.order), order(b, a.order));
    let join = |job: &mut NodeJob, layer: LayerOutput, shape: Option<Vec<usize>>| match shape {
        Some(shape) => job.add_as(AxisOrder::Last, Op::Reshape { shape }, &[&layer], Vec::new()),
        None => Ok(layer),
    };
    let (a, b) = (join(job, a, a_shape)?, join(job, b, b_shape)?);
    if !mixed || a.order == b.order {
        return Ok(Pair::LayerList(a, b));
    }
    match (job.batched(&a), job.batched(&b)) {
        (Ok(a), Ok(b)) => Ok(Pair::LayerList(a, b)),
        _ => Ok(Pair::LayerList(job.bare(&a)?, job.bare(&b)?)),
    }
}

/// Multiplies a layer with constants; nothing where they are all 1.
fn scaled(job: &mut NodeJob, layer: &LayerOutput, factors: Tensor) -> Result<LayerOutput, String> {
    if single(&factors) == Some(1.0) {
        return Ok(layer.clone());
    }
    let shape = factors.dims().to_vec();
    job.add(Op::Scale { shape }, &[layer], vec![("weight", factors)])
}

/// Adds constants to a layer; nothing where they are all 0.
fn shifted(job: &mut NodeJob, layer: &LayerOutput, summands: Tensor) -> Result<LayerOutput, String> {
    if single(&summands) == Some(0.0) {
        return Ok(layer.clone());
    }
    let shape = summands.dims().to_vec();
    job.add(Op::Shift { shape }, &[layer], vec![("bias", summands)])
}

fn constants(tensor: candle_core::Result<Tensor>) -> Result<Tensor, String> {
    tensor.map_err(|error| phrase(&error))
}

fn done(layer: LayerOutput) -> Outputs {
    Ok(vec![ModelValue::LayerOutput(layer)])
}

pub(super) fn add(job: &mut NodeJob) -> Outputs {
    if job.inputs.len() == 1 {
        return done(job.layer(0)?);
    }
    if job.inputs.len() > 2 {
        let all = (0..job.inputs.len()).map(|index| job.layer(index)).collect::<Result<Vec<_>, _>>()?;
        let same = all.iter().all(|layer| layer.order == all[0].order);
        return match same {
            true => job.done(Op::Add, &all.iter().collect::<Vec<_>>(), Vec::new()),
            false => Err("its inputs differ in order".to_owned()),
        };
    }
    match pair(job)? {
        Pair::LayerList(a, b) => job.done(Op::Add, &[&a, &b], Vec::new()),
        Pair::Constants(layer, summands, turned) => {
            let alone = job.alone[usize::from(turned)];
            if alone && is_bias(&summands, &layer) && job.layers.add_bias(layer.id, &summands)? {
                return done(layer);
            }
            done(shifted(job, &layer, summands)?)
        }
    }
}

/// Whether constants are one for each unit of a convolution or fully connected layer.
fn is_bias(constants: &Tensor, layer: &LayerOutput) -> bool {
    let units = match layer.shape.as_slice() {
        &[units, _, _] if layer.order != AxisOrder::Bare => [vec![units], vec![1; 2]].concat(),
        [places @ .., units] => [vec![1; places.len()], vec![*units]].concat(),
        [] => return false,
    };
    constants.dims() == units
}

pub(super) fn subtract(job: &mut NodeJob) -> Outputs {
    match pair(job)? {
        Pair::LayerList(a, b) => job.done(Op::Sub, &[&a, &b], Vec::new()),
        Pair::Constants(layer, constant, false) => {
            let layer = shifted(job, &layer, constants(constant.neg())?)?;
            done(layer)
        }
        Pair::Constants(layer, constant, true) => {
            let minus = constants(constant.ones_like().and_then(|ones| ones.neg()))?;
            let layer = scaled(job, &layer, minus)?;
            done(shifted(job, &layer, constant)?)
        }
    }
}

pub(super) fn multiply(job: &mut NodeJob) -> Outputs {
    match pair(job)? {
        Pair::LayerList(a, b) if a == b => {
            job.done(Op::Activation(Activation::Power { exponent: 2.0 }), &[&a], Vec::new())
        }
        Pair::LayerList(a, b) => job.done(Op::Mul, &[&a, &b], Vec::new()),
        Pair::Constants(layer, factors, _) => done(scaled(job, &layer, factors)?),
    }
}

pub(super) fn divide(job: &mut NodeJob) -> Outputs {
    match pair(job)? {
        Pair::LayerList(a, b) => job.done(Op::Div, &[&a, &b], Vec::new()),
        Pair::Constants(layer, divisor, false) => done(scaled(job, &layer, constants(divisor.recip())?)?),
        Pair::Constants(layer, dividend, true) => {
            let op = Op::Activation(Activation::Power { exponent: -1.0 });
            let layer = job.add(op, &[&layer], Vec::new())?;
            done(scaled(job, &layer, dividend)?)
        }
    }
}

pub(super) fn power(job: &mut NodeJob) -> Outputs {
    match pair(job)? {
        Pair::Constants(layer, exponent, false) => {
            let exponent = single(&exponent).ok_or("its exponents differ")?;
            match exponent {
                1.0 => done(layer),
                _ => job.done(Op::Activation(Activation::Power { exponent }), &[&layer], Vec::new()),
            }
        }
        _ => Err("its exponent is computed".to_owned()),
    }
}

/// The larger or smaller of two: with a constant a clip, of two layers a + relu(b - a) or a - relu(a - b).
pub(super) fn extreme(job: &mut NodeJob) -> Outputs {
    let largest = job.node.op == "Max";
    match pair(job)? {
        Pair::LayerList(a, b) => {
            let (from, less) = if largest { (&b, &a) } else { (&a, &b) };
            let difference = job.add(Op::Sub, &[from, less], Vec::new())?;
            let positive = job.add(Op::Relu, &[&difference], Vec::new())?;
            let op = if largest { Op::Add } else { Op::Sub };
            job.done(op, &[&a, &positive], Vec::new())
        }
        Pair::Constants(layer, bound, _) => {
            let bound = single(&bound).ok_or("its bounds differ")?;
            let op = match (largest, bound) {
                (true, 0.0) => Op::Relu,
                (true, low) => Op::Activation(Activation::Clip { low, high: f64::INFINITY }),
                (false, high) => Op::Activation(Activation::Clip { low: f64::NEG_INFINITY, high }),
            };
            job.done(op, &[&layer], Vec::new())
        }
    }
}
