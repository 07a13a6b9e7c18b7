//! `striate filters`: the learned weights of a layer.

use super::{
    args::{self, NetworkArgs, PaintArgs},
    console::Console,
    output::OutputArgs,
};
use crate::{
    Error, Result,
    figures::{Facts, Filters, has_filters},
    kernels::to_vec,
    net::{Graph, NodeId},
    paint::{ColourMap, Range},
};

/// Paint a layer's filters
///
/// Filters that read the picture's three colours are shown in colour, zero grey, each at its own full scale. Beyond:
/// with --unit, the unit's filter for each of its inputs, side by side. Without --unit, a row for each of the 32 units
/// with the largest filters (by L2 norm) with the filters of its 32 largest inputs, largest first, a row at its own
/// full scale; where a connection table joins units and inputs (LeNet-5's C3), the whole table; or, where filters have
/// no extent (1x1, fully connected), the matrix of weights, a row a unit. A fully
/// connected unit that reads flattened maps is shown as maps. Red is positive, blue negative, white zero. --raw writes
/// (units, inputs, height, width), or (inputs, height, width) with --unit.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// One unit of it
    #[arg(long, value_name = "K")]
    unit: Option<usize>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    paint: PaintArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check_or_name(&args.network.name(), "filters")?;
    args.network.check_layer(&args.layer, args.unit)?;
    if let Some(graph) = args.network.graph()? {
        let layer = graph.find(&args.layer)?;
        if !has_filters(&graph, layer) {
            return Err(refusal(&graph, layer));
        }
    }
    let model = args.network.open(console)?;
    let graph = model.network.graph();
    let layer = graph.find(&args.layer)?;
    let unit = args.unit.map(|unit| args::unit(unit, layer, graph)).transpose()?;
    let Some(filters) = Filters::of(&model.network, layer)? else { return Err(refusal(graph, layer)) };
    let weights = filters.tensor.clone();
    let weights = unit.map_or(Ok(weights.clone()), |unit| weights.get(unit))?;
    let range = Range::of(&to_vec(&weights)?);
    let facts = Facts { unit, ..Facts::of(&model).layer(&model, layer).values(weights.dims(), range) };
    let style = args.paint.style(ColourMap::RedBlue);
    let scaling = args.paint.scaling(&style, filters.extent[1] * filters.extent[2]);
    let paint = || {
        Ok(match unit {
            None => filters.overview(args.output.scale(), &style).0,
            Some(unit) => filters.unit(unit, args.output.scale(), scaling, &style),
        })
    };
    args.output.save(facts, paint, || Ok(weights))
}

fn refusal(graph: &Graph, layer: NodeId) -> Error {
    let node = graph.node(layer);
    let with: Vec<&str> =
        (0..graph.nodes().len()).filter(|&id| has_filters(graph, id)).map(|id| graph.node(id).name.as_str()).collect();
    let shown = with.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let more = if with.len() > 5 { ", ..." } else { "" };
    Error::Usage(format!("layer {} ({}) has no filters; these have: {shown}{more}", node.name, node.op.kind()))
}
