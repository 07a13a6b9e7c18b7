//! The index of a folder: what is kept of every unit and every picture.

use super::{
    listing::Listing,
    statistics::{Hit, UnitStatistics},
};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Classes kept a picture, the likeliest first.
pub(super) const CLASSES: usize = 5;

/// Everything that an index depends on besides the pictures. An index is continued only with the same fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The network's name.
    pub network: String,
    /// The weights: a file with its size and time, or a seed.
    pub weights: String,
    /// The preparation of pictures, in words.
    pub preparation: String,
}

/// The statistics of all units of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerStatistics {
    /// The layer's name.
    pub name: String,
    /// Units, height and width of its output.
    pub shape: [usize; 3],
    /// One a unit.
    pub units: Vec<UnitStatistics>,
}

/// The likeliest classes of a picture, with their probabilities (0 to 1).
pub type Prediction = Vec<(u32, f32)>;

/// The index of a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The network, weights and preparation it was made with.
    pub fingerprint: Fingerprint,
    /// The pictures. Those from `done` on have not run yet.
    pub listing: Listing,
    /// Pictures that ran, in the order of the listing.
    pub done: usize,
    /// Pictures that could not be read: index and reason.
    pub damaged: Vec<(u32, String)>,
    /// The indexed layers, in the order of the graph.
    pub layers: Vec<LayerStatistics>,
    /// For every picture that ran its likeliest classes; empty for a damaged one.
    pub predictions: Vec<Prediction>,
}

impl Index {
    /// An index of nothing yet. `layers` are names and shapes.
    pub fn new(fingerprint: Fingerprint, listing: Listing, layers: Vec<(String, [usize; 3])>) -> Self {
        let statistics = |(name, shape): (String, [usize; 3])| LayerStatistics {
            name,
            shape,
            units: vec![UnitStatistics::default(); shape[0]],
        };
        let layers = layers.into_iter().map(statistics).collect();
        Index { fingerprint, listing, done: 0, damaged: Vec::new(), layers, predictions: Vec::new() }
    }

    /// The pictures that ran, damaged ones included.
    pub fn ran(&self) -> Listing {
        let Listing { root, groups, entries } = &self.listing;
        Listing { root: root.clone(), groups: groups.clone(), entries: entries[..self.done].to_vec() }
    }

    /// Whether every picture ran.
    pub fn is_complete(&self) -> bool {
        self.done == self.listing.entries.len()
    }

    /// This index for what the folder holds now, where the pictures that ran are unchanged: new pictures wait to be run,
    /// wherever their names sort. `None` when a picture that ran was changed or removed: its share in sums cannot be
    /// taken back, so that the index must be made anew.
    pub fn continued(mut self, now: &Listing) -> Option<Self> {
        let mut fresh = now.entries.clone();
        let ran = &self.listing.entries[..self.done];
        let mut kept = Vec::with_capacity(fresh.len());
        for old in ran {
            let at = fresh.binary_search_by(|entry| entry.path.cmp(&old.path)).ok()?;
            let same = (fresh[at].bytes, fresh[at].modified) == (old.bytes, old.modified);
            if !same {
                return None;
            }
            kept.push(at);
        }
        let mut entries: Vec<_> = kept.iter().map(|&at| fresh[at].clone()).collect();
        kept.sort_unstable();
        for at in kept.into_iter().rev() {
            fresh.remove(at);
        }
        entries.extend(fresh);
        self.listing = Listing { root: now.root.clone(), groups: now.groups.clone(), entries };
        Some(self)
    }

    /// The strongest responses of a unit, strongest first.
    ///
    /// # Errors
    /// [`Error::Usage`] when the index lacks the layer or the layer the unit.
    pub fn top(&self, layer: &str, unit: usize) -> Result<&[Hit]> {
        let missing = || Error::Usage(format!("the index does not cover layer {layer}"));
        let layer = self.layers.iter().find(|known| known.name == layer).ok_or_else(missing)?;
        let last = layer.units.len().saturating_sub(1);
        let outside = || Error::Usage(format!("layer {} has units 0 to {last}, not {unit}", layer.name));
        Ok(&layer.units.get(unit).ok_or_else(outside)?.top)
    }
}
