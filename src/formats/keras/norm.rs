//! Normalisations, and the layers that prepare pictures: rescaling, and normalisation by constants.

use super::shared::{KerasImport, KerasLayer};
use crate::{
    Result,
    net::{NodeId, Op},
};

pub(super) fn layer(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    match job.class {
        "BatchNormalization" => batch(import, job, input),
        "LayerNormalization" => layer_norm(import, job, input),
        "GroupNormalization" => group_norm(import, job, input),
        "Rescaling" => rescaling(import, job, input),
        _ => normalization(import, job, input),
    }
}

/// The channels of an input, after a check that the layer works along them.
fn along_channels(import: &KerasImport, job: &KerasLayer, input: NodeId) -> Result<usize> {
    let shape = import.net.shape(input);
    let (first, rank) = (shape.first().copied().unwrap_or(0), shape.len() as i64);
    let axis = &job.settings["axis"];
    let axes: Vec<i64> = axis.as_array().map_or_else(
        || vec![axis.as_i64().unwrap_or(-1)],
        |axes| axes.iter().filter_map(serde_json::Value::as_i64).collect(),
    );
    if import.flattened.contains_key(&input) {
        return Err(import.unknown(job, "behind flattened maps, which is not supported"));
    }
    match axes[..] == [-1] || axes[..] == [rank] {
        true => Ok(first),
        false => Err(import.unknown(job, &format!("along the axis {axis}, not the channels"))),
    }
}

fn flag(job: &KerasLayer, key: &str) -> bool {
    job.settings[key].as_bool().unwrap_or(true)
}

/// gamma and beta, ones and zeros where a layer has none; and the number of the next variable.
fn scale_and_centre(import: &KerasImport, job: &KerasLayer, channels: usize) -> Result<(Vec<f32>, Vec<f32>, usize)> {
    let mut next = 0;
    let mut one = |present: bool, name: &str, absent: f32| -> Result<Vec<f32>> {
        if !present {
            return Ok(vec![absent; channels]);
        }
        next += 1;
        import.channels(job, next - 1, name, channels)
    };
    let gamma = one(flag(job, "scale"), "gamma", 1.0)?;
    let beta = one(flag(job, "center"), "beta", 0.0)?;
    Ok((gamma, beta, next))
}

fn batch(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let channels = along_channels(import, job, input)?;
    let (gamma, beta, next) = scale_and_centre(import, job, channels)?;
    let mean = import.channels(job, next, "moving_mean", channels)?;
    let variance = import.channels(job, next + 1, "moving_variance", channels)?;
    let eps = job.settings["epsilon"].as_f64().unwrap_or(1e-3);
    if import.maps(input).is_none() {
        // Of features it is a scale and a shift.
        let scale: Vec<f32> =
            gamma.iter().zip(&variance).map(|(gamma, var)| gamma / (var + eps as f32).sqrt()).collect();
        let shift = beta.iter().zip(&mean).zip(&scale).map(|((beta, mean), scale)| beta - mean * scale).collect();
        return constants(import, &job.name, input, scale, shift, &[channels]);
    }
    for (suffix, values) in [("weight", gamma), ("bias", beta), ("running_mean", mean), ("running_var", variance)] {
        import.weight(&job.name, suffix, values, &[channels])?;
    }
    Ok(import.add(&job.name, Op::BatchNorm { eps }, &[input]))
}

fn layer_norm(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let channels = along_channels(import, job, input)?;
    let (gamma, beta, _) = scale_and_centre(import, job, channels)?;
    let eps = job.settings["epsilon"].as_f64().unwrap_or(1e-3);
    import.weight(&job.name, "weight", gamma, &[channels])?;
    import.weight(&job.name, "bias", beta, &[channels])?;
    let op = if import.maps(input).is_some() { Op::LayerNorm2d { eps } } else { Op::LayerNorm { axes: 1, eps } };
    Ok(import.add(&job.name, op, &[input]))
}

fn group_norm(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let channels = along_channels(import, job, input)?;
    let (gamma, beta, _) = scale_and_centre(import, job, channels)?;
    let eps = job.settings["epsilon"].as_f64().unwrap_or(1e-3);
    let groups = job.settings["groups"].as_i64().unwrap_or(32);
    let groups = if groups < 0 { channels } else { groups as usize };
    import.weight(&job.name, "weight", gamma, &[channels])?;
    import.weight(&job.name, "bias", beta, &[channels])?;
    Ok(import.add(&job.name, Op::GroupNorm { groups, eps }, &[input]))
}

/// One number, or one for each channel.
fn numbers(import: &KerasImport, job: &KerasLayer, key: &str, usual: f32, channels: usize) -> Result<Vec<f32>> {
    let value = &job.settings[key];
    let listed: Option<Vec<f32>> =
        value.as_array().map(|values| values.iter().filter_map(|v| v.as_f64().map(|v| v as f32)).collect());
    match (listed, value.as_f64()) {
        (Some(values), _) if values.len() == channels => Ok(values),
        (Some(values), _) if values.len() == 1 => Ok(vec![values[0]; channels]),
        (None, Some(one)) => Ok(vec![one as f32; channels]),
        (None, None) if value.is_null() => Ok(vec![usual; channels]),
        _ => Err(import.unknown(job, &format!("with {key} {value}"))),
    }
}

fn rescaling(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let channels = import.net.shape(input).first().copied().unwrap_or(0);
    let scale = numbers(import, job, "scale", 1.0, channels)?;
    let offset = numbers(import, job, "offset", 0.0, channels)?;
    let shape = constant_shape(import, input, channels);
    constants(import, &job.name, input, scale, offset, &shape)
}

/// (x - mean) / deviation, by constants that were learned from the data set.
fn normalization(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let channels = along_channels(import, job, input)?;
    let stated = !job.settings["mean"].is_null();
    let (mean, variance) = match stated {
        true => (numbers(import, job, "mean", 0.0, channels)?, numbers(import, job, "variance", 1.0, channels)?),
        false => (import.channels(job, 0, "mean", channels)?, import.channels(job, 1, "variance", channels)?),
    };
    // Keras keeps the divisor from 0 by its epsilon.
    let scale: Vec<f32> = variance.iter().map(|variance| 1.0 / variance.sqrt().max(1e-7)).collect();
    let shift = mean.iter().zip(&scale).map(|(mean, scale)| -mean * scale).collect();
    let shape = constant_shape(import, input, channels);
    constants(import, &job.name, input, scale, shift, &shape)
}

fn constant_shape(import: &KerasImport, input: NodeId, channels: usize) -> Vec<usize> {
    if import.maps(input).is_some() { vec![channels, 1, 1] } else { vec![channels] }
}

/// A scale, and a shift where it is not zero.
fn constants(
    import: &mut KerasImport,
    name: &str,
    input: NodeId,
    scale: Vec<f32>,
    shift: Vec<f32>,
    shape: &[usize],
) -> Result<NodeId> {
    let moved = shift.iter().any(|&shift| shift != 0.0);
    import.weight(name, "weight", scale, shape)?;
    let scaled = import.add(name, Op::Scale { shape: shape.to_vec() }, &[input]);
    if !moved {
        return Ok(scaled);
    }
    let name = format!("{name}.offset");
    import.weight(&name, "bias", shift, shape)?;
    Ok(import.add(name, Op::Shift { shape: shape.to_vec() }, &[scaled]))
}
