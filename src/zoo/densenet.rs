//! DenseNet (Huang, Liu, van der Maaten and Weinberger 2017): for ImageNet in torchvision's layout, and for CIFAR-10.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};

/// The card that every member starts from.
const DENSENET: Card = Card {
    name: "densenet121",
    title: "DenseNet-121",
    family: "DenseNet",
    paper: "Huang, Liu, van der Maaten and Weinberger 2017",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| imagenet(size, 32, 64, [6, 12, 24, 16]),
    shipped: None,
};
const SMALL: Card = Card {
    family: "DenseNet (CIFAR)",
    labels: Labels::Cifar10,
    preprocess: || Preprocess::new(32, 32, &[0.4914, 0.4822, 0.4465], &[0.2470, 0.2435, 0.2616]),
    ..DENSENET
};

pub(super) const DENSENET121: Card = DENSENET;
pub(super) const DENSENET161: Card = Card {
    name: "densenet161",
    title: "DenseNet-161",
    build: &|size| imagenet(size, 48, 96, [6, 12, 36, 24]),
    ..DENSENET
};
pub(super) const DENSENET169: Card = Card {
    name: "densenet169",
    title: "DenseNet-169",
    build: &|size| imagenet(size, 32, 64, [6, 12, 32, 32]),
    ..DENSENET
};
pub(super) const DENSENET201: Card = Card {
    name: "densenet201",
    title: "DenseNet-201",
    build: &|size| imagenet(size, 32, 64, [6, 12, 48, 32]),
    ..DENSENET
};
pub(super) const DENSENET40: Card = Card {
    name: "densenet40_k12",
    title: "DenseNet-40, k = 12 (CIFAR-10)",
    build: &|size| cifar(size, 12, BlockStyle { bottleneck: false, compress: false }),
    ..SMALL
};
pub(super) const DENSENET100: Card = Card {
    name: "densenet100_k12",
    title: "DenseNet-100, k = 12 (CIFAR-10)",
    build: &|size| cifar(size, 32, BlockStyle { bottleneck: false, compress: false }),
    ..SMALL
};
pub(super) const DENSENET_BC100: Card = Card {
    name: "densenet_bc100_k12",
    title: "DenseNet-BC-100, k = 12 (CIFAR-10)",
    build: &|size| cifar(size, 16, BlockStyle { bottleneck: true, compress: true }),
    ..SMALL
};

/// The paper's B and C.
#[derive(Clone, Copy)]
struct BlockStyle {
    /// A 1x1 convolution to four times the growth rate before each 3x3.
    bottleneck: bool,
    /// Transitions halve the channels.
    compress: bool,
}

const NORM: Op = Op::BatchNorm { eps: 1e-5 };

/// `growth` channels a layer on top of `first`, `layers` of them in each of the four blocks.
fn imagenet(size: usize, growth: usize, first: usize, layers: [usize; 4]) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("features.conv0", Op::Conv(Conv::new(first, 7).stride(2).pad(3).unbiased()));
    net.then("features.norm0", NORM);
    net.then("features.relu0", Op::Relu);
    net.then("features.pool0", Op::MaxPool(Window::new(3, 2).pad(1)));
    blocks(&mut net, growth, &layers, BlockStyle { bottleneck: true, compress: true });
    net.then("features.norm5", NORM);
    classifier(net, 1000)
}

/// Three blocks of `layers` layers that each add twelve channels.
fn cifar(size: usize, layers: usize, style: BlockStyle) -> Result<Graph> {
    const GROWTH: usize = 12;
    let mut net = Builder::new([3, size, size]);
    let first = if style.bottleneck { 2 * GROWTH } else { 16 };
    net.then("features.conv0", Op::Conv(Conv::new(first, 3).pad(1).unbiased()));
    blocks(&mut net, GROWTH, &[layers; 3], style);
    net.then("features.norm_final", NORM);
    classifier(net, 10)
}

fn classifier(mut net: Builder, classes: usize) -> Result<Graph> {
    net.then("relu", Op::Relu);
    net.then("adaptive_avg_pool2d", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("classifier", Op::Linear { out: classes, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// Dense blocks with a transition between each two.
fn blocks(net: &mut Builder, growth: usize, layers: &[usize], style: BlockStyle) {
    for (index, &count) in (1..).zip(layers) {
        let name = format!("features.denseblock{index}");
        let mut maps = vec![net.last()];
        for layer in 1..=count {
            maps.push(dense_layer(net, &format!("{name}.denselayer{layer}"), &maps, growth, style));
        }
        let all = net.add(format!("{name}.cat"), Op::Concat, &maps);
        if index < layers.len() {
            let channels = net.channels(all);
            let out = if style.compress { channels / 2 } else { channels };
            transition(net, &format!("features.transition{index}"), out);
        }
    }
}

/// Sees all maps before it, the block's input included.
fn dense_layer(net: &mut Builder, name: &str, maps: &[NodeId], growth: usize, style: BlockStyle) -> NodeId {
    net.add(format!("{name}.cat"), Op::Concat, maps);
    let narrow = Conv::new(4 * growth, 1);
    let grow = Conv::new(growth, 3).pad(1);
    let convs = if style.bottleneck { vec![narrow, grow] } else { vec![grow] };
    for (index, conv) in (1..).zip(convs) {
        net.then(format!("{name}.norm{index}"), NORM);
        net.then(format!("{name}.relu{index}"), Op::Relu);
        net.then(format!("{name}.conv{index}"), Op::Conv(conv.unbiased()));
    }
    net.last()
}

fn transition(net: &mut Builder, name: &str, out: usize) {
    net.then(format!("{name}.norm"), NORM);
    net.then(format!("{name}.relu"), Op::Relu);
    net.then(format!("{name}.conv"), Op::Conv(Conv::new(out, 1).unbiased()));
    net.then(format!("{name}.pool"), Op::AvgPool { window: Window::new(2, 2), count_padding: true });
}
