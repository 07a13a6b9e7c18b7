//! VGG (Simonyan and Zisserman 2015), torchvision's layout: layer names count the modules of `features`.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};

/// The card that every member starts from.
const VGG: Card = Card {
    name: "vgg",
    title: "VGG",
    family: "VGG",
    paper: "Simonyan and Zisserman 2015",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, A, None),
    shipped: None,
};

const VGG16_NOTE: &str = "Lectures that count 24M activations (93 MB) a picture add up wrongly: the picture, convolutions, \
                          pools and fully connected layers of their own table are 15.2M, 61 MB in float32. \
                          Rectifiers, whose outputs are kept apart here, come on top.";

pub(super) const VGG11: Card =
    Card { name: "vgg11", title: "VGG-11", paper: "Simonyan and Zisserman 2015, configuration A", ..VGG };
pub(super) const VGG11_LRN: Card = Card {
    name: "vgg11_lrn",
    title: "VGG-11 (LRN)",
    paper: "Simonyan and Zisserman 2015, configuration A-LRN",
    build: &|size| build(size, A, Some(Norm::FirstResponse)),
    ..VGG
};
pub(super) const VGG13: Card = Card {
    name: "vgg13",
    title: "VGG-13",
    paper: "Simonyan and Zisserman 2015, configuration B",
    build: &|size| build(size, B, None),
    ..VGG
};
pub(super) const VGG16_1X1: Card = Card {
    name: "vgg16_1x1",
    title: "VGG-16 (1x1)",
    paper: "Simonyan and Zisserman 2015, configuration C",
    notes: &["The third convolution of blocks 3, 4 and 5 is 1x1."],
    build: &|size| build(size, C, None),
    ..VGG
};
pub(super) const VGG16: Card = Card {
    name: "vgg16",
    title: "VGG-16",
    paper: "Simonyan and Zisserman 2015, configuration D",
    notes: &[VGG16_NOTE],
    build: &|size| build(size, D, None),
    ..VGG
};
pub(super) const VGG19: Card = Card {
    name: "vgg19",
    title: "VGG-19",
    paper: "Simonyan and Zisserman 2015, configuration E",
    build: &|size| build(size, E, None),
    ..VGG
};
pub(super) const VGG11_BN: Card = Card {
    name: "vgg11_bn",
    title: "VGG-11 with batch normalisation",
    build: &|size| build(size, A, Some(Norm::Batch)),
    ..VGG
};
pub(super) const VGG13_BN: Card = Card {
    name: "vgg13_bn",
    title: "VGG-13 with batch normalisation",
    build: &|size| build(size, B, Some(Norm::Batch)),
    ..VGG
};
pub(super) const VGG16_BN: Card = Card {
    name: "vgg16_bn",
    title: "VGG-16 with batch normalisation",
    build: &|size| build(size, D, Some(Norm::Batch)),
    ..VGG
};
pub(super) const VGG19_BN: Card = Card {
    name: "vgg19_bn",
    title: "VGG-19 with batch normalisation",
    build: &|size| build(size, E, Some(Norm::Batch)),
    ..VGG
};

/// The networks that kuangliu's pytorch-cifar calls VGG11 to VGG19: batch normalisation, and one layer for the classes.
const VGG_CIFAR: Card = Card {
    name: "vgg11_cifar",
    title: "VGG-11 (CIFAR-10)",
    family: "VGG (CIFAR)",
    notes: &[
        "The convolutions of VGG with batch normalisation, and a single fully connected layer, as pytorch-cifar has them.",
    ],
    labels: Labels::Cifar10,
    preprocess: super::cifar::preprocess,
    build: &|size| build_cifar(size, A),
    ..VGG
};
pub(super) const VGG11_CIFAR: Card = VGG_CIFAR;
pub(super) const VGG13_CIFAR: Card =
    Card { name: "vgg13_cifar", title: "VGG-13 (CIFAR-10)", build: &|size| build_cifar(size, B), ..VGG_CIFAR };
pub(super) const VGG16_CIFAR: Card =
    Card { name: "vgg16_cifar", title: "VGG-16 (CIFAR-10)", build: &|size| build_cifar(size, D), ..VGG_CIFAR };
pub(super) const VGG19_CIFAR: Card =
    Card { name: "vgg19_cifar", title: "VGG-19 (CIFAR-10)", build: &|size| build_cifar(size, E), ..VGG_CIFAR };

/// The kernel sizes of the convolutions of the five blocks: the columns of the paper's table 1.
type Blocks = [&'static [usize]; 5];
const A: Blocks = [&[3], &[3], &[3, 3], &[3, 3], &[3, 3]];
const B: Blocks = [&[3, 3], &[3, 3], &[3, 3], &[3, 3], &[3, 3]];
const C: Blocks = [&[3, 3], &[3, 3], &[3, 3, 1], &[3, 3, 1], &[3, 3, 1]];
const D: Blocks = [&[3, 3], &[3, 3], &[3, 3, 3], &[3, 3, 3], &[3, 3, 3]];
const E: Blocks = [&[3, 3], &[3, 3], &[3, 3, 3, 3], &[3, 3, 3, 3], &[3, 3, 3, 3]];

/// The normalisation that some members have.
#[derive(Clone, Copy, PartialEq)]
enum Norm {
    /// LRN behind the first rectifier, with AlexNet's constants.
    FirstResponse,
    /// Batch normalisation behind every convolution.
    Batch,
}

/// The paper's names of the convolutions, by block.
const TITLES: [[&str; 4]; 5] = [
    ["conv1_1", "conv1_2", "", ""],
    ["conv2_1", "conv2_2", "", ""],
    ["conv3_1", "conv3_2", "conv3_3", "conv3_4"],
    ["conv4_1", "conv4_2", "conv4_3", "conv4_4"],
    ["conv5_1", "conv5_2", "conv5_3", "conv5_4"],
];
const RELU_TITLES: [[&str; 4]; 5] = [
    ["relu1_1", "relu1_2", "", ""],
    ["relu2_1", "relu2_2", "", ""],
    ["relu3_1", "relu3_2", "relu3_3", "relu3_4"],
    ["relu4_1", "relu4_2", "relu4_3", "relu4_4"],
    ["relu5_1", "relu5_2", "relu5_3", "relu5_4"],
];
const POOL_TITLES: [&str; 5] = ["pool1", "pool2", "pool3", "pool4", "pool5"];

/// The five blocks, and the classifier of pytorch-cifar.
fn build_cifar(size: usize, blocks: Blocks) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    features(&mut net, blocks, Some(Norm::Batch));
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("classifier", Op::Linear { out: 10, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// The five blocks.
fn features(net: &mut Builder, blocks: Blocks, norm: Option<Norm>) {
    let mut module = 0;
    let mut next = || {
        module += 1;
        format!("features.{}", module - 1)
    };
    for (block, (kernels, units)) in blocks.into_iter().zip([64, 128, 256, 512, 512]).enumerate() {
        for (index, &kernel) in kernels.iter().enumerate() {
            net.then(next(), Op::Conv(Conv::new(units, kernel).same()));
            net.title(TITLES[block][index]);
            if norm == Some(Norm::Batch) {
                net.then(next(), Op::BatchNorm { eps: 1e-5 });
            }
            net.then(next(), Op::Relu);
            net.title(RELU_TITLES[block][index]);
            if norm == Some(Norm::FirstResponse) && (block, index) == (0, 0) {
                net.then(next(), Op::lrn(5, 1e-4, 0.75, 2.0));
            }
        }
        net.then(next(), Op::MaxPool(Window::new(2, 2)));
        net.title(POOL_TITLES[block]);
    }
}

fn build(size: usize, blocks: Blocks, norm: Option<Norm>) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    features(&mut net, blocks, norm);
    net.then("avgpool", Op::AdaptiveAvgPool { size: [7, 7] });
    net.then("flatten", Op::Flatten);
    for (index, (out, title)) in [(4096, "fc6"), (4096, "fc7"), (1000, "fc8")].into_iter().enumerate() {
        net.then(format!("classifier.{}", 3 * index), Op::Linear { out, bias: true });
        net.title(title);
        if index < 2 {
            net.then(format!("classifier.{}", 3 * index + 1), Op::Relu);
            net.then(format!("classifier.{}", 3 * index + 2), Op::Dropout { p: 0.5 });
        }
    }
    net.then("softmax", Op::Softmax);
    net.finish()
}
