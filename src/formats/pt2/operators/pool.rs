//! Pools.

use crate::formats::{
    onnx::{ADAPTIVE_LARGEST, ADAPTIVE_MEAN, Attribute},
    pt2::model::Writing,
};

/// A window that moves over maps.
pub(super) fn window(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let call = &writing.call;
    let kernel = call.pair("kernel_size", 1)?;
    let stride = if call.ints("stride")?.is_empty() { kernel } else { call.pair("stride", 1)? };
    let sides = call.pair("padding", 0)?;
    let mut attributes = vec![
        ("kernel_shape", Attribute::Ints(kernel.to_vec())),
        ("strides", Attribute::Ints(stride.to_vec())),
        ("pads", Attribute::Ints([sides, sides].concat())),
        ("ceil_mode", Attribute::Int(call.flag("ceil_mode", false).into())),
    ];
    if call.operator() != "avg_pool2d" {
        attributes.push(("dilations", Attribute::Ints(call.pair("dilation", 1)?.to_vec())));
        return writing.done("MaxPool", vec![x], attributes);
    }
    if call.given_int("divisor_override")?.is_some() {
        return Err("it divides by a number of its own".to_owned());
    }
    attributes.push(("count_include_pad", Attribute::Int(call.flag("count_include_pad", true).into())));
    writing.done("AveragePool", vec![x], attributes)
}

/// Windows that follow from the size of the output.
pub(super) fn adaptive(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let size = writing.call.ints("output_size");
    // A size that is left out is the input's.
    let size = match size {
        Ok(size) => size,
        Err(why) => {
            let shape = writing.call.output_shape()?;
            let last: Option<Vec<i64>> =
                shape.iter().skip(shape.len().saturating_sub(2)).map(|size| size.map(|size| size as i64)).collect();
            last.ok_or(why)?
        }
    };
    let largest = writing.call.operator().contains("max");
    let size = if size.len() == 1 { vec![size[0]; 2] } else { size };
    match (size.as_slice(), largest) {
        ([1, 1], false) => writing.done("GlobalAveragePool", vec![x], vec![]),
        ([1, 1], true) => writing.done("GlobalMaxPool", vec![x], vec![]),
        (_, largest) => {
            let op = if largest { ADAPTIVE_LARGEST } else { ADAPTIVE_MEAN };
            writing.done(op, vec![x], vec![("output_size", Attribute::Ints(size))])
        }
    }
}
