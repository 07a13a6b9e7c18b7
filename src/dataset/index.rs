//! The index of a folder: what is kept of every unit and every picture.

use super::{
    listing::Listing,
    selectivity::{GroupMean, keep_sums, moved},
    statistics::{Hit, UnitStatistics},
};
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

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
    /// Sums of the responses, unit by unit, group by group; empty where they are not kept.
    pub(super) sums: Vec<f64>,
}

impl LayerStatistics {
    /// Counts the responses of all units to a batch of pictures, picture by picture. `listing` knows their groups.
    pub(super) fn add(&mut self, hits: &[Hit], listing: &Listing) {
        let count = self.units.len();
        let group = |hits: &[Hit]| listing.entries[hits[0].picture as usize].group;
        let groups: Vec<Option<usize>> = hits.chunks_exact(count.max(1)).map(group).collect();
        let mut rows: Vec<&mut [f64]> = match self.sums.is_empty() {
            true => (0..count).map(|_| <&mut [f64]>::default()).collect(),
            false => self.sums.chunks_exact_mut(listing.groups.len()).collect(),
        };
        let units = self.units.par_iter_mut().zip(rows.par_iter_mut()).enumerate();
        units.for_each(|(unit, (kept, sums))| {
            for (&hit, group) in hits.iter().skip(unit).step_by(count).zip(&groups) {
                kept.add(hit);
                if let Some(sum) = group.and_then(|group| sums.get_mut(group)) {
                    *sum += f64::from(hit.value);
                }
            }
        });
    }

    /// The mean responses of a unit to the groups that have pictures, as [`Index::group_pictures`] counts them, largest
    /// first. Empty where they are not kept: the folder has no groups, or too many for so many units.
    pub fn group_means(&self, unit: usize, pictures: &[u32]) -> Vec<GroupMean> {
        let groups = pictures.len();
        let sums = self.sums.get(unit * groups..(unit + 1) * groups).unwrap_or_default();
        let seen = sums.iter().zip(pictures).enumerate().filter(|(_, (_, pictures))| **pictures > 0);
        let mean =
            |(group, (sum, &pictures)): (usize, (&f64, &u32))| GroupMean { group, mean: sum / f64::from(pictures) };
        let mut means: Vec<GroupMean> = seen.map(mean).collect();
        means.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        means
    }
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
        let groups = listing.groups.len();
        let units: Vec<usize> = layers.iter().map(|(_, shape)| shape[0]).collect();
        let statistics = |((name, shape), keep): ((String, [usize; 3]), bool)| LayerStatistics {
            name,
            shape,
            units: vec![UnitStatistics::default(); shape[0]],
            sums: vec![0.0; if keep { shape[0] * groups } else { 0 }],
        };
        let layers = layers.into_iter().zip(keep_sums(&units, groups)).map(statistics).collect();
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

    /// The pictures of every group that ran and could be read.
    pub fn group_pictures(&self) -> Vec<u32> {
        let damaged: HashSet<u32> = self.damaged.iter().map(|(picture, _)| *picture).collect();
        let mut pictures = vec![0; self.listing.groups.len()];
        for (picture, entry) in self.listing.entries[..self.done].iter().enumerate() {
            if let Some(group) = entry.group.filter(|_| !damaged.contains(&(picture as u32))) {
                pictures[group] += 1;
            }
        }
        pictures
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
        self.regroup(&now.groups);
        self.listing = Listing { root: now.root.clone(), groups: now.groups.clone(), entries };
        Some(self)
    }

    /// Moves the sums by group to their places among `groups`. A layer that kept none, or that has no room for so many,
    /// keeps none from now on.
    fn regroup(&mut self, groups: &[String]) {
        if *groups == self.listing.groups {
            return;
        }
        let place = |group: &String| groups.iter().position(|now| now == group);
        let places: Vec<Option<usize>> = self.listing.groups.iter().map(place).collect();
        let units: Vec<usize> = self.layers.iter().map(|layer| layer.units.len()).collect();
        for (layer, keep) in self.layers.iter_mut().zip(keep_sums(&units, groups.len())) {
            layer.sums = if keep { moved(&layer.sums, layer.units.len(), &places, groups.len()) } else { Vec::new() };
        }
    }

    /// The statistics of a layer.
    ///
    /// # Errors
    /// [`Error::Usage`] when the index does not cover it.
    pub fn layer(&self, name: &str) -> Result<&LayerStatistics> {
        let missing = || Error::Usage(format!("the index does not cover layer {name}"));
        self.layers.iter().find(|known| known.name == name).ok_or_else(missing)
    }

    /// The strongest responses of a unit, strongest first.
    ///
    /// # Errors
    /// [`Error::Usage`] when the index lacks the layer or the layer the unit.
    pub fn top(&self, layer: &str, unit: usize) -> Result<&[Hit]> {
        let layer = self.layer(layer)?;
        let last = layer.units.len().saturating_sub(1);
        let outside = || Error::Usage(format!("layer {} has units 0 to {last}, not {unit}", layer.name));
        Ok(&layer.units.get(unit).ok_or_else(outside)?.top)
    }
}
