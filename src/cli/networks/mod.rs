//! `striate networks`: every network of the zoo.

mod plot;

use super::{args::path, output::check_picture, table::Table};
use crate::{
    Result,
    figures::{
        to_json,
        words::{dimensions, thousands},
    },
    paint::write_picture,
    weights::{find_local, remote},
    zoo::{Card, ZOO, published},
};
use serde::Serialize;
use std::path::PathBuf;

/// List the networks
///
/// MACs are multiply-adds of one forward pass at the network's own size. Accuracies are published ones; --json names their
/// sources.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Add titles, layers, exact numbers, the size of the activations and the papers
    #[arg(long)]
    wide: bool,
    /// Draw accuracy against multiply-adds and parameters, and the errors of ILSVRC's winners and of the papers
    #[arg(long, value_name = "CHART.png", value_parser = path())]
    plot: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct NetworkRow {
    name: &'static str,
    title: &'static str,
    paper: &'static str,
    input: [usize; 3],
    layers: usize,
    classes: usize,
    parameters: u64,
    macs: u64,
    activation_bytes: u64,
    /// Whether it runs trained without another flag or download.
    weights_at_hand: bool,
    /// "shipped", "downloaded", "fetch" where they can be downloaded, or "file" where only a file can bring them.
    weights: &'static str,
    /// Published accuracy in percent.
    top1: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top5: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_source: Option<&'static str>,
    #[serde(skip)]
    family: &'static str,
}

impl NetworkRow {
    fn of(card: &'static Card) -> Result<Self> {
        let graph = (card.build)(card.size())?;
        let costs = graph.costs();
        let weights = match card.shipped {
            Some(_) => "shipped",
            None if find_local(card.name).is_some() => "downloaded",
            None if remote(card.name).is_some() => "fetch",
            None => "file",
        };
        let accuracy = published(card.name);
        Ok(NetworkRow {
            name: card.name,
            title: card.title,
            paper: card.paper,
            input: graph.input_shape(),
            layers: graph.nodes().len() - 1,
            classes: graph.node(graph.scores()).extent()[0],
            parameters: costs.iter().map(|cost| cost.parameters).sum(),
            macs: costs.iter().map(|cost| cost.macs).sum(),
            activation_bytes: costs.iter().map(|cost| cost.bytes).sum(),
            weights_at_hand: matches!(weights, "shipped" | "downloaded"),
            weights,
            top1: accuracy.map(|own| own.top1),
            top5: accuracy.and_then(|own| own.top5),
            accuracy_source: accuracy.map(|own| own.source),
            family: card.family,
        })
    }
}

pub(super) fn run(args: &Args) -> Result<String> {
    check_picture("--plot", args.plot.as_deref())?;
    let rows = ZOO.iter().map(NetworkRow::of).collect::<Result<Vec<_>>>()?;
    if let Some(path) = &args.plot {
        let texts =
            [("Shows", "published accuracies and errors of networks, computed multiply-adds and parameters".into())];
        write_picture(path, &plot::draw(&rows)?, &texts)?;
    }
    if args.json {
        return to_json(&serde_json::json!({ "networks": rows }));
    }
    let ending = "\nfetch: 'striate fetch NETWORK' downloads them. file: give one with --weights.\n\
        Until then the network runs untrained.\n";
    Ok(if args.wide { wide(rows) } else { narrow(rows) } + ending)
}

/// A table that fits a terminal of 80 columns.
fn narrow(rows: Vec<NetworkRow>) -> String {
    let mut table = Table::new(&["name", "input", ">parameters", ">MACs", "weights"]);
    for row in rows {
        let input = dimensions(&row.input);
        table.row([
            row.name.to_owned(),
            input,
            in_millions(row.parameters),
            in_millions(row.macs),
            row.weights.to_owned(),
        ]);
    }
    table.render()
}

/// Three digits or more, in thousands, millions or thousands of millions.
fn in_millions(count: u64) -> String {
    let count = count as f64;
    match count {
        0.0..1e6 => format!("{:.1} K", count / 1e3),
        1e6..1e9 => format!("{:.1} M", count / 1e6),
        _ => format!("{:.2} G", count / 1e9),
    }
}

fn wide(rows: Vec<NetworkRow>) -> String {
    let mut table = Table::new(&[
        "name",
        "title",
        "input",
        ">layers",
        ">parameters",
        ">MACs",
        ">activations",
        ">top-1 %",
        "weights",
        "paper",
    ]);
    for row in rows {
        table.row([
            row.name.to_owned(),
            row.title.to_owned(),
            dimensions(&row.input),
            row.layers.to_string(),
            thousands(row.parameters),
            thousands(row.macs),
            format!("{} KiB", thousands(row.activation_bytes.div_ceil(1024))),
            row.top1.map_or_else(String::new, |top1| format!("{top1:.1}")),
            row.weights.to_owned(),
            row.paper.to_owned(),
        ]);
    }
    table.render()
}
