//! MNASNet (Tan, Chen, Pang, Vasudevan, Sandler, Howard and Le 2019), the B1 variant in torchvision's layout.

use super::{
    Card, Labels,
    blocks::{add_input, divisible},
};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op},
    picture::Preprocess,
};

/// The card that every member starts from.
const MNASNET: Card = Card {
    name: "mnasnet",
    title: "MNASNet",
    family: "MNASNet",
    paper: "Tan, Chen, Pang, Vasudevan, Sandler, Howard and Le 2019",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, 1.0),
    shipped: None,
};

pub(super) const MNASNET0_5: Card = Card {
    name: "mnasnet0_5",
    title: "MNASNet 0.5",
    notes: &["torchvision's weights: top-1 67.7%, top-5 87.5% on ImageNet."],
    build: &|size| build(size, 0.5),
    ..MNASNET
};
pub(super) const MNASNET0_75: Card = Card {
    name: "mnasnet0_75",
    title: "MNASNet 0.75",
    notes: &["torchvision's weights: top-1 71.2%, top-5 90.5% on ImageNet."],
    preprocess: || Preprocess::imagenet(232, 224),
    build: &|size| build(size, 0.75),
    ..MNASNET
};
pub(super) const MNASNET1_0: Card = Card {
    name: "mnasnet1_0",
    title: "MNASNet 1.0",
    notes: &["torchvision's weights: top-1 73.5%, top-5 91.5% on ImageNet."],
    build: &|size| build(size, 1.0),
    ..MNASNET
};
pub(super) const MNASNET1_3: Card = Card {
    name: "mnasnet1_3",
    title: "MNASNet 1.3",
    notes: &["torchvision's weights: top-1 76.5%, top-5 93.5% on ImageNet."],
    preprocess: || Preprocess::imagenet(232, 224),
    build: &|size| build(size, 1.3),
    ..MNASNET
};

/// Units, kernel, stride of the first block, expansion and blocks of each stage.
const STAGES: [(f64, usize, usize, usize, usize); 6] = [
    (24.0, 3, 2, 3, 3),
    (40.0, 5, 2, 3, 3),
    (80.0, 5, 2, 6, 3),
    (96.0, 3, 1, 6, 2),
    (192.0, 5, 2, 6, 4),
    (320.0, 3, 1, 6, 1),
];

const NORM: Op = Op::BatchNorm { eps: 1e-5 };

/// All channels times `width`.
fn build(size: usize, width: f64) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    let layer = |index: usize| format!("layers.{index}");
    let stem = divisible(32.0 * width);
    net.then(layer(0), Op::Conv(Conv::new(stem, 3).stride(2).pad(1).unbiased()));
    net.then(layer(1), NORM);
    net.then(layer(2), Op::Relu);
    net.then(layer(3), Op::Conv(Conv::new(stem, 3).pad(1).groups(stem).unbiased()));
    net.then(layer(4), NORM);
    net.then(layer(5), Op::Relu);
    net.then(layer(6), Op::Conv(Conv::new(divisible(16.0 * width), 1).unbiased()));
    net.then(layer(7), NORM);
    for (number, (units, kernel, stride, expansion, blocks)) in (8..).zip(STAGES) {
        for index in 0..blocks {
            let stride = if index == 0 { stride } else { 1 };
            block(&mut net, &format!("layers.{number}.{index}"), divisible(units * width), kernel, stride, expansion);
        }
    }
    net.then(layer(14), Op::Conv(Conv::new(1280, 1).unbiased()));
    net.then(layer(15), NORM);
    net.then(layer(16), Op::Relu);
    net.then("mean", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("classifier.0", Op::Dropout { p: 0.2 });
    net.then("classifier.1", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// An inverted residual block.
fn block(net: &mut Builder, name: &str, units: usize, kernel: usize, stride: usize, expansion: usize) {
    let input = net.last();
    let wide = net.channels(input) * expansion;
    let layer = |index: usize| format!("{name}.layers.{index}");
    net.then(layer(0), Op::Conv(Conv::new(wide, 1).unbiased()));
    net.then(layer(1), NORM);
    net.then(layer(2), Op::Relu);
    net.then(layer(3), Op::Conv(Conv::new(wide, kernel).same().stride(stride).groups(wide).unbiased()));
    net.then(layer(4), NORM);
    net.then(layer(5), Op::Relu);
    net.then(layer(6), Op::Conv(Conv::new(units, 1).unbiased()));
    net.then(layer(7), NORM);
    add_input(net, name, input, stride);
}
