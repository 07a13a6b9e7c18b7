//! The contents of a tour: which layers, methods and units it shows.

use super::{
    methods::MethodSteps,
    page::{Page, Section},
    pictures::{IMAGES, TourPictures},
    steps::Steps,
};
use crate::{
    Result,
    engine::Run,
    figures::{ClassFacts, picture_name},
    net::{NodeId, Op},
    paint::{FolderKind, NewFolder},
    watch::Watch,
};
use std::path::Path;

/// The folder that a tour is.
pub const TOUR: FolderKind =
    FolderKind { what: "tour", index: Some("index.html"), pictures: Some(IMAGES), others: &[] };

/// Classes that the page lists.
const CLASSES: usize = 8;

/// The contents of a tour.
pub struct Tour<'a> {
    /// The picture and the network.
    pub run: &'a Run,
    /// The picture's name in captions; `sample:NAME` for a sample, whose origin the page then names.
    pub picture: String,
    /// The class that the methods explain.
    pub class: usize,
    /// The layers, in the network's order.
    pub layers: Vec<NodeId>,
    /// Reconstructions for each layer.
    pub units: usize,
    /// Leave out the methods that take many passes through the network; the page names them.
    pub quick: bool,
}

impl<'a> Tour<'a> {
    /// Reconstructions for each layer, unless another number is asked for.
    pub const UNITS: u8 = 6;

    /// The whole tour of a run: all its layers and methods.
    pub fn of(run: &'a Run, class: usize) -> Self {
        let picture = run.picture.as_ref().map_or_else(String::new, picture_name);
        Tour { run, picture, class, layers: shown(run), units: Self::UNITS.into(), quick: false }
    }

    /// Writes the tour into a folder made for `out` and returns a sentence about it.
    ///
    /// # Errors
    /// When the folder cannot be written, or when cancelled: then there is no new folder.
    pub fn write(self, folder: NewFolder, out: &Path, watch: &Watch) -> Result<String> {
        let pictures = TourPictures { run: self.run, folder: &folder, picture: self.picture.clone() };
        let plan = MethodSteps::of(self.run, self.class, self.quick);
        let mut steps = Steps::new(watch, plan.count() + 2 * self.layers.len());
        let input = pictures.input()?;
        let methods = plan.answer(&pictures, &mut steps)?;
        let sections = self.layers.iter().map(|&layer| self.section(layer, &pictures, &mut steps));
        let sections = sections.collect::<Result<Vec<Section>>>()?;
        let facts = |class| ClassFacts::of(self.run, class);
        let top = self.run.ranking().into_iter().take(CLASSES).map(facts).collect();
        let class = facts(self.class);
        let page = Page { run: self.run, picture: self.picture, input, class, top, methods, sections };
        let html = page.render();
        folder.write_index(&html)?;
        folder.finish()?;
        let (layers, count) = (page.sections.len(), page.methods.count());
        let at = out.join("index.html");
        Ok(format!("wrote a tour of {layers} layers and {count} methods: open {}", at.display()))
    }

    fn section(&self, layer: NodeId, pictures: &TourPictures, steps: &mut Steps) -> Result<Section> {
        steps.next().at(0, 1)?;
        let activations = pictures.activations(layer)?;
        let filters = pictures.filters(layer)?;
        let follower = follower(self.run, layer, &self.layers);
        let watch = steps.next();
        let units = match follower {
            None if layer > 0 => pictures.units(layer, self.units, &watch)?,
            _ => Vec::new(),
        };
        Ok(Section { layer, activations, filters, units, follower })
    }
}

/// All layers but those that only pass values on, and the probabilities, which the page shows as bars.
fn shown(run: &Run) -> Vec<NodeId> {
    let nodes = run.model.network.graph().nodes();
    let passes = |op: &Op| matches!(op, Op::Dropout { .. } | Op::Flatten | Op::Softmax);
    (0..nodes.len()).filter(|&id| !passes(&nodes[id].op)).collect()
}

/// The layer whose reconstructions stand for this one's: the rectifier or normalisation that alone reads it.
fn follower(run: &Run, layer: NodeId, shown: &[NodeId]) -> Option<NodeId> {
    let nodes = run.model.network.graph().nodes();
    let mut readers = (0..nodes.len()).filter(|&id| nodes[id].inputs.contains(&layer));
    let reader = readers.next().filter(|_| readers.next().is_none())?;
    let same = matches!(nodes[reader].op, Op::Relu | Op::BatchNorm { .. });
    (layer > 0 && same && shown.contains(&reader)).then_some(reader)
}
