//! Functions of one value.

use crate::formats::onnx::{
    function::{clip, stated},
    job::{NodeJob, Outputs},
};
use crate::net::{Activation, Op};
use candle_core::{Device, Tensor};

pub(super) fn activation(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let op = match job.node.op.as_str() {
        "Clip" => clip(job.number(1, "min")?, job.number(2, "max")?),
        "PRelu" => return prelu(job),
        "Neg" => {
            let shape = vec![1; layer.shape.len()];
            let minus = Tensor::full(-1f32, shape.as_slice(), &Device::Cpu).map_err(|error| error.to_string())?;
            return job.done(Op::Scale { shape }, &[&layer], vec![("weight", minus)]);
        }
        "Selu" => {
            let alpha = job.node.float("alpha", 1.673_263_2);
            let gamma = job.node.float("gamma", 1.050_701);
            let elu = job.add(Op::Activation(Activation::Elu { alpha }), &[&layer], Vec::new())?;
            let shape = vec![1; layer.shape.len()];
            let factor =
                Tensor::full(gamma as f32, shape.as_slice(), &Device::Cpu).map_err(|error| error.to_string())?;
            return job.done(Op::Scale { shape }, &[&elu], vec![("weight", factor)]);
        }
        _ => stated(job.node).ok_or("its constants are not known")?,
    };
    job.done(op, &[&layer], Vec::new())
}

/// A slope for each channel, or one for all.
fn prelu(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let layer = job.batched(&layer)?;
    let slopes = job.weight(1)?;
    let channels = layer.shape[0];
    let slopes = job.beside(&slopes, &layer)?;
    let per_channel = slopes.dims().iter().skip(1).all(|&size| size == 1);
    if !per_channel {
        return Err(format!("its slopes have the shape {:?}, not one a channel", slopes.dims()));
    }
    let slopes = slopes.flatten_all().and_then(|slopes| slopes.broadcast_as(channels)?.contiguous());
    let slopes = slopes.map_err(|error| error.to_string())?;
    job.done(Op::PRelu, &[&layer], vec![("weight", slopes)])
}
