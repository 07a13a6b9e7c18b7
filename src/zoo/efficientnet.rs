//! EfficientNet (Tan and Le 2019) and EfficientNet v2 (Tan and Le 2021), torchvision's layout.

use super::{
    Card, Labels,
    blocks::{add_input, conv_norm, divisible, squeeze_excitation},
};
use crate::{
    Result,
    net::{Activation, Builder, Conv, Graph, Op},
    picture::{Interpolation, Preprocess},
};

/// The card that every member starts from.
const EFFICIENTNET: Card = Card {
    name: "efficientnet",
    title: "EfficientNet",
    family: "EfficientNet",
    paper: "Tan and Le 2019",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| by_factors(size, 1.0, 1.0, 0.2, 1e-5),
    shipped: None,
};
const EFFICIENTNET_V2: Card = Card { title: "EfficientNet v2", paper: "Tan and Le 2021", ..EFFICIENTNET };

pub(super) const EFFICIENTNET_B0: Card = Card {
    name: "efficientnet_b0",
    title: "EfficientNet-B0",
    notes: &["torchvision's weights: top-1 77.7%, top-5 93.5% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(256, 224) },
    build: &|size| by_factors(size, 1.0, 1.0, 0.2, 1e-5),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_B1: Card = Card {
    name: "efficientnet_b1",
    title: "EfficientNet-B1",
    notes: &["torchvision's weights: top-1 78.6%, top-5 94.2% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(256, 240) },
    build: &|size| by_factors(size, 1.0, 1.1, 0.2, 1e-5),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_B2: Card = Card {
    name: "efficientnet_b2",
    title: "EfficientNet-B2",
    notes: &["torchvision's weights: top-1 80.6%, top-5 95.3% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(288, 288) },
    build: &|size| by_factors(size, 1.1, 1.2, 0.3, 1e-5),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_B3: Card = Card {
    name: "efficientnet_b3",
    title: "EfficientNet-B3",
    notes: &["torchvision's weights: top-1 82.0%, top-5 96.1% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(320, 300) },
    build: &|size| by_factors(size, 1.2, 1.4, 0.3, 1e-5),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_B4: Card = Card {
    name: "efficientnet_b4",
    title: "EfficientNet-B4",
    notes: &["torchvision's weights: top-1 83.4%, top-5 96.6% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(384, 380) },
    build: &|size| by_factors(size, 1.4, 1.8, 0.4, 1e-5),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_B5: Card = Card {
    name: "efficientnet_b5",
    title: "EfficientNet-B5",
    notes: &["torchvision's weights: top-1 83.4%, top-5 96.6% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(456, 456) },
    build: &|size| by_factors(size, 1.6, 2.2, 0.4, 1e-3),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_B6: Card = Card {
    name: "efficientnet_b6",
    title: "EfficientNet-B6",
    notes: &["torchvision's weights: top-1 84.0%, top-5 96.9% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(528, 528) },
    build: &|size| by_factors(size, 1.8, 2.6, 0.5, 1e-3),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_B7: Card = Card {
    name: "efficientnet_b7",
    title: "EfficientNet-B7",
    notes: &["torchvision's weights: top-1 84.1%, top-5 96.9% on ImageNet."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(600, 600) },
    build: &|size| by_factors(size, 2.0, 3.1, 0.5, 1e-3),
    ..EFFICIENTNET
};
pub(super) const EFFICIENTNET_V2_S: Card = Card {
    name: "efficientnet_v2_s",
    title: "EfficientNet v2 S",
    notes: &["torchvision's weights: top-1 84.2%, top-5 96.9% on ImageNet."],
    preprocess: || Preprocess::imagenet(384, 384),
    build: &|size| build(size, &V2_S, StemAndHead { stem: 24, head: 1280, dropout: 0.2, eps: 1e-3 }),
    ..EFFICIENTNET_V2
};
pub(super) const EFFICIENTNET_V2_M: Card = Card {
    name: "efficientnet_v2_m",
    title: "EfficientNet v2 M",
    notes: &["torchvision's weights: top-1 85.1%, top-5 97.2% on ImageNet."],
    preprocess: || Preprocess::imagenet(480, 480),
    build: &|size| build(size, &V2_M, StemAndHead { stem: 24, head: 1280, dropout: 0.3, eps: 1e-3 }),
    ..EFFICIENTNET_V2
};
pub(super) const EFFICIENTNET_V2_L: Card = Card {
    name: "efficientnet_v2_l",
    title: "EfficientNet v2 L",
    notes: &["torchvision's weights: top-1 85.8%, top-5 97.8% on ImageNet."],
    preprocess: || Preprocess {
        interpolation: Interpolation::Bicubic,
        ..Preprocess::new(480, 480, &[0.5; 3], &[0.5; 3])
    },
    build: &|size| build(size, &V2_L, StemAndHead { stem: 32, head: 1280, dropout: 0.4, eps: 1e-3 }),
    ..EFFICIENTNET_V2
};

/// A stage: blocks of one kind.
#[derive(Clone, Copy)]
struct BlockStage {
    /// Whether one whole convolution stands in place of the 1x1 and the depthwise one, without squeeze and excitation.
    fused: bool,
    expansion: usize,
    kernel: usize,
    /// Of the first block.
    stride: usize,
    units: usize,
    blocks: usize,
}

const fn mb(expansion: usize, kernel: usize, stride: usize, units: usize, blocks: usize) -> BlockStage {
    BlockStage { fused: false, expansion, kernel, stride, units, blocks }
}

const fn fused(expansion: usize, kernel: usize, stride: usize, units: usize, blocks: usize) -> BlockStage {
    BlockStage { fused: true, expansion, kernel, stride, units, blocks }
}

/// Table 1 of the first paper.
const B0: [BlockStage; 7] = [
    mb(1, 3, 1, 16, 1),
    mb(6, 3, 2, 24, 2),
    mb(6, 5, 2, 40, 2),
    mb(6, 3, 2, 80, 3),
    mb(6, 5, 1, 112, 3),
    mb(6, 5, 2, 192, 4),
    mb(6, 3, 1, 320, 1),
];
const V2_S: [BlockStage; 6] = [
    fused(1, 3, 1, 24, 2),
    fused(4, 3, 2, 48, 4),
    fused(4, 3, 2, 64, 4),
    mb(4, 3, 2, 128, 6),
    mb(6, 3, 1, 160, 9),
    mb(6, 3, 2, 256, 15),
];
const V2_M: [BlockStage; 7] = [
    fused(1, 3, 1, 24, 3),
    fused(4, 3, 2, 48, 5),
    fused(4, 3, 2, 80, 5),
    mb(4, 3, 2, 160, 7),
    mb(6, 3, 1, 176, 14),
    mb(6, 3, 2, 304, 18),
    mb(6, 3, 1, 512, 5),
];
const V2_L: [BlockStage; 7] = [
    fused(1, 3, 1, 32, 4),
    fused(4, 3, 2, 64, 7),
    fused(4, 3, 2, 96, 7),
    mb(4, 3, 2, 192, 10),
    mb(6, 3, 1, 224, 19),
    mb(6, 3, 2, 384, 25),
    mb(6, 3, 1, 640, 7),
];

const SILU: Op = Op::Activation(Activation::Silu);

/// The layers before and behind the stages.
#[derive(Clone, Copy)]
struct StemAndHead {
    /// Units of the first convolution.
    stem: usize,
    /// Units of the last.
    head: usize,
    dropout: f64,
    /// Added to the variance by every batch normalisation.
    eps: f64,
}

/// B0 with its channels multiplied by `width` and its blocks by `depth`.
fn by_factors(size: usize, width: f64, depth: f64, dropout: f64, eps: f64) -> Result<Graph> {
    let stages = B0.map(|stage| BlockStage {
        units: divisible(stage.units as f64 * width),
        blocks: (stage.blocks as f64 * depth).ceil() as usize,
        ..stage
    });
    let head = 4 * stages[6].units;
    build(size, &stages, StemAndHead { stem: divisible(32.0 * width), head, dropout, eps })
}

fn build(size: usize, stages: &[BlockStage], ends: StemAndHead) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    let eps = ends.eps;
    conv_norm(&mut net, "features.0", Conv::new(ends.stem, 3).stride(2).pad(1), eps, Some(SILU));
    for (number, &stage) in (1..).zip(stages) {
        for index in 0..stage.blocks {
            let stride = if index == 0 { stage.stride } else { 1 };
            block(&mut net, &format!("features.{number}.{index}"), BlockStage { stride, ..stage }, eps);
        }
    }
    conv_norm(&mut net, &format!("features.{}", stages.len() + 1), Conv::new(ends.head, 1), eps, Some(SILU));
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("classifier.0", Op::Dropout { p: ends.dropout });
    net.then("classifier.1", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn block(net: &mut Builder, name: &str, stage: BlockStage, eps: f64) {
    let BlockStage { fused, expansion, kernel, stride, units, .. } = stage;
    let input = net.last();
    let channels = net.channels(input);
    let wide = channels * expansion;
    let mut parts = (0..).map(|part| format!("{name}.block.{part}"));
    let mut part = || parts.next().unwrap_or_default();
    if fused {
        // Without expansion the one convolution is the whole block.
        let out = if expansion == 1 { units } else { wide };
        conv_norm(net, &part(), Conv::new(out, kernel).same().stride(stride), eps, Some(SILU));
    } else {
        if expansion > 1 {
            conv_norm(net, &part(), Conv::new(wide, 1), eps, Some(SILU));
        }
        let depthwise = Conv::new(wide, kernel).same().stride(stride).groups(wide);
        conv_norm(net, &part(), depthwise, eps, Some(SILU));
        squeeze_excitation(net, &part(), (channels / 4).max(1), SILU, Op::Sigmoid);
    }
    if !fused || expansion > 1 {
        conv_norm(net, &part(), Conv::new(units, 1), eps, None);
    }
    add_input(net, name, input, stride);
}
