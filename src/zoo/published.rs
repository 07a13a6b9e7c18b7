//! Published figures: the accuracy of networks on ImageNet, errors on CIFAR-10, the winners of ILSVRC.

/// A network's accuracy as published, of the weights that ship or can be downloaded where there are any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedAccuracy {
    /// Percent of pictures whose first class is right.
    pub top1: f32,
    /// Percent of pictures whose class is among the first five, where it is published.
    pub top5: Option<f32>,
    /// The paper or program that measured it, and on which pictures.
    pub source: &'static str,
}

impl PublishedAccuracy {
    /// Whether it is on ImageNet, of one crop a picture: the others do not compare with these.
    pub fn is_comparable(&self) -> bool {
        self.source != TINY && self.source != TEN
    }
}

const TORCHVISION: &str = "torchvision, weights IMAGENET1K_V1, one centre crop";

/// Top-1 and top-5 accuracy on ImageNet's validation set, from what torchvision 0.29 says of its weights.
#[rustfmt::skip]
const IMAGENET: &[(&str, f32, f32)] = &[
    ("alexnet", 56.5, 79.1),
    ("convnext_base", 84.1, 96.9),
    ("convnext_large", 84.4, 97.0),
    ("convnext_small", 83.6, 96.7),
    ("convnext_tiny", 82.5, 96.1),
    ("densenet121", 74.4, 92.0),
    ("densenet161", 77.1, 93.6),
    ("densenet169", 75.6, 92.8),
    ("densenet201", 76.9, 93.4),
    ("efficientnet_b0", 77.7, 93.5),
    ("efficientnet_b1", 78.6, 94.2),
    ("efficientnet_b2", 80.6, 95.3),
    ("efficientnet_b3", 82.0, 96.1),
    ("efficientnet_b4", 83.4, 96.6),
    ("efficientnet_b5", 83.4, 96.6),
    ("efficientnet_b6", 84.0, 96.9),
    ("efficientnet_b7", 84.1, 96.9),
    ("efficientnet_v2_l", 85.8, 97.8),
    ("efficientnet_v2_m", 85.1, 97.2),
    ("efficientnet_v2_s", 84.2, 96.9),
    ("googlenet", 69.8, 89.5),
    ("inception_v3", 77.3, 93.5),
    ("mnasnet0_5", 67.7, 87.5),
    ("mnasnet0_75", 71.2, 90.5),
    ("mnasnet1_0", 73.5, 91.5),
    ("mnasnet1_3", 76.5, 93.5),
    ("mobilenet_v2", 71.9, 90.3),
    ("mobilenet_v3_large", 74.0, 91.3),
    ("mobilenet_v3_small", 67.7, 87.4),
    ("regnet_x_16gf", 80.1, 94.9),
    ("regnet_x_1_6gf", 77.0, 93.4),
    ("regnet_x_32gf", 80.6, 95.2),
    ("regnet_x_3_2gf", 78.4, 94.0),
    ("regnet_x_400mf", 72.8, 91.0),
    ("regnet_x_800mf", 75.2, 92.3),
    ("regnet_x_8gf", 79.3, 94.7),
    ("regnet_y_16gf", 80.4, 95.2),
    ("regnet_y_1_6gf", 78.0, 94.0),
    ("regnet_y_32gf", 80.9, 95.3),
    ("regnet_y_3_2gf", 78.9, 94.6),
    ("regnet_y_400mf", 74.0, 91.7),
    ("regnet_y_800mf", 76.4, 93.1),
    ("regnet_y_8gf", 80.0, 95.0),
    ("resnet101", 77.4, 93.5),
    ("resnet152", 78.3, 94.0),
    ("resnet18", 69.8, 89.1),
    ("resnet34", 73.3, 91.4),
    ("resnet50", 76.1, 92.9),
    ("resnext101_32x8d", 79.3, 94.5),
    ("resnext101_64x4d", 83.2, 96.5),
    ("resnext50_32x4d", 77.6, 93.7),
    ("shufflenet_v2_x0_5", 60.6, 81.7),
    ("shufflenet_v2_x1_0", 69.4, 88.3),
    ("shufflenet_v2_x1_5", 73.0, 91.1),
    ("shufflenet_v2_x2_0", 76.2, 93.0),
    ("squeezenet1_0", 58.1, 80.4),
    ("squeezenet1_1", 58.2, 80.6),
    ("vgg11", 69.0, 88.6),
    ("vgg11_bn", 70.4, 89.8),
    ("vgg13", 69.9, 89.2),
    ("vgg13_bn", 71.6, 90.4),
    ("vgg16", 71.6, 90.4),
    ("vgg16_bn", 73.4, 91.5),
    ("vgg19", 72.4, 90.9),
    ("vgg19_bn", 74.2, 91.8),
    ("wide_resnet101_2", 78.8, 94.3),
    ("wide_resnet50_2", 78.5, 94.1),
];

/// The sources of accuracies that are not on ImageNet, or means over ten crops of a picture.
const TINY: &str = "measured on Tiny-ImageNet, 200 classes";
const TEN: &str = "He et al. 2016, ten crops";

/// Top-1 accuracy that others published: of photonet on Tiny-ImageNet's validation set, of the rest on ImageNet's.
const OTHERS: &[(&str, f32, &str)] = &[
    ("photonet", 50.4, TINY),
    ("efficientnet_lite0", 75.1, "Google, one centre crop"),
    ("resnet200", 78.2, "He et al. 2016 (identity mappings), table 5, one crop of 320"),
    ("resnet200_preact", 79.3, "He et al. 2016 (identity mappings), table 5, one crop of 320"),
    ("resnext101_32x4d", 78.8, "Xie et al. 2017, table 3, one crop"),
];

/// Top-1 errors in percent on ImageNet's validation set, means of ten crops. He et al. 2016, tables 2 and 3; those of 18 and
/// 34 layers have shortcuts of zeros (option A), where torchvision's have projections (option B, 24.52 for 34 layers).
pub const TEN_CROPS: &[(&str, f32)] = &[
    ("plain18", 27.94),
    ("resnet18", 27.88),
    ("plain34", 28.54),
    ("resnet34", 25.03),
    ("resnet50_paper", 22.85),
    ("resnet101_paper", 21.75),
    ("resnet152_paper", 21.43),
];

/// The published accuracy of the network called `name`, on ImageNet unless its source says otherwise.
pub fn published(name: &str) -> Option<PublishedAccuracy> {
    let known = IMAGENET.iter().find(|(known, ..)| *known == name);
    let known = known.map(|&(_, top1, top5)| PublishedAccuracy { top1, top5: Some(top5), source: TORCHVISION });
    let other = OTHERS.iter().find(|(other, ..)| *other == name);
    let paper = TEN_CROPS.iter().find(|(paper, _)| *paper == name);
    let paper = paper.map(|&(_, error)| (100.0 - error, TEN));
    let other = other.map(|&(_, top1, source)| (top1, source)).or(paper);
    known.or(other.map(|(top1, source)| PublishedAccuracy { top1, top5: None, source }))
}

/// Top-5 errors in percent of the best entries of ILSVRC's classification task: year, network, error. Russakovsky et al.
/// 2015, table 7; the contest's pages for 2015 to 2017; the last is a person, of the same paper.
pub const ILSVRC: &[(u16, &str, f32)] = &[
    (2010, "NEC-UIUC, shallow", 28.2),
    (2011, "XRCE, shallow", 25.8),
    (2012, "AlexNet, 8 layers", 16.4),
    (2013, "Clarifai, after ZFNet, 8 layers", 11.7),
    (2014, "VGG, 19 layers", 7.3),
    (2014, "GoogLeNet, 22 layers", 6.7),
    (2015, "ResNet, 152 layers", 3.57),
    (2016, "Trimps-Soushen, an ensemble", 2.99),
    (2017, "SENet, 152 layers", 2.25),
    (2014, "a person", 5.1),
];

/// Errors in percent on CIFAR-10's test set, mirrored and shifted training pictures: network, error. He et al. 2016, table 6;
/// He et al. 2016 (identity mappings), tables 2 and 3; Huang et al. 2017, table 2.
pub const CIFAR10: &[(&str, f32)] = &[
    ("resnet20", 8.75),
    ("resnet32", 7.51),
    ("resnet44", 7.17),
    ("resnet56", 6.97),
    ("resnet110", 6.43),
    ("resnet1202", 7.93),
    ("resnet110_bn_after", 8.17),
    ("resnet110_relu_before", 7.84),
    ("resnet110_relu_preact", 6.71),
    ("resnet110_preact", 6.37),
    ("resnet164", 5.93),
    ("resnet164_preact", 5.46),
    ("resnet1001_preact", 4.92),
    ("densenet40_k12", 5.24),
    ("densenet100_k12", 4.10),
    ("densenet_bc100_k12", 4.51),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo;

    #[test]
    fn figures_are_of_networks_of_the_zoo() {
        let names = IMAGENET.iter().map(|row| row.0).chain(OTHERS.iter().map(|row| row.0));
        for name in names.chain(CIFAR10.iter().chain(TEN_CROPS).map(|row| row.0)) {
            assert!(zoo::find(name).is_ok(), "{name}");
        }
        for (name, top1, top5) in IMAGENET {
            assert!((50.0..90.0).contains(top1) && top5 > top1, "{name}");
        }
        assert_eq!(published("vgg16").map(|own| own.top1), Some(71.6));
        let comparable = |name: &str| published(name).is_some_and(|own| own.is_comparable());
        assert!(comparable("resnet18") && !comparable("plain18") && !comparable("photonet"));
        assert!(published("lenet5").is_none());
    }
}
