//! EfficientNet-Lite (Google 2020): EfficientNet (Tan and Le 2019) without squeeze and excitation, every activation a ReLU6.
//! Layers are named as in timm, where `tf_efficientnet_lite0` pads as TensorFlow does and `efficientnet_lite0` symmetrically:
//! a weights file does not show which of the two it is.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Activation, AutoPad, Builder, Conv, Graph, NodeId, Op},
    picture::{Interpolation, PixelScale, Preprocess},
};

pub(super) const EFFICIENTNET_LITE0: Card = Card {
    name: "efficientnet_lite0",
    title: "EfficientNet-Lite0",
    family: "EfficientNet",
    paper: "Tan and Le 2019; the Lite variant by Google 2020",
    notes: &["The weights in the program are Google's, by way of ML Illustrated: top-1 75.1% on ImageNet."],
    labels: Labels::ImageNet,
    preprocess: || Preprocess {
        interpolation: Interpolation::Bicubic,
        scale: PixelScale::Full,
        ..Preprocess::new(256, 224, &[127.0; 3], &[128.0; 3])
    },
    build: &|size| build(size, TENSORFLOW),
    shipped: Some(&striate_weights::EFFICIENTNET_LITE0),
};
pub(super) const EFFICIENTNET_LITE0_TORCH: Card = Card {
    name: "efficientnet_lite0_torch",
    title: "EfficientNet-Lite0, symmetric padding",
    paper: "Tan and Le 2019; the Lite variant by Google 2020; these choices by timm",
    notes: &["Weights of timm's efficientnet_lite0, which were trained in PyTorch, have the names and shapes of \
         efficientnet_lite0's; only the file's own word, or --network, tells them apart."],
    preprocess: || Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(256, 224) },
    build: &|size| build(size, SYMMETRIC),
    shipped: None,
    ..EFFICIENTNET_LITE0
};

/// The choices that weights were trained with and do not show.
#[derive(Clone, Copy)]
struct LiteVariant {
    /// Whether windows of an even stride stand as TensorFlow's "same" padding puts them.
    auto_pad: bool,
    /// Added to the variance by every batch normalisation.
    eps: f64,
}

const TENSORFLOW: LiteVariant = LiteVariant { auto_pad: true, eps: 1e-3 };
const SYMMETRIC: LiteVariant = LiteVariant { auto_pad: false, eps: 1e-5 };

/// Expansion, units, blocks, stride of the first block, kernel of each stage.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
];

fn build(size: usize, choices: LiteVariant) -> Result<Graph> {
    let mut lite = Lite { net: Builder::new([3, size, size]), choices };
    lite.normalised("conv_stem", "bn1", lite.conv(32, 3, 2), true);
    for (stage, (expansion, units, count, stride, kernel)) in STAGES.into_iter().enumerate() {
        for index in 0..count {
            let stride = if index == 0 { stride } else { 1 };
            lite.block(&format!("blocks.{stage}.{index}"), [expansion, units, stride, kernel]);
        }
    }
    lite.normalised("conv_head", "bn2", Conv::new(1280, 1), true);
    let mut net = lite.net;
    net.then("global_pool.pool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("global_pool.flatten", Op::Flatten);
    net.then("classifier", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

const RELU6: Op = Op::Activation(Activation::Clip { low: 0.0, high: 6.0 });

/// The network in the making.
struct Lite {
    net: Builder,
    choices: LiteVariant,
}

impl Lite {
    /// An inverted residual block: wider by a 1x1 convolution, a depthwise convolution, narrow again; around it the input is
    /// added where the shape stays.
    fn block(&mut self, name: &str, [expansion, units, stride, kernel]: [usize; 4]) {
        let input = self.net.last();
        let wide = self.net.channels(input) * expansion;
        let depthwise = self.conv(wide, kernel, stride).groups(wide);
        let part = |part: &str| format!("{name}.{part}");
        if expansion == 1 {
            self.normalised(&part("conv_dw"), &part("bn1"), depthwise, true);
            self.normalised(&part("conv_pw"), &part("bn2"), Conv::new(units, 1), false);
        } else {
            self.normalised(&part("conv_pw"), &part("bn1"), Conv::new(wide, 1), true);
            self.normalised(&part("conv_dw"), &part("bn2"), depthwise, true);
            self.normalised(&part("conv_pwl"), &part("bn3"), Conv::new(units, 1), false);
        }
        if stride == 1 && self.net.channels(input) == units {
            let body = self.net.last();
            self.net.add(part("add"), Op::Add, &[body, input]);
        }
    }

    /// Convolution, batch normalisation and, unless it ends a block, ReLU6.
    fn normalised(&mut self, conv_name: &str, norm: &str, conv: Conv, rectified: bool) -> NodeId {
        self.net.then(conv_name, Op::Conv(conv.unbiased()));
        let last = self.net.then(norm, Op::BatchNorm { eps: self.choices.eps });
        if rectified { self.net.then(format!("{norm}.act"), RELU6) } else { last }
    }

    /// A convolution that keeps the size, but for its stride.
    fn conv(&self, out: usize, kernel: usize, stride: usize) -> Conv {
        let conv = Conv::new(out, kernel).stride(stride);
        if self.choices.auto_pad { conv.auto_pad(AutoPad::SameUpper) } else { conv.same() }
    }
}
