//! GoogLeNet (Szegedy et al. 2015): the paper's network with LRN and 5x5 branches, and torchvision's with batch
//! normalisation. Both with their two auxiliary classifiers.

use super::{Card, Labels, conv_norm_relu};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};

pub(super) const GOOGLENET_2014: Card = Card {
    name: "googlenet_2014",
    title: "GoogLeNet (2014)",
    family: "Inception",
    paper: "Szegedy et al. 2015, Going Deeper with Convolutions",
    notes: &[
        "The paper's table counts K = 1024 weights without biases, so 3a's 159K are 163,328.",
        "Its first row (2.7K, 34M) does not belong to a 7x7 convolution with 64 filters on three colours: that has \
         9,408 weights and 118M multiply-adds.",
        "Its weights of 4a (364K), 4c (463K), 4d (580K), 4e (840K), 5a (1072K) and 5b (1388K) do not follow from its \
         filters, which give 367K, 498K, 591K, 847K, 1018K and 1409K; its multiply-adds do, but for 5a (54M, not 51M).",
        "Names are those of Caffe's bvlc_googlenet with dots for slashes; sizes round up as there.",
    ],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &paper,
    shipped: None,
};

pub(super) const GOOGLENET: Card = Card {
    name: "googlenet",
    title: "GoogLeNet (torchvision)",
    notes: &[
        "torchvision's has batch normalisation, no LRN, and 3x3 filters in the branch that has 5x5 in the paper.",
        "13,004,888 parameters with the auxiliary classifiers, which torchvision's file holds; 6,624,904 without, which \
         torchvision publishes.",
        "The trained network expects values from -1 to 1 (torchvision's transform_input).",
    ],
    preprocess: || Preprocess { mean: vec![0.5; 3], std: vec![0.5; 3], ..Preprocess::imagenet(256, 224) },
    build: &torchvision,
    ..GOOGLENET_2014
};

/// A row of the paper's table 1: module, 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
type Row = (&'static str, [usize; 6]);
const STAGE3: [Row; 2] = [("3a", [64, 96, 128, 16, 32, 32]), ("3b", [128, 128, 192, 32, 96, 64])];
const STAGE4: [Row; 5] = [
    ("4a", [192, 96, 208, 16, 48, 64]),
    ("4b", [160, 112, 224, 24, 64, 64]),
    ("4c", [128, 128, 256, 24, 64, 64]),
    ("4d", [112, 144, 288, 32, 64, 64]),
    ("4e", [256, 160, 320, 32, 128, 128]),
];
const STAGE5: [Row; 2] = [("5a", [256, 160, 320, 32, 128, 128]), ("5b", [384, 192, 384, 48, 128, 128])];

const POOL: Op = Op::MaxPool(Window::new(3, 2).ceil());
/// The pool within a module.
const SAME_POOL: Op = Op::MaxPool(Window::new(3, 1).pad(1).ceil());

fn paper(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    let norm = || Op::lrn(5, 1e-4, 0.75, 2.0);
    rectified(&mut net, "conv1.7x7_s2", 0, Conv::new(64, 7).stride(2).pad(3));
    net.then("pool1.3x3_s2", POOL);
    let input = net.then("pool1.norm1", norm());
    let input = rectified(&mut net, "conv2.3x3_reduce", input, Conv::new(64, 1));
    rectified(&mut net, "conv2.3x3", input, Conv::new(192, 3).pad(1));
    net.then("conv2.norm2", norm());
    net.then("pool2.3x3_s2", POOL);
    STAGE3.iter().for_each(|row| module(&mut net, row));
    net.then("pool3.3x3_s2", POOL);
    for row in &STAGE4 {
        module(&mut net, row);
        match row.0 {
            "4a" => auxiliary(&mut net, "loss1"),
            "4d" => auxiliary(&mut net, "loss2"),
            _ => {}
        }
    }
    net.then("pool4.3x3_s2", POOL);
    STAGE5.iter().for_each(|row| module(&mut net, row));
    net.then("pool5.7x7_s1", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("pool5.drop_7x7_s1", Op::Dropout { p: 0.4 });
    net.then("flatten", Op::Flatten);
    net.then("loss3.classifier", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn rectified(net: &mut Builder, name: &str, from: NodeId, conv: Conv) -> NodeId {
    net.add(name, Op::Conv(conv), &[from]);
    net.then(format!("{name}.relu"), Op::Relu)
}

/// Four branches on top of the last node, side by side.
fn module(net: &mut Builder, &(name, [n1, r3, n3, r5, n5, proj]): &Row) {
    let (name, input) = (format!("inception_{name}"), net.last());
    let one = rectified(net, &format!("{name}.1x1"), input, Conv::new(n1, 1));
    let reduced = rectified(net, &format!("{name}.3x3_reduce"), input, Conv::new(r3, 1));
    let three = rectified(net, &format!("{name}.3x3"), reduced, Conv::new(n3, 3).pad(1));
    let reduced = rectified(net, &format!("{name}.5x5_reduce"), input, Conv::new(r5, 1));
    let five = rectified(net, &format!("{name}.5x5"), reduced, Conv::new(n5, 5).pad(2));
    let pool = net.add(format!("{name}.pool"), SAME_POOL, &[input]);
    let pool = rectified(net, &format!("{name}.pool_proj"), pool, Conv::new(proj, 1));
    net.add(format!("{name}.output"), Op::Concat, &[one, three, five, pool]);
}

/// An auxiliary classifier, after which the next module goes on from where it branched off.
fn auxiliary(net: &mut Builder, name: &str) {
    let trunk = net.last();
    let pool = Op::AvgPool { window: Window::new(5, 3), count_padding: true };
    let input = net.then(format!("{name}.ave_pool"), pool);
    rectified(net, &format!("{name}.conv"), input, Conv::new(128, 1));
    net.then(format!("{name}.flatten"), Op::Flatten);
    net.then(format!("{name}.fc"), Op::Linear { out: 1024, bias: true });
    net.then(format!("{name}.relu_fc"), Op::Relu);
    net.then(format!("{name}.drop_fc"), Op::Dropout { p: 0.7 });
    net.then(format!("{name}.classifier"), Op::Linear { out: 1000, bias: true });
    net.resume(trunk);
}

const EPS: f64 = 1e-3;

fn torchvision(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    conv_norm_relu(&mut net, "conv1", 0, Conv::new(64, 7).stride(2).pad(3), EPS);
    let input = net.then("maxpool1", POOL);
    let input = conv_norm_relu(&mut net, "conv2", input, Conv::new(64, 1), EPS);
    conv_norm_relu(&mut net, "conv3", input, Conv::new(192, 3).pad(1), EPS);
    net.then("maxpool2", POOL);
    STAGE3.iter().for_each(|row| normalised_module(&mut net, row));
    net.then("maxpool3", POOL);
    for row in &STAGE4 {
        normalised_module(&mut net, row);
        match row.0 {
            "4a" => normalised_auxiliary(&mut net, "aux1"),
            "4d" => normalised_auxiliary(&mut net, "aux2"),
            _ => {}
        }
    }
    net.then("maxpool4", Op::MaxPool(Window::new(2, 2).ceil()));
    STAGE5.iter().for_each(|row| normalised_module(&mut net, row));
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("dropout", Op::Dropout { p: 0.2 });
    net.then("fc", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn normalised_module(net: &mut Builder, &(name, [n1, r3, n3, r5, n5, proj]): &Row) {
    let (name, input) = (format!("inception{name}"), net.last());
    let one = conv_norm_relu(net, &format!("{name}.branch1"), input, Conv::new(n1, 1), EPS);
    let reduced = conv_norm_relu(net, &format!("{name}.branch2.0"), input, Conv::new(r3, 1), EPS);
    let three = conv_norm_relu(net, &format!("{name}.branch2.1"), reduced, Conv::new(n3, 3).pad(1), EPS);
    let reduced = conv_norm_relu(net, &format!("{name}.branch3.0"), input, Conv::new(r5, 1), EPS);
    // 5x5 in the paper.
    let five = conv_norm_relu(net, &format!("{name}.branch3.1"), reduced, Conv::new(n5, 3).pad(1), EPS);
    let pool = net.add(format!("{name}.branch4.0"), SAME_POOL, &[input]);
    let pool = conv_norm_relu(net, &format!("{name}.branch4.1"), pool, Conv::new(proj, 1), EPS);
    net.add(format!("{name}.cat"), Op::Concat, &[one, three, five, pool]);
}

fn normalised_auxiliary(net: &mut Builder, name: &str) {
    let trunk = net.last();
    let input = net.then(format!("{name}.adaptive_avg_pool2d"), Op::AdaptiveAvgPool { size: [4, 4] });
    conv_norm_relu(net, &format!("{name}.conv"), input, Conv::new(128, 1), EPS);
    net.then(format!("{name}.flatten"), Op::Flatten);
    net.then(format!("{name}.fc1"), Op::Linear { out: 1024, bias: true });
    net.then(format!("{name}.relu"), Op::Relu);
    net.then(format!("{name}.dropout"), Op::Dropout { p: 0.7 });
    net.then(format!("{name}.fc2"), Op::Linear { out: 1000, bias: true });
    net.resume(trunk);
}
