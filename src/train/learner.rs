//! One step of training, and the test of a network between steps.

use super::{
    batches::{Batch, Maker, batch_for_showing},
    depth::{StochasticDepth, scaled},
    loss::{BatchLoss, classifiers, cross_entropy, loss_of},
    optimiser::Optimiser,
    parameters::{Parameters, WeightTensor},
    random::Random,
};
use crate::{
    Result,
    kernels::{to_vec, with_values},
    net::{Graph, Network, NodeId, Op, Statistics, Training, TrainingTrace},
    watch::Watch,
};
use candle_core::Tensor;
use rayon::prelude::*;
use std::{ops::Range, sync::Arc};

/// The share of a batch's statistics in the running ones.
const MOMENTUM: f64 = 0.1;

/// Bytes of the outputs of a piece of a batch: with their gradients a second-level cache holds them.
const PIECE: u64 = 1 << 20;

/// Pictures that a piece has at least.
const LEAST: usize = 8;

/// The mean loss and the share of pictures that were right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// In 0 to 1.
    pub top1: f64,
}

/// A network that learns.
pub struct Learner {
    /// Its weights.
    pub parameters: Parameters,
    /// Steps so far.
    pub step: usize,
    optimiser: Optimiser,
    smoothing: f64,
    depth: StochasticDepth,
    seed: u64,
    learns: Vec<bool>,
    classifiers: Vec<(NodeId, f64)>,
    /// Pictures of a piece; `None` where a batch is one.
    piece: Option<usize>,
    shown: Network,
    trained: Network,
}

impl Learner {
    /// A learner of a network's weights, all or those that `parameters` lets learn.
    pub fn new(network: Network, parameters: Parameters, optimiser: Optimiser, smoothing: f64, seed: u64) -> Self {
        Learner {
            piece: piece_of(network.graph(), &parameters.learning()),
            learns: parameters.learning(),
            classifiers: classifiers(network.graph()),
            trained: network.for_training(),
            shown: network,
            parameters,
            optimiser,
            smoothing,
            depth: StochasticDepth::default(),
            seed,
            step: 0,
        }
    }

    /// The same learner, whose steps leave residual branches out.
    #[must_use]
    pub fn with_depth(self, depth: StochasticDepth) -> Self {
        Learner { depth, ..self }
    }

    /// The network for passes that show it, with the weights that it has now.
    ///
    /// # Errors
    /// When memory fails.
    pub fn network(&self) -> Result<Arc<Network>> {
        self.parameters.network(&self.shown).map(Arc::new)
    }

    /// Learns from a batch at a learning rate.
    ///
    /// # Errors
    /// [`crate::Error::Failed`] with the layer whose values or gradients are NaN or infinite; [`crate::Error::Cancelled`].
    pub fn learn(&mut self, batch: &Batch, rate: f64, watch: &Watch) -> Result<BatchLoss> {
        let factors = self.depth.factors(self.seed, self.step);
        let network = Arc::new(scaled(self.parameters.network(&self.trained)?, &factors)?);
        let count = batch.classes.len();
        let size = self.piece.unwrap_or(count).max(1);
        let pieces = (0..count).step_by(size).map(|start| start..(start + size).min(count)).collect::<Vec<_>>();
        let pieces = pieces.into_par_iter().map(|part| self.piece(&network, batch, part, watch)).collect::<Vec<_>>();
        let pieces = pieces.into_iter().collect::<Result<Vec<_>>>()?;
        self.step += 1;
        let layers = network.graph().nodes().len();
        let mut taken = vec![0; layers];
        for parameter in &mut self.parameters.all {
            let layer = parameter.layer;
            let statistics = pieces[0].statistics[layer].as_ref();
            if let Some(statistics) = statistics.filter(|_| parameter.name.contains(".running_")) {
                take_up(parameter, statistics);
                continue;
            }
            let own = taken[layer];
            taken[layer] += 1;
            let gradients = pieces.iter().filter_map(|piece| piece.gradients[layer].get(own));
            if let Some(mut gradient) = total(gradients)?.filter(|_| parameter.learns) {
                if let Some((_, factor)) = factors.iter().find(|(scaled, _)| *scaled == layer) {
                    gradient.iter_mut().for_each(|value| *value *= *factor as f32);
                }
                self.optimiser.update(parameter, &gradient, self.step, rate);
            }
        }
        let mean = pieces.iter().map(|piece| piece.loss.mean * piece.share).sum();
        Ok(BatchLoss { mean, hits: pieces.iter().map(|piece| piece.loss.hits).sum() })
    }

    /// Loss and gradients of some pictures of a batch.
    fn piece(&self, network: &Arc<Network>, batch: &Batch, part: Range<usize>, watch: &Watch) -> Result<PieceLesson> {
        let share = part.len() as f64 / batch.classes.len() as f64;
        let dropout = Some(Random::of(&[self.seed, self.step as u64, 0xD809 + part.start as u64]).bits());
        let how = Training { learns: self.learns.clone(), dropout };
        let pictures = batch.pictures.narrow(0, part.start, part.len())?;
        let trace = network.forward_training(&pictures, how, watch)?;
        let (main, classes) = (network.graph().scores(), &batch.classes[part]);
        let (loss, seeds) = loss_of(&trace, &self.classifiers, main, classes, self.smoothing, share)?;
        let gradients = trace.gradients(&seeds, watch)?;
        let statistics = (0..gradients.len()).map(|layer| trace.statistics(layer).cloned()).collect();
        Ok(PieceLesson { share, loss, gradients, statistics })
    }

    /// The pass of training that [`Learner::learn`] makes, for those who look at it; it changes nothing.
    ///
    /// # Errors
    /// As [`Learner::learn`].
    pub fn look(&self, batch: &Batch, watch: &Watch) -> Result<TrainingTrace> {
        let network = Arc::new(self.parameters.network(&self.trained)?);
        let how = Training { learns: self.learns.clone(), dropout: None };
        network.forward_training(&batch.pictures, how, watch)
    }

    /// The network's score on pictures as it is now, without any changes of them.
    ///
    /// # Errors
    /// When a picture cannot be read, the scores overflow, or the watch is cancelled.
    pub fn test(&self, maker: &Maker, threads: usize, watch: &Watch) -> Result<Score> {
        let network = self.network()?;
        let scores = network.graph().scores();
        let maker = Maker { augmentation: None, size: batch_for_showing(network.graph()), ..maker.clone() };
        let (mut score, mut count) = (Score::default(), 0);
        maker.each(threads, watch, |number, batches, batch| {
            let trace = network.forward(&batch.pictures, &watch.part(number, batches))?;
            let (loss, _) = cross_entropy(&to_vec(trace.output(scores))?, &batch.classes, 0.0)?;
            score.loss += loss.mean * batch.classes.len() as f64;
            score.top1 += loss.hits as f64;
            count += batch.classes.len();
            Ok(())
        })?;
        let count = count.max(1) as f64;
        Ok(Score { loss: score.loss / count, top1: score.top1 / count })
    }
}

/// The lesson of some pictures of a batch.
struct PieceLesson {
    /// Their share of the batch.
    share: f64,
    loss: BatchLoss,
    gradients: Vec<Vec<Tensor>>,
    statistics: Vec<Option<Statistics>>,
}

/// Pictures that are learned at a time, each time by one thread. Where layers are small, threads that share each layer would
/// mostly wait for each other, and a batch's values would not stay in the cache. The number follows from the network alone, so
/// that results do not depend on the number of threads. `None` where layers are large, and where a layer learns by the
/// statistics of the whole batch.
fn piece_of(graph: &Graph, learns: &[bool]) -> Option<usize> {
    let mixes = |(id, learns): (NodeId, &bool)| *learns && matches!(graph.node(id).op, Op::BatchNorm { .. });
    let pictures = (PIECE / graph.activation_bytes(1).max(1)) as usize;
    (pictures >= LEAST && !learns.iter().enumerate().any(mixes)).then_some(pictures)
}

/// The sum of the pieces' gradients, in order.
fn total<'a>(mut gradients: impl Iterator<Item = &'a Tensor>) -> Result<Option<Vec<f32>>> {
    let Some(first) = gradients.next() else { return Ok(None) };
    let mut sum = to_vec(first)?;
    for gradient in gradients {
        with_values::<f32, _>(gradient, |values| {
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            Ok(())
        })?;
    }
    Ok(Some(sum))
}

/// Moves running statistics towards those of a batch; the variance is the unbiased one.
fn take_up(parameter: &mut WeightTensor, statistics: &Statistics) {
    let unbiased = statistics.count as f64 / (statistics.count as f64 - 1.0).max(1.0);
    let (values, factor) = match parameter.name.ends_with("running_mean") {
        true => (&statistics.mean, 1.0),
        false => (&statistics.variance, unbiased),
    };
    for (running, value) in parameter.values.iter_mut().zip(values) {
        *running = (f64::from(*running) * (1.0 - MOMENTUM) + MOMENTUM * value * factor) as f32;
    }
}
