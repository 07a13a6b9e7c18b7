//! Layer-wise relevance propagation (Bach et al. 2015): the score is handed back layer by layer, each unit's share to its
//! inputs in proportion to their contributions. The shares of the pixels, and those that biases and the stabilising term
//! keep, add up to the score.
//!
//! Rectifiers, and normalisation across channels, hand relevance through. Everything linear divides it by its output
//! and multiplies it by its input on the way through its transpose; the rules differ in which weights they see.

use super::{
    attribution::Attribution,
    gradient::{COLOURS, coloured},
    lrp_rule::{KeptRelevance, LinearLayer, LrpRule, stable},
    method::Method,
    question::Question,
    settings::Parameter,
};
use crate::{
    Result,
    kernels::to_vec,
    net::{Graph, NodeId, Op, Reverse, Trace},
};
use candle_core::Tensor;

const RULE: Parameter = Parameter::choice(
    "rule",
    "Rule by which a layer hands relevance on; composite: epsilon in fully connected layers, alpha-beta (1, 0) in convolutions, \
     evenly over the window in the first",
    &["composite", "epsilon", "gamma", "alpha-beta"],
);
const EPSILON: Parameter =
    Parameter::number("epsilon", "Added to what the epsilon rule divides by, away from zero", [0.0, 1.0], 1e-6, "");
const GAMMA: Parameter =
    Parameter::number("gamma", "Share by which the gamma rule strengthens positive weights", [0.0, 100.0], 0.25, "");
const ALPHA: Parameter = Parameter::number(
    "alpha",
    "Weight of positive contributions in the alpha-beta rule; beta is alpha - 1",
    [1.0, 10.0],
    2.0,
    "",
);
const CONVENTION: Parameter = Parameter::choice(
    "convention",
    "The papers' definitions, or captum's: biases are not strengthened or split, negative inputs are not told apart, and \
     batch normalisation is a layer of its own",
    &["paper", "captum"],
);

pub(super) const LRP: Method = Method {
    name: "lrp",
    title: "LRP",
    formula: "R(i) = Σ over k of x(i) w(i,k) / Σ over i' of x(i') w(i',k) · R(k), layer by layer from the score down",
    caution: "With rules that keep only positive parts it hardly depends on the class and on the higher layers (Sixt et al. 2020).",
    paper: "Bach, Binder, Montavon, Klauschen, Mueller and Samek 2015; Montavon, Binder, Lapuschkin, Samek and Mueller 2019",
    about: "The score handed back layer by layer, to each input in proportion to what it contributed. Red pixels \
            contributed to the score, blue ones against it; biases keep their own share.",
    parameters: &[RULE, EPSILON, GAMMA, ALPHA, CONVENTION, COLOURS],
    run: |question| {
        let aim = question.aim()?;
        let output = question.trace.output(aim.node).narrow(0, 0, 1)?;
        let (relevance, kept) = propagate(question, aim.node, &(&aim.seed * &output)?)?;
        let value = f64::from(aim.values(&output)?[0]);
        let left = value - kept.biases - kept.stabiliser;
        let note = ((value - left).abs() > 1e-3 * value.abs()).then(|| {
            format!(
                "of the target's value {value:.4}, biases keep {:.4} and the stabilising term {:.4}; {left:.4} is left \
                 for the pixels",
                kept.biases, kept.stabiliser
            )
        });
        Ok(Attribution { note, ..coloured(question, &relevance)?.summing_to(left) })
    },
    ..Method::BLANK
};

/// Hands `relevance` of the output of `from` back to the picture; with the relevance that layers keep.
fn propagate(question: &Question, from: NodeId, relevance: &Tensor) -> Result<(Tensor, KeptRelevance)> {
    let trace = question.trace;
    let network = trace.network();
    let graph = network.graph();
    let settings = question.settings;
    let captum = settings.choice(&CONVENTION) == "captum";
    let epsilon = settings.number(&EPSILON);
    let merged = if captum { vec![None; from + 1] } else { merged(graph, from) };
    let how = Reverse::default();
    let input = |id: NodeId, index: usize| trace.output(graph.node(id).inputs[index]).narrow(0, 0, 1);
    let mut kept = KeptRelevance::default();
    let relevance = trace.walk(from, relevance, 0, question.watch, |id, index, relevance| {
        let node = graph.node(id);
        let x = input(id, index)?;
        match &node.op {
            op if passes_on(op) => Ok(relevance.clone()),
            Op::Reshape { .. } | Op::Transpose { .. } | Op::Slice(_) | Op::Pad { .. } => {
                trace.step(id, index, relevance, &how)
            }
            Op::Mul => gated(&x, &input(id, 1 - index)?, relevance),
            // Each factor of a product of matrices has half.
            Op::MatMul => {
                let (handed, more) = divided(trace, id, index, &x, &(relevance * 0.5)?, epsilon)?;
                kept = kept.plus(more, 1.0);
                Ok(handed)
            }
            // The divisor is a scale.
            Op::Div if index == 1 => Ok(x.zeros_like()?),
            Op::Dropout { .. } | Op::Flatten | Op::Concat | Op::ChannelShuffle { .. } => {
                trace.step(id, index, relevance, &how)
            }
            // Merged into the convolution before it, which takes the relevance as it is.
            Op::BatchNorm { .. } if merged.contains(&Some(id)) => Ok(relevance.clone()),
            Op::Conv(_) | Op::Linear { .. } => {
                let norm = merged[id];
                let rule = rule(question, graph, id);
                let (handed, more) = match rule {
                    LrpRule::Epsilon(_) if norm.is_none() => divided(trace, id, index, &x, relevance, epsilon)?,
                    _ => LinearLayer::of(network, id, norm)?.hand_back(rule, &x, relevance, captum)?,
                };
                kept = kept.plus(more, 1.0);
                Ok(handed)
            }
            _ => {
                let (handed, more) = divided(trace, id, index, &x, relevance, epsilon)?;
                kept = kept.plus(more, 1.0);
                Ok(handed)
            }
        }
    })?;
    Ok((relevance, kept))
}

/// Whether a layer hands the relevance of its outputs to the same inputs: functions of one value, and normalisations.
fn passes_on(op: &Op) -> bool {
    matches!(
        op,
        Op::Relu
            | Op::Tanh { .. }
            | Op::Sigmoid
            | Op::Softmax
            | Op::Lrn { .. }
            | Op::Activation(_)
            | Op::PRelu
            | Op::Scale { .. }
            | Op::LayerNorm { .. }
            | Op::LayerNorm2d { .. }
            | Op::GroupNorm { .. }
    )
}

/// The share of `x` in the relevance of its product with `other`: all of it where the other is one value for a whole map, a
/// gate; nothing where `x` is; half where both are maps (Arras et al. 2019).
fn gated(x: &Tensor, other: &Tensor, relevance: &Tensor) -> Result<Tensor> {
    if x.dims() != relevance.dims() {
        return Ok(x.zeros_like()?);
    }
    Ok(if other.dims() == x.dims() { (relevance * 0.5)? } else { relevance.clone() })
}

/// The epsilon rule: x times the transpose of R / (y + epsilon), and the relevance that the layer keeps.
fn divided(
    trace: &Trace,
    layer: NodeId,
    index: usize,
    x: &Tensor,
    relevance: &Tensor,
    epsilon: f64,
) -> Result<(Tensor, KeptRelevance)> {
    let y = trace.output(layer).narrow(0, 0, 1)?;
    let scaled = (relevance / stable(&y, epsilon)?)?;
    let handed = (x * trace.step(layer, index, &scaled, &Reverse::default())?)?;
    let total = |shares: &Tensor| -> Result<f64> { Ok(to_vec(shares)?.iter().map(|&share| f64::from(share)).sum()) };
    let mut kept = if index == 0 { KeptRelevance::of(&y, &scaled, None, epsilon)? } else { KeptRelevance::default() };
    if trace.network().graph().node(layer).inputs.len() == 1 {
        // The output is the input's share and a bias.
        kept.biases = total(&(&scaled * &y)?)? - total(&handed)?;
    }
    Ok((handed, kept))
}

/// The rule for a convolution or fully connected layer.
fn rule(question: &Question, graph: &Graph, id: NodeId) -> LrpRule {
    let settings = question.settings;
    let epsilon = LrpRule::Epsilon(settings.number(&EPSILON));
    match settings.choice(&RULE) {
        "epsilon" => epsilon,
        "gamma" => LrpRule::Gamma(settings.number(&GAMMA)),
        "alpha-beta" => LrpRule::AlphaBeta(settings.number(&ALPHA)),
        _ => match graph.node(id).op {
            Op::Conv(_) if graph.node(id).inputs[0] == 0 => LrpRule::Flat,
            Op::Conv(_) => LrpRule::AlphaBeta(1.0),
            _ => epsilon,
        },
    }
}

/// For each convolution or fully connected layer the batch normalisation that alone takes its output: together they
/// are one linear layer, and only as one do rules that split weights by sign make sense.
fn merged(graph: &Graph, last: NodeId) -> Vec<Option<NodeId>> {
    let mut takers: Vec<Vec<NodeId>> = vec![Vec::new(); last + 1];
    for id in 0..=last {
        graph.node(id).inputs.iter().for_each(|&input| takers[input].push(id));
    }
    let linear = |id: NodeId| matches!(graph.node(id).op, Op::Conv(_) | Op::Linear { .. });
    let norm = |id: NodeId| match *takers[id] {
        [only] if linear(id) && matches!(graph.node(only).op, Op::BatchNorm { .. }) => Some(only),
        _ => None,
    };
    (0..=last).map(norm).collect()
}
