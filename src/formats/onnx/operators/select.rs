//! Some of the values along an axis: Split, Slice, Gather.

use super::join::joined;
use crate::formats::onnx::{
    axes::{axis_of, range_of},
    constants::numbers,
    job::{ModelValue, NodeJob, Outputs},
    layers::LayerOutput,
};
use crate::net::{Op, Slice};

/// The most evenly spaced runs that places along an axis may be: a reflection at the edges has three.
const MOST_RUNS: usize = 64;

/// The values at `places` along an axis, as the model counts it.
fn places(job: &mut NodeJob, layer: &LayerOutput, axis: usize, places: &[usize]) -> Result<LayerOutput, String> {
    let size = layer.seen(job.batch)[axis];
    if places.iter().copied().eq(0..size) {
        return Ok(layer.clone());
    }
    let layer = if layer.axis(axis).is_none() { &job.bare(layer)? } else { layer };
    let own = layer.axis(axis).ok_or("it takes some pictures of a batch")?;
    let mut parts = Vec::new();
    for (start, step, count) in runs(places) {
        parts.push(job.add(Op::Slice(Slice { axis: own, start, step, count }), &[layer], Vec::new())?);
        if parts.len() > MOST_RUNS {
            return Err("its places are not evenly spaced".to_owned());
        }
    }
    match parts.as_slice() {
        [] => Err("it takes nothing".to_owned()),
        [only] => Ok(only.clone()),
        _ => joined(job, &parts, own),
    }
}

/// Places as runs that are evenly spaced: the first place, the step and the number of each.
fn runs(places: &[usize]) -> Vec<(usize, isize, usize)> {
    let mut runs: Vec<(usize, isize, usize)> = Vec::new();
    for &place in places {
        match runs.last_mut() {
            Some((start, step, count @ 1)) => (*step, *count) = (place as isize - *start as isize, 2),
            Some((start, step, count)) if *start as isize + *step * *count as isize == place as isize => *count += 1,
            _ => runs.push((place, 1, 1)),
        }
    }
    // A place that is repeated begins a run of its own.
    let split = |(start, step, count): (usize, isize, usize)| match step {
        0 => vec![(start, 1, 1); count],
        _ => vec![(start, step, count)],
    };
    runs.into_iter().flat_map(split).collect()
}

pub(super) fn slice(job: &mut NodeJob) -> Outputs {
    let mut layer = job.layer(0)?;
    let constants = (0..job.inputs.len())
        .map(|index| if index == 0 { Ok(None) } else { job.constant(index) })
        .collect::<Result<Vec<_>, _>>()?;
    let constants: Vec<Option<&candle_core::Tensor>> = constants.iter().map(Option::as_ref).collect();
    for (axis, kept) in range_of(job.node, &constants, &layer.seen(job.batch))? {
        layer = places(job, &layer, axis, &kept)?;
    }
    Ok(vec![ModelValue::LayerOutput(layer)])
}

pub(super) fn split(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let axis = job.axis(&layer, "axis", 0)?;
    let size = layer.seen(job.batch)[axis];
    let count = job.node.outputs.len().max(1);
    let sizes: Vec<usize> = match job.numbers(1, "split")? {
        Some(sizes) => sizes.iter().map(|&size| usize::try_from(size).unwrap_or(0)).collect(),
        None => {
            let each = size.div_ceil(count);
            (0..count).map(|part| each.min(size.saturating_sub(part * each))).collect()
        }
    };
    if sizes.len() < count || sizes.iter().try_fold(0usize, |all, &part| all.checked_add(part)) != Some(size) {
        return Err(format!("it splits {size} values into {sizes:?}"));
    }
    let mut start = 0;
    let mut parts = Vec::new();
    for size in sizes {
        let kept: Vec<usize> = (start..start + size).collect();
        parts.push(ModelValue::LayerOutput(places(job, &layer, axis, &kept)?));
        start += size;
    }
    Ok(parts)
}

pub(super) fn gather(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let axis = job.axis(&layer, "axis", 0)?;
    let indices = job.weight(1)?;
    let seen = layer.seen(job.batch);
    let kept = numbers(&indices)?.iter().map(|&index| axis_of(index, seen[axis])).collect::<Result<Vec<_>, _>>()?;
    let part = places(job, &layer, axis, &kept)?;
    let shape = [&seen[..axis], indices.dims(), &seen[axis + 1..]].concat();
    Ok(vec![ModelValue::LayerOutput(job.reshaped(&part, &shape)?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_runs() {
        assert_eq!(runs(&[0, 2, 4]), [(0, 2, 3)]);
        assert_eq!(runs(&[1, 0, 1, 2, 3, 2]), [(1, -1, 2), (1, 1, 3), (2, 1, 1)]);
        assert_eq!(runs(&[5, 5, 6]), [(5, 1, 1), (5, 1, 1), (6, 1, 1)]);
        assert!(runs(&[]).is_empty());
    }
}
