//! ShuffleNet v2 (Ma, Zhang, Zheng and Sun 2018), torchvision's layout.

use super::{Card, Labels, blocks::conv_norm};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Slice, Window},
    picture::Preprocess,
};

/// The card that every member starts from.
const SHUFFLENET: Card = Card {
    name: "shufflenet_v2",
    title: "ShuffleNet v2",
    family: "ShuffleNet",
    paper: "Ma, Zhang, Zheng and Sun 2018",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, [48, 96, 192], 1024),
    shipped: None,
};

pub(super) const SHUFFLENET_V2_X0_5: Card = Card {
    name: "shufflenet_v2_x0_5",
    title: "ShuffleNet v2 x0.5",
    notes: &["torchvision's weights: top-1 60.6%, top-5 81.7% on ImageNet."],
    build: &|size| build(size, [48, 96, 192], 1024),
    ..SHUFFLENET
};
pub(super) const SHUFFLENET_V2_X1_0: Card = Card {
    name: "shufflenet_v2_x1_0",
    title: "ShuffleNet v2 x1.0",
    notes: &["torchvision's weights: top-1 69.4%, top-5 88.3% on ImageNet."],
    build: &|size| build(size, [116, 232, 464], 1024),
    ..SHUFFLENET
};
pub(super) const SHUFFLENET_V2_X1_5: Card = Card {
    name: "shufflenet_v2_x1_5",
    title: "ShuffleNet v2 x1.5",
    notes: &["torchvision's weights: top-1 73.0%, top-5 91.1% on ImageNet."],
    preprocess: || Preprocess::imagenet(232, 224),
    build: &|size| build(size, [176, 352, 704], 1024),
    ..SHUFFLENET
};
pub(super) const SHUFFLENET_V2_X2_0: Card = Card {
    name: "shufflenet_v2_x2_0",
    title: "ShuffleNet v2 x2.0",
    notes: &["torchvision's weights: top-1 76.2%, top-5 93.0% on ImageNet."],
    preprocess: || Preprocess::imagenet(232, 224),
    build: &|size| build(size, [244, 488, 976], 2048),
    ..SHUFFLENET
};

const NORM: Op = Op::BatchNorm { eps: 1e-5 };

/// Units of the three stages and of the last convolution.
fn build(size: usize, units: [usize; 3], last: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    conv_norm(&mut net, "conv1", Conv::new(24, 3).stride(2).pad(1), 1e-5, Some(Op::Relu));
    net.then("maxpool", Op::MaxPool(Window::new(3, 2).pad(1)));
    for (stage, (units, blocks)) in (2..).zip(units.into_iter().zip([4, 8, 4])) {
        for index in 0..blocks {
            let name = format!("stage{stage}.{index}");
            if index == 0 { halving(&mut net, &name, units) } else { keeping(&mut net, &name, units) }
        }
    }
    conv_norm(&mut net, "conv5", Conv::new(last, 1), 1e-5, Some(Op::Relu));
    net.then("mean", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// A block that halves the maps: both branches see all of the input.
fn halving(net: &mut Builder, name: &str, units: usize) {
    let input = net.last();
    let part = |index: usize| format!("{name}.branch1.{index}");
    net.then(part(0), Op::Conv(depthwise(net.channels(input), 2)));
    net.then(part(1), NORM);
    net.then(part(2), Op::Conv(Conv::new(units / 2, 1).unbiased()));
    net.then(part(3), NORM);
    let first = net.then(part(4), Op::Relu);
    let second = second_branch(net, name, input, units / 2, 2);
    shuffled(net, name, [first, second]);
}

/// A block that keeps the size: half of the channels pass it by.
fn keeping(net: &mut Builder, name: &str, units: usize) {
    let (input, half) = (net.last(), units / 2);
    let [first, second] = [0, 1].map(|part| {
        let slice = Slice { axis: 0, start: part * half, step: 1, count: half };
        net.add(format!("{name}.chunk.{part}"), Op::Slice(slice), &[input])
    });
    let second = second_branch(net, name, second, half, 1);
    shuffled(net, name, [first, second]);
}

fn second_branch(net: &mut Builder, name: &str, input: NodeId, units: usize, stride: usize) -> NodeId {
    let part = |index: usize| format!("{name}.branch2.{index}");
    net.add(part(0), Op::Conv(Conv::new(units, 1).unbiased()), &[input]);
    net.then(part(1), NORM);
    net.then(part(2), Op::Relu);
    net.then(part(3), Op::Conv(depthwise(units, stride)));
    net.then(part(4), NORM);
    net.then(part(5), Op::Conv(Conv::new(units, 1).unbiased()));
    net.then(part(6), NORM);
    net.then(part(7), Op::Relu)
}

fn shuffled(net: &mut Builder, name: &str, branches: [NodeId; 2]) {
    net.add(format!("{name}.cat"), Op::Concat, &branches);
    net.then(format!("{name}.channel_shuffle"), Op::ChannelShuffle { groups: 2 });
}

const fn depthwise(units: usize, stride: usize) -> Conv {
    Conv::new(units, 3).stride(stride).pad(1).groups(units).unbiased()
}
