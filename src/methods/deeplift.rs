//! DeepLIFT with the Rescale rule (Shrikumar, Greenside and Kundaje 2017): what each pixel adds to the score's difference
//! from a baseline, the mean colour. A reverse walk in which every nonlinearity multiplies by the ratio of its output's
//! difference to its input's, instead of by its derivative.

use super::{
    Method, Parameter,
    gradient::{COLOURS, coloured},
};
use crate::{
    Result,
    kernels::to_vec,
    net::{NodeId, Op, Reverse, Trace},
};
use candle_core::Tensor;

const POOL: Parameter = Parameter::choice(
    "pool",
    "How differences pass a max pool: by the Rescale rule, or as captum does: by the derivative behind a rectifier, and \
     elsewhere only what the last of several overlapping windows sends to a place",
    &["rescale", "captum"],
);

/// Differences below this are none: there the derivative is taken.
const NO_DIFFERENCE: f64 = 1e-10;

pub(super) const DEEPLIFT: Method = Method {
    name: "deeplift",
    title: "DeepLIFT",
    paper: "Shrikumar, Greenside and Kundaje 2017, Rescale rule",
    about: "What each pixel adds to the difference between the score of this picture and that of the flat mean colour, \
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
    let contribution = match &node.op {
        Op::Relu | Op::Tanh { .. } | Op::Sigmoid => (multiplier * difference(id)?)?,
        Op::MaxPool(_) if captum && matches!(trace.network().graph().node(node.inputs[0]).op, Op::Relu) => {
            return Ok(derivative);
        }
        Op::MaxPool(_) => pooled(trace, baseline, id, multiplier, captum)?,
        // Not linear, and no function of one value: the baseline's and the picture's derivatives meet halfway.
        Op::Lrn { .. } | Op::Softmax => {
            return Ok(((derivative + baseline.step(id, index, multiplier, &Reverse::default())?)? * 0.5)?);
        }
        _ => return Ok(derivative),
    };
    let differs = input.abs()?.ge(NO_DIFFERENCE)?;
    // Where there is no difference the quotient is never looked at.
    let divisor = differs.where_cond(&input, &input.ones_like()?)?;
    Ok(differs.where_cond(&(contribution / divisor)?, &derivative)?)
}

/// What each input of a max pool adds to its output's difference: the window's maximum of the picture for as much as
/// it surpasses the baseline's, that of the baseline for as much as it falls behind.
fn pooled(trace: &Trace, baseline: &Trace, id: NodeId, multiplier: &Tensor, captum: bool) -> Result<Tensor> {
    let (y, reference) = (trace.output(id).narrow(0, 0, 1)?, baseline.output(id));
    let higher = y.maximum(reference)?;
    let sent = [(trace, (&higher - reference)?), (baseline, (y - &higher)?)];
    let mut sum: Option<Tensor> = None;
    for (trace, difference) in sent {
        let values = (multiplier * difference)?;
        let back = match captum {
            true => overwritten(trace, id, &values)?,
            false => trace.step(id, 0, &values, &Reverse::default())?,
        };
        sum = Some(match sum {
            Some(sum) => (sum + back)?,
            None => back,
        });
    }
    match sum {
        Some(sum) => Ok(sum),
        None => Ok(multiplier.clone()),
    }
}

/// torch's `max_unpool2d`: of values sent to one place the last stays.
fn overwritten(trace: &Trace, id: NodeId, values: &Tensor) -> Result<Tensor> {
    let input = trace.network().graph().node(id).inputs[0];
    let (_, channels, height, width) = trace.output(input).dims4()?;
    let plane = values.dims()[2..].iter().product::<usize>();
    let switches = match trace.switches(id)? {
        Some(switches) => switches.narrow(0, 0, 1)?.flatten_all()?.to_vec1::<u32>()?,
        None => Vec::new(),
    };
    let mut back = vec![0f32; channels * height * width];
    for (index, (value, switch)) in to_vec(values)?.into_iter().zip(switches).enumerate() {
        back[index / plane * height * width + switch as usize] = value;
    }
    Ok(Tensor::from_vec(back, (1, channels, height, width), values.device())?.to_dtype(values.dtype())?)
}
