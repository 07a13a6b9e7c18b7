//! `striate index`: one pass over a folder that keeps the strongest activations of every unit.

use super::folder::FolderArgs;
use crate::{
    Result,
    cli::{console::Console, table::Table},
    dataset::{LayerStatistics, Selectivity, UnitStatistics},
    figures::{to_json, words::thousands},
};
use serde::Serialize;
use std::{path::PathBuf, time::Instant};

/// Run a network over a folder once and keep the strongest activations of every unit
///
/// The index is written every few seconds: a pass that was stopped, even by force, goes on where it was. New pictures are
/// added to it; when a picture was changed or removed, it is made anew. 'striate top' reads it.
///
/// Selectivity compares the class that excites a unit most with the others, 0 for none and 1 for that class alone (Morcos
/// et al. 2018); the table shows the mean over the units. The folders directly in the folder are the classes.
#[derive(clap::Args)]
pub(in crate::cli) struct IndexArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The file of the index [default: a file in the cache, found again by folder, network and weights]
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct IndexFacts {
    network: String,
    folder: PathBuf,
    pictures: usize,
    damaged: Vec<String>,
    seconds: f64,
    layers: Vec<LayerFacts>,
}

#[derive(Serialize)]
struct LayerFacts {
    layer: String,
    units: usize,
    dead: usize,
    mean_response: f64,
    mean_share: f64,
    /// Mean over the units that have one; none where the folder has no classes to compare.
    mean_selectivity: Option<f64>,
}

pub(in crate::cli) fn index(args: &IndexArgs, console: &Console) -> Result<String> {
    let subject = args.folder.open(console)?;
    let start = Instant::now();
    let index = subject.index(args.index.as_deref(), console)?;
    let mean = |layer: &LayerStatistics, value: fn(&UnitStatistics) -> f64| {
        layer.units.iter().map(value).sum::<f64>() / layer.units.len().max(1) as f64
    };
    let pictures = index.group_pictures();
    let selectivity = |layer: &LayerStatistics| {
        let units = (0..layer.units.len()).filter_map(|unit| Selectivity::of(&layer.group_means(unit, &pictures)));
        let values: Vec<f64> = units.map(|found| found.value).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let layers = index.layers.iter().map(|layer| LayerFacts {
        layer: layer.name.clone(),
        units: layer.units.len(),
        dead: layer.units.iter().filter(|unit| unit.excited == 0).count(),
        mean_response: mean(layer, UnitStatistics::mean),
        mean_share: mean(layer, UnitStatistics::share),
        mean_selectivity: selectivity(layer),
    });
    let facts = IndexFacts {
        network: subject.model.card.name.to_string(),
        folder: args.folder.folder.clone(),
        pictures: index.done - index.damaged.len(),
        damaged: index.damaged.iter().map(|(_, why)| why.clone()).collect(),
        seconds: start.elapsed().as_secs_f64(),
        layers: layers.collect(),
    };
    if args.json { to_json(&facts) } else { Ok(text(&facts)) }
}

fn text(facts: &IndexFacts) -> String {
    let mut table = Table::new(&["layer", ">units", ">dead", ">mean response", ">excited by %", ">selectivity"]);
    for layer in &facts.layers {
        table.row([
            layer.layer.clone(),
            layer.units.to_string(),
            layer.dead.to_string(),
            format!("{:.4}", layer.mean_response),
            format!("{:.1}", 100.0 * layer.mean_share),
            layer.mean_selectivity.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}")),
        ]);
    }
    let (network, pictures) = (&facts.network, thousands(facts.pictures as u64));
    format!(
        "{}\n{network} on {pictures} pictures of {} in {:.1} s\n",
        table.render(),
        facts.folder.display(),
        facts.seconds
    )
}
