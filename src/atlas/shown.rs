//! Crops and reconstructions of hits. Every picture runs once, however many units it excites.

use crate::{
    Result,
    dataset::{Hit, Listing},
    engine::Model,
    figures::Patches,
    methods::{Keep, deconvnet},
    net::{NodeId, Trace},
    picture::Picture,
    watch::Watch,
};
use candle_core::Tensor;
use image::{Rgba, RgbaImage, imageops};
use std::{collections::BTreeMap, sync::Arc};

/// The hits of a unit that are to be shown.
#[derive(Clone, Debug)]
pub struct WantedHits {
    /// The unit.
    pub unit: usize,
    /// Its hits.
    pub hits: Vec<Hit>,
}

/// A hit with its pictures.
#[derive(Clone, Debug)]
pub struct ShownHit {
    /// The hit.
    pub hit: Hit,
    /// The part of the picture that the activation sees.
    pub crop: RgbaImage,
    /// The same part of the deconvnet reconstruction.
    pub reconstruction: RgbaImage,
    /// For every class its score less the score without the unit; empty where that was not asked for.
    pub votes: Vec<f32>,
}

/// The pictures of hits of one layer, in the order of `wanted`. A picture longer than `side` pixels is made smaller. With `votes`
/// the network also runs without the unit. An activation that is not above zero has a grey reconstruction.
///
/// # Errors
/// When a picture cannot be read any more; [`crate::Error::Cancelled`].
pub fn shown_hits(
    model: &Arc<Model>,
    listing: &Listing,
    layer: NodeId,
    wanted: &[WantedHits],
    side: u32,
    votes: bool,
    watch: &Watch,
) -> Result<Vec<Vec<ShownHit>>> {
    let mut by_picture: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
    for (slot, unit) in wanted.iter().enumerate() {
        for (rank, hit) in unit.hits.iter().enumerate() {
            by_picture.entry(hit.picture).or_default().push((slot, rank));
        }
    }
    let mut found: Vec<Vec<Option<ShownHit>>> = wanted.iter().map(|unit| vec![None; unit.hits.len()]).collect();
    let width = model.network.graph().node(layer).extent()[2];
    let total = by_picture.len();
    for (index, (picture, places)) in by_picture.into_iter().enumerate() {
        watch.at(index, total)?;
        let picture = Picture::open(&listing.path(picture as usize))?;
        let input = model.preprocess.apply(&picture, model.network.device())?.tensor;
        let trace = model.network.forward(&input, &watch.quiet())?;
        let patches = Patches::new(&model.preprocess, &trace, layer)?;
        for (slot, rank) in places {
            watch.check()?;
            let (unit, hit) = (wanted[slot].unit, wanted[slot].hits[rank]);
            let position = [hit.position as usize / width, hit.position as usize % width];
            let crop = smaller(patches.input(position), side);
            let area = trace.dims(layer)[2..].iter().product::<usize>();
            let is_active = trace.values(layer)?[unit * area + hit.position as usize] > 0.0;
            let reconstruction = match is_active {
                true => {
                    let keep = Keep::At(position[0], position[1]);
                    let back = deconvnet(&trace, layer, unit, keep, false, &watch.quiet())?;
                    smaller(patches.reconstruction(&back, position), side)
                }
                false => RgbaImage::from_pixel(crop.width(), crop.height(), Rgba([128, 128, 128, 255])),
            };
            found[slot][rank] = Some(ShownHit {
                hit,
                crop,
                reconstruction,
                votes: if votes { votes_of(&trace, layer, unit, watch)? } else { Vec::new() },
            });
        }
    }
    Ok(found.into_iter().map(|hits| hits.into_iter().flatten().collect()).collect())
}

/// For every class its score less the score without the unit.
fn votes_of(trace: &Trace, layer: NodeId, unit: usize, watch: &Watch) -> Result<Vec<f32>> {
    let network = trace.network();
    let (scores, [_, height, width]) = (network.graph().scores(), network.graph().node(layer).extent());
    if layer >= scores {
        return Ok(Vec::new());
    }
    let mut values = trace.values(layer)?;
    values[unit * height * width..][..height * width].fill(0.0);
    let without = Tensor::from_vec(values, trace.dims(layer), network.device())?;
    let without = network.forward_from(trace, &[(layer, without)], scores, &watch.quiet())?;
    let without = crate::kernels::to_vec(&without)?;
    Ok(trace.scores()?.iter().zip(&without).map(|(with, without)| with - without).collect())
}

fn smaller(image: RgbaImage, side: u32) -> RgbaImage {
    let (width, height) = image.dimensions();
    let longest = width.max(height);
    if longest <= side {
        return image;
    }
    let fit = |length: u32| (length * side).div_ceil(longest).max(1);
    imageops::resize(&image, fit(width), fit(height), imageops::FilterType::Triangle)
}
