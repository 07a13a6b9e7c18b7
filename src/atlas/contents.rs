//! The folder of an atlas: a page a unit, a page a layer, and an index.

use super::{
    feeders::{Feeder, feeders},
    page::{LayerPage, Names, UnitPage, front_page},
    shown::{WantedHits, shown_hits},
    tiles::sheet_of_hits,
};
use crate::{
    Error, Result,
    dataset::{Index, LayerStatistics, stand_in},
    engine::Model,
    figures::{Facts, enlarged},
    html::address,
    net::{Graph, NodeId, Op},
    paint::{FolderKind, NewFolder, write_atomically, write_png},
    watch::Watch,
};
use image::RgbaImage;
use std::{
    path::{Path, absolute},
    sync::Arc,
};

/// The folder inside an atlas that holds its pictures.
const IMAGES: &str = "images";

/// The folder that an atlas is.
pub const ATLAS: FolderKind =
    FolderKind { what: "atlas", index: Some("index.html"), pictures: Some(IMAGES), others: &[".html"] };

/// Longest side of a crop, in pixels.
const SIDE: u32 = 112;
/// Units whose crops are in memory at once.
const UNITS: usize = 64;

/// A synthesised picture of a unit.
pub type Synthesis<'a> = dyn Fn(NodeId, usize, &Watch) -> Result<RgbaImage> + 'a;

/// The material of an atlas.
pub struct UnitAtlas<'a> {
    /// The network.
    pub model: &'a Arc<Model>,
    /// The index of the folder.
    pub index: &'a Index,
    /// The layers, in the network's order; every one is covered by the index.
    pub layers: Vec<NodeId>,
    /// Makes the picture that excites a unit most, where such pictures are wanted.
    pub synthesis: Option<&'a Synthesis<'a>>,
}

impl UnitAtlas<'_> {
    /// Writes the atlas into a folder made for `out` and returns a sentence about it.
    ///
    /// # Errors
    /// When a picture cannot be read or the folder cannot be written, or when cancelled: then there is no new folder.
    pub fn write(&self, folder: NewFolder, out: &Path, watch: &Watch) -> Result<String> {
        let here = absolute(out).map_err(|error| Error::io("write", out, &error))?;
        let graph = self.model.network.graph();
        let names = Names::of(graph, &self.layers);
        let mut count = 0;
        for (index, &layer) in self.layers.iter().enumerate() {
            let statistics = self.statistics(layer)?;
            let watch = watch.part(index, self.layers.len());
            self.units(layer, statistics, &names, &folder, &here, &watch)?;
            let page = LayerPage { model: self.model, layer, statistics, names: &names };
            write_text(&folder, &names.layer(layer), &page.render())?;
            count += statistics.units.len();
        }
        folder.write_index(&front_page(self.model, self.index, &self.layers, &names))?;
        folder.finish()?;
        let (layers, at) = (self.layers.len(), out.join("index.html"));
        Ok(format!("wrote an atlas of {count} units in {layers} layers: open {}", at.display()))
    }

    fn statistics(&self, layer: NodeId) -> Result<&LayerStatistics> {
        self.index.layer(&self.model.network.graph().node(layer).name)
    }

    /// The units that feed a unit, each with the layer whose page shows it.
    fn feeders(&self, layer: NodeId, unit: usize, names: &Names) -> Result<Vec<(NodeId, Feeder)>> {
        let graph = self.model.network.graph();
        let found = feeders(&self.model.network, layer, unit)?.into_iter();
        Ok(found.map(|feeder| (shown_by(graph, feeder.layer, names), feeder)).collect())
    }

    /// The pages of a layer's units, as many at a time as memory is set aside for.
    fn units(
        &self,
        layer: NodeId,
        statistics: &LayerStatistics,
        names: &Names,
        folder: &NewFolder,
        here: &Path,
        watch: &Watch,
    ) -> Result<()> {
        let graph = self.model.network.graph();
        let units = statistics.units.iter().enumerate();
        let wanted: Vec<WantedHits> = units.map(|(unit, own)| WantedHits { unit, hits: own.excited_top() }).collect();
        let parts = wanted.len().div_ceil(UNITS);
        let pictures = self.index.group_pictures();
        for (part, wanted) in wanted.chunks(UNITS).enumerate() {
            let watch = watch.part(part, parts);
            let [crops, rest] = watch.split(if self.synthesis.is_some() { 0.2 } else { 0.95 });
            let listing = &self.index.listing;
            let shown = shown_hits(self.model, listing, layer, wanted, SIDE, true, &crops)?;
            for (slot, (wanted, hits)) in wanted.iter().zip(&shown).enumerate() {
                let watch = rest.part(slot, shown.len());
                let unit = wanted.unit;
                let picture = |ending: &str| format!("{IMAGES}/{}-{unit}{ending}.png", names.slug(layer));
                let facts = Facts::of(self.model).layer(self.model, layer).unit(unit);
                let (mut sheet, mut made) = (None, None);
                if !hits.is_empty() {
                    write_png(&folder.path(&picture("")), &sheet_of_hits(hits), &facts.texts())?;
                    let first = &hits[0].crop;
                    write_png(&folder.path(&picture("-first")), first, &facts.texts())?;
                    sheet = Some(picture(""));
                }
                if let Some(synthesis) = self.synthesis {
                    let image = synthesis(layer, unit, &watch)?;
                    let factor = 256_u32.div_ceil(image.width().max(1)).max(1);
                    write_png(&folder.path(&picture("-made")), &enlarged(&image, factor), &facts.texts())?;
                    made = Some(picture("-made"));
                }
                let page = UnitPage {
                    model: self.model,
                    index: self.index,
                    layer,
                    unit,
                    statistics: &statistics.units[unit],
                    units: statistics.units.len(),
                    means: statistics.group_means(unit, &pictures),
                    hits,
                    sheet,
                    made,
                    field: graph.costs()[layer].field,
                    feeders: self.feeders(layer, unit, names)?,
                    names,
                    link: &|file: &Path| absolute(file).map_or_else(|_| String::new(), |file| address(&file, here)),
                };
                write_text(folder, &names.unit(layer, unit), &page.render())?;
            }
        }
        Ok(())
    }
}

/// The layer of the atlas that shows the units of `layer`: the one that stands for it, or one before it that keeps the same
/// units apart.
fn shown_by(graph: &Graph, layer: NodeId, names: &Names) -> NodeId {
    let stand = stand_in(graph, layer);
    let mut at = layer;
    while !names.covers(stand) && !names.covers(at) {
        match graph.node(at).op {
            Op::MaxPool(_) | Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. } | Op::Dropout { .. } => {
                at = graph.node(at).inputs[0];
            }
            _ => return stand,
        }
    }
    if names.covers(stand) { stand } else { at }
}

fn write_text(folder: &NewFolder, name: &str, text: &str) -> Result<()> {
    write_atomically(&folder.path(name), |file| file.write_all(text.as_bytes()))
}
