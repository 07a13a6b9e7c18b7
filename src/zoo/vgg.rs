//! VGG (Simonyan and Zisserman 2015), torchvision's layout: layer names count the modules of `features`.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};

pub(super) const VGG16: Card = Card {
    name: "vgg16",
    title: "VGG-16",
    paper: "Simonyan and Zisserman 2015, configuration D",
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: |size| build(size, [2, 2, 3, 3, 3]),
    shipped: None,
};

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

/// `convolutions` counts those of each of the five blocks.
fn build(size: usize, convolutions: [usize; 5]) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    let mut module = 0;
    let mut next = || {
        module += 1;
        format!("features.{}", module - 1)
    };
    for (block, (&count, units)) in convolutions.iter().zip([64, 128, 256, 512, 512]).enumerate() {
        for index in 0..count {
            net.then(next(), Op::Conv(Conv::new(units, 3).pad(1)));
            net.title(TITLES[block][index]);
            net.then(next(), Op::Relu);
            net.title(RELU_TITLES[block][index]);
        }
        net.then(next(), Op::MaxPool(Window::new(2, 2)));
        net.title(POOL_TITLES[block]);
    }
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
