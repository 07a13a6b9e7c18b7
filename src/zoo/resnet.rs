//! ResNet (He, Zhang, Ren and Sun 2016), torchvision's layout.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};

pub(super) const RESNET18: Card = Card {
    name: "resnet18",
    title: "ResNet-18",
    paper: "He, Zhang, Ren and Sun 2016",
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: |size| build(size, [2, 2, 2, 2]),
    shipped: None,
};

const NORM: Op = Op::BatchNorm { eps: 1e-5 };

/// The paper's names of the blocks' outputs, by stage.
const TITLES: [[&str; 2]; 4] = [["res2a", "res2b"], ["res3a", "res3b"], ["res4a", "res4b"], ["res5a", "res5b"]];

/// `blocks` counts the basic blocks of each of the four stages.
fn build(size: usize, blocks: [usize; 4]) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("conv1", Op::Conv(Conv::new(64, 7).stride(2).pad(3).unbiased()));
    net.then("bn1", NORM);
    net.then("relu", Op::Relu);
    net.then("maxpool", Op::MaxPool(Window::new(3, 2).pad(1)));
    for (stage, (&count, units)) in blocks.iter().zip([64, 128, 256, 512]).enumerate() {
        for block in 0..count {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            basic_block(&mut net, &format!("layer{}.{block}", stage + 1), units, stride);
            if let Some(&title) = TITLES[stage].get(block) {
                net.title(title);
            }
        }
    }
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// Two 3x3 convolutions around which the input is added; where the stride shrinks the maps, through a 1x1 convolution.
fn basic_block(net: &mut Builder, name: &str, units: usize, stride: usize) {
    let input = net.last();
    let conv = |stride| Op::Conv(Conv::new(units, 3).stride(stride).pad(1).unbiased());
    net.then(format!("{name}.conv1"), conv(stride));
    net.then(format!("{name}.bn1"), NORM);
    net.then(format!("{name}.relu"), Op::Relu);
    net.then(format!("{name}.conv2"), conv(1));
    let body = net.then(format!("{name}.bn2"), NORM);
    let shortcut = if stride == 1 { input } else { downsample(net, name, input, units, stride) };
    net.add(format!("{name}.add"), Op::Add, &[body, shortcut]);
    net.then(format!("{name}.relu_1"), Op::Relu);
}

fn downsample(net: &mut Builder, name: &str, input: NodeId, units: usize, stride: usize) -> NodeId {
    net.add(format!("{name}.downsample.0"), Op::Conv(Conv::new(units, 1).stride(stride).unbiased()), &[input]);
    net.then(format!("{name}.downsample.1"), NORM)
}
