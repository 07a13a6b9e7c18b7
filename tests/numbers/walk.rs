//! Reverse walks against PyTorch's, where float32 leaves some decisions open.

use super::{TOLERANCE, difference};
use candle_core::{Device, Tensor};
use std::collections::HashMap;
use striate::{
    kernels::to_vec,
    net::{Field, NodeId, Op, Rule, Trace},
    watch::Watch,
};

/// A decision that float32 cannot make: a rectifier's input, or a max pool's lead over the runner-up, is a rounding
/// error away from zero, so two correct programs may let a gradient pass or not, or send it elsewhere.
pub struct CloseCall {
    /// Distance from the other decision, over the layer's largest magnitude.
    closeness: f32,
    /// The rectifier or pool, and which of its values.
    at: (NodeId, usize),
    /// Which values of its input the other decision sends the gradient to (1) and no longer to (-1).
    changes: Vec<(usize, f32)>,
}

/// All close calls of a trace, the closest first.
pub fn close_calls(trace: &Trace) -> Vec<CloseCall> {
    // What float32 sums over thousands of values in another order come to.
    const ROUNDING: f32 = 4e-6;
    let graph = trace.network().graph();
    let auxiliary = graph.auxiliary();
    let mut calls = Vec::new();
    for (id, node) in graph.nodes().iter().enumerate().skip(1) {
        if !matches!(node.op, Op::Relu | Op::MaxPool(_)) || auxiliary[id] {
            continue;
        }
        let before = trace.values(node.inputs[0]).unwrap();
        let largest = before.iter().fold(0f32, |m, v| m.max(v.abs()));
        let mut close = |index: usize, distance: f32, changes: &[(usize, f32)]| {
            if distance <= ROUNDING * largest {
                calls.push(CloseCall { closeness: distance / largest, at: (id, index), changes: changes.to_vec() });
            }
        };
        match &node.op {
            Op::MaxPool(window) => {
                let [_, h, w] = graph.node(node.inputs[0]).extent();
                let [units, rows, columns] = node.extent();
                for index in 0..units * rows * columns {
                    let (unit, row, column) = (index / (rows * columns), index / columns % rows, index % columns);
                    let mut best = [(f32::NEG_INFINITY, 0); 2];
                    for y in (0..window.kernel[0]).map(|k| row * window.stride[0] + k) {
                        for x in (0..window.kernel[1]).map(|k| column * window.stride[1] + k) {
                            let inside = y.checked_sub(window.padding.top).zip(x.checked_sub(window.padding.left));
                            if let Some((y, x)) = inside.filter(|&(y, x)| y < h && x < w) {
                                let place = (unit * h + y) * w + x;
                                let value = before[place];
                                if value > best[0].0 {
                                    best = [(value, place), best[0]];
                                } else if value > best[1].0 {
                                    best[1] = (value, place);
                                }
                            }
                        }
                    }
                    // A window of zeros behind a rectifier passes nothing, whichever of them it chose.
                    if best[0].0 != 0.0 {
                        close(index, best[0].0 - best[1].0, &[(best[0].1, -1.0), (best[1].1, 1.0)]);
                    }
                }
            }
            _ => before
                .iter()
                .enumerate()
                .for_each(|(i, &v)| close(i, v.abs(), &[(i, if v > 0.0 { -1.0 } else { 1.0 })])),
        }
    }
    calls.sort_by(|a, b| a.closeness.total_cmp(&b.closeness));
    calls
}

/// The reverse walk of a class's score to the picture, compared with PyTorch's after deciding as few close calls the
/// other way as make the two agree; at first those in `flips`, to which what is found is added. Returns the walk, and
/// the largest difference over the largest magnitude before and after.
pub fn walk_agrees(
    trace: &Trace,
    class: usize,
    rule: Rule,
    theirs: &Tensor,
    calls: &[CloseCall],
    flips: &mut Vec<usize>,
) -> (Tensor, [f32; 2]) {
    let graph = trace.network().graph();
    let seed = trace.seed(graph.scores(), [class, 0, 0], 1.0).unwrap();
    let walk = |from: NodeId, seed: &Tensor, to: NodeId| trace.reverse(from, seed, to, &rule.into()).unwrap();
    let mut ours = walk(graph.scores(), &seed, 0);
    let differ = |ours: &Tensor| difference(&to_vec(ours).unwrap(), &to_vec(theirs).unwrap());
    let error = |ours: &Tensor| (ours - theirs).unwrap().sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
    let before = differ(&ours);
    let costs = graph.costs();

    // What arrives at the layers with close calls.
    let mut arriving: HashMap<NodeId, Vec<f32>> = HashMap::new();
    let mut arrives = |call: &CloseCall| {
        let (id, index) = call.at;
        let is_rectifier = graph.node(id).op == Op::Relu;
        let g = arriving.entry(id).or_insert_with(|| to_vec(&walk(graph.scores(), &seed, id)).unwrap())[index];
        match rule {
            Rule::Deconvnet if is_rectifier => 0.0,
            Rule::Guided if is_rectifier => g.max(0.0),
            _ => g,
        }
    };
    // How the walk changes when a call is decided the other way.
    let moved = |call: &CloseCall, g: f32| {
        let input = graph.node(call.at.0).inputs[0];
        let mut change = vec![0f32; trace.output(input).elem_count()];
        call.changes.iter().for_each(|&(place, sign)| change[place] = sign * g);
        let change = Tensor::from_vec(change, trace.output(input).shape(), &Device::Cpu).unwrap();
        // The gradient is linear in what arrives; the other rules clip sums, so they are walked with and without.
        if rule == Rule::Gradient {
            return walk(input, &change, 0);
        }
        let all = walk(graph.scores(), &seed, input);
        let way = walk(input, &all, 0);
        (walk(input, &(all + change).unwrap(), 0) - way).unwrap()
    };
    // Other rules start from what the gradient found, then try max pools: at those may hang what had no gradient.
    let mut first = flips.clone();
    if rule != Rule::Gradient {
        let is_pool = |call: &CloseCall| graph.node(call.at.0).op != Op::Relu;
        // Only those that see where the two differ most.
        let [_, _, height, width] = theirs.dims()[..] else { panic!("{theirs:?} is no batch of maps") };
        let apart = to_vec(&(&ours - theirs).unwrap().abs().unwrap()).unwrap();
        let most = apart.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        let (y, x) = (most / width % height, most % width);
        let sees = |call: &CloseCall| {
            let [_, rows, columns] = graph.node(call.at.0).extent();
            let within = |field: Field, index: usize, pixel: usize| {
                let start = field.offset + index as f64 * field.stride;
                (start..start + field.size as f64).contains(&(pixel as f64))
            };
            let [vertical, horizontal] = costs[call.at.0].field;
            within(vertical, call.at.1 / columns % rows, y) && within(horizontal, call.at.1 % columns, x)
        };
        let candidates = (0..calls.len()).filter(|&index| is_pool(&calls[index]) && sees(&calls[index]));
        first.extend(candidates.filter(|index| !flips.contains(index)).take(40));
    }
    for index in first {
        let g = arrives(&calls[index]);
        if g != 0.0 && differ(&ours) > TOLERANCE / 4.0 {
            let other = (&ours + moved(&calls[index], g)).unwrap();
            if error(&other) < 0.99 * error(&ours) {
                ours = other;
                if !flips.contains(&index) {
                    flips.push(index);
                }
            }
        }
    }
    let mut tried: Vec<usize> = flips.clone();
    for _ in 0..16 {
        if rule != Rule::Gradient || differ(&ours) <= TOLERANCE / 4.0 {
            break;
        }
        // The change that a call makes to the gradient, times the difference that is left, is what arrives at it times
        // its derivative in the direction of that difference: one forward pass ranks all the calls.
        let left = (theirs - &ours).unwrap();
        let size = |t: &Tensor| t.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
        let step = f64::from(1e-3 * size(trace.output(0)) / size(&left));
        let beside = (trace.output(0) + (left * step).unwrap()).unwrap();
        let beside = trace.network().forward(&beside, &Watch::default()).unwrap();
        let mut inputs: HashMap<NodeId, [Vec<f32>; 2]> = HashMap::new();
        let mut best = (0.0, None);
        for (index, call) in calls.iter().enumerate().filter(|(index, _)| !tried.contains(index)) {
            let input = graph.node(call.at.0).inputs[0];
            let [here, there] = inputs
                .entry(input)
                .or_insert_with(|| [trace, &beside].map(|trace| to_vec(trace.output(input)).unwrap()));
            let gain: f32 = call.changes.iter().map(|&(place, sign)| sign * (there[place] - here[place])).sum();
            let gain = gain * arrives(call);
            if gain > best.0 {
                best = (gain, Some(index));
            }
        }
        let Some(index) = best.1 else { break };
        tried.push(index);
        let other = (&ours + moved(&calls[index], arrives(&calls[index]))).unwrap();
        if error(&other) < 0.99 * error(&ours) {
            ours = other;
            flips.push(index);
        }
    }
    let after = differ(&ours);
    (ours, [before, after])
}
