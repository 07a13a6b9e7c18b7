//! `striate evolve`: how a layer develops over the checkpoints of a run (Zeiler and Fergus 2014, figure 4).

use super::{
    args::{self, path},
    console::Console,
    output::check_picture,
    table::Table,
};
use crate::{
    Error, Result,
    dataset::Listing,
    engine::{BY_FILE, Model, Opening, Run},
    figures::{Filters, Patches, Scale, enlarged, grid, read_colours, to_json},
    kernels::to_vec,
    methods::Keep,
    net::{Network, NodeId},
    paint::{Style, write_film, write_picture},
    picture::{Picture, SAMPLES},
    train::{Checkpoint, checkpoints, chosen},
    weights::Source,
    zoo::{self, Card},
};
use candle_core::{Device, Tensor};
use image::RgbaImage;
use serde::Serialize;
use std::{path::PathBuf, sync::Arc};

/// Show how a unit or a layer's filters develop over the epochs of a run
///
/// RUN is a folder of checkpoints of one network, written by 'striate train' or by other programs, with the epoch in their
/// names. With --unit, a column an epoch: the part of a picture that excites the unit most at that epoch, and its deconvnet
/// projection. Without, the first layer's filters, or the six units that are strongest in the end.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder of checkpoints
    #[arg(value_name = "RUN", value_parser = path())]
    run: PathBuf,
    /// The network [default: the one that the weights belong to]
    #[arg(long, value_name = "NETWORK", value_parser = zoo::find)]
    network: Option<&'static Card>,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// One unit of it
    #[arg(long, value_name = "K")]
    unit: Option<usize>,
    /// A folder of pictures to search [default: the sample pictures]
    #[arg(long, value_name = "FOLDER", value_parser = path())]
    pictures: Option<PathBuf>,
    /// Pictures to search at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Epochs to show [default: all, of more than twelve those that lie ever further apart]
    #[arg(long, value_name = "E,E,...", value_delimiter = ',')]
    epochs: Vec<usize>,
    /// The sheet, as .png, .jpg or .webp
    #[arg(long, value_name = "SHEET.png", value_parser = path())]
    out: Option<PathBuf>,
    /// The same as an animated PNG, an epoch a picture
    #[arg(long, value_name = "FILM.png", value_parser = path())]
    film: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Epochs in a sheet, units without --unit, least length of a tile's side, and how long a film shows an epoch.
const EPOCHS: usize = 12;
const UNITS: usize = 6;
const TILE: u32 = 96;
const MILLISECONDS: u16 = 600;

#[derive(Serialize)]
struct Evolution {
    network: String,
    layer: String,
    units: Vec<usize>,
    epochs: Vec<EvolutionStep>,
}

/// The layer at one epoch.
#[derive(Serialize)]
struct EvolutionStep {
    epoch: usize,
    /// The cosine between the layer's weights and those of the last epoch.
    cosine: Option<f64>,
    /// For each unit the picture that excites it most, where, and how much.
    strongest: Vec<StrongestFound>,
}

#[derive(Clone, Serialize)]
struct StrongestFound {
    picture: String,
    activation: f32,
}

/// One epoch's column: its tiles and what is said of it.
struct Column {
    tiles: Vec<RgbaImage>,
    strongest: Vec<StrongestFound>,
    weights: Option<Vec<f32>>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    if args.out.is_none() && args.film.is_none() {
        return Err(Error::Usage(
            "say where the sheet goes with --out SHEET.png, or the film with --film FILM.png".into(),
        ));
    }
    check_picture("--out", args.out.as_deref())?;
    check_picture("--film", args.film.as_deref())?;
    let files = wanted(args)?;
    let pictures = pictures(args)?;
    console.stage("opening the last checkpoint");
    let last = open(args, args.network.map(|card| card.name), &files[files.len() - 1], console)?;
    let (graph, name) = (Arc::clone(last.network.graph()), last.card.name.clone());
    let layer = graph.find(&args.layer)?;
    let units = match args.unit {
        Some(unit) => vec![args::unit(unit, layer, &graph)?],
        None if read_colours(&graph, layer) => Vec::new(),
        None => strongest_units(&last, layer, &pictures, console)?,
    };
    console.stage(&format!("{} epochs of {}", files.len(), graph.node(layer).name));
    let mut columns = Vec::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        console.watch().at(index, files.len())?;
        let model = open(args, Some(&name), file, console)?;
        if model.network.graph().node(layer).shape != graph.node(layer).shape {
            let file = file.path.display();
            return Err(Error::Failed(format!("{file} is not the same network as the last checkpoint")));
        }
        columns.push(column(&model, layer, &units, &pictures, console)?);
    }
    let title = format!("{} of {name} over epochs {}", graph.node(layer).name, list(&files));
    paint(args, &columns, title)?;
    let end = columns.last().and_then(|column| column.weights.clone());
    let step = |(file, column): (&Checkpoint, Column)| EvolutionStep {
        epoch: file.epoch,
        cosine: column.weights.zip(end.as_ref()).map(|(own, end)| cosine(&own, end)),
        strongest: column.strongest,
    };
    let epochs = files.iter().zip(columns).map(step).collect();
    let found = Evolution { network: name, layer: graph.node(layer).name.clone(), units, epochs };
    if args.json { to_json(&found) } else { Ok(text(&found)) }
}

fn list(files: &[Checkpoint]) -> String {
    files.iter().map(|file| file.epoch.to_string()).collect::<Vec<_>>().join(", ")
}

/// The checkpoints to show.
fn wanted(args: &Args) -> Result<Vec<Checkpoint>> {
    let all = checkpoints(&args.run)?;
    if args.epochs.is_empty() {
        return Ok(chosen(&all, EPOCHS));
    }
    let find = |&epoch: &usize| {
        let found = all.iter().find(|file| file.epoch == epoch).cloned();
        found.ok_or_else(|| {
            Error::Usage(format!("{} holds no epoch {epoch}: it holds {}", args.run.display(), list(&all)))
        })
    };
    args.epochs.iter().map(find).collect()
}

fn pictures(args: &Args) -> Result<Vec<Picture>> {
    let Some(folder) = &args.pictures else {
        return SAMPLES.iter().map(|sample| Picture::decode(sample.bytes, sample.name)).collect();
    };
    let listing = Listing::new(folder)?;
    // Spread over the whole folder: its beginning may be one class.
    let count = listing.entries.len();
    let some = (args.limit as usize).min(count);
    let found: Vec<Picture> =
        (0..some).filter_map(|index| Picture::open(&listing.path(index * count / some)).ok()).collect();
    match found.is_empty() {
        true => Err(Error::Failed(format!("no picture in {} can be read", folder.display()))),
        false => Ok(found),
    }
}

fn open(args: &Args, network: Option<&str>, file: &Checkpoint, console: &Console) -> Result<Arc<Model>> {
    let network = network.or(args.network.map(|card| card.name)).unwrap_or(BY_FILE);
    let opening = Opening { weights: Source::File(file.path.clone()), ..Opening::of(network) };
    Model::open(&opening, &Device::Cpu, &console.watch().quiet()).map(Arc::new)
}

/// For each picture the largest activation of every unit.
fn activations(model: &Arc<Model>, layer: NodeId, pictures: &[Picture], console: &Console) -> Result<Vec<Vec<f32>>> {
    let mut all = Vec::with_capacity(pictures.len());
    for chunk in pictures.chunks(32) {
        let inputs = chunk.iter().map(|picture| Ok(model.preprocess.apply(picture, &Device::Cpu)?.tensor));
        let inputs = Tensor::cat(&inputs.collect::<Result<Vec<_>>>()?, 0)?;
        let trace = model.network.forward(&inputs, &console.watch().quiet())?;
        let [units, height, width] = model.network.graph().node(layer).extent();
        let values = to_vec(trace.output(layer))?;
        let largest = |map: &[f32]| map.iter().fold(f32::NEG_INFINITY, |m, &v| m.max(v));
        let rows = values.chunks_exact(units * height * width);
        all.extend(rows.map(|row| row.chunks_exact(height * width).map(largest).collect::<Vec<f32>>()));
    }
    Ok(all)
}

/// The units with the largest activations.
fn strongest_units(model: &Arc<Model>, layer: NodeId, pictures: &[Picture], console: &Console) -> Result<Vec<usize>> {
    let all = activations(model, layer, pictures, console)?;
    let units = all.first().map_or(0, Vec::len);
    let best = |unit: usize| all.iter().map(|row| row[unit]).fold(f32::NEG_INFINITY, f32::max);
    let mut ranked: Vec<(usize, f32)> = (0..units).map(|unit| (unit, best(unit))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(ranked.into_iter().take(UNITS).map(|(unit, _)| unit).collect())
}

fn column(
    model: &Arc<Model>,
    layer: NodeId,
    units: &[usize],
    pictures: &[Picture],
    console: &Console,
) -> Result<Column> {
    let weights = weights(&model.network, layer)?;
    if units.is_empty() {
        let filters = Filters::of(&model.network, layer)?;
        let none = || Error::Usage("the layer has no filters: --unit names a unit of it".into());
        let (overview, _) = filters.ok_or_else(none)?.overview(Scale::Pleasant, &Style::default());
        return Ok(Column { tiles: vec![overview], strongest: Vec::new(), weights });
    }
    let found = activations(model, layer, pictures, console)?;
    let (mut tiles, mut strongest) = (Vec::new(), Vec::new());
    for &unit in units {
        let best = (0..pictures.len()).max_by(|&a, &b| found[a][unit].total_cmp(&found[b][unit])).unwrap_or(0);
        let run = Run::picture(model, pictures[best].clone(), &console.watch().quiet())?;
        let projection = run.deconvnet(layer, unit, Keep::Strongest, &console.watch().quiet())?;
        let patches = Patches::of(&run, layer)?;
        let position = projection.position.unwrap_or([0, 0]);
        let pair = [patches.input(position), patches.reconstruction(&projection, position)];
        let factor = TILE.div_ceil(pair[0].width().max(pair[0].height()).max(1));
        tiles.extend(pair.map(|tile| enlarged(&tile, factor)));
        strongest.push(StrongestFound { picture: pictures[best].name.clone(), activation: found[best][unit] });
    }
    Ok(Column { tiles, strongest, weights })
}

/// The first weights of a layer, or of the one before it that has some.
fn weights(network: &Network, mut layer: NodeId) -> Result<Option<Vec<f32>>> {
    while layer > 0 {
        if let Some(weight) = network.weights(layer).first() {
            return Ok(Some(to_vec(weight)?));
        }
        layer = network.graph().node(layer).inputs[0];
    }
    Ok(None)
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f64::MIN_POSITIVE)
}

/// Writes the sheet, a row a kind of tile and a column an epoch, and the film.
fn paint(args: &Args, columns: &[Column], title: String) -> Result<()> {
    let texts = [("Title", title)];
    let rows = columns.first().map_or(0, |column| column.tiles.len());
    if let Some(out) = &args.out {
        let tiles: Vec<RgbaImage> =
            (0..rows).flat_map(|row| columns.iter().map(move |column| column.tiles[row].clone())).collect();
        write_picture(out, &grid(&tiles, columns.len() as u32), &texts)?;
    }
    if let Some(film) = &args.film {
        let frame = |column: &Column| grid(&column.tiles, (rows as u32).min(2));
        write_film(film, &columns.iter().map(frame).collect::<Vec<_>>(), MILLISECONDS, &texts)?;
    }
    Ok(())
}

fn text(found: &Evolution) -> String {
    let mut table = Table::new(&["epoch", "cosine to the last", "strongest"]);
    for step in &found.epochs {
        let strongest = found.units.iter().zip(&step.strongest);
        let words = strongest.map(|(unit, one)| format!("{unit}: {:.3} in {}", one.activation, one.picture));
        let cosine = step.cosine.map_or_else(String::new, |cosine| format!("{cosine:.4}"));
        table.row([step.epoch.to_string(), cosine, words.collect::<Vec<_>>().join(", ")]);
    }
    format!("{} of {}\n{}", found.layer, found.network, table.render())
}
