//! Fully connected layers and products of matrices.

use crate::formats::onnx::{
    constants::phrase,
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
};
use crate::net::{Conv, Op};
use candle_core::Tensor;

/// alpha A B + beta C, where B and C are constants.
pub(super) fn gemm(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    if job.node.int("transA", 0) != 0 {
        return Err("it turns its first matrix".to_owned());
    }
    // Rows of values, which decomposed networks multiply one by one.
    let rows = layer.order == AxisOrder::Bare && layer.shape.len() == 2 && job.batch == 1;
    let layer = if rows && layer.shape[0] != 1 { layer } else { job.batched(&layer)? };
    let [alpha, beta] = ["alpha", "beta"].map(|name| job.node.float(name, 1.0));
    let weight = job.weight(1)?;
    let weight = if job.node.int("transB", 0) != 0 { Ok(weight) } else { weight.t() };
    let scaled = |tensor: Tensor, by: f64| if by == 1.0 { Ok(tensor) } else { tensor * by };
    let weight = weight.and_then(|weight| scaled(weight, alpha)?.contiguous()).map_err(|error| phrase(&error))?;
    let out = weight.dims()[0];
    let mut weights = vec![("weight", weight)];
    if let Some(bias) = job.constant(2)? {
        let bias = scaled(bias, beta).and_then(|bias| match bias.elem_count() {
            1 => bias.flatten_all()?.broadcast_as(out)?.contiguous(),
            _ => bias.flatten_all(),
        });
        weights.push(("bias", bias.map_err(|error| phrase(&error))?));
    }
    let bias = weights.len() == 2;
    job.done(Op::Linear { out, bias }, &[&layer], weights)
}

/// A product with a constant matrix is a fully connected layer; on maps that the model sees with their channels last it is
/// a 1x1 convolution.
pub(super) fn matmul(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    if let Some(Some(ModelValue::LayerOutput(other))) = job.inputs.get(1) {
        let other = other.clone();
        return product(job, &layer, &other);
    }
    let mut weight = job.weight(1)?;
    while weight.rank() > 2 && weight.dims()[0] == 1 && weight.rank() <= layer.rank() {
        weight = weight.squeeze(0).map_err(|error| phrase(&error))?;
    }
    let &[_, out] = weight.dims() else {
        return Err(format!("its second matrix is a constant of shape {:?}", weight.dims()));
    };
    let weight = weight.t().and_then(|weight| weight.contiguous()).map_err(|error| phrase(&error))?;
    if layer.order == AxisOrder::Last {
        let weight = weight.unsqueeze(2).and_then(|weight| weight.unsqueeze(3)).map_err(|error| phrase(&error))?;
        return job.done(Op::Conv(Conv::new(out, 1).unbiased()), &[&layer], vec![("weight", weight)]);
    }
    let weights = vec![("weight", weight)];
    let [outer @ .., inner] = layer.shape.as_slice() else { return Err("its input has no axes".to_owned()) };
    if outer.len() < 2 {
        return job.done(Op::Linear { out, bias: false }, &[&layer], weights);
    }
    let rows = Op::Reshape { shape: vec![outer.iter().product(), *inner] };
    let shape = [outer, &[out]].concat();
    let rows = job.add(rows, &[&layer], Vec::new())?;
    let rows = job.add(Op::Linear { out, bias: false }, &[&rows], weights)?;
    job.done(Op::Reshape { shape }, &[&rows], Vec::new())
}

/// The product of two layers.
fn product(job: &mut NodeJob, a: &LayerOutput, b: &LayerOutput) -> Outputs {
    if a.order == AxisOrder::Batched && b.order == AxisOrder::Batched && a.shape.len() > 1 && b.shape.len() > 1 {
        return job.done(Op::MatMul, &[a, b], Vec::new());
    }
    let (a, b) = (job.bare(a)?, job.bare(b)?);
    job.done(Op::MatMul, &[&a, &b], Vec::new())
}
