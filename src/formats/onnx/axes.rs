//! Axes, shapes and ranges as ONNX states them: negative ones count from the end.

use super::{constants::numbers, message::NodeProto};
use candle_core::Tensor;

/// An axis or index below `count`.
pub(super) fn axis_of(axis: i64, count: usize) -> Result<usize, String> {
    let place = if axis < 0 { axis + count as i64 } else { axis };
    match usize::try_from(place) {
        Ok(place) if place < count => Ok(place),
        _ => Err(format!("it names place {axis} of {count}")),
    }
}

/// The shape that a Reshape's target means for an input of shape `from`.
pub(super) fn target_shape(target: &[i64], from: &[usize], zero_is_zero: bool) -> Result<Vec<usize>, String> {
    let all: usize = from.iter().product();
    let known = |(index, &size): (usize, &i64)| match size {
        -1 => Ok(None),
        0 if !zero_is_zero => from
            .get(index)
            .copied()
            .map(Some)
            .ok_or_else(|| format!("its shape {target:?} copies a size that is not there")),
        size => usize::try_from(size).map(Some).map_err(|_| format!("its shape is {target:?}")),
    };
    let sizes: Vec<Option<usize>> = target.iter().enumerate().map(known).collect::<Result<_, _>>()?;
    let given = sizes.iter().flatten().try_fold(1usize, |all, &size| all.checked_mul(size));
    let given = given.filter(|_| sizes.iter().filter(|size| size.is_none()).count() <= 1);
    let Some(given) = given else { return Err(format!("its shape is {target:?}")) };
    let rest = all.checked_div(given).unwrap_or(0);
    let shape: Vec<usize> = sizes.iter().map(|size| size.unwrap_or(rest)).collect();
    match shape.iter().product::<usize>() == all {
        true => Ok(shape),
        false => Err(format!("{from:?} cannot become {target:?}")),
    }
}

/// A shape with axes of size 1 put in at `axes`.
pub(super) fn unsqueezed(shape: &[usize], axes: &[i64]) -> Result<Vec<usize>, String> {
    let rank = shape.len() + axes.len();
    let axes: Vec<usize> = axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<_, _>>()?;
    let mut rest = shape.iter();
    Ok((0..rank).map(|axis| if axes.contains(&axis) { 1 } else { rest.next().copied().unwrap_or(1) }).collect())
}

/// A shape without `axes`, which have size 1, or without all that have.
pub(super) fn squeezed(shape: &[usize], axes: Option<&[i64]>) -> Result<Vec<usize>, String> {
    let Some(axes) = axes else { return Ok(shape.iter().copied().filter(|&size| size != 1).collect()) };
    let axes: Vec<usize> = axes.iter().map(|&axis| axis_of(axis, shape.len())).collect::<Result<_, _>>()?;
    if let Some(&axis) = axes.iter().find(|&&axis| shape[axis] != 1) {
        return Err(format!("it drops axis {axis} of {shape:?}, which is not 1"));
    }
    Ok(shape.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, &size)| size).collect())
}

/// For each axis that a Slice cuts, the places that are left.
pub(super) fn range_of(
    node: &NodeProto,
    inputs: &[Option<&Tensor>],
    shape: &[usize],
) -> Result<Vec<(usize, Vec<usize>)>, String> {
    let list = |index: usize, name: &str| match (inputs.get(index).copied().flatten(), node.ints(name)) {
        (Some(tensor), _) => numbers(tensor).map(Some),
        (None, stated) => Ok(stated.map(<[i64]>::to_vec)),
    };
    let (starts, ends) = (list(1, "starts")?.unwrap_or_default(), list(2, "ends")?.unwrap_or_default());
    let axes = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("its starts and ends differ in number".to_owned());
    }
    let one = |index: usize| {
        let axis = axis_of(axes[index], shape.len())?;
        Ok((axis, places(starts[index], ends[index], steps[index], shape[axis])?))
    };
    (0..starts.len()).map(one).collect()
}

/// The places from `start` to `end`, exclusive, of `size`.
fn places(start: i64, end: i64, step: i64, size: usize) -> Result<Vec<usize>, String> {
    let count = size as i64;
    let from_start = |place: i64| if place < 0 { place.saturating_add(count) } else { place };
    match step {
        0 => Err("its step is 0".to_owned()),
        1.. => {
            let (start, end) = (from_start(start).clamp(0, count), from_start(end).clamp(0, count));
            Ok((start..end).step_by(usize::try_from(step).unwrap_or(usize::MAX)).map(|place| place as usize).collect())
        }
        _ => {
            let (start, end) = (from_start(start).clamp(-1, count - 1), from_start(end).clamp(-1, count - 1));
            let step = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
            Ok((end + 1..=start).rev().step_by(step).map(|place| place as usize).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_ranges() {
        assert_eq!(target_shape(&[0, -1], &[1, 512, 7, 7], false), Ok(vec![1, 25088]));
        assert!(target_shape(&[-1, -1], &[4], false).is_err() && target_shape(&[3], &[4], false).is_err());
        assert_eq!(unsqueezed(&[3, 4], &[0, -1]), Ok(vec![1, 3, 4, 1]));
        assert_eq!(squeezed(&[1, 3, 1], Some(&[-1])), Ok(vec![1, 3]));
        assert_eq!(places(1, i64::MAX, 2, 6), Ok(vec![1, 3, 5]));
        assert_eq!(places(-1, i64::MIN, -1, 3), Ok(vec![2, 1, 0]));
        assert_eq!(places(-2, -1, 1, 5), Ok(vec![3]));
    }
}
