//! Pooled features: the mean of every unit's feature map, one row a picture.

use super::{
    listing::Listing,
    pass::Prepare,
    run::{Damaged, NetworkAt, for_each_trace},
};
use crate::{
    Result,
    kernels::with_values,
    net::{Network, NodeId},
    watch::Watch,
};
use rayon::prelude::*;
use std::sync::Arc;

/// The features of pictures at one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// Indices of the pictures in the listing, one a row.
    pub pictures: Vec<usize>,
    /// Values in a row: the units of the layer.
    pub width: usize,
    /// Row-major `(pictures, units)`.
    pub values: Vec<f32>,
}

impl Features {
    /// The features of the picture in a row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..][..self.width]
    }

    /// The mean of every unit over the pictures; 0 without pictures.
    pub fn means(&self) -> Vec<f32> {
        let mut sums = vec![0f64; self.width];
        for row in 0..self.len() {
            sums.iter_mut().zip(self.row(row)).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        sums.into_iter().map(|sum| (sum / self.len().max(1) as f64) as f32).collect()
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }
}

/// Runs every picture of a folder once and keeps its features at each of `layers`. Pictures that cannot be read are
/// returned with the reasons.
///
/// # Errors
/// [`crate::Error::Cancelled`], and what the network refuses.
pub fn pooled_features(
    network: &Arc<Network>,
    at: &NetworkAt,
    prepare: &Prepare,
    listing: &Listing,
    layers: &[NodeId],
    watch: &Watch,
) -> Result<(Vec<Features>, Damaged)> {
    let width = |&layer: &NodeId| network.graph().node(layer).extent()[0];
    let mut found: Vec<Features> =
        layers.iter().map(|layer| Features { width: width(layer), ..Features::default() }).collect();
    let damaged = for_each_trace(network, at, prepare, listing, watch, |pictures, trace| {
        let graph = trace.network().graph();
        for (features, &layer) in found.iter_mut().zip(layers) {
            let [_, height, width] = graph.node(layer).extent();
            let means = with_values::<f32, _>(&trace.output(layer).contiguous()?, |values| {
                let maps = values.par_chunks_exact(height * width);
                Ok(maps.map(|map| map.iter().sum::<f32>() / map.len() as f32).collect::<Vec<f32>>())
            })?;
            features.values.extend(means);
            features.pictures.extend(pictures);
        }
        Ok(())
    })?;
    Ok((found, damaged))
}
