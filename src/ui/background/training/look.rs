//! The network under training as it is now: its first filters, and a picture's activations and scores.

use crate::{
    Result,
    engine::{Model, Run},
    figures::{Filters, Scale, gap, has_filters, some_units, suited_scaling},
    net::{Network, NodeId},
    paint::{Layout, Scaling, Style},
    picture::Picture,
    watch::Watch,
};
use candle_core::{Device, Tensor};
use image::RgbaImage;
use std::sync::Arc;

/// Maps of a layer that are shown, and the pixels that a picture of filters or maps has about.
const SHOWN: usize = 64;
const PIXELS: usize = 320;

/// The network at one moment of its training.
pub struct TrainingLook {
    /// Epochs done, with the share of the present one.
    pub epochs: f64,
    /// The picture through the network.
    pub run: Arc<Run>,
    /// The first filters.
    pub filters: Option<RgbaImage>,
    /// The layer of the maps, and its maps.
    pub layer: NodeId,
    /// The maps of its first units.
    pub maps: RgbaImage,
}

/// The picture and the layer that panes show.
#[derive(Clone, Default)]
pub(super) struct LookWish {
    pub picture: Option<Picture>,
    pub layer: Option<String>,
}

/// The picture that ran last, as the network's input.
#[derive(Default)]
pub(super) struct PreparedPicture(Option<(Picture, Tensor)>);

impl PreparedPicture {
    /// The input of a picture, prepared once.
    fn input(&mut self, model: &Model, picture: &Picture) -> Result<Tensor> {
        if let Some((last, input)) = &self.0
            && Arc::ptr_eq(&last.pixels, &picture.pixels)
        {
            return Ok(input.clone());
        }
        let input = model.preprocess.apply(picture, &Device::Cpu)?.tensor;
        self.0 = Some((picture.clone(), input.clone()));
        Ok(input)
    }
}

/// Looks at a network; `None` while there is no picture to run.
pub(super) fn look(
    model: &Arc<Model>,
    wish: &LookWish,
    prepared: &mut PreparedPicture,
    epochs: f64,
) -> Result<Option<TrainingLook>> {
    let Some(picture) = &wish.picture else { return Ok(None) };
    let run = Run::tensor(model, prepared.input(model, picture)?, &Watch::default())?;
    let layer = shown_layer(&model.network, wish.layer.as_deref());
    let view = &run.layers[layer];
    let [units, height, width] = view.shape;
    let chosen: Vec<usize> = (0..units.min(SHOWN)).collect();
    let across = chosen.len().isqrt().max(1) * width;
    let factor = PIXELS.div_ceil(across).min(32) as u32;
    let tile = (width as u32 * factor, height as u32 * factor);
    let layout = Layout::square(chosen.len(), tile, gap(tile));
    let scaling = suited_scaling(Scaling::Unit, height * width);
    let maps = some_units(view, &chosen, &layout, scaling, &Style::default())?;
    let filters = first_filters(&model.network)?;
    Ok(Some(TrainingLook { epochs, run: Arc::new(run), filters, layer, maps }))
}

/// The layer of this name, else the first with filters.
fn shown_layer(network: &Network, name: Option<&str>) -> NodeId {
    let graph = network.graph();
    let first = || (0..graph.nodes().len()).find(|&layer| has_filters(graph, layer));
    name.and_then(|name| graph.find(name).ok()).or_else(first).unwrap_or(0)
}

fn first_filters(network: &Network) -> Result<Option<RgbaImage>> {
    let graph = network.graph();
    let Some(layer) = (0..graph.nodes().len()).find(|&layer| has_filters(graph, layer)) else { return Ok(None) };
    let Some(filters) = Filters::of(network, layer)? else { return Ok(None) };
    let across = filters.units.isqrt().max(1) * filters.extent[2];
    let scale = Scale::By(PIXELS.div_ceil(across).min(16) as u32);
    Ok(Some(filters.overview(scale, &Style::SIGNED).0))
}
