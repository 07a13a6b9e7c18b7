//! photonet: ZFNet's layer pattern (Zeiler and Fergus 2014) for 64x64 photographs, fully convolutional up to a global
//! average, so that pictures of any size from 32 pixels up run and the original CAM (Zhou et al. 2016) applies.
//! Trained for this program; how, and what it scores, stands in weights/README.md.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};

pub(super) const PHOTONET: Card = Card {
    name: "photonet",
    title: "photonet",
    family: "photonet",
    paper: "ZFNet's pattern (Zeiler and Fergus 2014) for 64x64 photographs, trained for Striate on Tiny-ImageNet",
    notes: &[],
    labels: Labels::TinyImageNet,
    preprocess: || Preprocess::imagenet(64, 64),
    build: &build,
    shipped: Some(&striate_weights::PHOTONET),
};

fn build(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    for (index, conv, pooled) in [
        (1, Conv::new(64, 7).stride(2).pad(3), true),
        (2, Conv::new(192, 5).pad(2), true),
        (3, Conv::new(384, 3).pad(1), false),
        (4, Conv::new(256, 3).pad(1), false),
        (5, Conv::new(512, 3).pad(1), false),
    ] {
        net.then(format!("conv{index}"), Op::Conv(conv));
        net.then(format!("relu{index}"), Op::Relu);
        if pooled {
            net.then(format!("pool{index}"), Op::MaxPool(Window::new(3, 2).pad(1)));
        }
    }
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 200, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}
