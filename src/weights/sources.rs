//! Where weights are published. torchvision's files are the ones that its `weights="IMAGENET1K_V1"` downloads; their
//! names end in the first digits of their SHA-256. regnet_y_128gf has no such weights: its are `IMAGENET1K_SWAG_E2E_V1`.

use std::borrow::Cow;

/// A file that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its address; the last part is its name, which ends in `-`, the first hexadecimal digits of its SHA-256, and an
    /// extension.
    pub url: Cow<'static, str>,
    /// Its size in bytes, to within a thousandth.
    pub size: u64,
}

impl Remote {
    /// Its name.
    pub fn file(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// The host it comes from.
    pub fn host(&self) -> &str {
        self.url.split('/').nth(2).unwrap_or_default()
    }

    /// The digits that its SHA-256 starts with.
    pub fn checksum(&self) -> &str {
        let end = self.file().rsplit_once('-').map_or("", |(_, end)| end);
        end.split('.').next().unwrap_or_default()
    }

    /// "resnet50-0676ba61.pth (103 MB) from download.pytorch.org".
    pub fn describe(&self) -> String {
        format!("{} ({} MB) from {}", self.file(), self.size.div_ceil(1_000_000), self.host())
    }
}

/// The published weights of a network, by its name.
pub fn remote(network: &str) -> Option<Remote> {
    let (name, digits, kibibytes) = TORCHVISION.iter().find(|(name, ..)| *name == network)?;
    let file = match *name {
        "alexnet" => "alexnet-owt",
        "efficientnet_b0" => "efficientnet_b0_rwightman",
        "efficientnet_b1" => "efficientnet_b1_rwightman",
        "efficientnet_b2" => "efficientnet_b2_rwightman",
        "efficientnet_b3" => "efficientnet_b3_rwightman",
        "efficientnet_b4" => "efficientnet_b4_rwightman",
        "efficientnet_b5" => "efficientnet_b5_lukemelas",
        "efficientnet_b6" => "efficientnet_b6_lukemelas",
        "efficientnet_b7" => "efficientnet_b7_lukemelas",
        "inception_v3" => "inception_v3_google",
        "mnasnet0_5" => "mnasnet0.5_top1_67.823",
        "mnasnet1_0" => "mnasnet1.0_top1_73.512",
        "regnet_y_128gf" => "regnet_y_128gf_swag",
        "shufflenet_v2_x0_5" => "shufflenetv2_x0.5",
        "shufflenet_v2_x1_0" => "shufflenetv2_x1",
        "shufflenet_v2_x1_5" => "shufflenetv2_x1_5",
        "shufflenet_v2_x2_0" => "shufflenetv2_x2_0",
        name => name,
    };
    let url = format!("https://download.pytorch.org/models/{file}-{digits}.pth");
    Some(Remote { url: url.into(), size: kibibytes * 1024 })
}

/// Network, digits of the checksum, size in KiB.
const TORCHVISION: &[(&str, &str, u64)] = &[
    ("alexnet", "7be5be79", 238681),
    ("convnext_base", "6075fbad", 346178),
    ("convnext_large", "ea097f82", 772646),
    ("convnext_small", "0c510722", 196304),
    ("convnext_tiny", "983f1562", 111738),
    ("densenet121", "a639ec97", 31585),
    ("densenet161", "8d451a50", 113018),
    ("densenet169", "b2777c0a", 56021),
    ("densenet201", "c1103571", 79230),
    ("efficientnet_b0", "7f5810bc", 20942),
    ("efficientnet_b1", "bac287d4", 30857),
    ("efficientnet_b2", "c35c1473", 36018),
    ("efficientnet_b3", "b3899882", 48316),
    ("efficientnet_b4", "23ab8bcd", 76277),
    ("efficientnet_b5", "1a07897c", 119669),
    ("efficientnet_b6", "24a108a5", 169331),
    ("efficientnet_b7", "c5b4e57e", 260787),
    ("efficientnet_v2_l", "59c71312", 465483),
    ("efficientnet_v2_m", "dc08266a", 213002),
    ("efficientnet_v2_s", "dd5fe13b", 84689),
    ("googlenet", "1378be20", 50925),
    ("inception_v3", "0cc3c7bd", 106397),
    ("mnasnet0_5", "3ffadce67e", 8797),
    ("mnasnet0_75", "7090bc5f", 12598),
    ("mnasnet1_0", "f206786ef8", 17321),
    ("mnasnet1_3", "a4c69d6f", 24828),
    ("mobilenet_v2", "b0353104", 13880),
    ("mobilenet_v3_large", "8738ca79", 21621),
    ("mobilenet_v3_small", "047dcff4", 10065),
    ("regnet_x_16gf", "2007eb11", 212610),
    ("regnet_x_1_6gf", "e3633e7f", 36187),
    ("regnet_x_32gf", "9d47f8d0", 421928),
    ("regnet_x_3_2gf", "f342aeae", 60166),
    ("regnet_x_400mf", "adf1edd5", 21768),
    ("regnet_x_800mf", "ad17e45c", 28616),
    ("regnet_x_8gf", "03ceed89", 155091),
    ("regnet_y_128gf", "c8ce3e52", 2520642),
    ("regnet_y_16gf", "9e6ed7dd", 327158),
    ("regnet_y_1_6gf", "b11a554e", 44188),
    ("regnet_y_32gf", "4dee3f7a", 567374),
    ("regnet_y_3_2gf", "b5a9779c", 76357),
    ("regnet_y_400mf", "c65dace8", 17209),
    ("regnet_y_800mf", "1b27b58c", 25369),
    ("regnet_y_8gf", "d0d0e4a8", 154318),
    ("resnet101", "63fe2227", 174603),
    ("resnet152", "394f9c45", 235964),
    ("resnet18", "f37072fd", 45733),
    ("resnet34", "b627a593", 85274),
    ("resnet50", "0676ba61", 100128),
    ("resnext101_32x8d", "8ba56ff5", 347736),
    ("resnext101_64x4d", "173b62eb", 326982),
    ("resnext50_32x4d", "7cdf4587", 98088),
    ("shufflenet_v2_x0_5", "f707e7126e", 5409),
    ("shufflenet_v2_x1_0", "5666bf0f80", 9002),
    ("shufflenet_v2_x1_5", "3c479a10", 13882),
    ("shufflenet_v2_x2_0", "8be3c8ee", 29115),
    ("squeezenet1_0", "b66bff10", 4893),
    ("squeezenet1_1", "b8a52dc0", 4842),
    ("vgg11", "8a719046", 519004),
    ("vgg11_bn", "6002323d", 519046),
    ("vgg13", "19584684", 519726),
    ("vgg13_bn", "abd245e5", 519772),
    ("vgg16", "397923af", 540463),
    ("vgg16_bn", "6c64b313", 540535),
    ("vgg19", "dcbb9e9d", 561204),
    ("vgg19_bn", "c79401a0", 561298),
    ("wide_resnet101_2", "32ee1156", 248726),
    ("wide_resnet50_2", "95faca4d", 134984),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn files_are_torchvisions() {
        let resnet = remote("resnet50").unwrap();
        assert_eq!(resnet.url, "https://download.pytorch.org/models/resnet50-0676ba61.pth");
        assert_eq!((resnet.checksum(), resnet.host()), ("0676ba61", "download.pytorch.org"));
        assert_eq!(resnet.describe(), "resnet50-0676ba61.pth (103 MB) from download.pytorch.org");
        assert_eq!(remote("inception_v3").unwrap().file(), "inception_v3_google-0cc3c7bd.pth");
        assert!(remote("lenet5").is_none());
        for (name, ..) in TORCHVISION {
            let remote = remote(name).unwrap();
            assert!(
                (8..=10).contains(&remote.checksum().len()) && u64::from_str_radix(remote.checksum(), 16).is_ok(),
                "{name}"
            );
        }
    }
}
