//! The networks, one file a family. [`ZOO`] lists them; flags, pickers and test loops are derived from it. Families
//! whose members nobody would list (ResNets of any depth for CIFAR-10) also know theirs by name: [`find`].
//!
//! Architecture invariant: a family's file is the only place that knows its layers' names, preprocessing and labels.

mod alexnet;
mod alphago;
mod blocks;
mod bn_inception;
mod cifar;
mod convnext;
mod densenet;
mod description;
mod efficientnet;
mod efficientnet_lite;
mod googlenet;
mod inception_v3;
mod inception_v4;
mod labels;
mod lenet;
mod mnasnet;
mod mobilenet_v2;
mod mobilenet_v3;
mod photonet;
mod published;
mod regnet;
mod resnet;
mod resnet_preact;
mod shufflenet_v2;
mod squeezenet;
mod vgg;
mod zfnet;

pub use description::Description;
pub use labels::{Label, Labels};
pub use published::{CIFAR10, ILSVRC, PublishedAccuracy, TEN_CROPS, published};

use crate::{
    Result,
    error::unknown,
    net::{Builder, Conv, Graph, NodeId, Op},
    picture::Preprocess,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// A network as the zoo knows it.
#[derive(Clone)]
pub struct Card {
    /// torchvision's name where it has the network: `vgg16`.
    pub name: &'static str,
    /// The name people say: "VGG-16".
    pub title: &'static str,
    /// The family it is listed under: "VGG".
    pub family: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// Where published figures differ from those computed here, and what else one should know: whole sentences.
    pub notes: &'static [&'static str],
    /// The meaning of its outputs.
    pub labels: Labels,
    /// How a picture becomes its input, at its usual size.
    pub preprocess: fn() -> Preprocess,
    /// Builds the graph for square pictures of a size.
    pub build: &'static (dyn Fn(usize) -> Result<Graph> + Send + Sync),
    /// The weights in the binary: a safetensors file.
    pub shipped: Option<&'static [u8]>,
}

impl Card {
    /// The usual input size, in pixels.
    pub fn size(&self) -> usize {
        (self.preprocess)().crop[0]
    }

    /// Whether its input is a picture: three channels or one.
    pub fn takes_pictures(&self) -> bool {
        matches!((self.preprocess)().channels(), 1 | 3)
    }
}

/// The network that opens when none is named: trained on photographs of the 1000 classes of ImageNet.
pub const DEFAULT: &Card = &efficientnet_lite::EFFICIENTNET_LITE0;

/// Every network.
pub const ZOO: &[Card] = &[
    photonet::PHOTONET,
    efficientnet_lite::EFFICIENTNET_LITE0,
    efficientnet_lite::EFFICIENTNET_LITE0_TORCH,
    lenet::LENET5,
    lenet::LENET5_MODERN,
    alexnet::ALEXNET_2012,
    alexnet::ALEXNET_SINGLE,
    alexnet::ALEXNET,
    zfnet::ZFNET,
    zfnet::ZFNET_512,
    vgg::VGG11,
    vgg::VGG11_LRN,
    vgg::VGG13,
    vgg::VGG16_1X1,
    vgg::VGG16,
    vgg::VGG19,
    vgg::VGG11_BN,
    vgg::VGG13_BN,
    vgg::VGG16_BN,
    vgg::VGG19_BN,
    vgg::VGG11_CIFAR,
    vgg::VGG13_CIFAR,
    vgg::VGG16_CIFAR,
    vgg::VGG19_CIFAR,
    googlenet::GOOGLENET_2014,
    googlenet::GOOGLENET,
    bn_inception::BN_INCEPTION,
    inception_v3::INCEPTION_V3,
    inception_v4::INCEPTION_V4,
    resnet::RESNET18,
    resnet::RESNET34,
    resnet::RESNET50,
    resnet::RESNET101,
    resnet::RESNET152,
    resnet_preact::RESNET200,
    resnet_preact::RESNET200_PREACT,
    resnet::RESNET50_PAPER,
    resnet::RESNET101_PAPER,
    resnet::RESNET152_PAPER,
    resnet::RESNEXT50_32X4D,
    resnet::RESNEXT101_32X4D,
    resnet::RESNEXT101_32X8D,
    resnet::RESNEXT101_64X4D,
    resnet::RESNEXT101_2X64D,
    resnet::RESNET101_1X100D,
    resnet::WIDE_RESNET50_2,
    resnet::WIDE_RESNET101_2,
    resnet::PLAIN18,
    resnet::PLAIN34,
    resnet::RESNET18_CIFAR,
    resnet::RESNET34_CIFAR,
    resnet::RESNET50_CIFAR,
    resnet::RESNET101_CIFAR,
    resnet::RESNET152_CIFAR,
    cifar::RESNET20,
    cifar::RESNET32,
    cifar::RESNET44,
    cifar::RESNET56,
    cifar::RESNET110,
    cifar::RESNET20_PROJECTION,
    cifar::RESNET56_PROJECTION,
    cifar::PLAIN20,
    cifar::PLAIN56,
    cifar::RESNET110_BN_AFTER,
    cifar::RESNET110_RELU_BEFORE,
    cifar::RESNET110_RELU_PREACT,
    cifar::RESNET110_PREACT,
    cifar::RESNET164,
    cifar::RESNET164_BN_AFTER,
    cifar::RESNET164_RELU_BEFORE,
    cifar::RESNET164_RELU_PREACT,
    cifar::RESNET164_PREACT,
    cifar::RESNET1001_PREACT,
    densenet::DENSENET121,
    densenet::DENSENET161,
    densenet::DENSENET169,
    densenet::DENSENET201,
    densenet::DENSENET40,
    densenet::DENSENET100,
    densenet::DENSENET_BC100,
    squeezenet::SQUEEZENET1_0,
    squeezenet::SQUEEZENET1_1,
    mobilenet_v2::MOBILENET_V2,
    mobilenet_v3::MOBILENET_V3_LARGE,
    mobilenet_v3::MOBILENET_V3_SMALL,
    efficientnet::EFFICIENTNET_B0,
    efficientnet::EFFICIENTNET_B1,
    efficientnet::EFFICIENTNET_B2,
    efficientnet::EFFICIENTNET_B3,
    efficientnet::EFFICIENTNET_B4,
    efficientnet::EFFICIENTNET_B5,
    efficientnet::EFFICIENTNET_B6,
    efficientnet::EFFICIENTNET_B7,
    efficientnet::EFFICIENTNET_V2_S,
    efficientnet::EFFICIENTNET_V2_M,
    efficientnet::EFFICIENTNET_V2_L,
    convnext::CONVNEXT_TINY,
    convnext::CONVNEXT_SMALL,
    convnext::CONVNEXT_BASE,
    convnext::CONVNEXT_LARGE,
    regnet::REGNET_X_400MF,
    regnet::REGNET_X_800MF,
    regnet::REGNET_X_1_6GF,
    regnet::REGNET_X_3_2GF,
    regnet::REGNET_X_8GF,
    regnet::REGNET_X_16GF,
    regnet::REGNET_X_32GF,
    regnet::REGNET_Y_400MF,
    regnet::REGNET_Y_800MF,
    regnet::REGNET_Y_1_6GF,
    regnet::REGNET_Y_3_2GF,
    regnet::REGNET_Y_8GF,
    regnet::REGNET_Y_16GF,
    regnet::REGNET_Y_32GF,
    regnet::REGNET_Y_128GF,
    shufflenet_v2::SHUFFLENET_V2_X0_5,
    shufflenet_v2::SHUFFLENET_V2_X1_0,
    shufflenet_v2::SHUFFLENET_V2_X1_5,
    shufflenet_v2::SHUFFLENET_V2_X2_0,
    mnasnet::MNASNET0_5,
    mnasnet::MNASNET0_75,
    mnasnet::MNASNET1_0,
    mnasnet::MNASNET1_3,
    alphago::POLICY_128,
    alphago::POLICY_192,
    alphago::POLICY_256,
    alphago::POLICY_384,
];

/// Families that know their members by pattern, each giving the card that a name asks for.
const PATTERNS: &[fn(&str) -> Option<Card>] = &[cifar::by_depth];

/// The card called `name`: one of [`ZOO`], or a member of a family by pattern (`resnet1202`).
///
/// # Errors
/// [`crate::Error::Usage`] with the nearest names.
pub fn find(name: &str) -> Result<&'static Card> {
    // Cards live as long as the program; one is made once, however often it is asked for.
    static MADE: Mutex<BTreeMap<&'static str, &'static Card>> = Mutex::new(BTreeMap::new());
    let is = |card: &&Card| card.name.eq_ignore_ascii_case(name) || card.title.eq_ignore_ascii_case(name);
    if let Some(card) = ZOO.iter().find(is) {
        return Ok(card);
    }
    let card = PATTERNS
        .iter()
        .find_map(|by_pattern| by_pattern(&name.to_ascii_lowercase()))
        .ok_or_else(|| unknown("network", name, ZOO.iter().map(|card| card.name), "'striate networks' lists them"))?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(*made.entry(card.name).or_insert_with(|| Box::leak(Box::new(card))))
}

/// Members of families that are not in [`ZOO`], of `count` blocks in each stage; the commonest first.
pub fn of_blocks(count: usize) -> Vec<&'static Card> {
    let (short, long) = (6 * count + 2, 9 * count + 2);
    let names = [format!("resnet{short}"), format!("resnet{short}_projection"), format!("resnet{long}")];
    names.iter().filter_map(|name| find(name).ok()).collect()
}

/// Convolution, batch normalisation, rectifier, as the Inception networks stack them: nodes `NAME.conv`, `NAME.bn` and
/// `NAME.relu` on top of `from`. Returns the last.
fn conv_norm_relu(net: &mut Builder, name: &str, from: NodeId, conv: Conv, eps: f64) -> NodeId {
    net.add(format!("{name}.conv"), Op::Conv(conv.unbiased()), &[from]);
    net.then(format!("{name}.bn"), Op::BatchNorm { eps });
    net.then(format!("{name}.relu"), Op::Relu)
}
