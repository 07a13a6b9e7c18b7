//! The development of a layer from checkpoint to checkpoint (Zeiler and Fergus 2014, figure 4; Kornblith et al. 2019).

use super::{enlarge::enlarged, patches::Patches};
use crate::{
    Result,
    engine::{Model, Run},
    kernels::to_vec,
    methods::Keep,
    net::{Network, NodeId},
    picture::Picture,
    train::Similarities,
    watch::Watch,
};
use candle_core::{Device, Tensor};
use image::RgbaImage;
use std::sync::Arc;

/// Pictures of a pass, and activations of a picture that enter the comparison of epochs: of more, every second, third, ...
const BATCH: usize = 32;
const COMPARED: usize = 1 << 16;
/// Pictures that enter it.
const PICTURES: usize = 256;

/// Least length of a tile's side.
const TILE: u32 = 96;

/// A layer of one checkpoint, over some pictures.
pub struct LayerState {
    /// For each picture the largest activation of every unit.
    pub largest: Vec<Vec<f32>>,
    /// The likeness of the pictures to the layer; `None` for few pictures.
    pub similarities: Option<Similarities>,
}

/// The strongest activation of a unit over some pictures.
pub struct UnitPeak {
    /// The picture, by its index.
    pub picture: usize,
    /// The activation.
    pub activation: f32,
    /// The part of the picture that the activation sees, and its deconvnet projection.
    pub tiles: [RgbaImage; 2],
}

impl LayerState {
    /// Runs the pictures.
    ///
    /// # Errors
    /// When a picture cannot be prepared, or the watch is cancelled.
    pub fn of(model: &Model, layer: NodeId, pictures: &[Picture], watch: &Watch) -> Result<Self> {
        let network = Arc::new(model.network.until(layer));
        let [units, height, width] = network.graph().node(layer).extent();
        let area = height * width;
        let step = (units * area).div_ceil(COMPARED).max(1);
        let (mut largest, mut rows) = (Vec::with_capacity(pictures.len()), Vec::new());
        for (number, chunk) in pictures.chunks(BATCH).enumerate() {
            let watch = watch.part(number, pictures.len().div_ceil(BATCH));
            let inputs = chunk.iter().map(|picture| Ok(model.preprocess.apply(picture, network.device())?.tensor));
            let inputs = Tensor::cat(&inputs.collect::<Result<Vec<_>>>()?, 0)?;
            let values = to_vec(network.forward(&inputs, &watch)?.output(layer))?;
            for row in values.chunks_exact(units * area) {
                let most = |map: &[f32]| map.iter().fold(f32::NEG_INFINITY, |m, &v| m.max(v));
                largest.push(row.chunks_exact(area).map(most).collect::<Vec<f32>>());
                if rows.len() < PICTURES {
                    rows.push(row.iter().step_by(step).copied().collect::<Vec<f32>>());
                }
            }
        }
        Ok(LayerState { largest, similarities: Similarities::of(&rows) })
    }

    /// The picture that excites a unit most.
    pub fn strongest_picture(&self, unit: usize) -> usize {
        let value = |&picture: &usize| self.largest[picture][unit];
        (0..self.largest.len()).max_by(|a, b| value(a).total_cmp(&value(b))).unwrap_or(0)
    }

    /// The units with the largest activations.
    pub fn strongest_units(&self, count: usize) -> Vec<usize> {
        let units = self.largest.first().map_or(0, Vec::len);
        let best = |unit: usize| self.largest.iter().map(|row| row[unit]).fold(f32::NEG_INFINITY, f32::max);
        let mut ranked: Vec<(usize, f32)> = (0..units).map(|unit| (unit, best(unit))).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.into_iter().take(count).map(|(unit, _)| unit).collect()
    }

    /// The strongest activation of a unit, projected back to its picture.
    ///
    /// # Errors
    /// When the picture cannot be prepared, or the watch is cancelled.
    pub fn peak(
        &self,
        model: &Arc<Model>,
        layer: NodeId,
        unit: usize,
        pictures: &[Picture],
        watch: &Watch,
    ) -> Result<UnitPeak> {
        let picture = self.strongest_picture(unit);
        let run = Run::picture(model, pictures[picture].clone(), watch)?;
        let projection = run.deconvnet(layer, unit, Keep::Strongest, watch)?;
        let patches = Patches::of(&run, layer)?;
        let position = projection.position.unwrap_or([0, 0]);
        let pair = [patches.input(position), patches.reconstruction(&projection, position)];
        let factor = TILE.div_ceil(pair[0].width().max(pair[0].height()).max(1));
        let tiles = pair.map(|tile| enlarged(&tile, factor));
        Ok(UnitPeak { picture, activation: self.largest[picture][unit], tiles })
    }
}

/// The cosine between the weights of a layer, or of the one before it that has some, in two networks; `None` where there are
/// none.
///
/// # Errors
/// When memory fails.
pub fn weights_cosine(one: &Network, two: &Network, mut layer: NodeId) -> Result<Option<f64>> {
    while layer > 0 {
        if let (Some(a), Some(b)) = (one.weights(layer).first(), two.weights(layer).first()) {
            let (a, b) = (to_vec(&a.to_device(&Device::Cpu)?)?, to_vec(&b.to_device(&Device::Cpu)?)?);
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
            return Ok(Some(dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt().max(f64::MIN_POSITIVE)));
        }
        layer = one.graph().node(layer).inputs[0];
    }
    Ok(None)
}
