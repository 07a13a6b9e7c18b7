//! Pools over windows and over whole maps.

use super::conv::{WindowFrame, frame};
use crate::formats::onnx::{
    job::{NodeJob, Outputs},
    layers::LayerOutput,
};
use crate::net::{Op, Window};

/// PyTorch's pools that state the size of their output, which ONNX has not.
pub(in crate::formats) const ADAPTIVE_MEAN: &str = "AdaptiveAveragePool";
pub(in crate::formats) const ADAPTIVE_LARGEST: &str = "AdaptiveMaxPool";

/// The maps and the window.
fn window(job: &mut NodeJob) -> Result<(LayerOutput, Window), String> {
    let layer = job.maps()?;
    let WindowFrame { kernel, stride, dilation, padding, auto_pad } = frame(job, None)?;
    if dilation != [1, 1] {
        return Err("its window has gaps".to_owned());
    }
    let ceil_mode = job.node.int("ceil_mode", 0) != 0;
    Ok((layer, Window { kernel, stride, padding, auto_pad, ceil_mode }))
}

pub(super) fn largest(job: &mut NodeJob) -> Outputs {
    let (layer, window) = window(job)?;
    job.done(Op::MaxPool(window), &[&layer], Vec::new())
}

pub(super) fn mean(job: &mut NodeJob) -> Outputs {
    let (layer, window) = window(job)?;
    let count_padding = job.node.int("count_include_pad", 0) != 0;
    job.done(Op::AvgPool { window, count_padding }, &[&layer], Vec::new())
}

pub(super) fn global_mean(job: &mut NodeJob) -> Outputs {
    let layer = job.maps()?;
    job.done(Op::AdaptiveAvgPool { size: [1, 1] }, &[&layer], Vec::new())
}

pub(super) fn global_largest(job: &mut NodeJob) -> Outputs {
    let layer = job.maps()?;
    job.done(Op::AdaptiveMaxPool { size: [1, 1] }, &[&layer], Vec::new())
}

/// Windows that follow from the size of the output.
pub(super) fn adaptive(job: &mut NodeJob) -> Outputs {
    let layer = job.maps()?;
    let size = match *job.sizes("output_size", &[])? {
        [rows, columns] if rows * columns > 0 => [rows, columns],
        ref other => return Err(format!("its output has the size {other:?}")),
    };
    let mean = job.node.op == ADAPTIVE_MEAN;
    let op = if mean { Op::AdaptiveAvgPool { size } } else { Op::AdaptiveMaxPool { size } };
    job.done(op, &[&layer], Vec::new())
}
