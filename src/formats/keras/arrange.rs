//! Layers that move values, and those that join layers.

use super::shared::{KerasImport, KerasLayer, LARGEST, pair};
use crate::{
    Result,
    net::{Coordinates, NodeId, Op, PadMode, Padding, Slice, Upsample},
};
use serde_json::Value;

pub(super) fn layer(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    match job.class {
        "ZeroPadding2D" => {
            let [[top, bottom], [left, right]] = sides(import, job, "padding")?;
            let padding = Padding { top, bottom, left, right };
            Ok(import.add(&job.name, Op::Pad { padding, mode: PadMode::Constant(0.0) }, &[input]))
        }
        "Cropping2D" => cropped(import, job, input),
        "Flatten" => Ok(flat(import, job, input)),
        "Reshape" => reshaped(import, job, input),
        "UpSampling2D" => {
            let [rows, columns] = pair(import, job, "size", Some([2; 2]))?;
            let linear = match job.settings["interpolation"].as_str() {
                Some("nearest") | None => false,
                Some("bilinear") => true,
                Some(other) => return Err(import.unknown(job, &format!("with {other} interpolation"))),
            };
            let scale = [rows as f64, columns as f64];
            let op = Upsample { scale, linear, coordinates: Coordinates::HalfPixel, floor: false };
            Ok(import.add(&job.name, Op::Upsample(op), &[input]))
        }
        _ => joined(import, job),
    }
}

/// Two numbers for each axis.
fn sides(import: &KerasImport, job: &KerasLayer, key: &str) -> Result<[[usize; 2]; 2]> {
    let value = &job.settings[key];
    let number = |value: &Value| value.as_u64().map(|size| size as usize).filter(|&size| size <= LARGEST);
    let axis = |value: &Value| match value {
        Value::Array(both) => match both.as_slice() {
            [before, after] => Some([number(before)?, number(after)?]),
            _ => None,
        },
        one => number(one).map(|size| [size; 2]),
    };
    let found = match value {
        Value::Array(axes) => match axes.as_slice() {
            [rows, columns] => axis(rows).zip(axis(columns)).map(|(rows, columns)| [rows, columns]),
            _ => None,
        },
        one => axis(one).map(|both| [both; 2]),
    };
    found.ok_or_else(|| import.unknown(job, &format!("with {key} {value}")))
}

fn cropped(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let cut = sides(import, job, "cropping")?;
    let Some([_, height, width]) = import.maps(input) else {
        return Err(import.unknown(job, "whose input is no maps"));
    };
    let mut output = input;
    for (axis, (size, [before, after])) in [height, width].into_iter().zip(cut).enumerate() {
        let count = size.saturating_sub(before + after);
        if count == 0 {
            return Err(import.unknown(job, &format!("that cuts all of {size} rows or columns off")));
        }
        if count < size {
            let slice = Slice { axis: axis + 1, start: before, step: 1, count };
            output = import.add(format!("{}.{}", job.name, ["rows", "columns"][axis]), Op::Slice(slice), &[output]);
        }
    }
    Ok(output)
}

/// Features in Keras's order, which a later layer with weights needs to know.
fn flat(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> NodeId {
    let output = import.add(&job.name, Op::Flatten, &[input]);
    if let Some(maps) = import.maps(input).filter(|[_, height, width]| height * width > 1) {
        import.flattened.insert(output, maps);
    }
    output
}

fn reshaped(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let target = job.settings["target_shape"].as_array().cloned().unwrap_or_default();
    let sizes: Vec<Option<usize>> =
        target.iter().map(|size| size.as_u64().and_then(|size| usize::try_from(size).ok())).collect();
    let count: usize = import.net.shape(input).iter().product();
    // One size may be -1: what is left.
    let known = sizes.iter().flatten().try_fold(1usize, |product, &size| product.checked_mul(size)).unwrap_or(0);
    let rest = count.checked_div(known).unwrap_or(0);
    let sizes: Vec<usize> = sizes.into_iter().map(|size| size.unwrap_or(rest)).collect();
    let unsupported = |import: &KerasImport| import.unknown(job, &format!("to {target:?}, which is not supported"));
    match (sizes.as_slice(), import.maps(input)) {
        ([_], Some(_)) => Ok(flat(import, job, input)),
        (&[height, width, channels], Some(maps)) if maps == [channels, height, width] => Ok(input),
        (&[features], None) if features == count => Ok(input),
        (&[height, width, channels], None) => {
            let maps = [channels, height, width];
            let same = height * width == 1 || import.flattened.get(&input) == Some(&maps);
            if same {
                return Ok(import.add(&job.name, Op::Reshape { shape: maps.to_vec() }, &[input]));
            }
            if import.flattened.contains_key(&input) {
                return Err(unsupported(import));
            }
            let shape = vec![height, width, channels];
            let rows = import.add(format!("{}.rows", job.name), Op::Reshape { shape }, &[input]);
            Ok(import.add(&job.name, Op::Transpose { order: vec![2, 0, 1] }, &[rows]))
        }
        _ => Err(unsupported(import)),
    }
}

fn joined(import: &mut KerasImport, job: &KerasLayer) -> Result<NodeId> {
    if job.inputs.iter().any(|input| import.flattened.contains_key(input)) {
        return Err(import.unknown(job, "behind flattened maps, which is not supported"));
    }
    let inputs = &job.inputs;
    match job.class {
        "Concatenate" => {
            let rank = import.net.shape(inputs[0]).len() as i64;
            let axis = job.settings["axis"].as_i64().unwrap_or(-1);
            if axis != -1 && axis != rank {
                return Err(import.unknown(job, &format!("along the axis {axis}, not the channels")));
            }
            Ok(import.add(&job.name, Op::Concat, inputs))
        }
        "Subtract" => Ok(import.add(&job.name, Op::Sub, inputs)),
        "Multiply" => {
            let (first, others) = inputs.split_first().map_or((0, &[][..]), |(first, others)| (*first, others));
            let mut output = first;
            for (index, &other) in others.iter().enumerate() {
                let last = index + 1 == others.len();
                let name = if last { job.name.clone() } else { format!("{}.{index}", job.name) };
                output = import.add(name, Op::Mul, &[output, other]);
            }
            Ok(output)
        }
        "Average" => {
            let sum = import.add(format!("{}.sum", job.name), Op::Add, inputs);
            let shape = vec![1; import.net.shape(sum).len()];
            import.weight(&job.name, "weight", vec![1.0 / inputs.len() as f32], &shape)?;
            Ok(import.add(&job.name, Op::Scale { shape }, &[sum]))
        }
        _ => Ok(import.add(&job.name, Op::Add, inputs)),
    }
}
