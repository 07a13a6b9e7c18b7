//! `striate transfer`: how much of a trained network should learn anew for other classes?

use super::{
    args::path,
    console::Console,
    table::Table,
    train::{DataArgs, origin, read},
};
use crate::{
    Error, Result,
    engine::{LearningPart, PreparedTraining, TrainingData, TrainingOrigin},
    figures::{ChartAxis, Series, has_filters, line_chart, to_json},
    net::{Graph, NodeId},
    paint::{write_atomically, write_picture},
    train::{
        CheckpointFacts, Epoch, Learner, Parameters, Setup, TrainingProgress, TrainingRecipe, TrainingRun,
        data::DataSet,
    },
};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

/// Compare ways of transfer learning on a folder of pictures, a folder a class
///
/// Four networks learn the same pictures for the same number of epochs: the classifier alone on the trained network's features,
/// the classifier and the layers next to it, all layers at a tenth of the rate, and all layers from scratch. DIR gets the table
/// (transfer.json), a chart of the accuracy in the test over epochs (chart.png), and a run of each that 'striate evolve' and
/// --weights open.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The trained network: a network's own weights, or a file
    #[arg(long, value_name = "NETWORK|FILE")]
    from: String,
    #[command(flatten)]
    data: DataArgs,
    /// The folder to write
    #[arg(long, value_name = "DIR", value_parser = path())]
    out: PathBuf,
    /// Passes over the training pictures, for each way
    #[arg(long, value_name = "E", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: u32,
    /// Pictures of a batch
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=4096))]
    batch: u32,
    /// Learning rate of the classifier
    #[arg(long, value_name = "RATE", default_value_t = 0.01)]
    rate: f64,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A way to use trained weights.
struct TransferWay {
    name: &'static str,
    words: &'static str,
    /// Whether it starts from the trained weights.
    trained: bool,
    /// Layers with weights before the classifier that learn; `None` for all.
    neighbours: Option<usize>,
}

const WAYS: [TransferWay; 4] = [
    TransferWay { name: "extractor", words: "classifier alone", trained: true, neighbours: Some(0) },
    TransferWay { name: "neighbours", words: "classifier and two layers", trained: true, neighbours: Some(2) },
    TransferWay { name: "all", words: "all layers", trained: true, neighbours: None },
    TransferWay { name: "scratch", words: "from scratch", trained: false, neighbours: None },
];

/// The chart's file in DIR.
const CHART: &str = "chart.png";

/// The rate of layers with trained weights, as a share of the classifier's.
const BODY_RATE: f64 = 0.1;

#[derive(Serialize)]
struct Comparison {
    network: String,
    data: String,
    classes: usize,
    train_pictures: usize,
    test_pictures: usize,
    ways: Vec<WayResult>,
}

#[derive(Serialize)]
struct WayResult {
    name: &'static str,
    words: &'static str,
    learned_weights: usize,
    test_top1: f64,
    best_test_top1: f64,
    train_top1: f64,
    seconds: f64,
    epochs: Vec<Epoch>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    if args.out.join(WAYS[0].name).exists() {
        let out = args.out.display();
        return Err(Error::Usage(format!("{out} holds a comparison already: choose another folder with --out")));
    }
    let origin = origin(None, Some(&args.from), console)?;
    let recipe = TrainingRecipe::of(origin.card().name).0.for_transfer();
    let recipe = TrainingRecipe {
        epochs: args.epochs as usize,
        batch: args.batch as usize,
        optimiser: crate::train::Optimiser { rate: args.rate, ..recipe.optimiser },
        seed: args.seed,
        ..recipe
    };
    let source = args.data.data()?;
    let data = read(&source, &origin, args.seed, console)?;
    let mut ways = Vec::new();
    for way in &WAYS {
        console.stage(way.words);
        ways.push(try_way(way, args, (&origin, &source, &data, &recipe), console)?);
    }
    let found = Comparison {
        network: origin.card().name.to_owned(),
        data: source.source.to_string(),
        classes: data.classes.len(),
        train_pictures: data.train.len(),
        test_pictures: data.test.len(),
        ways,
    };
    let json = to_json(&found)?;
    write_atomically(&args.out.join("transfer.json"), |file| file.write_all(json.as_bytes()))?;
    draw(&found, &args.out.join(CHART))?;
    if args.json { Ok(json) } else { Ok(text(&found, &args.out)) }
}

/// Trains one way.
fn try_way(
    way: &TransferWay,
    args: &Args,
    (origin, source, data, recipe): (&TrainingOrigin, &TrainingData, &DataSet, &TrainingRecipe),
    console: &Console,
) -> Result<WayResult> {
    let fresh = origin.without_weights();
    let origin = if way.trained { origin } else { &fresh };
    let prepared = PreparedTraining::new(origin, source, &data.classes, (recipe, &LearningPart::default()))?;
    let PreparedTraining { network, mut parameters, preprocess, facts, heads, .. } = prepared;
    choose(way, &mut parameters, network.graph(), &heads);
    let learned = parameters.all.iter().filter(|tensor| tensor.learns).map(|tensor| tensor.values.len()).sum();
    let folder = args.out.join(way.name);
    fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, &error))?;
    let threads = thread::available_parallelism().map_or(1, |count| count.get().div_ceil(4));
    let facts = CheckpointFacts::from_iter(facts.into_iter().chain([("way".to_owned(), way.name.to_owned())]));
    let recipe = recipe.clone();
    let setup = Setup { folder: Some(folder), data, preprocess, recipe, facts, limit: None, threads };
    let mut epochs: Vec<Epoch> = Vec::new();
    let tell = |at: &TrainingProgress, _: &Learner| {
        console.say(format!("{}  epoch {}/{}  {:.1}%", way.words, at.epoch, at.epochs, 100.0 * at.top1));
        // Cancelling shows in the next batch.
        let _ = console.watch().at((at.share * 1e4) as usize, 10_000);
    };
    TrainingRun::new(setup, network, parameters).train(console.watch(), tell, |epoch| epochs.push(*epoch))?;
    let last = epochs.last().copied();
    Ok(WayResult {
        name: way.name,
        words: way.words,
        learned_weights: learned,
        test_top1: last.map_or(0.0, |epoch| epoch.test_top1),
        best_test_top1: epochs.iter().map(|epoch| epoch.test_top1).fold(0.0, f64::max),
        train_top1: last.map_or(0.0, |epoch| epoch.train_top1),
        seconds: epochs.iter().map(|epoch| epoch.seconds).sum(),
        epochs,
    })
}

/// Lets the layers learn that a way is about, those with trained weights more slowly.
fn choose(way: &TransferWay, parameters: &mut Parameters, graph: &Graph, heads: &[NodeId]) {
    if let Some(count) = way.neighbours {
        let weighted: Vec<NodeId> =
            (1..graph.nodes().len()).filter(|&id| has_filters(graph, id) && !heads.contains(&id)).collect();
        // The layers behind the first neighbour learn too: normalisations between it and the classifier.
        let first = weighted.len().checked_sub(count).and_then(|place| weighted.get(place)).copied();
        parameters.freeze(|layer| heads.contains(&layer) || first.is_some_and(|first| layer >= first));
    }
    if way.trained {
        let body = parameters.all.iter_mut().filter(|tensor| !heads.contains(&tensor.layer));
        body.for_each(|tensor| tensor.rate = BODY_RATE);
    }
}

fn text(found: &Comparison, out: &Path) -> String {
    let mut table = Table::new(&["way", "learned weights", "train top-1", "test top-1", "best test top-1", "seconds"]);
    for way in &found.ways {
        table.row([
            way.words.to_owned(),
            crate::figures::words::thousands(way.learned_weights as u64),
            format!("{:.1}%", 100.0 * way.train_top1),
            format!("{:.1}%", 100.0 * way.test_top1),
            format!("{:.1}%", 100.0 * way.best_test_top1),
            format!("{:.0}", way.seconds),
        ]);
    }
    let (train, test, classes) = (found.train_pictures, found.test_pictures, found.classes);
    let heading =
        format!("{}: {train} pictures of {classes} classes to learn from, {test} to test with", found.network);
    format!("{heading}\n{}\nthe chart is {}\n", table.render(), out.join(CHART).display())
}

/// Accuracy in the test over epochs, a line a way.
fn draw(found: &Comparison, path: &Path) -> Result<()> {
    let line = |way: &WayResult| Series {
        name: way.words.to_owned(),
        points: way.epochs.iter().map(|epoch| [epoch.epoch as f64, 100.0 * epoch.test_top1]).collect(),
    };
    let lines: Vec<Series> = found.ways.iter().map(line).collect();
    let title = format!("Ways of transfer learning from {} to {} classes", found.network, found.classes);
    let across = ChartAxis { name: "epoch".into(), range: None };
    let up = ChartAxis { name: "right in the test, in percent".into(), range: Some([0.0, 100.0]) };
    let texts = [("Title", title.clone()), ("Data", found.data.clone())];
    write_picture(path, &line_chart(&title, &across, &up, &lines)?, &texts)
}
