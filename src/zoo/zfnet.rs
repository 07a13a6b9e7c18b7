//! ZFNet (Zeiler and Fergus 2014): AlexNet with finer first layers, and with the lectures' wider last ones.

use super::{Card, Labels, alexnet};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};

pub(super) const ZFNET: Card = Card {
    name: "zfnet",
    title: "ZFNet",
    family: "ZFNet",
    paper: "Zeiler and Fergus 2014",
    notes: &[
        "The paper's sizes (110, 55, 26, 13, 6) need one row of padding in conv1 and pools that round up, neither of \
         which it mentions.",
        "Contrast normalisation across feature maps is taken to be AlexNet's, after the pools as in the paper's figure 3.",
    ],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, [384, 384, 256]),
    shipped: None,
};

pub(super) const ZFNET_512: Card = Card {
    name: "zfnet_512",
    title: "ZFNet (512-1024-512)",
    notes: &[
        "conv3, conv4 and conv5 with 512, 1024 and 512 filters, as lectures give ZFNet; the paper's figure 3 has \
              384, 384 and 256, and its table 2 tries 512, 1024, 512 as one of the variants.",
    ],
    build: &|size| build(size, [512, 1024, 512]),
    ..ZFNET
};

/// `last` are the filters of conv3, conv4 and conv5.
fn build(size: usize, last: [usize; 3]) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    for (index, conv, pooled, normed) in [
        (1, Conv::new(96, 7).stride(2).pad(1), true, true),
        (2, Conv::new(256, 5).stride(2), true, true),
        (3, Conv::new(last[0], 3).pad(1), false, false),
        (4, Conv::new(last[1], 3).pad(1), false, false),
        (5, Conv::new(last[2], 3).pad(1), true, false),
    ] {
        net.then(format!("conv{index}"), Op::Conv(conv));
        net.then(format!("relu{index}"), Op::Relu);
        if pooled {
            net.then(format!("pool{index}"), Op::MaxPool(Window::new(3, 2).ceil()));
        }
        if normed {
            net.then(format!("norm{index}"), alexnet::norm());
        }
    }
    alexnet::classifier(net)
}
