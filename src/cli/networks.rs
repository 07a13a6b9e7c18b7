//! `striate networks`: every network of the zoo.

use super::table::Table;
use crate::{
    Result,
    figures::{
        to_json,
        words::{dimensions, thousands},
    },
    weights::{find_local, remote},
    zoo::{Card, ZOO},
};
use serde::Serialize;

/// List the networks
///
/// MACs are multiply-adds of one forward pass at the network's own size.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Add titles, layers, exact numbers, the size of the activations and the papers
    #[arg(long)]
    wide: bool,
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
        })
    }
}

pub(super) fn run(args: &Args) -> Result<String> {
    let rows = ZOO.iter().map(NetworkRow::of).collect::<Result<Vec<_>>>()?;
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
    let mut table =
        Table::new(&["name", "title", "input", ">layers", ">parameters", ">MACs", ">activations", "weights", "paper"]);
    for row in rows {
        table.row([
            row.name.to_owned(),
            row.title.to_owned(),
            dimensions(&row.input),
            row.layers.to_string(),
            thousands(row.parameters),
            thousands(row.macs),
            format!("{} KiB", thousands(row.activation_bytes.div_ceil(1024))),
            row.weights.to_owned(),
            row.paper.to_owned(),
        ]);
    }
    table.render()
}
