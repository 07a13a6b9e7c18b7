//! MobileNet v2 (Sandler, Howard, Zhu, Zhmoginov and Chen 2018), torchvision's layout.

use super::{
    Card, Labels,
    blocks::{add_input, conv_norm},
};
use crate::{
    Result,
    net::{Activation, Builder, Conv, Graph, Op},
    picture::Preprocess,
};

pub(super) const MOBILENET_V2: Card = Card {
    name: "mobilenet_v2",
    title: "MobileNet v2",
    family: "MobileNet",
    paper: "Sandler, Howard, Zhu, Zhmoginov and Chen 2018",
    notes: &["torchvision's weights: top-1 71.9%, top-5 90.3% on ImageNet."],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &build,
    shipped: None,
};

/// Expansion, units, blocks and stride of the first block of each stage.
const STAGES: [(usize, usize, usize, usize); 7] =
    [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

const EPS: f64 = 1e-5;
const RELU6: Op = Op::Activation(Activation::Clip { low: 0.0, high: 6.0 });

fn build(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    conv_norm(&mut net, "features.0", Conv::new(32, 3).stride(2).pad(1), EPS, Some(RELU6));
    let mut number = 1;
    for (expansion, units, count, stride) in STAGES {
        for index in 0..count {
            let stride = if index == 0 { stride } else { 1 };
            block(&mut net, &format!("features.{number}"), expansion, units, stride);
            number += 1;
        }
    }
    conv_norm(&mut net, "features.18", Conv::new(1280, 1), EPS, Some(RELU6));
    net.then("adaptive_avg_pool2d", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("classifier.0", Op::Dropout { p: 0.2 });
    net.then("classifier.1", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// An inverted residual block: wider by a 1x1 convolution, a depthwise convolution, narrow again without an activation.
fn block(net: &mut Builder, name: &str, expansion: usize, units: usize, stride: usize) {
    let input = net.last();
    let wide = net.channels(input) * expansion;
    let mut part = 0;
    if expansion > 1 {
        conv_norm(net, &format!("{name}.conv.0"), Conv::new(wide, 1), EPS, Some(RELU6));
        part = 1;
    }
    let depthwise = Conv::new(wide, 3).stride(stride).pad(1).groups(wide);
    conv_norm(net, &format!("{name}.conv.{part}"), depthwise, EPS, Some(RELU6));
    net.then(format!("{name}.conv.{}", part + 1), Op::Conv(Conv::new(units, 1).unbiased()));
    net.then(format!("{name}.conv.{}", part + 2), Op::BatchNorm { eps: EPS });
    add_input(net, name, input, stride);
}
