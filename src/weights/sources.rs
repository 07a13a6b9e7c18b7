//! Where weights are published. torchvision's files are the ones that its `weights="IMAGENET1K_V1"` downloads; their
//! names end in the first eight digits of their SHA-256.

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
        let stem = self.file().split('.').next().unwrap_or_default();
        stem.rsplit_once('-').map_or("", |(_, digits)| digits)
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
        "inception_v3" => "inception_v3_google",
        name => name,
    };
    let url = format!("https://download.pytorch.org/models/{file}-{digits}.pth");
    Some(Remote { url: url.into(), size: kibibytes * 1024 })
}

/// Network, digits of the checksum, size in KiB.
const TORCHVISION: &[(&str, &str, u64)] = &[
    ("alexnet", "7be5be79", 238681),
    ("densenet121", "a639ec97", 31585),
    ("densenet161", "8d451a50", 113018),
    ("densenet169", "b2777c0a", 56021),
    ("densenet201", "c1103571", 79230),
    ("googlenet", "1378be20", 50925),
    ("inception_v3", "0cc3c7bd", 106397),
    ("resnet101", "63fe2227", 174603),
    ("resnet152", "394f9c45", 235964),
    ("resnet18", "f37072fd", 45733),
    ("resnet34", "b627a593", 85274),
    ("resnet50", "0676ba61", 100128),
    ("resnext101_32x8d", "8ba56ff5", 347736),
    ("resnext101_64x4d", "173b62eb", 326982),
    ("resnext50_32x4d", "7cdf4587", 98088),
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
            assert!(remote.checksum().len() == 8 && u32::from_str_radix(remote.checksum(), 16).is_ok(), "{name}");
        }
    }
}
