//! Convolution and transposed convolution, over maps or over rows of values.

use crate::formats::onnx::{
    job::{ModelValue, NodeJob, Outputs},
    layers::{LayerOutput, Weights},
};
use crate::net::{Conv, ConvTranspose, Op, Padding};
use candle_core::Tensor;

/// The sizes of a window that convolutions and pools state, each along rows and columns.
pub(super) struct WindowFrame {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    pub padding: Padding,
}

/// Sizes along one axis or two; the one is along columns.
fn two(sizes: &[usize], missing: usize) -> Result<[usize; 2], String> {
    match *sizes {
        [columns] => Ok([missing, columns]),
        [rows, columns] => Ok([rows, columns]),
        _ => Err(format!("its windows have {} axes, not 2", sizes.len())),
    }
}

/// The sizes of a node's window, its kernel where the weights give it.
pub(super) fn frame(job: &NodeJob, kernel: Option<&[usize]>, input: &[usize]) -> Result<WindowFrame, String> {
    let kernel = job.sizes("kernel_shape", kernel.unwrap_or_default())?;
    let axes = kernel.len();
    let ones = vec![1; axes];
    let stride = two(&job.sizes("strides", &ones)?, 1)?;
    let dilation = two(&job.sizes("dilations", &ones)?, 1)?;
    let kernel = two(&kernel, 1)?;
    if kernel.contains(&0) || stride.contains(&0) || dilation.contains(&0) {
        return Err("its window, stride and dilation must be at least 1".to_owned());
    }
    let padding = match job.node.text("auto_pad", "NOTSET") {
        "NOTSET" => match *job.sizes("pads", &vec![0; 2 * axes])? {
            [left, right] => Padding { left, right, ..Padding::default() },
            [top, left, bottom, right] => Padding { top, bottom, left, right },
            ref other => return Err(format!("its pads are {other:?}")),
        },
        "VALID" => Padding::default(),
        way @ ("SAME_UPPER" | "SAME_LOWER") => same(way, input, kernel, stride, dilation),
        other => return Err(format!("its padding is the unknown '{other}'")),
    };
    Ok(WindowFrame { kernel, stride, dilation, padding })
}

/// The padding with which an output has `input / stride` values along an axis, rounded up.
fn same(way: &str, input: &[usize], kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> Padding {
    let sides = |axis: usize| {
        let size = input.get(axis + 1).copied().unwrap_or(1);
        let span = dilation[axis] * (kernel[axis] - 1) + 1;
        let all = ((size.div_ceil(stride[axis]) - 1) * stride[axis] + span).saturating_sub(size);
        let less = all / 2;
        if way == "SAME_UPPER" { [less, all - less] } else { [all - less, less] }
    };
    let [[top, bottom], [left, right]] = [sides(0), sides(1)];
    Padding { top, bottom, left, right }
}

/// Input 0 as maps, and whether it is rows of values, which are then maps of one row.
fn input(job: &mut NodeJob, weight: &Tensor) -> Result<(LayerOutput, bool), String> {
    let layer = job.layer(0)?;
    match (weight.rank(), layer.seen(job.batch).as_slice()) {
        (3, &[batch, channels, columns]) => Ok((job.reshaped(&layer, &[batch, channels, 1, columns])?, true)),
        (4, _) => Ok((job.maps()?, false)),
        (rank, _) => Err(format!("it is a convolution over {} axes; one and two are known", rank.saturating_sub(2))),
    }
}

/// The output of maps of one row as rows again.
fn output(job: &mut NodeJob, layer: LayerOutput, flat: bool) -> Outputs {
    if !flat {
        return Ok(vec![ModelValue::LayerOutput(layer)]);
    }
    let [batch, channels, _, columns] = *layer.seen(job.batch) else { return Ok(vec![ModelValue::LayerOutput(layer)]) };
    Ok(vec![ModelValue::LayerOutput(job.reshaped(&layer, &[batch, channels, columns])?)])
}

fn weights(job: &NodeJob, weight: Tensor, flat: bool) -> Result<(bool, Weights), String> {
    let weight = if flat { weight.unsqueeze(2).map_err(|error| error.to_string())? } else { weight };
    let mut weights = vec![("weight", weight)];
    let bias = job.constant(2)?;
    weights.extend(bias.map(|bias| ("bias", bias)));
    Ok((weights.len() == 2, weights))
}

pub(super) fn conv(job: &mut NodeJob) -> Outputs {
    let weight = job.weight(1)?;
    let (layer, flat) = input(job, &weight)?;
    let frame = frame(job, Some(&weight.dims()[2..]), &layer.shape)?;
    let groups = usize::try_from(job.node.int("group", 1)).unwrap_or(0);
    let out = weight.dims()[0];
    let (bias, weights) = weights(job, weight, flat)?;
    let WindowFrame { kernel, stride, dilation, padding } = frame;
    let conv = Conv { stride, dilation, padding, bias, ..Conv::rect(out, kernel).groups(groups) };
    let layer = job.add(Op::Conv(conv), &[&layer], weights)?;
    output(job, layer, flat)
}

pub(super) fn transposed(job: &mut NodeJob) -> Outputs {
    let weight = job.weight(1)?;
    let (layer, flat) = input(job, &weight)?;
    let WindowFrame { kernel, stride, dilation, padding } = frame(job, Some(&weight.dims()[2..]), &[])?;
    if job.node.text("auto_pad", "NOTSET").starts_with("SAME") || job.node.ints("output_shape").is_some() {
        return Err("its padding follows from its output".to_owned());
    }
    let groups = usize::try_from(job.node.int("group", 1)).unwrap_or(0);
    let out = weight.dims()[1].checked_mul(groups).filter(|&out| out <= 1 << 24).ok_or("it has too many groups")?;
    let extra = two(&job.sizes("output_padding", if flat { &[0] } else { &[0, 0] })?, 0)?;
    let (bias, weights) = weights(job, weight, flat)?;
    let conv = Conv { stride, dilation, padding, bias, ..Conv::rect(out, kernel).groups(groups) };
    let layer = job.add(Op::ConvTranspose(ConvTranspose { conv, extra }), &[&layer], weights)?;
    output(job, layer, flat)
}
