//! `striate top`: the pictures of a folder that excite a unit most (Zeiler and Fergus 2014, Figure 2).

use super::folder::{FolderArgs, FolderSubject};
use crate::{
    Error, Result,
    cli::{args, console::Console, output::check_path, table::Table},
    dataset::{Hit, TOP, stand_in},
    engine::{Model, Run},
    figures::{Scale, pairs, spaced, to_json, words::number},
    methods::{Keep, deconvnet},
    net::NodeId,
    paint::write_png,
    picture::Picture,
    watch::Watch,
};
use image::RgbaImage;
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Pixels between pairs of the sheet.
const GAP: u32 = 36;
/// Pairs in a row of the sheet.
const COLUMNS: u32 = 3;

/// List the pictures of a folder that excite a unit most
///
/// --out draws for each the part of the picture that the activation sees, and beside it the deconvnet reconstruction, as
/// Zeiler and Fergus do. The folder is indexed first, once.
#[derive(clap::Args)]
pub(in crate::cli) struct TopArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// The unit
    #[arg(long)]
    unit: usize,
    /// Pictures to list
    #[arg(long, value_name = "N", default_value_t = TOP as u8, value_parser = clap::value_parser!(u8).range(1..=TOP as i64))]
    count: u8,
    /// The file of the index [default: a file in the cache]
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// The sheet of patches and reconstructions
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TopFacts {
    layer: String,
    unit: usize,
    top: Vec<HitFacts>,
}

#[derive(Serialize)]
struct HitFacts {
    file: PathBuf,
    value: f32,
    row: usize,
    column: usize,
}

pub(in crate::cli) fn top(args: &TopArgs, console: &Console) -> Result<String> {
    check_path("--out", args.out.as_deref(), "png", "a PNG")?;
    let subject = args.folder.open(console)?;
    let graph = subject.model.network.graph();
    let asked = graph.find(&args.layer)?;
    let layer = stand_in(graph, asked);
    let unit = args::unit(args.unit, layer, graph)?;
    let name = graph.node(layer).name.clone();
    if layer != asked {
        console.note(&format!("{} is shown by {name}, which passes its activations on", graph.node(asked).name));
    }
    let index = subject.index(args.index.as_deref(), console)?;
    let hits: Vec<Hit> = index.top(&name, unit)?.iter().take(args.count.into()).copied().collect();
    let excited: Vec<Hit> = hits.iter().filter(|hit| hit.value > 0.0).copied().collect();
    if excited.is_empty() {
        let folder = args.folder.folder.display();
        return Err(Error::Failed(format!("nothing to show: no picture of {folder} excites unit {unit} of {name}")));
    }
    let width = graph.node(layer).extent()[2];
    let place = |hit: &Hit| [hit.position as usize / width, hit.position as usize % width];
    if let Some(out) = &args.out {
        console.stage("projecting back");
        let files: Vec<(PathBuf, [usize; 2])> =
            excited.iter().map(|hit| (index.listing.path(hit.picture as usize), place(hit))).collect();
        let texts =
            [("Network", subject.model.card.name.to_string()), ("Layer", name.clone()), ("Unit", unit.to_string())];
        write_png(out, &sheet(&subject, layer, unit, &files, console.watch())?, &texts.map(|(key, text)| (key, text)))?;
    }
    let facts = |hit: &Hit| {
        let [row, column] = place(hit);
        HitFacts { file: index.listing.path(hit.picture as usize), value: hit.value, row, column }
    };
    let facts = TopFacts { layer: name, unit, top: excited.iter().map(facts).collect() };
    if args.json { to_json(&facts) } else { Ok(text(&facts)) }
}

/// For every file the patch that the activation at a position sees, and its reconstruction.
fn sheet(
    subject: &FolderSubject,
    layer: NodeId,
    unit: usize,
    files: &[(PathBuf, [usize; 2])],
    watch: &Watch,
) -> Result<RgbaImage> {
    let pair = |(at, (file, position)): (usize, &(PathBuf, [usize; 2]))| {
        watch.at(at, files.len())?;
        one_pair(&subject.model, layer, unit, file, *position, &watch.quiet())
    };
    let tiles: Vec<RgbaImage> = files.iter().enumerate().map(pair).collect::<Result<_>>()?;
    Ok(spaced(&tiles, COLUMNS, GAP))
}

fn one_pair(
    model: &Arc<Model>,
    layer: NodeId,
    unit: usize,
    file: &Path,
    [row, column]: [usize; 2],
    watch: &Watch,
) -> Result<RgbaImage> {
    let run = Run::picture(model, Picture::open(file)?, watch)?;
    let found = deconvnet(&run.trace, layer, unit, Keep::At(row, column), false, watch)?;
    pairs(&run, &[found], Scale::Pleasant, 1)
}

fn text(facts: &TopFacts) -> String {
    let mut table = Table::new(&[">", ">value", ">row", ">column", "file"]);
    for (rank, hit) in facts.top.iter().enumerate() {
        let file = hit.file.display().to_string();
        table.row([(rank + 1).to_string(), number(hit.value), hit.row.to_string(), hit.column.to_string(), file]);
    }
    format!("unit {} of {}\n{}", facts.unit, facts.layer, table.render())
}
