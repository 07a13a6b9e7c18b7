//! AlexNet (Krizhevsky, Sutskever and Hinton 2012): the network on two GPUs, the lectures' on one, and torchvision's.
//!
//! The towers of 2012 are nodes of their own (`conv1.top`, `conv1.bottom`, ...) that meet where the paper's do, not
//! grouped convolutions: a tower's maps can then be looked at as such (the top one learned edges, the bottom one
//! colours), and normalisation stays within a tower, as it did on two GPUs. Grouped layers would normalise across.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};

pub(super) const ALEXNET_2012: Card = Card {
    name: "alexnet_2012",
    title: "AlexNet (2012, two towers)",
    family: "AlexNet",
    paper: "Krizhevsky, Sutskever and Hinton 2012",
    notes: &[
        "The paper says 224x224, but its 55x55 maps need 227x227, or two rows of padding that it does not mention.",
        "60,965,224 parameters; the paper says 60 million.",
        "The fully connected layers, on half of whose units each GPU worked, see both towers and are drawn whole.",
    ],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 227),
    build: &two_towers,
    shipped: None,
};

pub(super) const ALEXNET_SINGLE: Card = Card {
    name: "alexnet_single",
    title: "AlexNet (single tower)",
    notes: &["As lectures simplify it: no towers, so conv2, conv4 and conv5 see all maps, and normalisation follows \
              pooling. 62,378,344 parameters, where the two towers have 60,965,224."],
    build: &single_tower,
    ..ALEXNET_2012
};

pub(super) const ALEXNET: Card = Card {
    name: "alexnet",
    title: "AlexNet (torchvision)",
    paper: "Krizhevsky 2014, One weird trick",
    notes: &["torchvision's is the single-tower network of 2014: 64 and 192 filters first, no normalisation."],
    preprocess: || Preprocess::imagenet(256, 224),
    build: &torchvision,
    ..ALEXNET_2012
};

const POOL: Op = Op::MaxPool(Window::new(3, 2));

/// The paper's constants, in its formula.
pub(super) fn norm() -> Op {
    Op::lrn(5, 1e-4, 0.75, 2.0)
}

fn two_towers(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    let mut towers = [0, 0];
    layer(&mut net, &mut towers, 1, Conv::new(48, 11).stride(4));
    both(&mut net, &mut towers, "norm1", &norm());
    both(&mut net, &mut towers, "pool1", &POOL);
    layer(&mut net, &mut towers, 2, Conv::new(128, 5).pad(2));
    both(&mut net, &mut towers, "norm2", &norm());
    both(&mut net, &mut towers, "pool2", &POOL);
    // The only convolution that sees the maps of both GPUs.
    towers = [net.add("cat2", Op::Concat, &towers); 2];
    layer(&mut net, &mut towers, 3, Conv::new(192, 3).pad(1));
    layer(&mut net, &mut towers, 4, Conv::new(192, 3).pad(1));
    layer(&mut net, &mut towers, 5, Conv::new(128, 3).pad(1));
    both(&mut net, &mut towers, "pool5", &POOL);
    net.add("cat5", Op::Concat, &towers);
    classifier(net)
}

/// Convolution and rectifier of both towers.
fn layer(net: &mut Builder, towers: &mut [NodeId; 2], index: usize, conv: Conv) {
    both(net, towers, &format!("conv{index}"), &Op::Conv(conv));
    both(net, towers, &format!("relu{index}"), &Op::Relu);
}

/// The same operator on top of both towers.
fn both(net: &mut Builder, towers: &mut [NodeId; 2], name: &str, op: &Op) {
    for (tower, side) in towers.iter_mut().zip(["top", "bottom"]) {
        *tower = net.add(format!("{name}.{side}"), op.clone(), &[*tower]);
    }
}

fn single_tower(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    for (index, conv, pooled, normed) in [
        (1, Conv::new(96, 11).stride(4), true, true),
        (2, Conv::new(256, 5).pad(2), true, true),
        (3, Conv::new(384, 3).pad(1), false, false),
        (4, Conv::new(384, 3).pad(1), false, false),
        (5, Conv::new(256, 3).pad(1), true, false),
    ] {
        net.then(format!("conv{index}"), Op::Conv(conv));
        net.then(format!("relu{index}"), Op::Relu);
        if pooled {
            net.then(format!("pool{index}"), POOL);
        }
        if normed {
            net.then(format!("norm{index}"), norm());
        }
    }
    classifier(net)
}

/// fc6, fc7, fc8, as ZFNet has them too.
pub(super) fn classifier(mut net: Builder) -> Result<Graph> {
    net.then("flatten", Op::Flatten);
    for index in [6, 7] {
        net.then(format!("fc{index}"), Op::Linear { out: 4096, bias: true });
        net.then(format!("relu{index}"), Op::Relu);
        net.then(format!("drop{index}"), Op::Dropout { p: 0.5 });
    }
    net.then("fc8", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn torchvision(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    let features = [
        (Op::Conv(Conv::new(64, 11).stride(4).pad(2)), "conv1"),
        (Op::Relu, "relu1"),
        (POOL, "pool1"),
        (Op::Conv(Conv::new(192, 5).pad(2)), "conv2"),
        (Op::Relu, "relu2"),
        (POOL, "pool2"),
        (Op::Conv(Conv::new(384, 3).pad(1)), "conv3"),
        (Op::Relu, "relu3"),
        (Op::Conv(Conv::new(256, 3).pad(1)), "conv4"),
        (Op::Relu, "relu4"),
        (Op::Conv(Conv::new(256, 3).pad(1)), "conv5"),
        (Op::Relu, "relu5"),
        (POOL, "pool5"),
    ];
    for (index, (op, title)) in features.into_iter().enumerate() {
        net.then(format!("features.{index}"), op);
        net.title(title);
    }
    net.then("avgpool", Op::AdaptiveAvgPool { size: [6, 6] });
    net.then("flatten", Op::Flatten);
    for (index, title) in [(0, "fc6"), (3, "fc7")] {
        net.then(format!("classifier.{index}"), Op::Dropout { p: 0.5 });
        net.then(format!("classifier.{}", index + 1), Op::Linear { out: 4096, bias: true });
        net.title(title);
        net.then(format!("classifier.{}", index + 2), Op::Relu);
    }
    net.then("classifier.6", Op::Linear { out: 1000, bias: true });
    net.title("fc8");
    net.then("softmax", Op::Softmax);
    net.finish()
}
