//! Maps of another size.

use crate::formats::onnx::{
    constants::values,
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
    message::Attribute,
};
use crate::net::{Coordinates, Op, Upsample};

/// The factor along each axis that the model sees.
fn scales(job: &NodeJob, seen: &[usize]) -> Result<Vec<f64>, String> {
    // Upsample and the first Resize have the scales as their second input, later ones a region of interest before them.
    let old = job.node.op == "Upsample" || job.opset < 11;
    let at = if old { 1 } else { 2 };
    if let Some(sizes) = (!old).then(|| job.constant(3)).transpose()?.flatten() {
        let sizes = values(&sizes)?;
        return Ok(sizes.iter().zip(seen).map(|(&size, &from)| f64::from(size) / from as f64).collect());
    }
    match (job.constant(at)?, job.node.attributes.get("scales")) {
        (Some(scales), _) if scales.elem_count() > 0 => Ok(values(&scales)?.into_iter().map(f64::from).collect()),
        (_, Some(Attribute::Floats(scales))) => Ok(scales.iter().copied().map(f64::from).collect()),
        _ => Err("it does not say to which size".to_owned()),
    }
}

pub(super) fn resize(job: &mut NodeJob) -> Outputs {
    let mut layer: LayerOutput = job.layer(0)?;
    if layer.shape.len() != 3 {
        return Err("its input is no maps".to_owned());
    }
    let seen = layer.seen(job.batch);
    let scales = scales(job, &seen)?;
    if scales.len() != seen.len() {
        return Err(format!("its factors are {scales:?}"));
    }
    let mut own = [1.0; 3];
    for (axis, &scale) in scales.iter().enumerate() {
        match layer.axis(axis) {
            Some(axis) => own[axis] = scale,
            None if scale == 1.0 => {}
            None => return Err("it changes the number of pictures".to_owned()),
        }
    }
    if own[0] != 1.0 {
        return Err("it changes the number of channels".to_owned());
    }
    if own == [1.0; 3] {
        return Ok(vec![ModelValue::LayerOutput(layer)]);
    }
    if layer.order == AxisOrder::Bare {
        layer = job.batched(&layer)?;
    }
    if job.node.int("antialias", 0) != 0 && own.iter().any(|&scale| scale < 1.0) {
        return Err("it smooths maps as it makes them smaller".to_owned());
    }
    let linear = match job.node.text("mode", "nearest") {
        "nearest" => false,
        "linear" | "bilinear" => true,
        other => return Err(format!("it resizes in the way '{other}'")),
    };
    let usual = if job.node.op == "Upsample" || job.opset < 11 { "asymmetric" } else { "half_pixel" };
    let coordinates = match job.node.text("coordinate_transformation_mode", usual) {
        "half_pixel" | "pytorch_half_pixel" => Coordinates::HalfPixel,
        "align_corners" => Coordinates::AlignCorners,
        "asymmetric" => Coordinates::Asymmetric,
        other => return Err(format!("it places values in the way '{other}'")),
    };
    let rounding = if usual == "asymmetric" { "floor" } else { "round_prefer_floor" };
    let floor = match job.node.text("nearest_mode", rounding) {
        "floor" => true,
        "round_prefer_floor" => false,
        other if !linear => return Err(format!("it rounds in the way '{other}'")),
        _ => false,
    };
    let upsample = Upsample { scale: [own[1], own[2]], linear, coordinates, floor };
    job.done(Op::Upsample(upsample), &[&layer], Vec::new())
}
