//! Convolution and transposed convolution.

use crate::formats::{onnx::Attribute, pt2::model::Writing};

pub(super) fn conv(writing: &mut Writing) -> Result<(), String> {
    let mut inputs = vec![writing.input("input")?, writing.input("weight")?];
    inputs.extend(writing.given("bias"));
    let axes = writing.call.shape_of("weight")?.len().saturating_sub(2);
    let call = &writing.call;
    // One number stands for all axes.
    let sizes = |name: &str, usual: i64| {
        let stated = call.ints(name)?;
        Ok::<Vec<i64>, String>(match stated.as_slice() {
            [] => vec![usual; axes],
            [one] => vec![*one; axes],
            _ => stated,
        })
    };
    let transposed = call.flag("transposed", false) || call.operator().starts_with("conv_transpose");
    let mut attributes = vec![
        ("strides", Attribute::Ints(sizes("stride", 1)?)),
        ("dilations", Attribute::Ints(sizes("dilation", 1)?)),
        ("group", Attribute::Int(call.int("groups", 1)?)),
    ];
    match call.word("padding", "") {
        "" => {
            let sides = sizes("padding", 0)?;
            attributes.push(("pads", Attribute::Ints([sides.clone(), sides].concat())));
        }
        // PyTorch has it for a stride of 1 only, where both halves follow from the window.
        "same" => attributes.push(("auto_pad", Attribute::Text("SAME_UPPER".to_owned()))),
        "valid" => {}
        other => return Err(format!("its padding is the unknown '{other}'")),
    }
    if transposed {
        attributes.push(("output_padding", Attribute::Ints(sizes("output_padding", 0)?)));
        return writing.done("ConvTranspose", inputs, attributes);
    }
    writing.done("Conv", inputs, attributes)
}
