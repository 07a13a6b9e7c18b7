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
    kernels::to_vec,
    net::{Network, NodeId, Statistics, Training, TrainingTrace},
    watch::Watch,
};
use std::sync::Arc;

/// The share of a batch's statistics in the running ones.
const MOMENTUM: f64 = 0.1;

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
    shown: Network,
    trained: Network,
}

impl Learner {
    /// A learner of a network's weights, all or those that `parameters` lets learn.
    pub fn new(network: Network, parameters: Parameters, optimiser: Optimiser, smoothing: f64, seed: u64) -> Self {
        Learner {
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
        let dropout = Some(Random::of(&[self.seed, self.step as u64, 0xD809]).bits());
        let how = Training { learns: self.learns.clone(), dropout };
        let trace = network.forward_training(&batch.pictures, how, watch)?;
        let main = network.graph().scores();
        let (loss, seeds) = loss_of(&trace, &self.classifiers, main, &batch.classes, self.smoothing)?;
        let gradients = trace.gradients(&seeds, watch)?;
        self.step += 1;
        let mut taken = vec![0; gradients.len()];
        for parameter in &mut self.parameters.all {
            let layer = parameter.layer;
            if let Some(statistics) = trace.statistics(layer).filter(|_| parameter.name.contains(".running_")) {
                take_up(parameter, statistics);
                continue;
            }
            let own = taken[layer];
            taken[layer] += 1;
            if let Some(gradient) = gradients[layer].get(own).filter(|_| parameter.learns) {
                let mut gradient = to_vec(gradient)?;
                if let Some((_, factor)) = factors.iter().find(|(scaled, _)| *scaled == layer) {
                    gradient.iter_mut().for_each(|value| *value *= *factor as f32);
                }
                self.optimiser.update(parameter, &gradient, self.step, rate);
            }
        }
        Ok(loss)
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
