//! A fact about networks that their picker shows: where their weights come from.

use crate::{
    weights::{find_local, remote},
    zoo::Card,
};

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
