//! `striate layers`: a network as a table.

use super::{choice::NetworkChoice, console::Console, prepare::extent, table::Table};
use crate::{
    Error, Result,
    figures::{
        to_json,
        words::{detail, dimensions, thousands},
    },
    net::{Cost, Field, Graph, Node},
    picture::Preparation,
    zoo::DEFAULT,
};
use serde::Serialize;

/// List a network's layers with what they cost and what they see of the picture
///
/// MACs are the multiply-adds of convolutions and fully connected layers. The receptive field is the part of the input
/// that one value depends on: its size, the step between neighbours and where the first one starts, in pixels.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The network: a file (ONNX, torch.export, Keras), or a name; 'striate networks' lists them
    #[arg(value_name = "NETWORK|FILE", value_parser = NetworkChoice::from_user, default_value = DEFAULT.name)]
    network: NetworkChoice,
    /// The input's size: a square's side, or HEIGHTxWIDTH [default: the network's own]
    #[arg(long, value_name = "N|HxW", value_parser = extent)]
    size: Option<[usize; 2]>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct LayerRow<'a> {
    name: &'a str,
    title: Option<&'static str>,
    kind: &'static str,
    detail: String,
    inputs: Vec<&'a str>,
    output: &'a [usize],
    parameters: u64,
    macs: u64,
    bytes: u64,
    /// Along rows, then along columns.
    receptive_field: [Field; 2],
}

#[derive(Default, Serialize)]
struct Total {
    layers: usize,
    parameters: u64,
    macs: u64,
    bytes: u64,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let (graph, card, notes) = args.network.layers()?;
    notes.iter().for_each(|note| console.note(note));
    let preparation = Preparation { size: args.size, ..Preparation::default() };
    let [height, width] = preparation.over(&card.preprocess)?.crop;
    let graph = graph.at_size([height, width]).map_err(|error| match error {
        Error::Usage(why) => Error::Usage(format!("{} cannot run at {height}x{width} pixels: {why}", card.name)),
        other => other,
    })?;
    let costs = graph.costs();
    let rows: Vec<LayerRow> = graph.nodes().iter().zip(&costs).map(|(node, cost)| row(&graph, node, cost)).collect();
    let total = rows.iter().fold(Total { layers: rows.len() - 1, ..Total::default() }, |sum, row| Total {
        parameters: sum.parameters + row.parameters,
        macs: sum.macs + row.macs,
        bytes: sum.bytes + row.bytes,
        ..sum
    });
    if args.json {
        return to_json(&serde_json::json!({
            "network": card.name,
            "title": card.title,
            "paper": card.paper,
            "input": graph.input_shape(),
            "layers": rows,
            "total": total,
        }));
    }
    let titled = rows.iter().any(|row| row.title.is_some());
    Ok(format!(
        "{} ({}), input {}\n\n{}",
        card.title,
        card.paper,
        dimensions(&graph.input_shape()),
        table(&rows, &total, titled).render()
    ))
}

fn row<'a>(graph: &'a Graph, node: &'a Node, cost: &Cost) -> LayerRow<'a> {
    LayerRow {
        name: &node.name,
        title: node.title,
        kind: node.op.kind(),
        detail: detail(&node.op),
        inputs: node.inputs.iter().map(|&input| graph.node(input).name.as_str()).collect(),
        output: &node.shape,
        parameters: cost.parameters,
        macs: cost.macs,
        bytes: cost.bytes,
        receptive_field: cost.field,
    }
}

fn table(rows: &[LayerRow], total: &Total, titled: bool) -> Table {
    // A column of paper's names only where the network has some.
    let titles = |title: &str| titled.then(|| title.to_owned());
    let mut columns = vec!["layer"];
    columns.extend(titled.then_some("title"));
    columns.extend(["kind", ">output", ">parameters", ">MACs", ">bytes", ">sees", ">stride", ">offset"]);
    let mut table = Table::new(&columns);
    for row in rows {
        let [down, across] = &row.receptive_field;
        let axes = |value: fn(&Field) -> f64| pair(value(down), value(across));
        let mut cells = vec![row.name.to_owned()];
        cells.extend(titles(row.title.unwrap_or_default()));
        cells.push([row.kind, &row.detail].join(" ").trim_end().to_owned());
        cells.push(dimensions(row.output));
        cells.extend([row.parameters, row.macs].map(|count| if count == 0 { String::new() } else { thousands(count) }));
        cells.push(thousands(row.bytes));
        cells.extend([axes(|f| f.size as f64), axes(|f| f.stride), axes(|f| f.offset)]);
        table.row(cells);
    }
    table.rule();
    let mut cells = vec![format!("{} layers", total.layers)];
    cells.extend(titles(""));
    cells.extend([String::new(), String::new()]);
    cells.extend([total.parameters, total.macs, total.bytes].map(thousands));
    table.row(cells);
    table
}

/// One number where rows and columns agree.
fn pair(down: f64, across: f64) -> String {
    let short = |value: f64| format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned();
    if down == across { short(down) } else { format!("{}x{}", short(down), short(across)) }
}
