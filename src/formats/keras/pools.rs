//! Pools over windows and over whole maps.

use super::shared::{KerasImport, KerasLayer, padding, pair};
use crate::{
    Result,
    net::{NodeId, Op, Window},
};

pub(super) fn layer(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    if import.maps(input).is_none() {
        return Err(import.unknown(job, "whose input is no maps"));
    }
    if job.class.starts_with("Global") {
        let average = job.class.contains("Av");
        let size = [1, 1];
        let op = if average { Op::AdaptiveAvgPool { size } } else { Op::AdaptiveMaxPool { size } };
        let pooled = import.add(&job.name, op, &[input]);
        let keeps = job.settings["keepdims"].as_bool().unwrap_or(false);
        return Ok(if keeps { pooled } else { import.add(format!("{}.flatten", job.name), Op::Flatten, &[pooled]) });
    }
    let kernel = pair(import, job, "pool_size", Some([2; 2]))?;
    let stride = pair(import, job, "strides", Some(kernel))?;
    let window = Window { kernel, stride, auto_pad: padding(import, job)?, ..Window::new(1, 1) };
    let op = match job.class.starts_with("Max") {
        true => Op::MaxPool(window),
        // TensorFlow's mean leaves the padding out.
        false => Op::AvgPool { window, count_padding: false },
    };
    Ok(import.add(&job.name, op, &[input]))
}
