//! ConvNeXt (Liu, Mao, Wu, Feichtenhofer, Darrell and Xie 2022), torchvision's layout. What torchvision computes on maps whose
//! channels it has moved last, the fully connected layers of a block, are 1x1 convolutions here: the same weights, and their
//! outputs are maps to look at.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Activation, Builder, Conv, Graph, Op},
    picture::Preprocess,
};

/// The card that every member starts from.
const CONVNEXT: Card = Card {
    name: "convnext",
    title: "ConvNeXt",
    family: "ConvNeXt",
    paper: "Liu, Mao, Wu, Feichtenhofer, Darrell and Xie 2022",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, [96, 192, 384, 768], [3, 3, 9, 3]),
    shipped: None,
};

pub(super) const CONVNEXT_TINY: Card = Card {
    name: "convnext_tiny",
    title: "ConvNeXt-T",
    notes: &["torchvision's weights: top-1 82.5%, top-5 96.1% on ImageNet."],
    preprocess: || Preprocess::imagenet(236, 224),
    build: &|size| build(size, [96, 192, 384, 768], [3, 3, 9, 3]),
    ..CONVNEXT
};
pub(super) const CONVNEXT_SMALL: Card = Card {
    name: "convnext_small",
    title: "ConvNeXt-S",
    notes: &["torchvision's weights: top-1 83.6%, top-5 96.7% on ImageNet."],
    preprocess: || Preprocess::imagenet(230, 224),
    build: &|size| build(size, [96, 192, 384, 768], [3, 3, 27, 3]),
    ..CONVNEXT
};
pub(super) const CONVNEXT_BASE: Card = Card {
    name: "convnext_base",
    title: "ConvNeXt-B",
    notes: &["torchvision's weights: top-1 84.1%, top-5 96.9% on ImageNet."],
    preprocess: || Preprocess::imagenet(232, 224),
    build: &|size| build(size, [128, 256, 512, 1024], [3, 3, 27, 3]),
    ..CONVNEXT
};
pub(super) const CONVNEXT_LARGE: Card = Card {
    name: "convnext_large",
    title: "ConvNeXt-L",
    notes: &["torchvision's weights: top-1 84.4%, top-5 97.0% on ImageNet."],
    preprocess: || Preprocess::imagenet(232, 224),
    build: &|size| build(size, [192, 384, 768, 1536], [3, 3, 27, 3]),
    ..CONVNEXT
};

const NORM: Op = Op::LayerNorm2d { eps: 1e-6 };

/// Units and blocks of the four stages.
fn build(size: usize, units: [usize; 4], blocks: [usize; 4]) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("features.0.0", Op::Conv(Conv::new(units[0], 4).stride(4)));
    net.then("features.0.1", NORM);
    for (stage, (units, blocks)) in units.into_iter().zip(blocks).enumerate() {
        if stage > 0 {
            net.then(format!("features.{}.0", 2 * stage), NORM);
            net.then(format!("features.{}.1", 2 * stage), Op::Conv(Conv::new(units, 2).stride(2)));
        }
        for index in 0..blocks {
            block(&mut net, &format!("features.{}.{index}", 2 * stage + 1), units);
        }
    }
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("classifier.0", NORM);
    net.then("classifier.1", Op::Flatten);
    net.then("classifier.2", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// A depthwise 7x7 convolution, normalisation, wider and narrow again, a learned factor for each map; the input is added.
fn block(net: &mut Builder, name: &str, units: usize) {
    let input = net.last();
    net.then(format!("{name}.block.0"), Op::Conv(Conv::new(units, 7).pad(3).groups(units)));
    net.then(format!("{name}.block.2"), NORM);
    net.then(format!("{name}.block.3"), Op::Conv(Conv::new(4 * units, 1)));
    net.then(format!("{name}.block.4"), Op::Activation(Activation::Gelu));
    net.then(format!("{name}.block.5"), Op::Conv(Conv::new(units, 1)));
    let scaled = net.then(format!("{name}.layer_scale"), Op::Scale { shape: vec![units, 1, 1] });
    net.add(format!("{name}.add"), Op::Add, &[scaled, input]);
}
