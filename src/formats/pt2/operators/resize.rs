//! Maps of another size.

use crate::formats::{onnx::Attribute, pt2::model::Writing};
use candle_core::{Device, Tensor};

pub(super) fn resize(writing: &mut Writing) -> Result<(), String> {
    let first = writing.call.node.inputs.first().map_or("input", |input| input.name.as_str());
    let x = writing.input(first)?;
    let (from, to) = (writing.call.shape_of(first)?, writing.call.output_shape()?);
    let (&[_, _, Some(rows), Some(columns)], &[_, _, Some(high), Some(wide)]) = (from.as_slice(), to.as_slice()) else {
        return Err("its sizes are open".to_owned());
    };
    if rows == 0 || columns == 0 {
        return Err("its input has no rows or columns".to_owned());
    }
    let scales = [1.0, 1.0, high as f32 / rows as f32, wide as f32 / columns as f32];
    let scales = writing.model.constant(Tensor::new(&scales, &Device::Cpu))?;
    let linear = writing.call.operator().contains("bilinear");
    let (mode, places) = match (linear, writing.call.flag("align_corners", false)) {
        (false, _) => ("nearest", "asymmetric"),
        (true, false) => ("linear", "half_pixel"),
        (true, true) => ("linear", "align_corners"),
    };
    let text = |text: &str| Attribute::Text(text.to_owned());
    let attributes =
        vec![("mode", text(mode)), ("coordinate_transformation_mode", text(places)), ("nearest_mode", text("floor"))];
    writing.done("Resize", vec![x, String::new(), scales], attributes)
}
