//! A unit's path through the network: the earlier unit that adds most to its activation, the one that adds most to the
//! signal through that, and so on down to the picture, under the deconvnet's rule (Zeiler and Fergus 2014).

use super::deconvnet::Reconstruction;
use crate::{
    Result,
    kernels::to_vec,
    net::{Graph, NodeId, Op, Reverse, Rule, Trace},
    watch::Watch,
};
use candle_core::Tensor;

/// One layer of a path.
#[derive(Clone, Debug)]
pub struct PathStep {
    /// The signal through this unit and all later ones of the path, projected to the picture. Its position is the place
    /// through which most of it passes, its activation the unit's there.
    pub through: Reconstruction,
    /// The unit's share, 0 to 1, of the signal that reached the layer, weighted by the activations.
    pub share: f32,
}

/// Follows a reconstruction of one activation back to the first layer. At every layer that all ways back pass through,
/// only the unit with the most signal times activation is kept; the shares tell how much the others carry.
///
/// # Errors
/// When cancelled.
pub fn path(trace: &Trace, from: &Reconstruction, skip_lrn: bool, watch: &Watch) -> Result<Vec<PathStep>> {
    let graph = trace.network().graph();
    let layers = waypoints(graph, from.layer);
    let Some([row, column]) = from.position else { return Ok(Vec::new()) };
    let mut signal = trace.seed(from.layer, [from.unit, row, column], from.activation)?;
    let mut at = from.layer;
    let mut steps = Vec::with_capacity(layers.len());
    for (index, &layer) in layers.iter().enumerate() {
        let part = watch.part(index, layers.len());
        let how = |index| Reverse { rule: Rule::Deconvnet, skip_lrn, watch: part.part(index, 2) };
        let arrived = trace.reverse(at, &signal, layer, &how(0))?;
        let [_, height, width] = graph.node(layer).extent();
        let plane = height * width;
        let mut values = to_vec(&arrived)?;
        // The deconvnet's signal reaches silent units too. They excite nothing: what counts is signal times activation.
        let activations = trace.values(layer)?;
        let carried: Vec<f32> = values.iter().zip(&activations).map(|(s, a)| (s * a).max(0.0)).collect();
        let sums: Vec<f32> = carried.chunks(plane).map(|map| map.iter().sum()).collect();
        let total: f32 = sums.iter().sum();
        let unit = (0..sums.len()).fold(0, |best, unit| if sums[unit] > sums[best] { unit } else { best });
        if total <= 0.0 {
            break;
        }
        values.chunks_mut(plane).enumerate().filter(|(other, _)| *other != unit).for_each(|(_, map)| map.fill(0.0));
        let map = &carried[unit * plane..][..plane];
        let place = (0..plane).fold(0, |best, at| if map[at] > map[best] { at } else { best });
        let activation = activations[unit * plane + place];
        signal = Tensor::from_vec(values, arrived.shape(), arrived.device())?.to_dtype(arrived.dtype())?;
        at = layer;
        let through = trace.reverse(at, &signal, 0, &how(1))?;
        let position = Some([place / width, place % width]);
        let through = Reconstruction { layer, unit, position, activation, values: to_vec(&through)?, ..from.clone() };
        steps.push(PathStep { through, share: sums[unit] / total });
    }
    Ok(steps)
}

/// The layers before `from` that all ways from it to the picture pass through, the latest first: of each run of them
/// without weights between, the last.
fn waypoints(graph: &Graph, from: NodeId) -> Vec<NodeId> {
    let mut needed = vec![false; from + 1];
    needed[from] = true;
    let mut found = Vec::new();
    // The earliest input of what lies behind: where nothing reaches past a layer, every way leads through it.
    let mut earliest = from;
    let mut weighs = false;
    for id in (1..=from).rev() {
        if !needed[id] {
            continue;
        }
        if earliest == id && id != from && weighs {
            found.push(id);
            weighs = false;
        }
        let node = graph.node(id);
        node.inputs.iter().for_each(|&input| needed[input] = true);
        earliest = node.inputs.iter().copied().fold(earliest, NodeId::min);
        weighs |= matches!(node.op, Op::Conv(_) | Op::TableConv { .. } | Op::Linear { .. });
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::{Builder, Conv, Window};

    #[test]
    fn ways_meet_where_no_branch_leads_past() {
        let mut builder = Builder::new([3, 16, 16]);
        builder.then("conv1", Op::Conv(Conv::new(4, 3)));
        builder.then("relu1", Op::Relu);
        let pool = builder.then("pool1", Op::MaxPool(Window::new(2, 2)));
        let left = builder.then("left", Op::Conv(Conv::new(4, 1)));
        let right = builder.add("right", Op::Conv(Conv::new(4, 1)), &[pool]);
        builder.add("both", Op::Concat, &[left, right]);
        builder.then("conv2", Op::Conv(Conv::new(5, 1)));
        let last = builder.then("relu2", Op::Relu);
        let graph = builder.finish().unwrap();
        let names =
            |from| waypoints(&graph, from).into_iter().map(|id| graph.node(id).name.clone()).collect::<Vec<_>>();
        assert_eq!(names(last), ["both", "pool1"]);
        assert_eq!(names(graph.find("relu1").unwrap()), [""; 0]);
    }
}
