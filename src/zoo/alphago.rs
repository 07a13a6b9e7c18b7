//! AlphaGo's policy network (Silver et al. 2016): where on a Go board a strong player would move next.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op},
    picture::Preprocess,
};

pub(super) const POLICY_192: Card = Card {
    name: "alphago_policy_192",
    title: "AlphaGo policy network, k = 192",
    family: "AlphaGo",
    paper: "Silver et al. 2016",
    notes: &[
        "Its input is no picture but 48 planes of features of a 19x19 position (stones, liberties, captures, ladders, \
         ...): give it a record of a game (SGF).",
        "The match version has 192 filters; the paper also tried 128, 256 and 384.",
        "Its last layer is a 1x1 convolution with another bias at each of the 361 points.",
    ],
    labels: Labels::GoBoard,
    preprocess: || Preprocess::planes(48, 19),
    build: &|size| build(size, 192),
    shipped: None,
};
pub(super) const POLICY_128: Card = Card {
    name: "alphago_policy_128",
    title: "AlphaGo policy network, k = 128",
    build: &|size| build(size, 128),
    ..POLICY_192
};
pub(super) const POLICY_256: Card = Card {
    name: "alphago_policy_256",
    title: "AlphaGo policy network, k = 256",
    build: &|size| build(size, 256),
    ..POLICY_192
};
pub(super) const POLICY_384: Card = Card {
    name: "alphago_policy_384",
    title: "AlphaGo policy network, k = 384",
    build: &|size| build(size, 384),
    ..POLICY_192
};

/// `k` filters a layer.
fn build(size: usize, k: usize) -> Result<Graph> {
    let mut net = Builder::new([48, size, size]);
    net.then("conv1", Op::Conv(Conv::new(k, 5).pad(2)));
    net.then("relu1", Op::Relu);
    for layer in 2..=12 {
        net.then(format!("conv{layer}"), Op::Conv(Conv::new(k, 3).pad(1)));
        net.then(format!("relu{layer}"), Op::Relu);
    }
    net.then("conv13", Op::Conv(Conv::new(1, 1).unbiased()));
    net.then("position", Op::Bias);
    net.then("flatten", Op::Flatten);
    net.then("softmax", Op::Softmax);
    net.finish()
}
