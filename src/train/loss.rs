//! The loss of a batch and its gradient at the scores: cross-entropy, with label smoothing (Szegedy, Vanhoucke, Ioffe, Shlens
//! and Wojna 2016), of the classifier and of auxiliary ones (Szegedy et al. 2015).

use crate::{
    Error, Result,
    kernels::to_vec,
    net::{Graph, NodeId, Op, TrainingTrace},
};
use candle_core::{Device, Tensor};

/// The weight of an auxiliary classifier's loss.
pub const AUXILIARY_WEIGHT: f64 = 0.3;

/// The loss of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct BatchLoss {
    /// The mean cross-entropy of the main classifier, in nats.
    pub mean: f64,
    /// Pictures whose class has the largest score.
    pub hits: usize,
}

/// The mean cross-entropy of rows of scores, and its gradient. The target has `1 - smoothing` on the class and spreads
/// `smoothing` over all classes evenly.
///
/// # Errors
/// [`Error::Failed`] when a class is none of the scores.
pub fn cross_entropy(scores: &[f32], classes: &[usize], smoothing: f64) -> Result<(BatchLoss, Vec<f32>)> {
    let width = scores.len() / classes.len().max(1);
    if width == 0 || classes.iter().any(|&class| class >= width) || width * classes.len() != scores.len() {
        return Err(Error::Failed(format!("{} scores do not fit {} classes of pictures", scores.len(), classes.len())));
    }
    let mut loss = BatchLoss::default();
    let mut gradient = Vec::with_capacity(scores.len());
    let even = smoothing / width as f64;
    for (row, &class) in scores.chunks_exact(width).zip(classes) {
        let largest = row.iter().fold(f32::NEG_INFINITY, |m, &v| m.max(v));
        let shifted: Vec<f64> = row.iter().map(|&score| f64::from(score) - f64::from(largest)).collect();
        let total = shifted.iter().map(|value| value.exp()).sum::<f64>();
        let target = |index: usize| even + if index == class { 1.0 - smoothing } else { 0.0 };
        loss.mean += shifted.iter().enumerate().map(|(index, value)| target(index) * (total.ln() - value)).sum::<f64>();
        let first = row.iter().position(|&score| score == largest);
        loss.hits += usize::from(first == Some(class));
        let share =
            |(index, value): (usize, &f64)| ((value.exp() / total - target(index)) / classes.len() as f64) as f32;
        gradient.extend(shifted.iter().enumerate().map(share));
    }
    loss.mean /= classes.len() as f64;
    Ok((loss, gradient))
}

/// The layers whose outputs are compared with the classes, in order, each with the weight of its loss: the scores, and the
/// scores of auxiliary classifiers.
pub fn classifiers(graph: &Graph) -> Vec<(NodeId, f64)> {
    let auxiliary = graph.auxiliary();
    let mut read = vec![false; graph.nodes().len()];
    graph.nodes().iter().for_each(|node| node.inputs.iter().for_each(|&input| read[input] = true));
    let side = (1..graph.nodes().len()).filter(|&id| auxiliary[id] && !read[id]);
    let scores = |id: NodeId| if matches!(graph.node(id).op, Op::Softmax) { graph.node(id).inputs[0] } else { id };
    let mut all: Vec<(NodeId, f64)> = side.map(|id| (scores(id), AUXILIARY_WEIGHT)).collect();
    all.push((graph.scores(), 1.0));
    all.sort_by_key(|&(id, _)| id);
    all
}

/// The loss of a pass of training, and the gradients at the outputs of its `classifiers` of `share` of the loss.
///
/// # Errors
/// When a class is none of the scores, or memory fails.
pub fn loss_of(
    trace: &TrainingTrace,
    classifiers: &[(NodeId, f64)],
    main: NodeId,
    classes: &[usize],
    smoothing: f64,
    share: f64,
) -> Result<(BatchLoss, Vec<(NodeId, Tensor)>)> {
    let mut found = BatchLoss::default();
    let mut seeds = Vec::with_capacity(classifiers.len());
    for &(id, weight) in classifiers {
        let output = trace.output(id);
        let (loss, gradient) = cross_entropy(&to_vec(output)?, classes, smoothing)?;
        if id == main {
            found = loss;
        }
        let gradient = gradient.into_iter().map(|value| value * (weight * share) as f32).collect::<Vec<f32>>();
        let gradient = Tensor::from_vec(gradient, output.shape(), &Device::Cpu)?;
        seeds.push((id, gradient.to_dtype(output.dtype())?.to_device(output.device())?));
    }
    Ok((found, seeds))
}
