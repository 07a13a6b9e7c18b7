//! Residual networks for CIFAR-10: those of He, Zhang, Ren and Sun 2016 with parameter-free shortcuts and their plain
//! counterparts, of any depth 6n + 2; and the five orders of layers in a unit of "Identity Mappings in Deep Residual
//! Networks" (He, Zhang, Ren and Sun 2016b, figure 4) at depths 110 and 164.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};
use Order::{BnAfter, Original, Preact, ReluBefore, ReluPreact};
use striate_weights::runs::{self, last};

/// The card that every member starts from.
const CIFAR: Card = Card {
    name: "resnet20",
    title: "ResNet-20 (CIFAR-10)",
    family: "ResNet (CIFAR)",
    paper: "He, Zhang, Ren and Sun 2016, section 4.2",
    notes: &[
        "Where maps halve, the shortcut takes every second value and pads with zero channels, half of them before \
              and half behind (option A; the paper does not say where). Layers are named as in the common PyTorch \
              version, whose trained weights expect ImageNet's channel statistics.",
    ],
    labels: Labels::Cifar10,
    preprocess,
    build: &|size| residual(size, 20, Original),
    shipped: None,
};
const PLAIN: Card = Card { family: "Plain (CIFAR)", notes: &["The residual network without its shortcuts."], ..CIFAR };
/// Depth 110: two 3x3 convolutions a unit.
const ORDERS: Card = Card { paper: "He, Zhang, Ren and Sun 2016b, Identity Mappings", ..CIFAR };
/// Depth 164: bottlenecks.
const BOTTLENECKS: Card = Card {
    notes: &[
        "Bottlenecks of 1x1, 3x3 and 1x1 convolutions, the first of which takes the stride. Where channels or size \
              change, the shortcut is a 1x1 convolution, as in the authors' code (the paper does not say).",
    ],
    ..ORDERS
};

/// The shortcuts of many repositories' CIFAR networks, which the paper tries on ImageNet.
const PROJECTIONS: Card = Card {
    paper: "He, Zhang, Ren and Sun 2016, shortcuts of option B",
    notes: &["Where maps halve, the shortcut is a 1x1 convolution with batch normalisation (option B)."],
    ..CIFAR
};

pub(super) const RESNET20: Card = Card { shipped: Some(last(runs::RESNET20)), ..CIFAR };
pub(super) const RESNET20_PROJECTION: Card = Card {
    name: "resnet20_projection",
    title: "ResNet-20 (CIFAR-10, projections)",
    build: &|size| projection(size, 20),
    ..PROJECTIONS
};
pub(super) const RESNET56_PROJECTION: Card = Card {
    name: "resnet56_projection",
    title: "ResNet-56 (CIFAR-10, projections)",
    build: &|size| projection(size, 56),
    ..PROJECTIONS
};
pub(super) const RESNET1001_PREACT: Card = Card {
    name: "resnet1001_preact",
    title: "ResNet-1001, full pre-activation",
    build: &|size| bottleneck(size, 1001, Preact),
    ..BOTTLENECKS
};
pub(super) const RESNET32: Card =
    Card { name: "resnet32", title: "ResNet-32 (CIFAR-10)", build: &|size| residual(size, 32, Original), ..CIFAR };
pub(super) const RESNET44: Card =
    Card { name: "resnet44", title: "ResNet-44 (CIFAR-10)", build: &|size| residual(size, 44, Original), ..CIFAR };
pub(super) const RESNET56: Card =
    Card { name: "resnet56", title: "ResNet-56 (CIFAR-10)", build: &|size| residual(size, 56, Original), ..CIFAR };
pub(super) const RESNET110: Card =
    Card { name: "resnet110", title: "ResNet-110 (CIFAR-10)", build: &|size| residual(size, 110, Original), ..CIFAR };
pub(super) const PLAIN20: Card = Card {
    name: "plain20",
    title: "Plain-20 (CIFAR-10)",
    build: &|size| plain(size, 20),
    shipped: Some(last(runs::PLAIN20)),
    ..PLAIN
};
pub(super) const PLAIN56: Card =
    Card { name: "plain56", title: "Plain-56 (CIFAR-10)", build: &|size| plain(size, 56), ..PLAIN };
pub(super) const RESNET110_BN_AFTER: Card = Card {
    name: "resnet110_bn_after",
    title: "ResNet-110, BN after addition",
    build: &|size| residual(size, 110, BnAfter),
    ..ORDERS
};
pub(super) const RESNET110_RELU_BEFORE: Card = Card {
    name: "resnet110_relu_before",
    title: "ResNet-110, ReLU before addition",
    build: &|size| residual(size, 110, ReluBefore),
    ..ORDERS
};
pub(super) const RESNET110_RELU_PREACT: Card = Card {
    name: "resnet110_relu_preact",
    title: "ResNet-110, ReLU-only pre-activation",
    build: &|size| residual(size, 110, ReluPreact),
    ..ORDERS
};
pub(super) const RESNET110_PREACT: Card = Card {
    name: "resnet110_preact",
    title: "ResNet-110, full pre-activation",
    build: &|size| residual(size, 110, Preact),
    ..ORDERS
};
pub(super) const RESNET164: Card = Card {
    name: "resnet164",
    title: "ResNet-164 (CIFAR-10)",
    build: &|size| bottleneck(size, 164, Original),
    ..BOTTLENECKS
};
pub(super) const RESNET164_BN_AFTER: Card = Card {
    name: "resnet164_bn_after",
    title: "ResNet-164, BN after addition",
    build: &|size| bottleneck(size, 164, BnAfter),
    ..BOTTLENECKS
};
pub(super) const RESNET164_RELU_BEFORE: Card = Card {
    name: "resnet164_relu_before",
    title: "ResNet-164, ReLU before addition",
    build: &|size| bottleneck(size, 164, ReluBefore),
    ..BOTTLENECKS
};
pub(super) const RESNET164_RELU_PREACT: Card = Card {
    name: "resnet164_relu_preact",
    title: "ResNet-164, ReLU-only pre-activation",
    build: &|size| bottleneck(size, 164, ReluPreact),
    ..BOTTLENECKS
};
pub(super) const RESNET164_PREACT: Card = Card {
    name: "resnet164_preact",
    title: "ResNet-164, full pre-activation",
    build: &|size| bottleneck(size, 164, Preact),
    ..BOTTLENECKS
};

/// The preparation of CIFAR-10's pictures.
pub(super) fn preprocess() -> Preprocess {
    Preprocess::new(32, 32, &[0.4914, 0.4822, 0.4465], &[0.2470, 0.2435, 0.2616])
}

/// `resnet{6n+2}`, `resnet{6n+2}_projection` and `plain{6n+2}` up to 1202, but for ResNet-200, which is another network;
/// and the ResNet of 1001 layers with bottlenecks.
pub(super) fn by_depth(name: &str) -> Option<Card> {
    if name == "resnet1001" {
        let build = &|size| bottleneck(size, 1001, Original);
        return Some(Card { name: "resnet1001", title: "ResNet-1001 (CIFAR-10)", build, ..BOTTLENECKS });
    }
    let is_plain = name.starts_with("plain");
    let digits = name.strip_prefix(if is_plain { "plain" } else { "resnet" })?;
    let projecting = digits.strip_suffix("_projection").filter(|_| !is_plain);
    let depth = projecting.unwrap_or(digits).parse().ok();
    let depth: usize = depth.filter(|depth| (8..=1202).contains(depth) && depth % 6 == 2)?;
    if depth == 200 && projecting.is_none() {
        return None;
    }
    // A card's strings and function live as long as the program; there are at most 1200.
    let name = Box::leak(name.to_owned().into_boxed_str());
    let title = |kind: &str, end: &str| &*Box::leak(format!("{kind}-{depth} (CIFAR-10{end})").into_boxed_str());
    Some(match (is_plain, projecting) {
        (true, _) => {
            let build = Box::leak(Box::new(move |size| plain(size, depth)));
            Card { name, title: title("Plain", ""), build, ..PLAIN }
        }
        (false, None) => {
            let build = Box::leak(Box::new(move |size| residual(size, depth, Original)));
            Card { name, title: title("ResNet", ""), build, ..CIFAR }
        }
        (false, Some(_)) => {
            let build = Box::leak(Box::new(move |size| projection(size, depth)));
            Card { name, title: title("ResNet", ", projections"), build, ..PROJECTIONS }
        }
    })
}

/// The order of convolution, batch normalisation, rectifier and addition in a unit: figure 4 of "Identity Mappings".
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// (a) conv, BN, ReLU, conv, BN, addition, ReLU.
    Original,
    /// (b) conv, BN, ReLU, conv, addition, BN, ReLU.
    BnAfter,
    /// (c) conv, BN, ReLU, conv, BN, ReLU, addition.
    ReluBefore,
    /// (d) ReLU, conv, BN, ReLU, conv, BN, addition.
    ReluPreact,
    /// (e) BN, ReLU, conv, BN, ReLU, conv, addition.
    Preact,
}

const NORM: Op = Op::BatchNorm { eps: 1e-5 };

/// Units of two 3x3 convolutions: depth 6n + 2.
fn residual(size: usize, depth: usize, order: Order) -> Result<Graph> {
    stages(size, (depth - 2) / 6, order, |net, name, width, stride| {
        let convs = [Conv::new(width, 3).pad(1).stride(stride), Conv::new(width, 3).pad(1)];
        unit(net, name, order, &convs);
    })
}

/// Units of two 3x3 convolutions whose shortcuts are convolutions where maps halve: depth 6n + 2.
fn projection(size: usize, depth: usize) -> Result<Graph> {
    stages(size, (depth - 2) / 6, Original, |net, name, width, stride| {
        let convs = [Conv::new(width, 3).pad(1).stride(stride), Conv::new(width, 3).pad(1)];
        unit_with(net, name, Original, &convs, true);
    })
}

/// Units of 1x1, 3x3 and 1x1 convolutions: depth 9n + 2.
fn bottleneck(size: usize, depth: usize, order: Order) -> Result<Graph> {
    stages(size, (depth - 2) / 9, order, |net, name, width, stride| {
        let convs = [Conv::new(width, 1).stride(stride), Conv::new(width, 3).pad(1), Conv::new(4 * width, 1)];
        unit(net, name, order, &convs);
    })
}

/// Pairs of 3x3 convolutions and no shortcuts.
fn plain(size: usize, depth: usize) -> Result<Graph> {
    stages(size, (depth - 2) / 6, Original, |net, name, width, stride| {
        for (index, stride) in [(1, stride), (2, 1)] {
            net.then(format!("{name}.conv{index}"), Op::Conv(Conv::new(width, 3).pad(1).stride(stride).unbiased()));
            net.then(format!("{name}.bn{index}"), NORM);
            relu(net, name, index - 1);
        }
    })
}

/// A first convolution, three stages of `count` units, a global average and ten scores.
fn stages(size: usize, count: usize, order: Order, unit: impl Fn(&mut Builder, &str, usize, usize)) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("conv1", Op::Conv(Conv::new(16, 3).pad(1).unbiased()));
    // Pre-activation: the first unit's own, before the paths split.
    if order != Preact {
        net.then("bn1", NORM);
    }
    if !matches!(order, Preact | ReluPreact) {
        net.then("relu", Op::Relu);
    }
    for (stage, width) in [16, 32, 64].into_iter().enumerate() {
        for index in 0..count {
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            unit(&mut net, &format!("layer{}.{index}", stage + 1), width, stride);
        }
    }
    // And what follows the last addition.
    if order == Preact {
        net.then("bn", NORM);
    }
    if matches!(order, Preact | ReluPreact) {
        net.then("relu", Op::Relu);
    }
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("linear", Op::Linear { out: 10, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn unit(net: &mut Builder, name: &str, order: Order, convs: &[Conv]) {
    unit_with(net, name, order, convs, convs.len() == 3);
}

/// A unit whose shortcut, where maps halve, is a convolution or padded with zeros.
fn unit_with(net: &mut Builder, name: &str, order: Order, convs: &[Conv], projects: bool) {
    let mut input = net.last();
    let (last, out) = (convs.len() - 1, convs[convs.len() - 1].out);
    let is_first = name == "layer1.0";
    let is_bottleneck = convs.len() == 3;
    let mut rectifiers = 0..;
    let mut rectify = |net: &mut Builder| relu(net, name, rectifiers.next().unwrap_or_default());
    for (index, conv) in convs.iter().enumerate() {
        let norm = format!("{name}.bn{}", index + 1);
        if order == Preact {
            net.then(norm.clone(), NORM);
        }
        if matches!(order, Preact | ReluPreact) {
            rectify(net);
            // Both paths start from the activated maps where there is no identity.
            if index == 0 && (is_first || (is_bottleneck && net.channels(input) != out)) {
                input = net.last();
            }
        }
        net.then(format!("{name}.conv{}", index + 1), Op::Conv(conv.clone().unbiased()));
        if matches!(order, Original | ReluBefore | ReluPreact) || (order == BnAfter && index < last) {
            net.then(norm, NORM);
        }
        if order == ReluBefore || (matches!(order, Original | BnAfter) && index < last) {
            rectify(net);
        }
    }
    let body = net.last();
    let shortcut = match (net.channels(input) == out, projects) {
        (true, _) => input,
        (false, true) => project(net, name, order, input, out, convs[0].stride[0]),
        (false, false) => pad(net, name, input, out),
    };
    net.add(format!("{name}.add"), Op::Add, &[body, shortcut]);
    if order == BnAfter {
        net.then(format!("{name}.bn{}", last + 1), NORM);
    }
    if matches!(order, Original | BnAfter) {
        rectify(net);
    }
}

/// Option A: every second value, and channels of zeros.
fn pad(net: &mut Builder, name: &str, input: NodeId, out: usize) -> NodeId {
    let subsample = Op::AvgPool { window: Window::new(1, 2), count_padding: true };
    net.add(format!("{name}.shortcut.subsample"), subsample, &[input]);
    let missing = out - net.channels(input);
    net.then(format!("{name}.shortcut.pad"), Op::PadChannels { before: missing / 2, after: missing - missing / 2 })
}

/// A 1x1 convolution, with batch normalisation where the body ends in one.
fn project(net: &mut Builder, name: &str, order: Order, input: NodeId, out: usize, stride: usize) -> NodeId {
    net.add(format!("{name}.shortcut.0"), Op::Conv(Conv::new(out, 1).stride(stride).unbiased()), &[input]);
    if matches!(order, Original | ReluBefore | ReluPreact) {
        net.then(format!("{name}.shortcut.1"), NORM);
    }
    net.last()
}

fn relu(net: &mut Builder, unit: &str, visit: usize) {
    let suffix = if visit == 0 { String::new() } else { format!("_{visit}") };
    net.then(format!("{unit}.relu{suffix}"), Op::Relu);
}
