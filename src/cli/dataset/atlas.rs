//! `striate atlas`: a page for every unit.

use super::folder::FolderArgs;
use crate::{
    Result,
    atlas::{ATLAS, UnitAtlas},
    cli::{args::path, console::Console},
    dataset::{indexed_layers, stand_in},
    engine::Model,
    figures::{Scale, synthesised},
    net::NodeId,
    paint::NewFolder,
    synthesis::{self, At, Canvas, Goal, Recipe, Term},
    watch::Watch,
};
use image::RgbaImage;
use std::{path::PathBuf, sync::Arc};

/// The preset of the synthesised pictures.
const PRESET: &str = "yosinski";

/// Write a folder with a page for every unit: the pictures of a folder that excite it most, and more
///
/// A page shows the crops that excite the unit most with their deconvnet reconstructions, the distribution of its response, its
/// receptive field, the classes whose scores fall without it, and the units that feed it. The pages need no server and no
/// internet, and their names stay the same. An existing folder is replaced only when it holds an atlas, as it was written, and
/// nothing else. The folder of pictures is indexed first, once.
#[derive(clap::Args)]
pub(in crate::cli) struct AtlasArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// A layer to show; may be given several times [default: every indexed layer with maps]
    #[arg(long)]
    layer: Vec<String>,
    /// Make for every unit the picture that excites it most as well: takes seconds to minutes for each
    #[arg(long)]
    synthesise: bool,
    /// The file of the index [default: a file in the cache]
    #[arg(long, value_name = "FILE", value_parser = path())]
    index: Option<PathBuf>,
    /// The folder to write
    #[arg(long, value_name = "DIR", value_parser = path())]
    out: PathBuf,
}

pub(in crate::cli) fn atlas(args: &AtlasArgs, console: &Console) -> Result<String> {
    args.layer.iter().try_for_each(|name| args.folder.network.check_layer(name, None))?;
    let new = NewFolder::create(&args.out, ATLAS)?;
    let subject = args.folder.open(console)?;
    let graph = subject.model.network.graph();
    let has_maps = |layer: &NodeId| graph.node(*layer).extent()[1] > 1;
    let mut layers = match args.layer.is_empty() {
        true => indexed_layers(graph).into_iter().filter(has_maps).collect(),
        false => args.layer.iter().map(|name| Ok(stand_in(graph, graph.find(name)?))).collect::<Result<Vec<_>>>()?,
    };
    layers.sort_unstable();
    layers.dedup();
    let index = subject.index(args.index.as_deref(), console)?;
    let made = |layer: NodeId, unit: usize, watch: &Watch| synthesised_unit(&subject.model, layer, unit, watch);
    let synthesis: Option<&crate::atlas::Synthesis> = if args.synthesise { Some(&made) } else { None };
    console.stage(&format!("writing the pages of {} layers", layers.len()));
    let atlas = UnitAtlas { model: &subject.model, index: &index, layers, synthesis };
    Ok(atlas.write(new, &args.out, console.watch())? + "\n")
}

/// The picture that excites the mean of a unit's map.
fn synthesised_unit(model: &Model, layer: NodeId, unit: usize, watch: &Watch) -> Result<RgbaImage> {
    let terms = vec![Term { goal: Goal::Unit { layer, unit, at: At::Mean }, weight: 1.0 }];
    let settings = synthesis::find(PRESET)?.settings()?;
    let recipe = Recipe { terms, settings, batch: 1, size: None, picture: None };
    let mut canvas = Canvas::new(recipe, model.preprocess.clone(), Arc::clone(&model.network))?;
    canvas.finish(watch, |_, _| Ok(()))?;
    synthesised(&canvas.saved(), model, Scale::By(1))
}
