//! RegNetX and RegNetY (Radosavovic, Kosaraju, Girshick, He and Dollár 2020), torchvision's layout.

use super::{
    Card, Labels,
    blocks::{conv_norm, squeeze_excitation},
};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op},
    picture::{Interpolation, Preprocess},
};

/// The card that every member starts from.
const REGNET: Card = Card {
    name: "regnet",
    title: "RegNet",
    family: "RegNet",
    paper: "Radosavovic, Kosaraju, Girshick, He and Dollár 2020",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, [1, 2, 7, 12], [32, 64, 160, 400], 16, false),
    shipped: None,
};

pub(super) const REGNET_X_400MF: Card = Card {
    name: "regnet_x_400mf",
    title: "RegNetX-400MF",
    notes: &["torchvision's weights: top-1 72.8%, top-5 91.0% on ImageNet."],
    build: &|size| build(size, [1, 2, 7, 12], [32, 64, 160, 400], 16, false),
    ..REGNET
};
pub(super) const REGNET_X_800MF: Card = Card {
    name: "regnet_x_800mf",
    title: "RegNetX-800MF",
    notes: &["torchvision's weights: top-1 75.2%, top-5 92.3% on ImageNet."],
    build: &|size| build(size, [1, 3, 7, 5], [64, 128, 288, 672], 16, false),
    ..REGNET
};
pub(super) const REGNET_X_1_6GF: Card = Card {
    name: "regnet_x_1_6gf",
    title: "RegNetX-1.6GF",
    notes: &["torchvision's weights: top-1 77.0%, top-5 93.4% on ImageNet."],
    build: &|size| build(size, [2, 4, 10, 2], [72, 168, 408, 912], 24, false),
    ..REGNET
};
pub(super) const REGNET_X_3_2GF: Card = Card {
    name: "regnet_x_3_2gf",
    title: "RegNetX-3.2GF",
    notes: &["torchvision's weights: top-1 78.4%, top-5 94.0% on ImageNet."],
    build: &|size| build(size, [2, 6, 15, 2], [96, 192, 432, 1008], 48, false),
    ..REGNET
};
pub(super) const REGNET_X_8GF: Card = Card {
    name: "regnet_x_8gf",
    title: "RegNetX-8GF",
    notes: &["torchvision's weights: top-1 79.3%, top-5 94.7% on ImageNet."],
    build: &|size| build(size, [2, 5, 15, 1], [80, 240, 720, 1920], 120, false),
    ..REGNET
};
pub(super) const REGNET_X_16GF: Card = Card {
    name: "regnet_x_16gf",
    title: "RegNetX-16GF",
    notes: &["torchvision's weights: top-1 80.1%, top-5 94.9% on ImageNet."],
    build: &|size| build(size, [2, 6, 13, 1], [256, 512, 896, 2048], 128, false),
    ..REGNET
};
pub(super) const REGNET_X_32GF: Card = Card {
    name: "regnet_x_32gf",
    title: "RegNetX-32GF",
    notes: &["torchvision's weights: top-1 80.6%, top-5 95.2% on ImageNet."],
    build: &|size| build(size, [2, 7, 13, 1], [336, 672, 1344, 2520], 168, false),
    ..REGNET
};
pub(super) const REGNET_Y_400MF: Card = Card {
    name: "regnet_y_400mf",
    title: "RegNetY-400MF",
    notes: &["torchvision's weights: top-1 74.0%, top-5 91.7% on ImageNet."],
    build: &|size| build(size, [1, 3, 6, 6], [48, 104, 208, 440], 8, true),
    ..REGNET
};
pub(super) const REGNET_Y_800MF: Card = Card {
    name: "regnet_y_800mf",
    title: "RegNetY-800MF",
    notes: &["torchvision's weights: top-1 76.4%, top-5 93.1% on ImageNet."],
    build: &|size| build(size, [1, 3, 8, 2], [64, 144, 320, 784], 16, true),
    ..REGNET
};
pub(super) const REGNET_Y_1_6GF: Card = Card {
    name: "regnet_y_1_6gf",
    title: "RegNetY-1.6GF",
    notes: &["torchvision's weights: top-1 78.0%, top-5 94.0% on ImageNet."],
    build: &|size| build(size, [2, 6, 17, 2], [48, 120, 336, 888], 24, true),
    ..REGNET
};
pub(super) const REGNET_Y_3_2GF: Card = Card {
    name: "regnet_y_3_2gf",
    title: "RegNetY-3.2GF",
    notes: &["torchvision's weights: top-1 78.9%, top-5 94.6% on ImageNet."],
    build: &|size| build(size, [2, 5, 13, 1], [72, 216, 576, 1512], 24, true),
    ..REGNET
};
pub(super) const REGNET_Y_8GF: Card = Card {
    name: "regnet_y_8gf",
    title: "RegNetY-8GF",
    notes: &["torchvision's weights: top-1 80.0%, top-5 95.0% on ImageNet."],
    build: &|size| build(size, [2, 4, 10, 1], [224, 448, 896, 2016], 56, true),
    ..REGNET
};
pub(super) const REGNET_Y_16GF: Card = Card {
    name: "regnet_y_16gf",
    title: "RegNetY-16GF",
    notes: &["torchvision's weights: top-1 80.4%, top-5 95.2% on ImageNet."],
    build: &|size| build(size, [2, 4, 11, 1], [224, 448, 1232, 3024], 112, true),
    ..REGNET
};
pub(super) const REGNET_Y_32GF: Card = Card {
    name: "regnet_y_32gf",
    title: "RegNetY-32GF",
    notes: &["torchvision's weights: top-1 80.9%, top-5 95.3% on ImageNet."],
    build: &|size| build(size, [2, 5, 12, 1], [232, 696, 1392, 3712], 232, true),
    ..REGNET
};
pub(super) const REGNET_Y_128GF: Card = Card {
    name: "regnet_y_128gf",
    title: "RegNetY-128GF",
    notes: &[
        "torchvision's weights: top-1 88.2%, top-5 98.7% on ImageNet.",
        "Its weights were trained on other pictures first (SWAG); their licence is CC BY-NC 4.0.",
    ],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(384, 384) },
    build: &|size| build(size, [2, 7, 17, 1], [528, 1056, 2904, 7392], 264, true),
    ..REGNET
};

const EPS: f64 = 1e-5;

/// Blocks and units of the four stages, channels in a group of the 3x3 convolutions, and whether blocks squeeze (RegNetY).
fn build(size: usize, blocks: [usize; 4], units: [usize; 4], group: usize, squeezes: bool) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    conv_norm(&mut net, "stem", Conv::new(32, 3).stride(2).pad(1), EPS, Some(Op::Relu));
    for (stage, (count, units)) in (1..).zip(blocks.into_iter().zip(units)) {
        for index in 0..count {
            let name = format!("trunk_output.block{stage}.block{stage}-{index}");
            let stride = if index == 0 { 2 } else { 1 };
            block(&mut net, &name, units, stride, group.min(units), squeezes);
        }
    }
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// 1x1, 3x3 in groups, 1x1; the input is added, through a 1x1 convolution where size or units change.
fn block(net: &mut Builder, name: &str, units: usize, stride: usize, group: usize, squeezes: bool) {
    let input = net.last();
    let channels = net.channels(input);
    let shortcut = match (stride, channels == units) {
        (1, true) => input,
        _ => conv_norm(net, &format!("{name}.proj"), Conv::new(units, 1).stride(stride), EPS, None),
    };
    net.resume(input);
    conv_norm(net, &format!("{name}.f.a"), Conv::new(units, 1), EPS, Some(Op::Relu));
    let grouped = Conv::new(units, 3).stride(stride).pad(1).groups(units / group);
    conv_norm(net, &format!("{name}.f.b"), grouped, EPS, Some(Op::Relu));
    if squeezes {
        // A quarter of the block's input, halves to even numbers.
        let squeezed = (channels as f64 / 4.0).round_ties_even() as usize;
        squeeze_excitation(net, &format!("{name}.f.se"), squeezed, Op::Relu, Op::Sigmoid);
    }
    let body = conv_norm(net, &format!("{name}.f.c"), Conv::new(units, 1), EPS, None);
    net.add(format!("{name}.add"), Op::Add, &[shortcut, body]);
    net.then(format!("{name}.activation"), Op::Relu);
}
