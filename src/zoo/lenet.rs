//! LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998): as published, and as it is taught today.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};
use striate_weights::runs::{self, last};

pub(super) const LENET5: Card = Card {
    name: "lenet5",
    title: "LeNet-5",
    family: "LeNet",
    paper: "LeCun, Bottou, Bengio and Haffner 1998",
    notes: &[
        "The squashing function is 1.7159 tanh(2x/3); the lecture's 1.7259 is a misprint.",
        "The paper counts connections with biases (C1 122,304, S2 5,880, C3 151,600, S4 2,000, C5 48,120, F6 10,164); \
         multiply-adds here are without biases, and one a value for subsampling.",
        "The paper's output layer compares F6 with ten drawn 7x12 bitmaps (Euclidean radial basis functions, 840 fixed \
         values); here it is the fully connected layer of 850 parameters that the lectures count, 60,850 in all.",
    ],
    labels: Labels::Digits,
    // White strokes on black: black becomes -0.1 and white 1.175, the paper's background and foreground.
    preprocess: || Preprocess::new(32, 32, &[0.1 / 1.275], &[1.0 / 1.275]),
    build: &original,
    shipped: Some(&striate_weights::LENET5),
};

pub(super) const LENET5_MODERN: Card = Card {
    name: "lenet5_modern",
    title: "LeNet-5 (ReLU, max pool)",
    notes: &["C3 sees all maps of S2, rectifiers and max pools replace tanh and subsampling: 61,706 parameters."],
    build: &modern,
    shipped: Some(last(runs::LENET5_MODERN)),
    ..LENET5
};

/// The paper's table I: the maps of S2 that each map of C3 sees.
const C3: [&[usize]; 16] = [
    &[0, 1, 2],
    &[1, 2, 3],
    &[2, 3, 4],
    &[3, 4, 5],
    &[0, 4, 5],
    &[0, 1, 5],
    &[0, 1, 2, 3],
    &[1, 2, 3, 4],
    &[2, 3, 4, 5],
    &[0, 3, 4, 5],
    &[0, 1, 4, 5],
    &[0, 1, 2, 5],
    &[0, 1, 3, 4],
    &[1, 2, 4, 5],
    &[0, 2, 3, 5],
    &[0, 1, 2, 3, 4, 5],
];

fn original(size: usize) -> Result<Graph> {
    let mut net = Builder::new([1, size, size]);
    let table = C3.map(<[usize]>::to_vec).to_vec();
    for (name, op) in [
        ("C1", Op::Conv(Conv::new(6, 5))),
        ("S2", Op::Subsample(Window::new(2, 2))),
        ("C3", Op::TableConv { kernel: [5, 5], table }),
        ("S4", Op::Subsample(Window::new(2, 2))),
        ("C5", Op::Conv(Conv::new(120, 5))),
    ] {
        net.then(name, op);
        net.then(format!("{name}.tanh"), SQUASH);
    }
    net.then("flatten", Op::Flatten);
    net.then("F6", Op::Linear { out: 84, bias: true });
    net.then("F6.tanh", SQUASH);
    net.then("output", Op::Linear { out: 10, bias: true });
    net.finish()
}

/// f(1) = 1 and f(-1) = -1, with the largest curvature there.
const SQUASH: Op = Op::Tanh { amplitude: 1.7159, slope: 2.0 / 3.0 };

fn modern(size: usize) -> Result<Graph> {
    let mut net = Builder::new([1, size, size]);
    for (conv, pool, out) in [(1, 2, 6), (3, 4, 16)] {
        net.then(format!("conv{conv}"), Op::Conv(Conv::new(out, 5)));
        net.then(format!("relu{conv}"), Op::Relu);
        net.then(format!("pool{pool}"), Op::MaxPool(Window::new(2, 2)));
    }
    net.then("flatten", Op::Flatten);
    for (index, out) in [(5, 120), (6, 84)] {
        net.then(format!("fc{index}"), Op::Linear { out, bias: true });
        net.then(format!("relu{index}"), Op::Relu);
    }
    net.then("fc7", Op::Linear { out: 10, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}
