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
    engine::{BY_FILE, Model, Opening},
    figures::{
        Filters, Headings, LayerState, Scale, enlarged, gap, grid, read_colours, spaced, to_json, weights_cosine,
    },
    net::NodeId,
    paint::{Style, write_film, write_picture},
    picture::{Picture, SAMPLES},
    train::{Checkpoint, LEAST_PICTURES, SHIPPED_RUNS, Similarities, checkpoints, chosen, run_folder},
    weights::Source,
    zoo::{self, Card},
};
use candle_core::Device;
use image::RgbaImage;
use serde::Serialize;
use std::{path::PathBuf, sync::Arc};

/// Show how a unit or a layer's filters develop over the epochs of a run
///
/// RUN is a folder of checkpoints of one network, written by 'striate train' or by other programs, with the epoch in their
/// names. With --unit, a column an epoch: the part of a picture that excites the unit most at that epoch, and its deconvnet
/// projection. Without, the first layer's filters, or the six units that are strongest in the end. The table compares every
/// epoch with the last: the cosine of the layer's weights, and the linear centred kernel alignment (CKA) of its activations
/// over the pictures, of which it takes eight.
#[derive(clap::Args)]
pub(super) struct Args {
    #[arg(value_name = "RUN", value_parser = path(), help = format!("The folder of checkpoints, or the name of a run that ships: {}", shipped()))]
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

/// The names of the runs that ship.
fn shipped() -> String {
    SHIPPED_RUNS.iter().map(|run| run.name).collect::<Vec<_>>().join(", ")
}

/// Epochs in a sheet, units without --unit, and how long a film shows an epoch.
const EPOCHS: usize = 12;
const UNITS: usize = 6;
const MILLISECONDS: u16 = 600;
/// Pixels of a value of a filter at least, of a sheet of filters along each axis at most, and of a frame of their film.
const FILTERS: u32 = 4;
const SHEET: [u32; 2] = [2048, 1024];
const FRAME: u32 = 512;

#[derive(Serialize)]
struct Evolution {
    network: String,
    layer: String,
    units: Vec<usize>,
    /// Pictures that the activations are of.
    pictures: usize,
    epochs: Vec<EvolutionStep>,
    /// The linear centred kernel alignment of every epoch with every epoch.
    cka: Option<Vec<Vec<Option<f64>>>>,
}

/// The layer at one epoch.
#[derive(Serialize)]
struct EvolutionStep {
    epoch: usize,
    /// The cosine between the layer's weights and those of the last epoch.
    cosine: Option<f64>,
    /// The linear centred kernel alignment between the layer's activations and those of the last epoch.
    cka: Option<f64>,
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
    cosine: Option<f64>,
    similarities: Option<Similarities>,
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
        None => LayerState::of(&last, layer, &pictures, &console.watch().quiet())?.strongest_units(UNITS),
    };
    console.stage(&format!("{} epochs of {}", files.len(), graph.node(layer).name));
    let mut columns = Vec::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        console.watch().at(index, files.len())?;
        let model = open(args, Some(&name), file, console)?;
        if !model.has_layers_of(&last) {
            let file = file.path.display();
            return Err(Error::Failed(format!("{file} is not the same network as the last checkpoint")));
        }
        columns.push(column([&model, &last], layer, &units, &pictures, console)?);
    }
    let title = format!("{} of {name} over epochs {}", graph.node(layer).name, list(&files));
    let named: Vec<String> = units.iter().map(|unit| format!("unit {unit}")).collect();
    paint(args, &files, &columns, &named, title)?;
    let found = Evolution {
        layer: graph.node(layer).name.clone(),
        network: name,
        units,
        pictures: pictures.len(),
        cka: alignments(&columns),
        epochs: steps(&files, columns),
    };
    if args.json { to_json(&found) } else { Ok(text(&found)) }
}

/// The alignment of every epoch with every epoch.
fn alignments(columns: &[Column]) -> Option<Vec<Vec<Option<f64>>>> {
    let all: Option<Vec<&Similarities>> = columns.iter().map(|column| column.similarities.as_ref()).collect();
    let all = all?;
    Some(all.iter().map(|one| all.iter().map(|other| one.alignment(other)).collect()).collect())
}

fn steps(files: &[Checkpoint], columns: Vec<Column>) -> Vec<EvolutionStep> {
    let last = columns.last().and_then(|column| column.similarities.clone());
    let step = |(file, column): (&Checkpoint, Column)| EvolutionStep {
        epoch: file.epoch,
        cosine: column.cosine,
        cka: column.similarities.as_ref().zip(last.as_ref()).and_then(|(own, last)| own.alignment(last)),
        strongest: column.strongest,
    };
    files.iter().zip(columns).map(step).collect()
}

fn list(files: &[Checkpoint]) -> String {
    files.iter().map(|file| file.epoch.to_string()).collect::<Vec<_>>().join(", ")
}

/// The checkpoints to show.
fn wanted(args: &Args) -> Result<Vec<Checkpoint>> {
    let all = checkpoints(&run_folder(&args.run)?)?;
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

/// One checkpoint beside the last.
fn column(
    [model, last]: [&Arc<Model>; 2],
    layer: NodeId,
    units: &[usize],
    pictures: &[Picture],
    console: &Console,
) -> Result<Column> {
    let watch = console.watch().quiet();
    let cosine = weights_cosine(&model.network, &last.network, layer)?;
    let state = LayerState::of(model, layer, pictures, &watch)?;
    let (mut tiles, mut strongest) = (Vec::new(), Vec::new());
    if units.is_empty() {
        let filters = Filters::of(&model.network, layer)?;
        let none = || Error::Usage("the layer has no filters: --unit names a unit of it".into());
        tiles.push(filters.ok_or_else(none)?.overview(Scale::By(FILTERS), &Style::default()).0);
    }
    for &unit in units {
        let peak = state.peak(model, layer, unit, pictures, &watch)?;
        tiles.extend(peak.tiles);
        strongest.push(StrongestFound { picture: pictures[peak.picture].name.clone(), activation: peak.activation });
    }
    Ok(Column { tiles, strongest, cosine, similarities: state.similarities })
}

/// Writes the sheet, a row a kind of tile and a column an epoch, and the film.
fn paint(args: &Args, files: &[Checkpoint], columns: &[Column], units: &[String], title: String) -> Result<()> {
    let texts = [("Title", title)];
    let epochs: Vec<String> = files.iter().map(|file| format!("epoch {}", file.epoch)).collect();
    let rows = columns.first().map_or(0, |column| column.tiles.len());
    if let Some(out) = &args.out {
        let tiles: Vec<RgbaImage> =
            (0..rows).flat_map(|row| columns.iter().map(move |column| column.tiles[row].clone())).collect();
        let tiles = if units.is_empty() {
            grown(&tiles, |[width, height]| (SHEET[0] / (columns.len() as u32 * width)).min(SHEET[1] / height))
        } else {
            tiles
        };
        // Epochs stand further apart than the filters of one.
        let tile = tiles.first().map_or((1, 1), RgbaImage::dimensions);
        let apart = if rows == 1 { 3 * gap(tile) } else { gap(tile) };
        let headings = Headings { columns: &epochs, rows: units, rows_each: 2 };
        let sheet = headings.around(&spaced(&tiles, columns.len() as u32, apart), tile, apart)?;
        write_picture(out, &sheet, &texts)?;
    }
    if let Some(film) = &args.film {
        let frame = |(column, epoch): (&Column, &String)| {
            let tiles = if units.is_empty() {
                grown(&column.tiles, |[width, height]| FRAME.div_ceil(width.max(height)))
            } else {
                column.tiles.clone()
            };
            let picture = grid(&tiles, (rows as u32).min(2));
            let headings = Headings { columns: std::slice::from_ref(epoch), rows: &[], rows_each: 1 };
            headings.around(&picture, picture.dimensions(), 0)
        };
        let frames: Vec<RgbaImage> = columns.iter().zip(&epochs).map(frame).collect::<Result<_>>()?;
        write_film(film, &frames, MILLISECONDS, &texts)?;
    }
    Ok(())
}

/// Tiles of one size enlarged by a factor that follows from it, and is 1 at least.
fn grown(tiles: &[RgbaImage], factor: impl Fn([u32; 2]) -> u32) -> Vec<RgbaImage> {
    let factor = tiles.first().map_or(1, |tile| factor([tile.width().max(1), tile.height().max(1)]).max(1));
    tiles.iter().map(|tile| enlarged(tile, factor)).collect()
}

fn text(found: &Evolution) -> String {
    let mut table = Table::new(&["epoch", "cosine to the last", "CKA to the last", "strongest"]);
    for step in &found.epochs {
        let strongest = found.units.iter().zip(&step.strongest);
        let words = strongest.map(|(unit, one)| format!("{unit}: {:.3} in {}", one.activation, one.picture));
        let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.4}"));
        let words = words.collect::<Vec<_>>().join(", ");
        table.row([step.epoch.to_string(), number(step.cosine), number(step.cka), words]);
    }
    let few = match found.pictures < LEAST_PICTURES {
        true => format!("CKA takes {LEAST_PICTURES} pictures: --pictures names a folder of them\n"),
        false => String::new(),
    };
    format!("{} of {}\n{}{few}", found.layer, found.network, table.render())
}
