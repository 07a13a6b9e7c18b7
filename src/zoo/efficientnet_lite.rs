//! EfficientNet-Lite (Google 2020): EfficientNet (Tan and Le 2019) without squeeze and excitation, every activation a ReLU6.
//! Layers are named as in timm's `tf_efficientnet_lite0`.

use super::{Card, Labels};
use crate::{
    Result,
    embedded::embedded,
    net::{Activation, AutoPad, Builder, Conv, Graph, NodeId, Op},
    picture::{Interpolation, PixelScale, Preprocess},
};

pub(super) const EFFICIENTNET_LITE0: Card = Card {
    name: "efficientnet_lite0",
    title: "EfficientNet-Lite0",
    family: "EfficientNet",
    paper: "Tan and Le 2019; the Lite variant by Google 2020",
    notes: &["The weights in the program are Google's, by way of ML Illustrated: top-1 75.1% on ImageNet."],
    labels: Labels::ImageNet,
    preprocess: || Preprocess {
        interpolation: Interpolation::Bicubic,
        scale: PixelScale::Full,
        ..Preprocess::new(256, 224, &[127.0; 3], &[128.0; 3])
    },
    build: &build,
    shipped: Some(embedded!("../../weights/efficientnet_lite0.safetensors")),
};

/// Expansion, units, blocks, stride of the first block, kernel of each stage.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
];

fn build(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    normalised(&mut net, "conv_stem", "bn1", conv(32, 3, 2), true);
    for (stage, (expansion, units, count, stride, kernel)) in STAGES.into_iter().enumerate() {
        for index in 0..count {
            let stride = if index == 0 { stride } else { 1 };
            block(&mut net, &format!("blocks.{stage}.{index}"), [expansion, units, stride, kernel]);
        }
    }
    normalised(&mut net, "conv_head", "bn2", Conv::new(1280, 1), true);
    net.then("global_pool.pool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("global_pool.flatten", Op::Flatten);
    net.then("classifier", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// An inverted residual block: wider by a 1x1 convolution, a depthwise convolution, narrow again; around it the input is
/// added where the shape stays.
fn block(net: &mut Builder, name: &str, [expansion, units, stride, kernel]: [usize; 4]) {
    let input = net.last();
    let wide = net.channels(input) * expansion;
    let depthwise = conv(wide, kernel, stride).groups(wide);
    let part = |part: &str| format!("{name}.{part}");
    if expansion == 1 {
        normalised(net, &part("conv_dw"), &part("bn1"), depthwise, true);
        normalised(net, &part("conv_pw"), &part("bn2"), Conv::new(units, 1), false);
    } else {
        normalised(net, &part("conv_pw"), &part("bn1"), Conv::new(wide, 1), true);
        normalised(net, &part("conv_dw"), &part("bn2"), depthwise, true);
        normalised(net, &part("conv_pwl"), &part("bn3"), Conv::new(units, 1), false);
    }
    if stride == 1 && net.channels(input) == units {
        let body = net.last();
        net.add(part("add"), Op::Add, &[body, input]);
    }
}

/// Convolution, batch normalisation and, unless it ends a block, ReLU6.
fn normalised(net: &mut Builder, conv_name: &str, norm: &str, conv: Conv, rectified: bool) -> NodeId {
    net.then(conv_name, Op::Conv(conv.unbiased()));
    let last = net.then(norm, Op::BatchNorm { eps: 1e-3 });
    if rectified { net.then(format!("{norm}.act"), RELU6) } else { last }
}

const RELU6: Op = Op::Activation(Activation::Clip { low: 0.0, high: 6.0 });

/// A convolution with TensorFlow's "same" padding.
const fn conv(out: usize, kernel: usize, stride: usize) -> Conv {
    Conv::new(out, kernel).stride(stride).auto_pad(AutoPad::SameUpper)
}
