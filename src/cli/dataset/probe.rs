//! `striate probe`: how well simple classifiers tell the classes of a folder apart from the features of each layer.

use super::folder::{FolderArgs, note_damaged};
use crate::{
    Error, Result,
    cli::{console::Console, table::Table},
    dataset::{Accuracy, LayerProbe, Listing, ProbeSettings, indexed_layers, pooled_features, probe as probe_features},
    figures::to_json,
    net::{Graph, NodeId, Op},
};
use serde::Serialize;
use std::path::Path;

/// Layers probed at most when none is named.
const LAYERS: usize = 8;

/// Measure, layer by layer, how well simple classifiers tell the classes of a folder apart
///
/// The folders directly in FOLDER are the classes. The features of a picture are the means of a layer's feature maps. On
/// each random split a linear support vector machine, softmax regression and the vote of the nearest neighbours learn
/// from some pictures of each class and are tested on the others (Zeiler and Fergus 2014, Table 6).
#[derive(clap::Args)]
pub(in crate::cli) struct ProbeArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// A layer to probe; may be given several times [default: eight from first to last]
    #[arg(long)]
    layer: Vec<String>,
    /// Pictures of each class to learn from
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    train: u32,
    /// Random splits
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    splits: u32,
    /// Weight of the summed loss against half the squared norm of the weights
    #[arg(long, value_name = "C", default_value_t = 0.01)]
    cost: f64,
    /// Neighbours that vote
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    neighbours: u32,
    /// Seed of the splits
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct ProbeFacts {
    classes: usize,
    pictures: usize,
    train: u32,
    splits: u32,
    layers: Vec<ProbeRow>,
}

#[derive(Serialize)]
struct ProbeRow {
    layer: String,
    units: usize,
    #[serde(flatten)]
    probe: LayerProbe,
}

pub(in crate::cli) fn probe(args: &ProbeArgs, console: &Console) -> Result<String> {
    if !(args.cost > 0.0 && args.cost.is_finite()) {
        return Err(Error::Usage(format!("--cost {} must be above 0", args.cost)));
    }
    let subject = args.folder.open(console)?;
    let graph = subject.model.network.graph();
    let layers = match args.layer.is_empty() {
        true => usual_layers(graph),
        false => args.layer.iter().map(|name| graph.find(name)).collect::<Result<_>>()?,
    };
    let mut listing = subject.listing()?;
    keep_grouped(&mut listing)?;
    console.stage(&format!("running {} pictures", listing.entries.len()));
    let (prepare, at) =
        (|path: &Path| subject.model.prepare_file(path), |size| Ok(subject.model.at(size)?.network.clone()));
    let [pass, rest] = console.watch().split(0.6);
    let (features, damaged) = pooled_features(&subject.model.network, &at, &prepare, &listing, &layers, &pass)?;
    note_damaged(&damaged, console);
    console.stage("learning from the features");
    let settings = ProbeSettings {
        train: args.train as usize,
        splits: args.splits as usize,
        cost: args.cost,
        neighbours: args.neighbours as usize,
        seed: args.seed,
    };
    let classes = listing.groups.len();
    let mut rows = Vec::new();
    for (index, (features, &layer)) in features.iter().zip(&layers).enumerate() {
        let labels: Vec<usize> =
            features.pictures.iter().map(|&picture| listing.entries[picture].group.unwrap_or(0)).collect();
        let watch = rest.part(index, layers.len());
        let probe = probe_features(features, &labels, classes, &settings, &watch)?;
        rows.push(ProbeRow { layer: graph.node(layer).name.clone(), units: features.width, probe });
    }
    let pictures = listing.entries.len() - damaged.len();
    let facts = ProbeFacts { classes, pictures, train: args.train, splits: args.splits, layers: rows };
    if args.json { to_json(&facts) } else { Ok(text(&facts)) }
}

/// Leaves out files that lie in no class's folder, and folders without pictures.
fn keep_grouped(listing: &mut Listing) -> Result<()> {
    listing.entries.retain(|entry| entry.group.is_some());
    let mut used: Vec<usize> = listing.entries.iter().filter_map(|entry| entry.group).collect();
    used.sort_unstable();
    used.dedup();
    if used.len() < 2 {
        let folder = listing.root.display();
        return Err(Error::Failed(format!("{folder} needs a folder of pictures for each of at least two classes")));
    }
    listing.groups = used.iter().map(|&group| listing.groups[group].clone()).collect();
    for entry in &mut listing.entries {
        entry.group = entry.group.and_then(|group| used.binary_search(&group).ok());
    }
    Ok(())
}

/// Layers from first to last at which a stage of computation ends.
fn usual_layers(graph: &Graph) -> Vec<NodeId> {
    let ends = |layer: &NodeId| matches!(graph.node(*layer).op, Op::Relu | Op::Add | Op::Concat | Op::Tanh { .. });
    let mut layers: Vec<NodeId> = indexed_layers(graph).into_iter().filter(ends).collect();
    if layers.is_empty() {
        layers = indexed_layers(graph);
    }
    let last = layers.len() - 1;
    match layers.len() > LAYERS {
        true => (0..LAYERS).map(|index| layers[index * last / (LAYERS - 1)]).collect(),
        false => layers,
    }
}

fn text(facts: &ProbeFacts) -> String {
    let mut table = Table::new(&["layer", ">units", ">SVM %", ">softmax %", ">nearest %"]);
    let cell = |accuracy: &Accuracy| format!("{:.1} ± {:.1}", accuracy.mean, accuracy.std);
    for row in &facts.layers {
        let LayerProbe { svm, softmax, knn } = &row.probe;
        table.row([row.layer.clone(), row.units.to_string(), cell(svm), cell(softmax), cell(knn)]);
    }
    let (pictures, classes, train, splits) = (facts.pictures, facts.classes, facts.train, facts.splits);
    let learned = format!("{train} of each class to learn from, mean and deviation over {splits} splits");
    format!("{}\n{pictures} pictures of {classes} classes, {learned}\n", table.render())
}
