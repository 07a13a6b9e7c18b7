//! The units whose output goes into a unit with the largest weights.

use crate::{
    Result,
    kernels::with_values,
    net::{Network, NodeId, Op},
};

/// Units that are listed.
const LISTED: usize = 8;

/// A unit that feeds another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feeder {
    /// Its layer.
    pub layer: NodeId,
    /// The unit.
    pub unit: usize,
    /// Norm of the weights from it.
    pub norm: f32,
    /// Sum of these weights: above zero it excites, below it inhibits.
    pub sum: f32,
}

/// The units that feed a unit most, by the norm of the filter's slice that reads them. Empty where the layer computes from no
/// filters.
///
/// # Errors
/// When memory fails.
pub fn feeders(network: &Network, layer: NodeId, unit: usize) -> Result<Vec<Feeder>> {
    let graph = network.graph();
    let mut at = layer;
    // Down to the filters: rectifiers, normalisations and the like keep units apart.
    while matches!(graph.node(at).op, Op::Relu | Op::BatchNorm { .. } | Op::Dropout { .. } | Op::MaxPool(_)) {
        at = graph.node(at).inputs[0];
    }
    let node = graph.node(at);
    let (groups, Some(filters)) = (groups(&node.op), network.filters(at)?) else { return Ok(Vec::new()) };
    let from = node.inputs[0];
    let (units, slices) = (graph.node(at).extent()[0], filters.dim(1)?);
    // A fully connected layer behind maps reads every place of them by itself: the unit of a place is its map.
    let per_unit = (slices * groups / graph.node(from).extent()[0].max(1)).max(1);
    let first = unit / (units / groups).max(1) * slices;
    let row = filters.get(unit)?.flatten_all()?.contiguous()?;
    let mut found = with_values::<f32, _>(&row, |values| {
        let slice = values.len() / slices.max(1) * per_unit;
        let feeder = |(index, weights): (usize, &[f32])| Feeder {
            layer: from,
            unit: first + index,
            norm: weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt(),
            sum: weights.iter().sum(),
        };
        Ok(values.chunks(slice.max(1)).enumerate().map(feeder).collect::<Vec<Feeder>>())
    })?;
    found.sort_by(|a, b| b.norm.total_cmp(&a.norm));
    found.truncate(LISTED);
    Ok(found)
}

fn groups(op: &Op) -> usize {
    match op {
        Op::Conv(conv) => conv.groups,
        _ => 1,
    }
}
