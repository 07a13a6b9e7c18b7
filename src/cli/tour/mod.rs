//! `striate tour`: everything about one picture, layer by layer, as a folder that a browser opens.
//!
//! [`figures`] makes the pictures and [`page`] the HTML. [`NewFolder`] sees to it that a whole tour appears or none.

mod figures;
mod page;

use super::{
    args::{self, SubjectArgs},
    console::Console,
    facts::ClassFacts,
};
use crate::{
    Result,
    engine::Run,
    methods::{CAMS, METHODS, cam_layers, find_cam},
    net::{NodeId, Op},
    paint::{FolderKind, NewFolder},
    picture::{Picture, SAMPLES},
    watch::Watch,
};
use figures::{Figures, IMAGES};
use page::{Page, Section};
use std::path::{Path, PathBuf};

/// The folder that a tour is.
const TOUR: FolderKind = FolderKind { what: "tour", index: Some("index.html"), pictures: Some(IMAGES) };

/// Write a folder with everything about a picture, layer by layer: pictures and an index.html
///
/// For every layer its feature maps, its filters, and what excites its strongest units, beside the part of the picture
/// they see; for the class, every attribution method. The page needs no server and no network. An existing folder is
/// replaced only when it holds a tour, as it was written, and nothing else.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The folder to write
    #[arg(long, value_name = "DIR", value_parser = args::path())]
    out: PathBuf,
    /// The class to explain: its index, label or WordNet id [default: the predicted one]
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// Only these layers, separated by commas [default: all]
    #[arg(long, value_name = "L,L,...", value_delimiter = ',')]
    layers: Vec<String>,
    /// Reconstructions for each layer
    #[arg(long, value_name = "N", default_value_t = UNITS, value_parser = clap::value_parser!(u8).range(0..=64))]
    units: u8,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let graph = args.subject.network.graph()?;
    args.layers.iter().try_for_each(|name| graph.find(name).map(|_| ()))?;
    if let Some(class) = &args.class {
        args.subject.network.check_class(class)?;
    }
    let folder = NewFolder::create(&args.out, TOUR)?;
    let run = args.subject.run(console)?;
    let class = args::class(args.class.as_deref(), &run)?;
    // Found in what ran, which may lack the auxiliary classifiers.
    let find = |name: &String| run.model.network.graph().find(name);
    let chosen = args.layers.iter().map(find).collect::<Result<Vec<NodeId>>>()?;
    let layers = if chosen.is_empty() { shown(&run) } else { chosen };

    console.stage("writing the tour");
    let picture = args.subject.name();
    let tour = Tour { run: &run, picture, class, layers, units: args.units.into() };
    Ok(tour.write(folder, &args.out, console.watch())? + "\n")
}

/// Reconstructions for each layer, unless another number is asked for.
const UNITS: u8 = 6;

/// The tour of a run and a class with all its layers, for the window: what `striate tour` writes. Returns what was done in
/// a sentence.
///
/// # Errors
/// When the folder holds anything but a tour, or cannot be written; when cancelled. Then there is none.
pub fn write_tour(run: &Run, class: usize, out: &Path, watch: &Watch) -> Result<String> {
    let folder = NewFolder::create(out, TOUR)?;
    let is_sample =
        |picture: &&Picture| SAMPLES.iter().any(|sample| picture.path.is_none() && sample.name == picture.name);
    let picture = run.picture.as_ref();
    let name = picture.map_or_else(String::new, |picture| picture.name.clone());
    let picture = if picture.filter(is_sample).is_some() { format!("sample:{name}") } else { name };
    Tour { run, picture, class, layers: shown(run), units: UNITS.into() }.write(folder, out, watch)
}

/// What a tour is about.
struct Tour<'a> {
    run: &'a Run,
    /// What captions call the picture.
    picture: String,
    class: usize,
    layers: Vec<NodeId>,
    /// Reconstructions for each layer.
    units: usize,
}

impl Tour<'_> {
    fn write(self, folder: NewFolder, out: &Path, watch: &Watch) -> Result<String> {
        let Tour { run, picture, class, layers, units } = self;
        let figures = Figures { run, folder: &folder, picture: picture.clone() };
        // A picture's worth of work for each layer and method, and the layers have more.
        // The others take many passes each: they run when asked for.
        let quick: Vec<_> = METHODS.iter().filter(|method| !method.slow).collect();
        let cams: Vec<_> = CAMS.iter().filter(|method| !method.slow).collect();
        let depths = depths(run);
        let steps = quick.len() + cams.len() + depths.len() + layers.len() * 2;
        let looked_at = figures.seen()?;
        let mut methods = Vec::new();
        for (step, method) in quick.iter().enumerate() {
            let watch = watch.part(step, steps);
            methods.extend(figures.method(method, class, &[], &watch)?);
        }
        let (mut heatmaps, mut deep) = (Vec::new(), Vec::new());
        for (index, method) in cams.iter().enumerate() {
            let watch = watch.part(quick.len() + index, steps);
            heatmaps.extend(figures.method(method, class, &[], &watch)?);
        }
        for (index, &layer) in depths.iter().enumerate() {
            let watch = watch.part(quick.len() + cams.len() + index, steps);
            deep.extend(figures.method(find_cam(BY_DEPTH)?, class, &[layer], &watch)?);
        }
        let done = quick.len() + cams.len() + depths.len();
        let mut sections = Vec::new();
        for (index, &layer) in layers.iter().enumerate() {
            let watch = watch.part(done + 2 * index, steps);
            watch.at(0, 1)?;
            let activations = figures.activations(layer)?;
            let filters = figures.filters(layer)?;
            let follower = follower(run, layer, &layers);
            let watch = watch.part(done + 2 * index + 1, steps);
            let units = match follower {
                None if layer > 0 => figures.units(layer, units, &watch)?,
                _ => Vec::new(),
            };
            sections.push(Section { layer, activations, filters, units, follower });
        }
        let top = run.ranking().into_iter().take(8).map(|class| ClassFacts::of(run, class)).collect();
        let page =
            Page { run, picture, looked_at, class: ClassFacts::of(run, class), top, methods, heatmaps, deep, sections };
        let html = page.render();
        folder.write_index(&html)?;
        folder.finish()?;
        let (layers, methods) = (page.sections.len(), page.methods.len() + page.heatmaps.len());
        let at = out.join("index.html");
        Ok(format!("wrote a tour of {layers} layers and {methods} methods: open {}", at.display()))
    }
}

/// The method that shows layers of every depth: of early ones too it makes sharp maps.
const BY_DEPTH: &str = "layer-cam";

/// How many of them.
const DEPTHS: usize = 6;

/// Layers with maps from the first to the last, evenly: rectifiers, or of networks without any all layers.
fn depths(run: &Run) -> Vec<NodeId> {
    let graph = run.model.network.graph();
    let mut layers = cam_layers(graph, graph.scores());
    if layers.iter().any(|&id| matches!(graph.node(id).op, Op::Relu)) {
        layers.retain(|&id| matches!(graph.node(id).op, Op::Relu));
    }
    let last = layers.len().saturating_sub(1);
    let count = DEPTHS.min(layers.len());
    (0..count).map(|index| layers[index * last / (count - 1).max(1)]).collect()
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
