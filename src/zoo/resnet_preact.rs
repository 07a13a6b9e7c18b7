//! ResNet-200 for ImageNet in both forms of "Identity Mappings in Deep Residual Networks" (He, Zhang, Ren and Sun 2016b,
//! table 5): with full pre-activation, as its authors' Torch code (fb.resnet.torch, preresnet.lua) builds it, and with the
//! units of 2016a, as in timm.

use super::{Card, Labels, resnet};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};

pub(super) const RESNET200: Card = Card {
    name: "resnet200",
    title: "ResNet-200",
    family: "ResNet",
    paper: "He, Zhang, Ren and Sun 2016b, Identity Mappings, table 5",
    notes: &["The units of ResNet-50 to ResNet-152, with torchvision's stride in the 3x3 convolution, as in timm."],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| resnet::bottlenecks(size, BLOCKS),
    shipped: None,
};
pub(super) const RESNET200_PREACT: Card = Card {
    name: "resnet200_preact",
    title: "ResNet-200, full pre-activation",
    notes: &["Shortcuts are 1x1 convolutions without batch normalisation, as in the authors' code."],
    build: &build,
    ..RESNET200
};

/// Blocks of the four stages.
const BLOCKS: [usize; 4] = [3, 24, 36, 3];
const NORM: Op = Op::BatchNorm { eps: 1e-5 };

fn build(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("conv1", Op::Conv(Conv::new(64, 7).stride(2).pad(3).unbiased()));
    net.then("bn1", NORM);
    net.then("relu", Op::Relu);
    net.then("maxpool", Op::MaxPool(Window::new(3, 2).pad(1)));
    for (stage, (count, width)) in BLOCKS.into_iter().zip([64, 128, 256, 512]).enumerate() {
        for index in 0..count {
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            block(&mut net, &format!("layer{}.{index}", stage + 1), width, stride);
        }
    }
    net.then("bn", NORM);
    net.then("relu_1", Op::Relu);
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// Normalisation and rectifier before each convolution; the very first ones stand before the block already. Where the
/// channels change, both paths start from the activated maps.
fn block(net: &mut Builder, name: &str, width: usize, stride: usize) {
    let mut input = net.last();
    let out = 4 * width;
    let changes = net.channels(input) != out;
    if name != "layer1.0" {
        net.then(format!("{name}.bn1"), NORM);
        net.then(format!("{name}.relu"), Op::Relu);
        if changes {
            input = net.last();
        }
    }
    net.then(format!("{name}.conv1"), Op::Conv(Conv::new(width, 1).unbiased()));
    net.then(format!("{name}.bn2"), NORM);
    net.then(format!("{name}.relu_1"), Op::Relu);
    net.then(format!("{name}.conv2"), Op::Conv(Conv::new(width, 3).pad(1).stride(stride).unbiased()));
    net.then(format!("{name}.bn3"), NORM);
    net.then(format!("{name}.relu_2"), Op::Relu);
    let body = net.then(format!("{name}.conv3"), Op::Conv(Conv::new(out, 1).unbiased()));
    let shortcut = match changes {
        true => {
            let conv = Conv::new(out, 1).stride(stride).unbiased();
            net.add(format!("{name}.downsample.0"), Op::Conv(conv), &[input])
        }
        false => input,
    };
    net.add(format!("{name}.add"), Op::Add, &[body, shortcut]);
}
