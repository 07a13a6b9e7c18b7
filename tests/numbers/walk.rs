//! Reverse walks against PyTorch's, where float32 leaves some decisions open.

use super::{TOLERANCE, difference};
use candle_core::{Device, Tensor};
use std::{
    cell::{OnceCell, RefCell},
    collections::{HashMap, HashSet},
};
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
    /// The node at whose values the other decision changes what arrives: the input, or where a pool would find its
    /// maximum in what a rectifier has just cut off, the rectifier's input.
    place: NodeId,
    /// Which values then get the gradient (1) or no longer (-1).
    changes: Vec<(usize, f32)>,
    /// The pool's inputs between which its gradient goes back and forth: where it went, where it would have gone.
    moved: Option<[usize; 2]>,
    /// Where a pool looks at what a rectifier cut off: the rectifier, and what the deconvnet rule, to which a closed
    /// rectifier is no obstacle, takes the signal from.
    behind: Option<(NodeId, usize)>,
}

/// All close calls of a trace, the closest first.
pub fn close_calls(trace: &Trace) -> Vec<CloseCall> {
    // The relative rounding error of float32 sums over thousands of values in another order.
    const ROUNDING: f32 = 4e-6;
    let graph = trace.network().graph();
    let auxiliary = graph.auxiliary();
    let mut calls = Vec::new();
    let mut cut_off = Vec::new();
    for (id, node) in graph.nodes().iter().enumerate().skip(1) {
        if !matches!(node.op, Op::Relu | Op::MaxPool(_)) || auxiliary[id] {
            continue;
        }
        let before = trace.values(node.inputs[0]).unwrap();
        let largest = before.iter().fold(0f32, |m, v| m.max(v.abs()));
        let mut close = |index: usize, distance: f32, changes: &[(usize, f32)]| {
            if distance <= ROUNDING * largest {
                let (closeness, place, changes) = (distance / largest, node.inputs[0], changes.to_vec());
                let moved = if let [(from, _), (to, _)] = *changes { Some([from, to]) } else { None };
                calls.push(CloseCall { closeness, at: (id, index), place, changes, moved, behind: None });
            }
        };
        match &node.op {
            Op::MaxPool(window) => {
                let [_, h, w] = graph.node(node.inputs[0]).extent();
                let [units, rows, columns] = node.extent();
                let follows_pool = matches!(graph.node(node.inputs[0]).op, Op::MaxPool(_));
                for index in 0..units * rows * columns {
                    let (unit, row, column) = (index / (rows * columns), index / columns % rows, index % columns);
                    let mut best = [(f32::NEG_INFINITY, 0); 2];
                    for y in (0..window.kernel[0]).map(|k| row * window.stride[0] + k) {
                        for x in (0..window.kernel[1]).map(|k| column * window.stride[1] + k) {
                            let inside = y.checked_sub(window.padding.top).zip(x.checked_sub(window.padding.left));
                            if let Some((y, x)) = inside.filter(|&(y, x)| y < h && x < w) {
                                let place = (unit * h + y) * w + x;
                                let value = before[place];
                                // Behind a pool whose windows overlap, equal values are one and the same: both
                                // programs take the first, and the runner-up is another value.
                                if value > best[0].0 {
                                    best = [(value, place), best[0]];
                                } else if value > best[1].0 && !(follows_pool && value == best[0].0) {
                                    best[1] = (value, place);
                                }
                            }
                        }
                    }
                    // Zeros behind a rectifier are no accident either.
                    if best[0].0 != best[1].0 || best[0].0 != 0.0 {
                        close(index, best[0].0 - best[1].0, &[(best[0].1, -1.0), (best[1].1, 1.0)]);
                    }
                    if best[0].0 == 0.0 {
                        cut_off.push((id, index));
                    }
                }
            }
            _ => before
                .iter()
                .enumerate()
                .for_each(|(i, &v)| close(i, v.abs(), &[(i, if v > 0.0 { -1.0 } else { 1.0 })])),
        }
    }
    // Windows of zeros behind a rectifier, one of whose values another program may have found just above zero.
    let mut inputs: HashMap<NodeId, (Vec<f32>, f32)> = HashMap::new();
    for (id, index) in cut_off {
        let node = graph.node(id);
        let Op::MaxPool(window) = &node.op else { continue };
        let ([_, h, w], [_, rows, columns]) = (graph.node(node.inputs[0]).extent(), node.extent());
        let (mut unit, row, column) = (index / (rows * columns), index / columns % rows, index % columns);
        let (mut source, skipped) = (node.inputs[0], unit);
        if graph.node(source).op == Op::Concat {
            for &branch in &graph.node(source).inputs {
                let units = graph.node(branch).extent()[0];
                if unit < units {
                    source = branch;
                    break;
                }
                unit -= units;
            }
        }
        if graph.node(source).op != Op::Relu {
            continue;
        }
        let place = graph.node(source).inputs[0];
        let (before, largest) = inputs.entry(place).or_insert_with(|| {
            let values = trace.values(place).unwrap();
            let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
            (values, largest)
        });
        let span = |index: usize, stride: usize, kernel: usize, pad: usize, size: usize| {
            (index * stride).saturating_sub(pad)..(index * stride + kernel - pad).min(size)
        };
        let vertical = span(row, window.stride[0], window.kernel[0], window.padding.top, h);
        let horizontal = span(column, window.stride[1], window.kernel[1], window.padding.left, w);
        let inside = vertical.flat_map(|y| horizontal.clone().map(move |x| (unit * h + y) * w + x));
        let all: Vec<usize> = inside.collect();
        let Some(&nearest) = all.iter().max_by(|&&a, &&b| before[a].total_cmp(&before[b])) else { continue };
        let closeness = -before[nearest] / *largest;
        if closeness <= ROUNDING {
            let beside = (skipped - unit) * h * w;
            let (changes, moved) = (vec![(nearest, 1.0)], Some([all[0] + beside, nearest + beside]));
            let behind = Some((source, all[0]));
            calls.push(CloseCall { closeness, at: (id, index), place, changes, moved, behind });
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

    // The gradients that arrive at the layers with close calls. One walk finds them when they are first asked for.
    let wanted: HashSet<NodeId> = calls.iter().flat_map(|call| [call.at.0, call.place]).collect();
    let arriving: OnceCell<HashMap<NodeId, Tensor>> = OnceCell::new();
    let arriving = || {
        arriving.get_or_init(|| {
            let mut found = HashMap::new();
            let step = |id: NodeId, index: usize, grad: &Tensor| {
                if index == 0 && wanted.contains(&id) {
                    found.insert(id, grad.clone());
                }
                trace.step(id, index, grad, &rule.into())
            };
            trace.walk(graph.scores(), &seed, 0, &Watch::default(), step).unwrap();
            found
        })
    };
    let values: RefCell<HashMap<NodeId, Vec<f32>>> = RefCell::default();
    let arrives = |call: &CloseCall| {
        let (id, index) = call.at;
        let is_rectifier = graph.node(id).op == Op::Relu;
        let through_rectifier = is_rectifier || call.place != graph.node(id).inputs[0];
        let mut values = values.borrow_mut();
        let values = values.entry(id).or_insert_with(|| arriving().get(&id).map_or(Vec::new(), |g| to_vec(g).unwrap()));
        let g = values.get(index).copied().unwrap_or(0.0);
        match rule {
            Rule::Deconvnet if is_rectifier => 0.0,
            Rule::Guided | Rule::Deconvnet if through_rectifier => g.max(0.0),
            _ => g,
        }
    };
    // How the walk changes when a call is decided the other way.
    let ours_like = ours.zeros_like().unwrap();
    let ways: RefCell<HashMap<NodeId, Tensor>> = RefCell::default();
    let moved = |call: &CloseCall, g: f32| {
        let input = call.place;
        let mut change = vec![0f32; trace.output(input).elem_count()];
        call.changes.iter().for_each(|&(place, sign)| change[place] = sign * g);
        if let (Rule::Deconvnet, Some((_, place))) = (rule, call.behind) {
            change[place] -= g;
        }
        let change = Tensor::from_vec(change, trace.output(input).shape(), &Device::Cpu).unwrap();
        // The gradient is linear in what arrives; the other rules clip sums, so they are walked with and without.
        if rule == Rule::Gradient {
            return walk(input, &change, 0);
        }
        let Some(all) = arriving().get(&input) else { return ours_like.clone() };
        let mut ways = ways.borrow_mut();
        let way = ways.entry(input).or_insert_with(|| walk(input, all, 0));
        (walk(input, &(all + change).unwrap(), 0) - &*way).unwrap()
    };
    // The walk with calls decided the other way, all at once: rules that clip sums do not let changes add up.
    let decided = |flips: &[usize]| {
        let step = |id: NodeId, index: usize, grad: &Tensor| {
            let out = trace.step(id, index, grad, &rule.into())?;
            let pools = flips.iter().map(|&flip| &calls[flip]).filter(|call| call.at.0 == id);
            let opened = flips.iter().filter_map(|&flip| Some((calls[flip].behind?.0, calls[flip].changes[0].0)));
            let opened: Vec<usize> = opened.filter(|&(rectifier, _)| rectifier == id).map(|(_, place)| place).collect();
            let pools: Vec<&CloseCall> = pools.collect();
            if pools.is_empty() && opened.is_empty() {
                return Ok(out);
            }
            let (arriving, mut values) = (to_vec(grad)?, to_vec(&out)?);
            let passed = |g: f32| if rule == Rule::Gradient { g } else { g.max(0.0) };
            for call in pools {
                match call.moved {
                    Some([from, to]) => {
                        values[from] -= arriving[call.at.1];
                        values[to] += arriving[call.at.1];
                    }
                    None if rule == Rule::Deconvnet => {}
                    None => call.changes.iter().for_each(|&(place, sign)| {
                        values[place] = if sign > 0.0 { passed(arriving[place]) } else { 0.0 };
                    }),
                }
            }
            opened.into_iter().for_each(|place| values[place] = passed(arriving[place]));
            Ok(Tensor::from_vec(values, out.shape(), &Device::Cpu)?)
        };
        trace.walk(graph.scores(), &seed, 0, &Watch::default(), step).unwrap()
    };
    // Other rules start from what the gradient found, then try max pools that see where the two differ most: at those
    // may hang what had no gradient.
    let [_, _, height, width] = theirs.dims()[..] else { panic!("{theirs:?} is no batch of maps") };
    let mut first = flips.clone();
    for round in 0..4 {
        // Decisions that the gradient found are taken at once; of the others, the one that helps most is taken.
        let mut best = (0.95 * error(&ours), None);
        for index in std::mem::take(&mut first) {
            let g = arrives(&calls[index]);
            if g == 0.0 || differ(&ours) <= TOLERANCE / 4.0 {
                continue;
            }
            let other = (&ours + moved(&calls[index], g)).unwrap();
            if flips.contains(&index) && error(&other) < 0.99 * error(&ours) {
                ours = other;
            } else if error(&other) < best.0 {
                best = (error(&other), Some((index, other)));
            }
        }
        let found = best.1.is_some();
        if let Some((index, other)) = best.1 {
            ours = other;
            flips.push(index);
        }
        let open = rule != Rule::Gradient && differ(&ours) > TOLERANCE / 4.0;
        if open && !flips.is_empty() && (found || round == 0) {
            let other = decided(flips);
            if error(&other) < error(&ours) {
                ours = other;
            }
        }
        if rule == Rule::Gradient || differ(&ours) <= TOLERANCE / 4.0 || (round > 0 && !found) {
            break;
        }
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
        let mut candidates: Vec<(f32, usize)> = (0..calls.len())
            .filter(|&index| sees(&calls[index]) && !flips.contains(&index))
            .map(|index| (arrives(&calls[index]).abs() / (calls[index].closeness + 1e-7), index))
            .collect();
        candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
        first.extend(candidates.into_iter().take(8).map(|(_, index)| index));
    }
    let mut tried: Vec<usize> = flips.clone();
    for _ in 0..12 {
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
            let input = call.place;
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
