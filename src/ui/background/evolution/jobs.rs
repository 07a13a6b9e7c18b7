//! The jobs of the thread: lists the folder, opens checkpoints, runs pictures and paints tiles.

use super::queue::{EpochLayer, EvolutionJob, EvolutionQueue, FilterSheet, PictureOrigin, UnitTiles};
use crate::{
    Error, Result,
    dataset::Listing,
    engine::{DeviceChoice, Model, Opening, Run},
    figures::{Filters, LayerState, Scale, weights_cosine},
    net::NodeId,
    paint::{Scaling, Style},
    picture::{Picture, SAMPLES},
    train::{METRICS, checkpoints, read_metrics},
    ui::background::{
        textures::{SHARP, rgba_texture},
        worker::SharedState,
    },
    watch::Watch,
    weights::Source,
};
use eframe::egui::Context;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// Pictures of a folder that units are searched in.
const PICTURES: usize = 64;
/// The longer side of a picture that is searched, in pixels.
const LONGEST: u32 = 1024;
/// Pixels that a tile of filters has about.
const PIXELS: usize = 256;

/// The state that every job needs.
pub(super) struct JobContext {
    pub folder: PathBuf,
    pub network: String,
    pub device: DeviceChoice,
    pub ctx: Context,
}

impl JobContext {
    /// Does a job; a failure stays in the state.
    pub fn work(&self, shared: &SharedState<EvolutionQueue>, job: EvolutionJob) {
        let of_pane = matches!(
            job,
            EvolutionJob::Pictures(_) | EvolutionJob::Layer(..) | EvolutionJob::Unit(..) | EvolutionJob::Filters(_)
        );
        let wish = shared.lock().wish.clone();
        if let Err(error) = self.done(shared, job) {
            let mut state = shared.lock();
            match wish.filter(|_| of_pane) {
                Some(wish) => state.refused = Some((wish, error.to_string())),
                None => state.failed = Some(error.to_string()),
            }
        }
        self.ctx.request_repaint();
    }

    fn done(&self, shared: &SharedState<EvolutionQueue>, job: EvolutionJob) -> Result<()> {
        match job {
            EvolutionJob::List => list(shared, &self.folder)?,
            EvolutionJob::Open(index) => drop(self.model(shared, index)?),
            EvolutionJob::Run(index, model, picture, alteration) => {
                let pixels = Arc::clone(&picture.pixels);
                let run = Arc::new(Run::altered(&model, picture, alteration, None, &Watch::default())?);
                let mut state = shared.lock();
                // The picture may be another by now.
                let same = |(now, altered): &(Picture, _)| Arc::ptr_eq(&now.pixels, &pixels) && *altered == alteration;
                if state.picture.as_ref().is_some_and(same) && index < state.runs.len() {
                    state.runs[index] = Some(run);
                }
            }
            EvolutionJob::Pictures(origin) => {
                let pictures = Arc::new(pictures(&origin)?);
                let mut state = shared.lock();
                state.forget();
                state.pictures = Some((origin, pictures));
            }
            EvolutionJob::Layer(index, layer, pictures) => {
                let last = shared.lock().files.len().saturating_sub(1);
                let (model, last) = (self.model(shared, index)?, self.model(shared, last)?);
                let state = LayerState::of(&model, layer, &pictures, &Watch::default())?;
                let cosine = weights_cosine(&model.network, &last.network, layer)?;
                shared.lock().layers.insert((layer, index), Arc::new(EpochLayer { cosine, state }));
            }
            EvolutionJob::Unit(index, layer, unit, found, pictures) => {
                let tiles = self.unit(shared, (index, layer, unit), &found, &pictures)?;
                shared.lock().units.insert((layer, unit, index), tiles);
            }
            EvolutionJob::Filters(sheet) => self.filters(shared, sheet)?,
        }
        shared.lock().trim();
        Ok(())
    }

    /// The model of a checkpoint; kept where it is one of those that are kept ready.
    fn model(&self, shared: &SharedState<EvolutionQueue>, index: usize) -> Result<Arc<Model>> {
        let (known, file, first) = {
            let state = shared.lock();
            let first = state.models.iter().flatten().next().cloned();
            (state.models.get(index).cloned().flatten(), state.files.get(index).cloned(), first)
        };
        if let Some(model) = known {
            return Ok(model);
        }
        let gone = || Error::Failed(format!("{} has lost a checkpoint", self.folder.display()));
        let file = file.ok_or_else(gone)?;
        let network = first.as_ref().map_or(self.network.as_str(), |model| model.card.name.as_str());
        let opening = Opening { weights: Source::File(file.path.clone()), ..Opening::of(network) };
        let model = Arc::new(Model::open(&opening, &self.device.open()?, &Watch::default())?);
        if first.is_some_and(|first| !first.has_layers_of(&model)) {
            let (file, folder) = (file.path.display(), self.folder.display());
            return Err(Error::Failed(format!("{file} is another network than the other checkpoints of {folder}")));
        }
        let mut state = shared.lock();
        if state.kept().contains(&index) && state.files.get(index) == Some(&file) {
            state.models[index] = Some(Arc::clone(&model));
        }
        Ok(model)
    }

    fn unit(
        &self,
        shared: &SharedState<EvolutionQueue>,
        (index, layer, unit): (usize, NodeId, usize),
        found: &EpochLayer,
        pictures: &[Picture],
    ) -> Result<UnitTiles> {
        let model = self.model(shared, index)?;
        let peak = found.state.peak(&model, layer, unit, pictures, &Watch::default())?;
        let tiles = peak.tiles.map(|tile| rgba_texture(&self.ctx, "epoch", &tile, SHARP));
        Ok(UnitTiles { picture: pictures[peak.picture].name.clone(), activation: peak.activation, tiles })
    }

    fn filters(&self, shared: &SharedState<EvolutionQueue>, sheet: FilterSheet) -> Result<()> {
        let (layer, unit, index) = sheet;
        let network = Arc::clone(&self.model(shared, index)?.network);
        let filters = match unit {
            Some(unit) => Filters::of_one(&network, layer, unit)?,
            None => Filters::of(&network, layer)?,
        };
        let none = || Error::Failed("the layer has no filters".into());
        let filters = filters.ok_or_else(none)?;
        let [inputs, _, width] = filters.extent;
        let across = if unit.is_some() { inputs } else { filters.units }.isqrt().max(1) * width;
        let scale = Scale::By(PIXELS.div_ceil(across).min(16) as u32);
        let image = match unit {
            Some(_) => filters.unit(0, scale, Scaling::Symmetric, &Style::SIGNED),
            None => filters.overview(scale, &Style::SIGNED).0,
        };
        let texture = rgba_texture(&self.ctx, "filters", &image, SHARP);
        shared.lock().sheets.insert(sheet, texture);
        Ok(())
    }
}

/// Looks into the folder: a run that is on adds checkpoints at its end.
fn list(shared: &SharedState<EvolutionQueue>, folder: &Path) -> Result<()> {
    let files = checkpoints(folder)?;
    // A folder of another program has no metrics.
    let metrics = read_metrics(&folder.join(METRICS)).unwrap_or_default();
    let mut state = shared.lock();
    state.listed = Some(Instant::now());
    state.metrics = Arc::new(metrics);
    if *state.files == files {
        return Ok(());
    }
    let grown = !state.files.is_empty() && files.starts_with(&state.files);
    if !grown {
        (state.models, state.runs) = (Vec::new(), Vec::new());
        state.at = files.len() - 1;
        state.coming = true;
        state.sheets.clear();
    }
    // The last epoch, which others are compared with, is another.
    state.forget();
    state.models.resize(files.len(), None);
    state.runs.resize(files.len(), None);
    state.files = Arc::new(files);
    Ok(())
}

/// Pictures spread over the whole of a folder: its beginning may be one class.
fn pictures(origin: &PictureOrigin) -> Result<Vec<Picture>> {
    let PictureOrigin::Folder(folder) = origin else {
        return SAMPLES.iter().map(|sample| Picture::decode(sample.bytes, sample.name)).collect();
    };
    let listing = Listing::of(folder)?;
    let count = listing.entries.len();
    let some = count.min(PICTURES);
    let found = (0..some).filter_map(|index| Picture::open(&listing.path(index * count / some)).ok());
    Ok(found.map(shrunk).collect())
}

/// At most [`LONGEST`] pixels a side: all of them are in memory at once.
fn shrunk(picture: Picture) -> Picture {
    let (width, height) = picture.pixels.dimensions();
    let longest = width.max(height);
    if longest <= LONGEST {
        return picture;
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(LONGEST) / u64::from(longest)).max(1) as u32;
    Picture::from_rgb(&picture.name, image::imageops::thumbnail(&*picture.pixels, scaled(width), scaled(height)))
}
