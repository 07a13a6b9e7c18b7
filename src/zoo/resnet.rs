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
pub(super) const WIDE_RESNET50_2: Card = Card {
    name: "wide_resnet50_2",
    title: "Wide ResNet-50-2",
    paper: "Zagoruyko and Komodakis 2016",
    build: &|size| build(size, [3, 4, 6, 3], resnext(1, 128)),
    ..RESNET
};
pub(super) const WIDE_RESNET101_2: Card = Card {
    name: "wide_resnet101_2",
    title: "Wide ResNet-101-2",
    paper: "Zagoruyko and Komodakis 2016",
    build: &|size| build(size, [3, 4, 23, 3], resnext(1, 128)),
    ..RESNET
};
pub(super) const PLAIN18: Card = Card {
    name: "plain18",
    title: "Plain-18",
    notes: &["ResNet-18 without its shortcuts, as the paper compares them."],
    build: &|size| build_with(size, [2, 2, 2, 2], Basic, Shortcut { exists: false, ..Shortcut::USUAL }),
    ..RESNET
};
pub(super) const PLAIN34: Card = Card {
    name: "plain34",
    title: "Plain-34",
    notes: &["ResNet-34 without its shortcuts, as the paper compares them."],
    build: &|size| build_with(size, [3, 4, 6, 3], Basic, Shortcut { exists: false, ..Shortcut::USUAL }),
    ..RESNET
};
/// ImageNet's ResNets as most repositories train them on CIFAR-10.
const RESNET_CIFAR: Card = Card {
    name: "resnet18_cifar",
    title: "ResNet-18 (CIFAR-10, 3x3 stem)",
    family: "ResNet (CIFAR)",
    notes: &["ImageNet's blocks and widths behind a 3x3 first convolution without pooling, as pytorch-cifar has them."],
    labels: Labels::Cifar10,
    preprocess: super::cifar::preprocess,
    build: &|size| build_cifar(size, [2, 2, 2, 2], Basic),
    ..RESNET
};
pub(super) const RESNET18_CIFAR: Card = RESNET_CIFAR;
pub(super) const RESNET34_CIFAR: Card = Card {
    name: "resnet34_cifar",
    title: "ResNet-34 (CIFAR-10, 3x3 stem)",
    build: &|size| build_cifar(size, [3, 4, 6, 3], Basic),
    ..RESNET_CIFAR
};
pub(super) const RESNET50_CIFAR: Card = Card {
    name: "resnet50_cifar",
    title: "ResNet-50 (CIFAR-10, 3x3 stem)",
    build: &|size| build_cifar(size, [3, 4, 6, 3], PLAIN_BOTTLENECK),
    ..RESNET_CIFAR
};
pub(super) const RESNET101_CIFAR: Card = Card {
    name: "resnet101_cifar",
    title: "ResNet-101 (CIFAR-10, 3x3 stem)",
    build: &|size| build_cifar(size, [3, 4, 23, 3], PLAIN_BOTTLENECK),
    ..RESNET_CIFAR
};
pub(super) const RESNET152_CIFAR: Card = Card {
    name: "resnet152_cifar",
    title: "ResNet-152 (CIFAR-10, 3x3 stem)",
    build: &|size| build_cifar(size, [3, 8, 36, 3], PLAIN_BOTTLENECK),
    ..RESNET_CIFAR
};
pub(super) const RESNEXT101_2X64D: Card = Card {
    name: "resnext101_2x64d",
    title: "ResNeXt-101 2x64d",
    build: &|size| build(size, [3, 4, 23, 3], resnext(2, 64)),
    ..RESNEXT
};
pub(super) const RESNET101_1X100D: Card = Card {
    name: "resnet101_1x100d",
    title: "ResNet-101, 1x100d",
    notes: &["The wider ResNet-101 that the ResNeXt paper compares with."],
    build: &|size| build(size, [3, 4, 23, 3], resnext(1, 100)),
    ..RESNEXT
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

/// The layout of the repositories that train on CIFAR-10: a 3x3 first convolution, no pooling behind it, and their names.
fn build_cifar(size: usize, blocks: [usize; 4], kind: Block) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("conv1", Op::Conv(Conv::new(64, 3).pad(1).unbiased()));
    net.then("bn1", NORM);
    net.then("relu", Op::Relu);
    stages(&mut net, blocks, kind, Shortcut { name: "shortcut", ..Shortcut::USUAL });
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("linear", Op::Linear { out: 10, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// A ResNet of plain bottlenecks.
pub(super) fn bottlenecks(size: usize, blocks: [usize; 4]) -> Result<Graph> {
    build(size, blocks, PLAIN_BOTTLENECK)
}

/// `blocks` counts those of each of the four stages.
fn build(size: usize, blocks: [usize; 4], kind: Block) -> Result<Graph> {
    build_with(size, blocks, kind, Shortcut::USUAL)
}

/// The way around the convolutions of a block.
#[derive(Clone, Copy)]
struct Shortcut {
    /// The module of the 1x1 convolution that it goes through where stride or channels change.
    name: &'static str,
    /// Whether there is one: the plain networks of the paper have none.
    exists: bool,
}

impl Shortcut {
    const USUAL: Shortcut = Shortcut { name: "downsample", exists: true };
}

fn build_with(size: usize, blocks: [usize; 4], kind: Block, shortcut: Shortcut) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("conv1", Op::Conv(Conv::new(64, 7).stride(2).pad(3).unbiased()));
    net.then("bn1", NORM);
    net.then("relu", Op::Relu);
    net.then("maxpool", Op::MaxPool(Window::new(3, 2).pad(1)));
    stages(&mut net, blocks, kind, shortcut);
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// Four stages of blocks; from the second on, the first block of each halves the maps.
fn stages(net: &mut Builder, blocks: [usize; 4], kind: Block, shortcut: Shortcut) {
    for (stage, (&count, units)) in blocks.iter().zip([64, 128, 256, 512]).enumerate() {
        for index in 0..count {
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            block(net, &format!("layer{}.{index}", stage + 1), units, stride, kind, shortcut);
            if let Some(title) = title(stage, index, count, blocks[2] > 6) {
                net.title(title);
            }
        }
    }
}

/// Convolutions around which the input is added; where stride or channels change, through a 1x1 convolution.
fn block(net: &mut Builder, name: &str, units: usize, stride: usize, kind: Block, around: Shortcut) {
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
    if !around.exists {
        relu(net, name, last - 1);
        return;
    }
    let body = net.last();
    let shortcut = match stride == 1 && net.channels(input) == out {
        true => input,
        false => projection(net, &format!("{name}.{}", around.name), input, out, stride),
    };
    net.add(format!("{name}.add"), Op::Add, &[body, shortcut]);
    relu(net, name, last - 1);
}

/// The rectifier that a block uses for the time number `visit`, from 0: one module, torch.fx's suffixes.
fn relu(net: &mut Builder, block: &str, visit: usize) {
    let suffix = if visit == 0 { String::new() } else { format!("_{visit}") };
    net.then(format!("{block}.relu{suffix}"), Op::Relu);
}

/// A 1x1 convolution and its normalisation.
fn projection(net: &mut Builder, name: &str, input: NodeId, units: usize, stride: usize) -> NodeId {
    net.add(format!("{name}.0"), Op::Conv(Conv::new(units, 1).stride(stride).unbiased()), &[input]);
    net.then(format!("{name}.1"), NORM)
}
