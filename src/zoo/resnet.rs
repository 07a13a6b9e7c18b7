//! ResNet (He, Zhang, Ren and Sun 2016) and ResNeXt (Xie, Girshick, Dollár, Tu and He 2017) for ImageNet, torchvision's
//! layout.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};

/// The card that every member starts from.
const RESNET: Card = Card {
    name: "resnet",
    title: "ResNet",
    family: "ResNet",
    paper: "He, Zhang, Ren and Sun 2016",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, [2, 2, 2, 2], Basic),
    shipped: None,
};
const RESNEXT: Card =
    Card { title: "ResNeXt", family: "ResNeXt", paper: "Xie, Girshick, Dollár, Tu and He 2017", ..RESNET };

const STRIDE_NOTE: &str = "torchvision halves the maps in the 3x3 convolution of a block, where the paper does it in the \
                           first 1x1: more multiply-adds than the paper's, the same parameters.";

pub(super) const RESNET18: Card = Card { name: "resnet18", title: "ResNet-18", ..RESNET };
pub(super) const RESNET34: Card = Card {
    name: "resnet34",
    title: "ResNet-34",
    notes: &["The paper's 3.6 billion multiply-adds are 3.66; it shortens where others round."],
    build: &|size| build(size, [3, 4, 6, 3], Basic),
    ..RESNET
};
pub(super) const RESNET50: Card = Card {
    name: "resnet50",
    title: "ResNet-50",
    notes: &[STRIDE_NOTE],
    build: &|size| build(size, [3, 4, 6, 3], PLAIN_BOTTLENECK),
    ..RESNET
};
pub(super) const RESNET101: Card = Card {
    name: "resnet101",
    title: "ResNet-101",
    notes: &[STRIDE_NOTE],
    build: &|size| build(size, [3, 4, 23, 3], PLAIN_BOTTLENECK),
    ..RESNET
};
pub(super) const RESNET152: Card = Card {
    name: "resnet152",
    title: "ResNet-152",
    notes: &[STRIDE_NOTE],
    build: &|size| build(size, [3, 8, 36, 3], PLAIN_BOTTLENECK),
    ..RESNET
};
pub(super) const RESNET50_PAPER: Card = Card {
    name: "resnet50_paper",
    title: "ResNet-50 (stride in the 1x1)",
    build: &|size| build(size, [3, 4, 6, 3], PAPERS_BOTTLENECK),
    ..RESNET
};
pub(super) const RESNET101_PAPER: Card = Card {
    name: "resnet101_paper",
    title: "ResNet-101 (stride in the 1x1)",
    build: &|size| build(size, [3, 4, 23, 3], PAPERS_BOTTLENECK),
    ..RESNET
};
pub(super) const RESNET152_PAPER: Card = Card {
    name: "resnet152_paper",
    title: "ResNet-152 (stride in the 1x1)",
    build: &|size| build(size, [3, 8, 36, 3], PAPERS_BOTTLENECK),
    ..RESNET
};
pub(super) const RESNEXT50_32X4D: Card = Card {
    name: "resnext50_32x4d",
    title: "ResNeXt-50 32x4d",
    build: &|size| build(size, [3, 4, 6, 3], resnext(32, 4)),
    ..RESNEXT
};
pub(super) const RESNEXT101_32X4D: Card = Card {
    name: "resnext101_32x4d",
    title: "ResNeXt-101 32x4d",
    notes: &["torchvision has no weights for it; layers are named as in its other ResNeXts."],
    build: &|size| build(size, [3, 4, 23, 3], resnext(32, 4)),
    ..RESNEXT
};
pub(super) const RESNEXT101_32X8D: Card = Card {
    name: "resnext101_32x8d",
    title: "ResNeXt-101 32x8d",
    build: &|size| build(size, [3, 4, 23, 3], resnext(32, 8)),
    ..RESNEXT
};
pub(super) const RESNEXT101_64X4D: Card = Card {
    name: "resnext101_64x4d",
    title: "ResNeXt-101 64x4d",
    build: &|size| build(size, [3, 4, 23, 3], resnext(64, 4)),
    ..RESNEXT
};

/// The layers of a residual block.
#[derive(Clone, Copy)]
enum Block {
    /// Two 3x3 convolutions.
    Basic,
    /// 1x1 to fewer channels, 3x3, 1x1 to four times the stage's channels.
    Bottleneck {
        /// Groups of the 3x3 convolution: ResNeXt's cardinality.
        groups: usize,
        /// Channels a group in the first stage, of which the paper's table has 64 in all.
        width: usize,
        /// Whether the first convolution takes the stride, as in the paper, not the second.
        stride_first: bool,
    },
}
use Block::{Basic, Bottleneck};

const PLAIN_BOTTLENECK: Block = Bottleneck { groups: 1, width: 64, stride_first: false };
const PAPERS_BOTTLENECK: Block = Bottleneck { groups: 1, width: 64, stride_first: true };

const fn resnext(groups: usize, width: usize) -> Block {
    Bottleneck { groups, width, stride_first: false }
}

const NORM: Op = Op::BatchNorm { eps: 1e-5 };

/// The authors' names of the blocks' outputs, by stage: letters, or `a` and numbers where a deep network has more.
fn title(stage: usize, block: usize, count: usize, deep: bool) -> Option<&'static str> {
    const LETTERS: [[&str; 6]; 4] = [
        ["res2a", "res2b", "res2c", "", "", ""],
        ["res3a", "res3b", "res3c", "res3d", "", ""],
        ["res4a", "res4b", "res4c", "res4d", "res4e", "res4f"],
        ["res5a", "res5b", "res5c", "", "", ""],
    ];
    #[rustfmt::skip]
    const NUMBERS: [&[&str]; 2] = [
        &["res3a", "res3b1", "res3b2", "res3b3", "res3b4", "res3b5", "res3b6", "res3b7"],
        &["res4a", "res4b1", "res4b2", "res4b3", "res4b4", "res4b5", "res4b6", "res4b7", "res4b8", "res4b9", "res4b10",
          "res4b11", "res4b12", "res4b13", "res4b14", "res4b15", "res4b16", "res4b17", "res4b18", "res4b19", "res4b20",
          "res4b21", "res4b22", "res4b23", "res4b24", "res4b25", "res4b26", "res4b27", "res4b28", "res4b29", "res4b30",
          "res4b31", "res4b32", "res4b33", "res4b34", "res4b35"],
    ];
    debug_assert!(block < count);
    match stage {
        1 | 2 if deep => NUMBERS[stage - 1].get(block).copied(),
        _ => LETTERS[stage].get(block).copied(),
    }
}

/// `blocks` counts those of each of the four stages.
fn build(size: usize, blocks: [usize; 4], kind: Block) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("conv1", Op::Conv(Conv::new(64, 7).stride(2).pad(3).unbiased()));
    net.then("bn1", NORM);
    net.then("relu", Op::Relu);
    net.then("maxpool", Op::MaxPool(Window::new(3, 2).pad(1)));
    for (stage, (&count, units)) in blocks.iter().zip([64, 128, 256, 512]).enumerate() {
        for index in 0..count {
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            block(&mut net, &format!("layer{}.{index}", stage + 1), units, stride, kind);
            if let Some(title) = title(stage, index, count, blocks[2] > 6) {
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

/// Convolutions around which the input is added; where stride or channels change, through a 1x1 convolution.
fn block(net: &mut Builder, name: &str, units: usize, stride: usize, kind: Block) {
    let input = net.last();
    let (convs, out) = match kind {
        Basic => (vec![Conv::new(units, 3).pad(1).stride(stride), Conv::new(units, 3).pad(1)], units),
        Bottleneck { groups, width, stride_first } => {
            let narrow = units * width / 64 * groups;
            let [first, second] = if stride_first { [stride, 1] } else { [1, stride] };
            let three = Conv::new(narrow, 3).pad(1).stride(second).groups(groups);
            (vec![Conv::new(narrow, 1).stride(first), three, Conv::new(4 * units, 1)], 4 * units)
        }
    };
    let last = convs.len();
    for (index, conv) in (1..).zip(convs) {
        net.then(format!("{name}.conv{index}"), Op::Conv(conv.unbiased()));
        net.then(format!("{name}.bn{index}"), NORM);
        if index < last {
            relu(net, name, index - 1);
        }
    }
    let body = net.last();
    let shortcut = match stride == 1 && net.channels(input) == out {
        true => input,
        false => downsample(net, name, input, out, stride),
    };
    net.add(format!("{name}.add"), Op::Add, &[body, shortcut]);
    relu(net, name, last - 1);
}

/// The rectifier that a block uses for the time number `visit`, from 0: one module, torch.fx's suffixes.
fn relu(net: &mut Builder, block: &str, visit: usize) {
    let suffix = if visit == 0 { String::new() } else { format!("_{visit}") };
    net.then(format!("{block}.relu{suffix}"), Op::Relu);
}

fn downsample(net: &mut Builder, name: &str, input: NodeId, units: usize, stride: usize) -> NodeId {
    net.add(format!("{name}.downsample.0"), Op::Conv(Conv::new(units, 1).stride(stride).unbiased()), &[input]);
    net.then(format!("{name}.downsample.1"), NORM)
}
