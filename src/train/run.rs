//! A run: epochs of training with a test after each, checkpoints, and going on from one.

use super::{
    batches::Maker,
    checkpoint::{self, CheckpointFacts},
    data::{DataSet, LabelledPicture},
    depth::StochasticDepth,
    learner::{Learner, Score},
    parameters::Parameters,
    recipe::TrainingRecipe,
    schedule::{Plateau, Schedule},
};
use crate::{Error, Result, net::Network, paint::write_atomically, picture::Preprocess, watch::Watch};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The file that a run goes on from.
pub const LAST: &str = "last.safetensors";

/// The file with a line an epoch.
pub const METRICS: &str = "metrics.jsonl";

/// One epoch, as a line of [`METRICS`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number; the first is 1.
    pub epoch: usize,
    /// Mean loss while it trained, in nats.
    pub loss: f64,
    /// Share of training pictures that were right while it trained.
    pub train_top1: f64,
    /// Mean loss on the test pictures after it.
    pub test_loss: f64,
    /// Share of test pictures that are right after it.
    pub test_top1: f64,
    /// Seconds of training, without the test.
    pub seconds: f64,
    /// Training pictures a second.
    pub pictures_per_second: f64,
}

/// The state of a run between two batches.
#[derive(Clone, Copy, Debug)]
pub struct TrainingProgress {
    /// The epoch; the first is 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Epochs that are done, with the share of this one.
    pub epochs_done: f64,
    /// Share of the run that is done, in 0 to 1.
    pub share: f64,
    /// Mean loss of this epoch so far.
    pub loss: f64,
    /// Share of this epoch's pictures that were right.
    pub top1: f64,
    /// Training pictures a second in this epoch.
    pub pictures_per_second: f64,
    /// Seconds that are left.
    pub seconds_left: f64,
}

/// The parts of a run.
pub struct Setup<'a> {
    /// The folder that it writes to, which exists; `None` writes nothing.
    pub folder: Option<PathBuf>,
    /// The pictures.
    pub data: &'a DataSet,
    /// The preparation of the network.
    pub preprocess: Preprocess,
    /// The settings.
    pub recipe: TrainingRecipe,
    /// CheckpointFacts for the checkpoints: network, classes.
    pub facts: CheckpointFacts,
    /// It ends with the epoch in which this time has passed.
    pub limit: Option<Duration>,
    /// Threads that make batches.
    pub threads: usize,
}

/// A run under way.
pub struct TrainingRun<'a> {
    setup: Setup<'a>,
    learner: Learner,
    /// Epochs that are done.
    done: usize,
    plateau: Plateau,
}

impl<'a> TrainingRun<'a> {
    /// A run from its beginning.
    pub fn new(setup: Setup<'a>, network: Network, parameters: Parameters) -> Self {
        let TrainingRecipe { optimiser, smoothing, stochastic_depth, seed, .. } = setup.recipe;
        let depth = StochasticDepth::of(network.graph(), stochastic_depth);
        let learner = Learner::new(network, parameters, optimiser, smoothing, seed).with_depth(depth);
        TrainingRun { setup, learner, done: 0, plateau: Plateau::default() }
    }

    /// A run that goes on after its last whole epoch.
    ///
    /// # Errors
    /// [`Error::Failed`] when the folder has no checkpoint, or it is damaged or another network's.
    pub fn resume(setup: Setup<'a>, network: Network, mut parameters: Parameters) -> Result<Self> {
        let folder =
            setup.folder.clone().ok_or_else(|| Error::Failed("a run without a folder has no checkpoint".into()))?;
        let facts = checkpoint::read(&folder.join(LAST), &mut parameters)?;
        let lacks = |what: &str| Error::Failed(format!("{} does not say its {what}", folder.join(LAST).display()));
        let number = |name: &str| facts.get(name).and_then(|text| text.parse().ok()).ok_or_else(|| lacks(name));
        let plateau = facts.get("plateau").and_then(|text| serde_json::from_str(text).ok());
        let (done, step, plateau) = (number("epoch")?, number("step")?, plateau.ok_or_else(|| lacks("plateau"))?);
        let mut run = TrainingRun { done, plateau, ..TrainingRun::new(setup, network, parameters) };
        run.learner.step = step;
        cut_metrics(&folder.join(METRICS), done)?;
        Ok(run)
    }

    /// Epochs that are done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The learner, for those who look at it.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// Trains to the end. `tell` hears of every batch, with the learner as it is then, `finished` of every epoch.
    ///
    /// # Errors
    /// Those of [`Learner::learn`]; when a checkpoint cannot be written; [`Error::Cancelled`], after which the run can go on
    /// from its last whole epoch.
    pub fn train(
        &mut self,
        watch: &Watch,
        mut tell: impl FnMut(&TrainingProgress, &Learner),
        mut finished: impl FnMut(&Epoch),
    ) -> Result<()> {
        let start = Instant::now();
        if self.done == 0 {
            self.save_first()?;
        }
        while self.done < self.setup.recipe.epochs {
            let epoch = self.epoch(start, watch, &mut tell)?;
            self.done = epoch.epoch;
            if let Schedule::Plateau(patience) = self.setup.recipe.schedule {
                self.plateau.see(epoch.test_loss, patience);
            }
            self.save(&epoch)?;
            finished(&epoch);
            if self.setup.limit.is_some_and(|limit| start.elapsed() >= limit) {
                break;
            }
        }
        Ok(())
    }

    fn maker<'m>(&'m self, examples: &'m [LabelledPicture], epoch: usize) -> Maker<'m> {
        let recipe = &self.setup.recipe;
        Maker {
            examples,
            preprocess: &self.setup.preprocess,
            augmentation: Some(recipe.augmentation),
            size: recipe.batch,
            stream: [recipe.seed, epoch as u64],
        }
    }

    fn epoch(
        &mut self,
        start: Instant,
        watch: &Watch,
        tell: &mut impl FnMut(&TrainingProgress, &Learner),
    ) -> Result<Epoch> {
        let (data, recipe, number) = (self.setup.data, self.setup.recipe.clone(), self.done + 1);
        let (preprocess, threads, done) = (self.setup.preprocess.clone(), self.setup.threads, self.done);
        let stream = [recipe.seed, number as u64];
        let maker = Maker {
            examples: &data.train,
            preprocess: &preprocess,
            augmentation: Some(recipe.augmentation),
            size: recipe.batch,
            stream,
        };
        let (began, quiet) = (Instant::now(), watch.quiet());
        let (mut sum, mut hits, mut seen) = (0.0, 0, 0);
        let (learner, plateau, limit) = (&mut self.learner, self.plateau, self.setup.limit);
        maker.each(threads, watch, |batch, batches, made| {
            let (total, warm_up) = (recipe.epochs * batches, (recipe.warm_up * batches as f64).round() as usize);
            let rate = recipe.optimiser.rate * recipe.schedule.factor(learner.step, total, warm_up, &plateau);
            let loss = learner.learn(&made, rate, &quiet)?;
            sum += loss.mean * made.classes.len() as f64;
            hits += loss.hits;
            seen += made.classes.len();
            let epochs_done = number as f64 - 1.0 + (batch + 1) as f64 / batches as f64;
            let passed = start.elapsed().as_secs_f64();
            let whole = passed * (recipe.epochs - done) as f64 / (epochs_done - done as f64);
            let left = limit.map_or(whole, |limit| whole.min(limit.as_secs_f64())) - passed;
            let progress = TrainingProgress {
                epoch: number,
                epochs: recipe.epochs,
                epochs_done,
                share: (epochs_done / recipe.epochs as f64)
                    .max(limit.map_or(0.0, |limit| (passed / limit.as_secs_f64()).min(1.0))),
                loss: sum / seen as f64,
                top1: hits as f64 / seen as f64,
                pictures_per_second: seen as f64 / began.elapsed().as_secs_f64(),
                seconds_left: left.max(0.0),
            };
            tell(&progress, learner);
            Ok(())
        })?;
        let seconds = began.elapsed().as_secs_f64();
        let tests = if data.test.is_empty() { &data.train } else { &data.test };
        let Score { loss, top1 } = self.learner.test(&self.maker(tests, number), threads, &quiet)?;
        Ok(Epoch {
            epoch: number,
            loss: sum / seen as f64,
            train_top1: hits as f64 / seen as f64,
            test_loss: loss,
            test_top1: top1,
            seconds,
            pictures_per_second: seen as f64 / seconds,
        })
    }

    /// The weights before the first step, so that the run can be watched from its beginning.
    fn save_first(&self) -> Result<()> {
        let Some(folder) = &self.setup.folder else { return Ok(()) };
        checkpoint::write(&folder.join(name_of(0)), &self.learner.parameters, &self.facts(0, None)?, false)
    }

    /// The epoch's weights, its line, and what the run goes on from, in this order: a run that is killed between them goes on
    /// from the epoch before.
    fn save(&self, epoch: &Epoch) -> Result<()> {
        let Some(folder) = &self.setup.folder else { return Ok(()) };
        let facts = self.facts(epoch.epoch, Some(epoch.test_top1))?;
        checkpoint::write(&folder.join(name_of(epoch.epoch)), &self.learner.parameters, &facts, false)?;
        let line =
            serde_json::to_string(epoch).map_err(|error| Error::Failed(format!("a line of metrics: {error}")))?;
        let path = folder.join(METRICS);
        let mut lines = if epoch.epoch == 1 { String::new() } else { metrics_text(&path)? };
        lines.push_str(&line);
        lines.push('\n');
        write_atomically(&path, |file| file.write_all(lines.as_bytes()))?;
        checkpoint::write(&folder.join(LAST), &self.learner.parameters, &facts, true)
    }

    fn facts(&self, epoch: usize, test: Option<f64>) -> Result<CheckpointFacts> {
        let json = |error: serde_json::Error| Error::Failed(format!("the facts of a checkpoint: {error}"));
        let mut facts = self.setup.facts.clone();
        facts.insert("epoch".into(), epoch.to_string());
        facts.insert("step".into(), self.learner.step.to_string());
        facts.insert("recipe".into(), serde_json::to_string(&self.setup.recipe).map_err(json)?);
        facts.insert("plateau".into(), serde_json::to_string(&self.plateau).map_err(json)?);
        facts.extend(test.map(|top1| ("test_top1".into(), format!("{top1:.4}"))));
        Ok(facts)
    }
}

/// The file of an epoch's weights.
pub fn name_of(epoch: usize) -> String {
    format!("epoch-{epoch:03}.safetensors")
}

fn metrics_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::io("read", path, &error))
}

/// The epochs in a file of metrics; lines that are none are passed over.
///
/// # Errors
/// [`Error::Failed`] when the file cannot be read.
pub fn read_metrics(path: &Path) -> Result<Vec<Epoch>> {
    Ok(metrics_text(path)?.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Leaves out what a run wrote about epochs that it has to train again.
fn cut_metrics(path: &Path, done: usize) -> Result<()> {
    let text = metrics_text(path)?;
    let kept = |line: &&str| serde_json::from_str::<Epoch>(line).is_ok_and(|epoch| epoch.epoch <= done);
    let lines: String = text.lines().filter(kept).map(|line| format!("{line}\n")).collect();
    write_atomically(path, |file| file.write_all(lines.as_bytes()))
}
