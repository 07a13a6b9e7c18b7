//! Facts about networks that their picker shows: weights at hand, size.

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

    #[test]
    fn numbers_are_short() {
        assert_eq!([999, 4_652_008, 138_357_544].map(short), ["1 k", "4.7 M", "138 M"]);
    }
}
