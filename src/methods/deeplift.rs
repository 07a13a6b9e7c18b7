//! DeepLIFT with the Rescale rule (Shrikumar, Greenside and Kundaje 2017): each pixel's share of the score's difference
//! from a baseline, the mean colour. A reverse walk in which every nonlinearity multiplies by the ratio of its output's
//! difference to its input's, instead of by its derivative.

use super::{
    gradient::{COLOURS, coloured},
    method::Method,
    settings::Parameter,
};
use crate::{
    Result,
    kernels::{Spans, max_pool, to_vec},
    net::{NodeId, Op, Reverse, Trace},
};
use candle_core::{DType, Tensor};

const POOL: Parameter = Parameter::choice(
    "pool",
    "Passage of differences through a max pool: by the Rescale rule, or as captum does: by the derivative behind a rectifier, and \
     elsewhere only what the last of several overlapping windows sends to a place",
    &["rescale", "captum"],
);

/// Differences below this are none: there the derivative is taken.
const NO_DIFFERENCE: f64 = 1e-10;

/// Neighbours in a flat map that differ by less than so many roundings of the largest value are the same. On vgg16 and
/// googlenet at 96 x 96 anything from 2 to 8 agrees with float64 to 3e-5; with 1, different rounding still shows, and
/// from 16 on maxima that do differ are mixed up.
const ROUNDING: f64 = 4.0;

pub(super) const DEEPLIFT: Method = Method {
    name: "deeplift",
    title: "DeepLIFT",
    formula: "A = Δx · m, where m are multipliers Δout/Δin against a baseline, by the chain rule",
    caution: "It depends on the baseline.",
    paper: "Shrikumar, Greenside and Kundaje 2017, Rescale rule",
    about: "Each pixel's share of the difference between the score of this picture and that of the flat mean colour, \
            through differences instead of derivatives. The values add up to that difference.",
    parameters: &[POOL, COLOURS],
    run: |question| {
        let trace = question.trace;
        let picture = trace.output(0).narrow(0, 0, 1)?;
        let baseline = trace.network().forward(&picture.zeros_like()?, &question.watch.part(0, 2))?;
        let aim = question.aim()?;
        let captum = question.settings.choice(&POOL) == "captum";
        let watch = question.watch.part(1, 2);
        let multipliers = trace.walk(aim.node, &aim.seed, 0, &watch, |id, index, multiplier| {
            step(trace, &baseline, id, index, multiplier, captum)
        })?;
        let expected = aim.values(trace.output(aim.node))?[0] - aim.values(baseline.output(aim.node))?[0];
        Ok(coloured(question, &(multipliers * &picture)?)?.summing_to(f64::from(expected)))
    },
    ..Method::BLANK
};

/// The multipliers of a node's input, from those of its output.
fn step(
    trace: &Trace,
    baseline: &Trace,
    id: NodeId,
    index: usize,
    multiplier: &Tensor,
    captum: bool,
) -> Result<Tensor> {
    let node = trace.network().graph().node(id);
    let derivative = trace.step(id, index, multiplier, &Reverse::default())?;
    let difference = |node: NodeId| trace.output(node).narrow(0, 0, 1)? - baseline.output(node);
    let input = difference(node.inputs[index])?;
    // A fast pass computes a rectifier's input anew when it is asked for, rounded otherwise than what it rectified. Here
    // outputs and inputs are divided by each other: both must come from the same numbers.
    let outputs = |trace: &Trace| -> Result<Tensor> {
        let x = trace.output(node.inputs[index]).narrow(0, 0, 1)?;
        Ok(match &node.op {
            Op::Relu => x.relu()?,
            Op::Activation(activation) => activation.apply(&x)?,
            _ => trace.output(id).narrow(0, 0, 1)?,
        })
    };
    let contribution = match &node.op {
        Op::Relu | Op::Tanh { .. } | Op::Sigmoid | Op::Activation(_) | Op::PRelu => {
            (multiplier * (outputs(trace)? - outputs(baseline)?)?)?
        }
        Op::MaxPool(_) if captum && matches!(trace.network().graph().node(node.inputs[0]).op, Op::Relu) => {
            return Ok(derivative);
        }
        Op::MaxPool(_) => pooled(trace, baseline, id, multiplier, captum)?,
        // Not linear, and no function of one value: the baseline's and the picture's derivatives meet halfway.
        Op::Lrn { .. }
        | Op::Softmax
        | Op::Mul
        | Op::Div
        | Op::MatMul
        | Op::LayerNorm { .. }
        | Op::LayerNorm2d { .. }
        | Op::GroupNorm { .. }
        | Op::AdaptiveMaxPool { .. } => {
            return Ok(((derivative + baseline.step(id, index, multiplier, &Reverse::default())?)? * 0.5)?);
        }
        _ => return Ok(derivative),
    };
    let differs = input.abs()?.ge(NO_DIFFERENCE)?;
    // Without a difference the quotient is not used.
    let divisor = differs.where_cond(&input, &input.ones_like()?)?;
    Ok(differs.where_cond(&(contribution / divisor)?, &derivative)?)
}

/// The share of each input of a max pool in its output's difference. The place of the picture's maximum gets the amount by
/// which it surpasses the baseline's; the place of the baseline's maximum gets the amount by which the picture falls behind.
fn pooled(trace: &Trace, baseline: &Trace, id: NodeId, multiplier: &Tensor, captum: bool) -> Result<Tensor> {
    let (y, reference) = (trace.output(id).narrow(0, 0, 1)?, baseline.output(id));
    let higher = y.maximum(reference)?;
    let x = baseline.output(trace.network().graph().node(id).inputs[0]);
    let own = match trace.switches(id)? {
        Some(switches) => switches.narrow(0, 0, 1)?.flatten_all()?.to_vec1()?,
        None => Vec::new(),
    };
    let own = scattered(&(multiplier * (&higher - reference)?)?, &own, x.dims(), captum)?;
    let theirs = scattered(&(multiplier * (y - &higher)?)?, &steady_maxima(trace, id, x)?, x.dims(), captum)?;
    Ok((own + theirs)?)
}

/// The positions of a max pool's maxima in the baseline: the first, in reading order, of those that rounding cannot tell
/// apart. The baseline is flat, so that its maps are flat but for the border, and the rounding of a fast convolution, which
/// differs from place to place, would decide.
fn steady_maxima(trace: &Trace, id: NodeId, x: &Tensor) -> Result<Vec<u32>> {
    let node = trace.network().graph().node(id);
    let Op::MaxPool(window) = &node.op else { return Ok(Vec::new()) };
    let (_, _, height, width) = x.dims4()?;
    let p = window.padding;
    let spans = |axis: usize, size, pad| {
        Spans::sliding(size, node.shape[axis + 1], window.kernel[axis], window.stride[axis], pad, false)
    };
    let (rows, columns) = (spans(0, height, [p.top, p.bottom]), spans(1, width, [p.left, p.right]));
    let epsilon = if x.dtype() == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let step = ROUNDING * epsilon * f64::from(to_vec(&x.abs()?.max_all()?.flatten_all()?)?[0]);
    let fall = |at: usize| step * ((at / width) * window.kernel[1] + at % width) as f64;
    let falling: Vec<f64> = (0..height * width).map(fall).collect();
    let falling = Tensor::from_vec(falling, (1, 1, height, width), x.device())?;
    let x = x.to_dtype(DType::F64)?.broadcast_sub(&falling)?;
    Ok(max_pool(&x, &rows, &columns)?.1.flatten_all()?.to_vec1()?)
}

/// Each window's value in the place of its maximum. What several windows send to one place is added up; with `last`
/// the last one stays, as in torch's `max_unpool2d`.
fn scattered(values: &Tensor, maxima: &[u32], onto: &[usize], last: bool) -> candle_core::Result<Tensor> {
    let plane = values.dims()[2..].iter().product::<usize>();
    let area = onto[2..].iter().product::<usize>();
    let mut back = vec![0f64; onto.iter().product()];
    let values64 = values.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    for (index, (value, &at)) in values64.into_iter().zip(maxima).enumerate() {
        let place = &mut back[index / plane * area + at as usize];
        *place = if last { value } else { *place + value };
    }
    Tensor::from_vec(back, onto, values.device())?.to_dtype(values.dtype())
}
