//! MobileNet v3 (Howard et al. 2019), torchvision's layout.

use super::{
    Card, Labels,
    blocks::{add_input, conv_norm, divisible, squeeze_excitation},
};
use crate::{
    Result,
    net::{Activation, Builder, Conv, Graph, Op},
    picture::Preprocess,
};

pub(super) const MOBILENET_V3_LARGE: Card = Card {
    name: "mobilenet_v3_large",
    title: "MobileNet v3 large",
    family: "MobileNet",
    paper: "Howard et al. 2019",
    notes: &["torchvision's weights: top-1 74.0%, top-5 91.3% on ImageNet."],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, &LARGE, 1280),
    shipped: None,
};
pub(super) const MOBILENET_V3_SMALL: Card = Card {
    name: "mobilenet_v3_small",
    title: "MobileNet v3 small",
    notes: &["torchvision's weights: top-1 67.7%, top-5 87.4% on ImageNet."],
    build: &|size| build(size, &SMALL, 1024),
    ..MOBILENET_V3_LARGE
};

/// Kernel, expanded units, units, whether there is squeeze and excitation, activation, stride of each block.
type Row = (usize, usize, usize, bool, Op, usize);

const RE: Op = Op::Relu;
const HS: Op = Op::Activation(Activation::HardSwish);

const LARGE: [Row; 15] = [
    (3, 16, 16, false, RE, 1),
    (3, 64, 24, false, RE, 2),
    (3, 72, 24, false, RE, 1),
    (5, 72, 40, true, RE, 2),
    (5, 120, 40, true, RE, 1),
    (5, 120, 40, true, RE, 1),
    (3, 240, 80, false, HS, 2),
    (3, 200, 80, false, HS, 1),
    (3, 184, 80, false, HS, 1),
    (3, 184, 80, false, HS, 1),
    (3, 480, 112, true, HS, 1),
    (3, 672, 112, true, HS, 1),
    (5, 672, 160, true, HS, 2),
    (5, 960, 160, true, HS, 1),
    (5, 960, 160, true, HS, 1),
];

const SMALL: [Row; 11] = [
    (3, 16, 16, true, RE, 2),
    (3, 72, 24, false, RE, 2),
    (3, 88, 24, false, RE, 1),
    (5, 96, 40, true, HS, 2),
    (5, 240, 40, true, HS, 1),
    (5, 240, 40, true, HS, 1),
    (5, 120, 48, true, HS, 1),
    (5, 144, 48, true, HS, 1),
    (5, 288, 96, true, HS, 2),
    (5, 576, 96, true, HS, 1),
    (5, 576, 96, true, HS, 1),
];

const EPS: f64 = 1e-3;
const HARD_SIGMOID: Op = Op::Activation(Activation::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 });

/// `hidden` features between the maps' means and the classes.
fn build(size: usize, rows: &[Row], hidden: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    conv_norm(&mut net, "features.0", Conv::new(16, 3).stride(2).pad(1), EPS, Some(HS));
    for (number, row) in (1..).zip(rows) {
        block(&mut net, &format!("features.{number}"), row);
    }
    let wide = 6 * net.channels(net.last());
    conv_norm(&mut net, &format!("features.{}", rows.len() + 1), Conv::new(wide, 1), EPS, Some(HS));
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("classifier.0", Op::Linear { out: hidden, bias: true });
    net.then("classifier.1", HS);
    net.then("classifier.2", Op::Dropout { p: 0.2 });
    net.then("classifier.3", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn block(net: &mut Builder, name: &str, &(kernel, wide, units, squeezes, ref activation, stride): &Row) {
    let input = net.last();
    let mut parts = (0..).map(|part| format!("{name}.block.{part}"));
    let mut part = || parts.next().unwrap_or_default();
    if wide != net.channels(input) {
        conv_norm(net, &part(), Conv::new(wide, 1), EPS, Some(activation.clone()));
    }
    let depthwise = Conv::new(wide, kernel).same().stride(stride).groups(wide);
    conv_norm(net, &part(), depthwise, EPS, Some(activation.clone()));
    if squeezes {
        squeeze_excitation(net, &part(), divisible(wide as f64 / 4.0), Op::Relu, HARD_SIGMOID);
    }
    conv_norm(net, &part(), Conv::new(units, 1), EPS, None);
    add_input(net, name, input, stride);
}
