//! `striate transfer`: how much of a trained network should learn anew for other classes?

use super::{
    args::path,
    console::Console,
    table::Table,
    train::{DataArgs, Origin, Prepared, name_damaged},
};
use crate::{
    Error, Result,
    figures::{has_filters, to_json},
    net::{Graph, NodeId},
    paint::write_atomically,
    train::{CheckpointFacts, Epoch, Parameters, Setup, TrainingRecipe, TrainingRun, data::DataSet},
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
/// (transfer.json), a chart of the accuracy in the test over epochs (chart.svg), and a run of each that 'striate evolve' and
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
    colour: &'static str,
    /// Whether it starts from the trained weights.
    trained: bool,
    /// Layers with weights before the classifier that learn; `None` for all.
    neighbours: Option<usize>,
}

const WAYS: [TransferWay; 4] = [
    TransferWay { name: "extractor", words: "classifier alone", colour: "#1f77b4", trained: true, neighbours: Some(0) },
    TransferWay {
        name: "neighbours",
        words: "classifier and two layers",
        colour: "#2ca02c",
        trained: true,
        neighbours: Some(2),
    },
    TransferWay { name: "all", words: "all layers", colour: "#d62728", trained: true, neighbours: None },
    TransferWay { name: "scratch", words: "from scratch", colour: "#7f7f7f", trained: false, neighbours: None },
];

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
    let origin = Origin::new(None, Some(&args.from), console)?;
    let recipe = TrainingRecipe::of(origin.name()).0.for_transfer();
    let recipe = TrainingRecipe {
        epochs: args.epochs as usize,
        batch: args.batch as usize,
        optimiser: crate::train::Optimiser { rate: args.rate, ..recipe.optimiser },
        seed: args.seed,
        ..recipe
    };
    let data = args.data.read(&origin, args.seed, console)?;
    name_damaged(console, &data.damaged);
    let mut ways = Vec::new();
    for way in &WAYS {
        console.stage(way.words);
        ways.push(try_way(way, args, (&origin, &data, &recipe), console)?);
    }
    let found = Comparison {
        network: origin.name().to_owned(),
        data: args.data.shown(),
        classes: data.classes.len(),
        train_pictures: data.train.len(),
        test_pictures: data.test.len(),
        ways,
    };
    let json = to_json(&found)?;
    write_atomically(&args.out.join("transfer.json"), |file| file.write_all(json.as_bytes()))?;
    write_atomically(&args.out.join("chart.svg"), |file| file.write_all(chart(&found).as_bytes()))?;
    if args.json { Ok(json) } else { Ok(text(&found, &args.out)) }
}

/// Trains one way.
fn try_way(
    way: &TransferWay,
    args: &Args,
    (origin, data, recipe): (&Origin, &DataSet, &TrainingRecipe),
    console: &Console,
) -> Result<WayResult> {
    let fresh = origin.without_weights();
    let prepared = Prepared::new(if way.trained { origin } else { &fresh }, &args.data, &data.classes, recipe)?;
    let Prepared { network, mut parameters, preprocess, facts, heads } = prepared;
    choose(way, &mut parameters, network.graph(), &heads);
    let learned = parameters.all.iter().filter(|tensor| tensor.learns).map(|tensor| tensor.values.len()).sum();
    let folder = args.out.join(way.name);
    fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, &error))?;
    let threads = thread::available_parallelism().map_or(1, |count| count.get().div_ceil(4));
    let facts = CheckpointFacts::from_iter(facts.into_iter().chain([("way".to_owned(), way.name.to_owned())]));
    let recipe = recipe.clone();
    let setup = Setup { folder: Some(folder), data, preprocess, recipe, facts, limit: None, threads };
    let mut epochs: Vec<Epoch> = Vec::new();
    let tell = |at: &crate::train::TrainingProgress| {
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
    format!("{heading}\n{}\nthe chart is {}\n", table.render(), out.join("chart.svg").display())
}

/// Width and height of the chart, and its margins on the left and on the other sides.
const SIZE: [f64; 2] = [640.0, 400.0];
const LEFT: f64 = 56.0;
const MARGIN: f64 = 40.0;

/// Accuracy in the test over epochs, a line a way.
fn chart(found: &Comparison) -> String {
    let epochs = found.ways.iter().map(|way| way.epochs.len()).max().unwrap_or(1);
    let x = |epoch: usize| LEFT + (SIZE[0] - LEFT - MARGIN) * (epoch as f64 - 1.0) / (epochs as f64 - 1.0).max(1.0);
    let y = |share: f64| SIZE[1] - MARGIN - (SIZE[1] - 2.0 * MARGIN) * share;
    let [width, height] = SIZE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for tenth in (0..=10).step_by(2) {
        let share = f64::from(tenth) / 10.0;
        let (at, end) = (y(share), width - MARGIN);
        svg += &format!("<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\n");
        svg +=
            &format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}%</text>\n", LEFT - 6.0, at + 4.0, tenth * 10);
    }
    for epoch in [1, epochs.div_ceil(2), epochs] {
        let (at, down) = (x(epoch), height - MARGIN + 18.0);
        svg += &format!("<text x=\"{at:.1}\" y=\"{down}\" text-anchor=\"middle\">{epoch}</text>\n");
    }
    let title = format!("{}: right in the test, by epoch", found.network);
    svg += &format!("<text x=\"{LEFT}\" y=\"22\" font-size=\"14\">{title}</text>\n");
    for (index, (way, result)) in WAYS.iter().zip(&found.ways).enumerate() {
        let points = result.epochs.iter().map(|epoch| format!("{:.1},{:.1}", x(epoch.epoch), y(epoch.test_top1)));
        let points = points.collect::<Vec<_>>().join(" ");
        let colour = way.colour;
        svg += &format!("<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");
        let down = height - MARGIN - 14.0 - 16.0 * (WAYS.len() - 1 - index) as f64;
        let across = width - MARGIN - 150.0;
        svg += &format!("<text x=\"{across}\" y=\"{down}\" fill=\"{colour}\">{}</text>\n", way.words);
    }
    svg + "</svg>\n"
}
