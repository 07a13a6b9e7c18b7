//! Facts about networks that their picker shows: weights at hand, size, accuracy.

use crate::{
    ui::background::worker::spawn,
    weights::{find_local, remote},
    zoo::{Card, ZOO},
};
use eframe::egui::Context;
use std::{collections::BTreeMap, sync::OnceLock};

/// Where the weights of a network come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Badge {
    /// They ship, or were downloaded.
    Ready,
    /// They can be downloaded; the size in bytes.
    Download(u64),
    /// There are none: it opens with made-up weights.
    Shapes,
}

impl Badge {
    /// The badge of a network. Reads the folder of downloads.
    pub fn of(card: &Card) -> Self {
        if card.shipped.is_some() || find_local(card.name).is_some() {
            return Badge::Ready;
        }
        remote(card.name).map_or(Badge::Shapes, |remote| Badge::Download(remote.size))
    }

    /// In the list.
    pub fn label(self) -> String {
        match self {
            Badge::Ready => "ready".into(),
            Badge::Download(bytes) => format!("{} MB", bytes.div_ceil(1_000_000)),
            Badge::Shapes => "shapes only".into(),
        }
    }

    /// When the pointer rests on it.
    pub fn hint(self) -> &'static str {
        match self {
            Badge::Ready => "Trained weights are at hand",
            Badge::Download(_) => "Opens untrained; its trained weights can be downloaded with one click",
            Badge::Shapes => "Opens with made-up weights: shapes and costs are right, pictures mean nothing",
        }
    }
}

/// Top-1 accuracy in percent of the weights that ship or can be downloaded, as published: on ImageNet's validation set with
/// one centre crop, photonet's on Tiny-ImageNet's.
const ACCURACY: &[(&str, f32)] = &[
    ("photonet", 50.4),
    ("efficientnet_lite0", 75.1),
    ("alexnet", 56.5),
    ("densenet121", 74.4),
    ("densenet161", 77.1),
    ("densenet169", 75.6),
    ("densenet201", 76.9),
    ("googlenet", 69.8),
    ("inception_v3", 77.3),
    ("resnet18", 69.8),
    ("resnet34", 73.3),
    ("resnet50", 76.1),
    ("resnet101", 77.4),
    ("resnet152", 78.3),
    ("resnext50_32x4d", 77.6),
    ("resnext101_32x8d", 79.3),
    ("resnext101_64x4d", 83.2),
    ("squeezenet1_0", 58.1),
    ("squeezenet1_1", 58.2),
    ("vgg11", 69.0),
    ("vgg13", 69.9),
    ("vgg16", 71.6),
    ("vgg19", 72.4),
    ("vgg11_bn", 70.4),
    ("vgg13_bn", 71.6),
    ("vgg16_bn", 73.4),
    ("vgg19_bn", 74.2),
];

/// The published top-1 accuracy of a network's weights, in percent.
pub fn accuracy(name: &str) -> Option<f32> {
    ACCURACY.iter().find(|(known, _)| *known == name).map(|(_, percent)| *percent)
}

static PARAMETERS: OnceLock<BTreeMap<&'static str, u64>> = OnceLock::new();

/// The number of a network's parameters; `None` until a thread has built all graphs once.
pub fn parameters(name: &str) -> Option<u64> {
    PARAMETERS.get()?.get(name).copied()
}

/// Starts to count the parameters of all networks, once.
pub fn count_parameters(ctx: &Context) {
    static STARTED: OnceLock<()> = OnceLock::new();
    if STARTED.set(()).is_err() {
        return;
    }
    let ctx = ctx.clone();
    // Without a thread the numbers stay away.
    let _ = spawn("parameters", move || {
        crate::engine::lower_priority();
        let count = |card: &Card| {
            let graph = (card.build)(card.size()).ok()?;
            Some((card.name, graph.costs().iter().map(|cost| cost.parameters).sum()))
        };
        let _ = PARAMETERS.set(ZOO.iter().filter_map(count).collect());
        ctx.request_repaint();
    });
}

/// A number of parameters, short: "4.7 M".
pub fn short(parameters: u64) -> String {
    match parameters {
        0..1_000_000 => format!("{} k", parameters.div_ceil(1000)),
        1_000_000..10_000_000 => format!("{:.1} M", parameters as f64 / 1e6),
        _ => format!("{} M", (parameters as f64 / 1e6).round()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo;

    #[test]
    fn accuracies_are_of_networks_with_weights() {
        for (name, percent) in ACCURACY {
            let card = zoo::find(name).map(Badge::of);
            assert!(matches!(card, Ok(Badge::Ready | Badge::Download(_))), "{name}");
            assert!((40.0..90.0).contains(percent), "{name}");
        }
        assert_eq!([999, 4_652_008, 138_357_544].map(short), ["1 k", "4.7 M", "138 M"]);
    }
}
