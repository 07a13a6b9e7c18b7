//! Values in another shape or order, and values around maps.

use crate::formats::{onnx::Attribute, pt2::model::Writing};

/// The shape that the program states of the output.
pub(super) fn reshape(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let (from, to) = (writing.call.shape_of("self")?, writing.call.output_shape()?);
    // All but the batch as one row: that holds for every size of picture.
    if to.len() == 2 && from.len() > 1 && from[0] == to[0] {
        return writing.done("Flatten", vec![x], vec![("axis", Attribute::Int(1))]);
    }
    let target = writing.target(&to)?;
    writing.done("Reshape", vec![x, target], vec![])
}

/// An axis below `rank`, counted from the end where it is negative.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, String> {
    let place = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    usize::try_from(place).ok().filter(|&place| place < rank).ok_or_else(|| format!("it names axis {axis} of {rank}"))
}

/// Axes in another order.
pub(super) fn permute(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let rank = writing.call.shape_of("self")?.len();
    let mut order: Vec<i64> = (0..rank as i64).collect();
    match writing.call.operator() {
        "permute" => order = writing.call.ints("dims")?,
        "transpose" => {
            let [a, b] = [writing.call.int("dim0", 0)?, writing.call.int("dim1", 1)?];
            order.swap(axis(a, rank)?, axis(b, rank)?);
        }
        _ => order.reverse(),
    }
    writing.done("Transpose", vec![x], vec![("perm", Attribute::Ints(order))])
}

/// Values repeated along axes of size 1.
pub(super) fn expand(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    // A size that is open is the batch, which nothing here repeats.
    let shape: Vec<Option<usize>> = writing.call.output_shape()?.into_iter().map(|size| size.or(Some(1))).collect();
    let shape = writing.target(&shape)?;
    writing.done("Expand", vec![x, shape], vec![])
}

/// All values one time after another along some axes; new axes come first.
pub(super) fn repeat(writing: &mut Writing) -> Result<(), String> {
    let mut x = writing.input("self")?;
    let counts = writing.call.ints("repeats")?;
    let more = counts.len().saturating_sub(writing.call.shape_of("self")?.len());
    if more > 0 {
        x = writing.step("Unsqueeze", vec![x], vec![("axes", Attribute::Ints((0..more as i64).collect()))]);
    }
    let counts = writing.model.numbers(&counts)?;
    writing.done("Tile", vec![x, counts], vec![])
}

/// Channels as blocks of rows and columns, and the other way round.
pub(super) fn pixels(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    if writing.call.operator() == "pixel_shuffle" {
        let side = Attribute::Int(writing.call.int("upscale_factor", 1)?);
        let mode = Attribute::Text("CRD".to_owned());
        return writing.done("DepthToSpace", vec![x], vec![("blocksize", side), ("mode", mode)]);
    }
    let (shape, to) = (writing.call.shape_of("self")?, writing.call.output_shape()?);
    let side = writing.call.int("downscale_factor", 1)?;
    let [Some(channels), Some(rows), Some(columns)] = shape[shape.len().saturating_sub(3)..] else {
        return Err("its input has sizes that are open".to_owned());
    };
    let side = usize::try_from(side).ok().filter(|&side| side > 0).ok_or("its blocks have no size")?;
    let split = [shape[0], Some(channels), Some(rows / side), Some(side), Some(columns / side), Some(side)];
    let split = writing.target(&split)?;
    let split = writing.step("Reshape", vec![x, split], vec![]);
    let order = Attribute::Ints(vec![0, 1, 3, 5, 2, 4]);
    let turned = writing.step("Transpose", vec![split], vec![("perm", order)]);
    let target = writing.target(&to)?;
    writing.done("Reshape", vec![turned, target], vec![])
}

/// The channels of groups in turn.
pub(super) fn shuffle(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let shape = writing.call.shape_of("self")?;
    let groups = usize::try_from(writing.call.int("groups", 1)?).ok().filter(|&groups| groups > 0);
    let (&[batch, Some(channels), rows, columns], Some(groups)) = (shape.as_slice(), groups) else {
        return Err("its input is no maps".to_owned());
    };
    let split = writing.target(&[batch, Some(groups), Some(channels / groups), rows, columns])?;
    let split = writing.step("Reshape", vec![x, split], vec![]);
    let turned = writing.step("Transpose", vec![split], vec![("perm", Attribute::Ints(vec![0, 2, 1, 3, 4]))]);
    let target = writing.target(&shape)?;
    writing.done("Reshape", vec![turned, target], vec![])
}

/// Values around maps. The program states the last axis first, before and after it.
pub(super) fn pad(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let rank = writing.call.shape_of("self")?.len();
    let operator = writing.call.operator();
    let stated = writing.call.ints(if operator.ends_with("2d") { "padding" } else { "pad" })?;
    if !stated.len().is_multiple_of(2) || stated.len() > 2 * rank {
        return Err(format!("its sides are {stated:?}"));
    }
    let mut sides = vec![0; 2 * rank];
    for (place, both) in stated.as_chunks::<2>().0.iter().enumerate() {
        sides[rank - 1 - place] = both[0];
        sides[2 * rank - 1 - place] = both[1];
    }
    let mode = match (operator, writing.call.word("mode", "constant")) {
        ("reflection_pad2d", _) | (_, "reflect") => "reflect",
        ("replication_pad2d", _) | (_, "replicate") => "edge",
        (_, "constant") => "constant",
        (_, other) => return Err(format!("it pads in the way '{other}'")),
    };
    let sides = writing.model.numbers(&sides)?;
    let value = writing.call.number("value")?.unwrap_or(0.0);
    let value = writing.model.number(value)?;
    writing.done("Pad", vec![x, sides, value], vec![("mode", Attribute::Text(mode.to_owned()))])
}

/// The same shape with other strides, which decomposed programs state for maps of one value.
pub(super) fn as_strided(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let (from, to) = (writing.call.shape_of("self")?, writing.call.output_shape()?);
    let lone = from.iter().filter(|size| **size != Some(1)).count() <= 1;
    match from == to && lone && writing.call.int("storage_offset", 0)? == 0 {
        true => writing.done("Identity", vec![x], vec![]),
        false => Err("it takes values by their place in memory".to_owned()),
    }
}
