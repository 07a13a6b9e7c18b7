//! Inception v2, BN-Inception (Ioffe and Szegedy 2015): GoogLeNet with batch normalisation, in which two 3x3
//! convolutions replace each 5x5.

use super::{Card, Labels, conv_norm_relu};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};

pub(super) const BN_INCEPTION: Card = Card {
    name: "bn_inception",
    title: "Inception v2 (BN-Inception)",
    family: "Inception",
    paper: "Ioffe and Szegedy 2015, figure 5",
    notes: &[
        "The paper trained its first 7x7 convolution as a separable one with depth multiplier 8; here it is a plain one, \
         as in the versions that were published with weights.",
        "Convolutions have no bias, which batch normalisation would cancel.",
    ],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &build,
    shipped: None,
};

/// The operation of a module's pool branch.
enum Pool {
    Average,
    Max,
}
use Pool::{Average, Max};

/// Rows of the paper's figure 5: module, 1x1, 3x3 reduce, 3x3, double 3x3 reduce, double 3x3, pool, pool projection.
/// Without 1x1 and projection the module halves the maps: stride 2, and the pool passes all its maps through.
const MODULES: [(&str, [usize; 5], Pool, usize); 10] = [
    ("3a", [64, 64, 64, 64, 96], Average, 32),
    ("3b", [64, 64, 96, 64, 96], Average, 64),
    ("3c", [0, 128, 160, 64, 96], Max, 0),
    ("4a", [224, 64, 96, 96, 128], Average, 128),
    ("4b", [192, 96, 128, 96, 128], Average, 128),
    ("4c", [160, 128, 160, 128, 160], Average, 128),
    ("4d", [96, 128, 192, 160, 192], Average, 128),
    ("4e", [0, 128, 192, 192, 256], Max, 0),
    ("5a", [352, 192, 320, 160, 224], Average, 128),
    ("5b", [352, 192, 320, 192, 224], Max, 128),
];

fn build(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    let halve = || Op::MaxPool(Window::new(3, 2).ceil());
    unit(&mut net, "conv1.7x7_s2", 0, Conv::new(64, 7).stride(2).pad(3));
    let input = net.then("pool1.3x3_s2", halve());
    let input = unit(&mut net, "conv2.3x3_reduce", input, Conv::new(64, 1));
    unit(&mut net, "conv2.3x3", input, Conv::new(192, 3).pad(1));
    net.then("pool2.3x3_s2", halve());
    for (name, [n1, r3, n3, r33, n33], pool, proj) in MODULES {
        let (name, input) = (format!("inception_{name}"), net.last());
        let stride = if n1 == 0 { 2 } else { 1 };
        let mut branches = Vec::new();
        if n1 > 0 {
            branches.push(unit(&mut net, &format!("{name}.1x1"), input, Conv::new(n1, 1)));
        }
        let reduced = unit(&mut net, &format!("{name}.3x3_reduce"), input, Conv::new(r3, 1));
        branches.push(unit(&mut net, &format!("{name}.3x3"), reduced, Conv::new(n3, 3).pad(1).stride(stride)));
        let reduced = unit(&mut net, &format!("{name}.double_3x3_reduce"), input, Conv::new(r33, 1));
        let first = unit(&mut net, &format!("{name}.double_3x3_1"), reduced, Conv::new(n33, 3).pad(1));
        let second = Conv::new(n33, 3).pad(1).stride(stride);
        branches.push(unit(&mut net, &format!("{name}.double_3x3_2"), first, second));
        let pool = match pool {
            Average => Op::AvgPool { window: Window::new(3, 1).pad(1).ceil(), count_padding: true },
            Max if stride == 2 => halve(),
            Max => Op::MaxPool(Window::new(3, 1).pad(1).ceil()),
        };
        let mut pooled = net.add(format!("{name}.pool"), pool, &[input]);
        if proj > 0 {
            pooled = unit(&mut net, &format!("{name}.pool_proj"), pooled, Conv::new(proj, 1));
        }
        branches.push(pooled);
        net.add(format!("{name}.output"), Op::Concat, &branches);
    }
    net.then("global_pool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("last_linear", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn unit(net: &mut Builder, name: &str, from: usize, conv: Conv) -> usize {
    conv_norm_relu(net, name, from, conv, 1e-5)
}
