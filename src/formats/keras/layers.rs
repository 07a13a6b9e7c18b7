//! Convolutions and fully connected layers, and the file that knows every class of layer.

use super::{
    activation, arrange, norm, pools,
    shared::{KerasImport, KerasLayer, padding, pair},
};
use crate::{
    Error, Result,
    net::{Conv, NodeId, Op},
};
use candle_core::{Device, Tensor};

/// Adds a layer and returns its output.
///
/// # Errors
/// [`Error::Failed`] that names the layer when it is not known here.
pub(super) fn layer(import: &mut KerasImport, job: &KerasLayer) -> Result<NodeId> {
    let input = *job.inputs.first().ok_or_else(|| import.unknown(job, "without an input"))?;
    if job.settings["data_format"] == "channels_first" {
        return Err(import.unknown(job, "whose channels come first; save the model with channels_last"));
    }
    let output = match job.class {
        "Conv2D" | "Convolution2D" => convolution(import, job, input)?,
        "DepthwiseConv2D" => depthwise(import, job, input, &job.name, true)?,
        "SeparableConv2D" | "SeparableConvolution2D" => separable(import, job, input)?,
        "Dense" => dense(import, job, input)?,
        "BatchNormalization" | "LayerNormalization" | "GroupNormalization" | "Rescaling" | "Normalization" => {
            norm::layer(import, job, input)?
        }
        "MaxPooling2D"
        | "MaxPool2D"
        | "AveragePooling2D"
        | "AvgPool2D"
        | "GlobalAveragePooling2D"
        | "GlobalAvgPool2D"
        | "GlobalMaxPooling2D"
        | "GlobalMaxPool2D" => pools::layer(import, job, input)?,
        "ZeroPadding2D" | "Cropping2D" | "Flatten" | "Reshape" | "Add" | "Multiply" | "Subtract" | "Average"
        | "Concatenate" | "UpSampling2D" => arrange::layer(import, job, input)?,
        // They act in training alone.
        "Dropout" | "SpatialDropout2D" | "GaussianDropout" | "AlphaDropout" => {
            let p = job.settings["rate"].as_f64().unwrap_or(0.0);
            let output = import.add(&job.name, Op::Dropout { p }, &[input]);
            if let Some(&maps) = import.flattened.get(&input) {
                import.flattened.insert(output, maps);
            }
            output
        }
        "GaussianNoise"
        | "ActivityRegularization"
        | "RandomFlip"
        | "RandomRotation"
        | "RandomZoom"
        | "RandomTranslation"
        | "RandomContrast"
        | "RandomBrightness"
        | "RandomCrop" => input,
        class if activation::is_layer(class) => activation::layer(import, job, input)?,
        _ => return Err(import.unknown(job, "which is not supported")),
    };
    activation::behind(import, job, output)
}

fn has_bias(job: &KerasLayer) -> bool {
    job.settings["use_bias"].as_bool().unwrap_or(true)
}

/// Steps, dilation and padding of a convolution with `out` units and a kernel.
fn geometry(import: &KerasImport, job: &KerasLayer, out: usize, kernel: [usize; 2]) -> Result<Conv> {
    Ok(Conv {
        stride: pair(import, job, "strides", Some([1; 2]))?,
        dilation: pair(import, job, "dilation_rate", Some([1; 2]))?,
        auto_pad: padding(import, job)?,
        bias: has_bias(job),
        ..Conv::rect(out, kernel)
    })
}

/// The channels of maps that a layer reads.
fn channels(import: &KerasImport, job: &KerasLayer, input: NodeId) -> Result<usize> {
    import.maps(input).map(|[channels, ..]| channels).ok_or_else(|| import.unknown(job, "whose input is no maps"))
}

fn convolution(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let channels = channels(import, job, input)?;
    let kernel = pair(import, job, "kernel_size", None)?;
    let groups = job.settings["groups"].as_u64().map_or(1, |groups| groups as usize).max(1);
    let found = import.variable(
        job,
        0,
        &["kernel"],
        |shape| matches!(*shape, [h, w, inputs, _] if [h, w] == kernel && inputs.checked_mul(groups) == Some(channels)),
    )?;
    let out = found.shape[3];
    let conv = Conv { groups, ..geometry(import, job, out, kernel)? };
    let filters = Tensor::from_vec(found.values, found.shape, &Device::Cpu)?.permute((3, 2, 0, 1))?.contiguous()?;
    import.tensors.insert(format!("{}.weight", job.name), filters);
    if conv.bias {
        let bias = import.channels(job, 1, "bias", out)?;
        import.weight(&job.name, "bias", bias, &[out])?;
    }
    Ok(import.add(&job.name, Op::Conv(conv), &[input]))
}

/// A depthwise convolution called `name`; with `own_bias` where it is a layer of its own.
fn depthwise(import: &mut KerasImport, job: &KerasLayer, input: NodeId, name: &str, own_bias: bool) -> Result<NodeId> {
    let channels = channels(import, job, input)?;
    let kernel = pair(import, job, "kernel_size", None)?;
    let names = ["depthwise_kernel", "kernel"];
    let found = import.variable(
        job,
        0,
        &names,
        |shape| matches!(*shape, [h, w, inputs, _] if [h, w] == kernel && inputs == channels),
    )?;
    let out = channels * found.shape[3];
    let conv = geometry(import, job, out, kernel)?;
    let conv = Conv { groups: channels, bias: own_bias && conv.bias, ..conv };
    let filters = Tensor::from_vec(found.values, found.shape, &Device::Cpu)?.permute((2, 3, 0, 1))?;
    let filters = filters.contiguous()?.reshape((out, 1, kernel[0], kernel[1]))?;
    import.tensors.insert(format!("{name}.weight"), filters);
    if conv.bias {
        let bias = import.channels(job, 1, "bias", out)?;
        import.weight(name, "bias", bias, &[out])?;
    }
    Ok(import.add(name, Op::Conv(conv), &[input]))
}

/// A depthwise convolution and a 1x1 one.
fn separable(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let middle = depthwise(import, job, input, &format!("{}.depthwise", job.name), false)?;
    let channels = channels(import, job, middle)?;
    let found = import.variable(
        job,
        1,
        &["pointwise_kernel"],
        |shape| matches!(*shape, [1, 1, inputs, _] if inputs == channels),
    )?;
    let out = found.shape[3];
    let filters = Tensor::from_vec(found.values, found.shape, &Device::Cpu)?.permute((3, 2, 0, 1))?.contiguous()?;
    import.tensors.insert(format!("{}.weight", job.name), filters);
    let conv = Conv { bias: has_bias(job), ..Conv::new(out, 1) };
    if conv.bias {
        let bias = import.channels(job, 2, "bias", out)?;
        import.weight(&job.name, "bias", bias, &[out])?;
    }
    Ok(import.add(&job.name, Op::Conv(conv), &[middle]))
}

/// A fully connected layer; on maps it is a 1x1 convolution.
fn dense(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let maps = import.maps(input);
    let features = match (maps, import.net.shape(input)) {
        (Some([channels, ..]), _) => channels,
        (None, &[features]) => features,
        (None, shape) => {
            return Err(Error::Failed(format!("layer {} reads values of shape {shape:?}", job.place.name)));
        }
    };
    let found = import.variable(job, 0, &["kernel"], |shape| matches!(*shape, [inputs, _] if inputs == features))?;
    let (out, bias) = (found.shape[1], has_bias(job));
    let kernel = Tensor::from_vec(found.values, (features, out), &Device::Cpu)?;
    let kernel = match import.flattened.get(&input) {
        // Rows by height, width and channels.
        Some(&[channels, height, width]) => {
            let places = kernel.reshape((height, width, channels, out))?.permute((3, 2, 0, 1))?.contiguous()?;
            places.reshape((out, features))?
        }
        None => kernel.t()?.contiguous()?,
    };
    let kernel = if maps.is_some() { kernel.reshape((out, features, 1, 1))? } else { kernel };
    import.tensors.insert(format!("{}.weight", job.name), kernel);
    if bias {
        let values = import.channels(job, 1, "bias", out)?;
        import.weight(&job.name, "bias", values, &[out])?;
    }
    let op = match maps {
        Some(_) => Op::Conv(Conv { bias, ..Conv::new(out, 1) }),
        None => Op::Linear { out, bias },
    };
    Ok(import.add(&job.name, op, &[input]))
}
