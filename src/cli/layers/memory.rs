//! The table of values and weights as lectures write it: sizes multiplied out, layer by layer.

use crate::{
    cli::table::Table,
    figures::words::{megabytes, thousands},
    net::{Conv, Graph, Node, NodeId, Op},
};

/// The layers that lectures list: those with weights, pools, normalisation between them. A pool whose windows are single
/// values is none.
fn is_listed(graph: &Graph, node: &Node) -> bool {
    let has_weights = matches!(node.op, Op::Conv(_) | Op::TableConv { .. } | Op::Linear { .. } | Op::Subsample(_));
    let pools = match node.op {
        Op::AdaptiveAvgPool { .. } => graph.node(node.inputs[0]).shape != node.shape,
        Op::MaxPool(_) | Op::AvgPool { .. } => true,
        _ => false,
    };
    has_weights || pools || matches!(node.op, Op::Input | Op::Lrn { .. })
}

/// The table, and below it the memory of a pass by the lectures' count and by the program's.
pub(super) fn table(graph: &Graph) -> String {
    let mut table = Table::new(&["layer", ">height, width, units", ">values", ">weights", ">biases"]);
    let (mut values, mut weights, mut biases) = (0, 0, 0);
    for (id, node) in graph.nodes().iter().enumerate().filter(|(_, node)| is_listed(graph, node)) {
        let [units, height, width] = node.extent();
        let (size, count) = match [height, width] {
            [1, 1] => (units.to_string(), units.to_string()),
            _ => (
                format!("{height}x{width}x{units}"),
                format!("{height}·{width}·{units} = {}", thousands((height * width * units) as u64)),
            ),
        };
        let (factors, own, added) = written_out(graph, id);
        (values, weights, biases) = (values + units * height * width, weights + own, biases + added);
        let product = if factors.is_empty() { thousands(own) } else { format!("{factors} = {}", thousands(own)) };
        let added = if added == 0 { String::new() } else { thousands(added) };
        let name = node.title.map_or_else(|| node.name.clone(), str::to_owned);
        table.row([name, size, count, if own == 0 { "0".to_owned() } else { product }, added]);
    }
    table.rule();
    table.row(["total".to_owned(), String::new(), thousands(values as u64), thousands(weights), thousands(biases)]);
    let listed = 4 * values as u64;
    format!(
        "{}\nThese layers alone, 4 bytes a value: {} a picture; about twice that with the gradients of training.\n\
         All layers, rectifiers too, as the program keeps them: {}; at most {} at work in a pass, and {} of weights.\n",
        table.render(),
        megabytes(listed),
        megabytes(graph.activation_bytes(1)),
        megabytes(graph.forward_bytes(1, false)),
        megabytes(graph.parameter_bytes()),
    )
}

/// The factors of a layer's weights, their product, and its biases.
fn written_out(graph: &Graph, id: NodeId) -> (String, u64, u64) {
    let node = graph.node(id);
    let shapes: Vec<Vec<usize>> = graph.node_parameters(node).into_iter().map(|weight| weight.shape).collect();
    let counts: Vec<u64> = shapes.iter().map(|shape| shape.iter().product::<usize>() as u64).collect();
    let own = counts.first().copied().unwrap_or(0);
    let units = node.extent()[0];
    let factors = match &node.op {
        Op::Conv(Conv { kernel: [rows, columns], groups, .. }) => {
            let channels = graph.node(node.inputs[0]).extent()[0] / groups;
            format!("{rows}·{columns}·{channels}·{units}")
        }
        Op::TableConv { kernel: [rows, columns], table } => {
            format!("{rows}·{columns}·{}", table.iter().map(Vec::len).sum::<usize>())
        }
        Op::Linear { .. } => format!("{}·{units}", inputs(graph, node.inputs[0])),
        _ => String::new(),
    };
    (factors, own, counts.iter().skip(1).sum())
}

/// The inputs of a fully connected layer: the sides of the maps that it reads flattened, or their number.
fn inputs(graph: &Graph, mut id: NodeId) -> String {
    while matches!(graph.node(id).op, Op::Dropout { .. }) {
        id = graph.node(id).inputs[0];
    }
    let node = graph.node(id);
    match (&node.op, node.inputs.first().map(|&input| graph.node(input).extent())) {
        (Op::Flatten, Some([units, height, width])) if height * width > 1 => format!("{height}·{width}·{units}"),
        _ => node.extent()[0].to_string(),
    }
}
