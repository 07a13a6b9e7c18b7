//! The thread of a run: reads the pictures, trains, and looks at the network between batches.

use super::{
    look::{PreparedPicture, look},
    shared::{SharedTraining, TrainingOrder},
    state::TrainingPhase,
};
use crate::{
    Error, Result,
    engine::{LearningPart, Model, PreparedTraining, RunSettings, TrainingData, TrainingOrigin, lowest_priority},
    train::{
        Epoch, LAST, Learner, METRICS, Setup, TrainingProgress, TrainingRecipe, TrainingRun, data::DataSet,
        read_metrics,
    },
    watch::Watch,
    zoo,
};
use eframe::egui::Context;
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Least time between two looks, and the share of the time that they may take: one in so many parts.
const EVERY: Duration = Duration::from_millis(200);
const PARTS: u32 = 24;

/// Trains until the run ends, and says in the state how it ended.
pub(super) fn work(order: &TrainingOrder, shared: &Arc<SharedTraining>, watch: &Watch, ctx: &Context) {
    lowest_priority();
    let caught = catch_unwind(AssertUnwindSafe(|| train(order, shared, watch, ctx)));
    let defect = |_| Err(Error::Failed("a defect in striate".into()));
    let phase = match caught.unwrap_or_else(defect) {
        Ok(()) => TrainingPhase::Finished,
        Err(Error::Cancelled) => TrainingPhase::Stopped,
        Err(error) => TrainingPhase::Failed(error.to_string()),
    };
    shared.state().phase = phase;
    ctx.request_repaint();
}

/// The parts of a run that is ready to train.
struct ReadyRun {
    origin: TrainingOrigin,
    source: TrainingData,
    recipe: TrainingRecipe,
    part: LearningPart,
    /// Whether an epoch of it is whole.
    goes_on: bool,
}

fn ready(order: &TrainingOrder, watch: &Watch) -> Result<ReadyRun> {
    if let Some((kept, goes_on)) = RunSettings::in_folder(&order.folder)? {
        let source = kept.data(order.data.clone())?;
        let from = kept.facts.get("from").filter(|_| !goes_on);
        let origin = match from {
            Some(from) => TrainingOrigin::trained(Some(kept.network), from, watch)?.without(&kept.left_out())?,
            None => TrainingOrigin::resumed(&kept)?,
        };
        return Ok(ReadyRun { origin, source, recipe: kept.recipe, part: kept.part, goes_on });
    }
    let card = zoo::find(&order.network)?;
    let origin = match order.trained {
        true => TrainingOrigin::trained(Some(card), card.name, watch)?,
        false => TrainingOrigin::scratch(card)?,
    };
    let source = order.data.clone().ok_or_else(|| Error::Usage("say where the pictures are".into()))?;
    let (recipe, part) = (order.recipe.clone(), LearningPart::default());
    Ok(ReadyRun { origin, source: TrainingData::of(source), recipe, part, goes_on: false })
}

fn train(order: &TrainingOrder, shared: &Arc<SharedTraining>, watch: &Watch, ctx: &Context) -> Result<()> {
    let ReadyRun { origin, source, recipe, part, goes_on } = ready(order, watch)?;
    shared.state().title = [origin.title(), source.source.to_string()];
    let (seen, repaint) = (Arc::clone(shared), ctx.clone());
    let reading = watch.telling(move |share| {
        seen.state().read = share;
        repaint.request_repaint_after(Duration::from_millis(100));
    });
    let data = origin.read(&source, recipe.seed, &reading)?;
    let prepared = PreparedTraining::new(&origin, &source, &data.classes, (&recipe, &part))?;
    let folder = &order.folder;
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    let network = Arc::new(prepared.parameters.network(&prepared.network)?);
    let file = folder.join(LAST);
    let model = Model::in_training(origin.card(), network, &prepared.preprocess, &prepared.facts, &file)?;
    let mut state = shared.state();
    state.pictures = [data.train.len(), data.test.len()];
    state.layers = Arc::new(model.network.graph().nodes().iter().map(|node| node.name.clone()).collect());
    state.phase = TrainingPhase::Learning;
    if goes_on {
        state.epochs = Arc::new(read_metrics(&folder.join(METRICS))?);
    }
    drop(state);
    let observer = Observer::new(model, Arc::clone(shared), watch.clone(), ctx.clone());
    learn(order, (prepared, &data, recipe), goes_on, observer)
}

/// Trains on a pool of threads of the lowest priority.
fn learn(
    order: &TrainingOrder,
    (prepared, data, recipe): (PreparedTraining, &DataSet, TrainingRecipe),
    goes_on: bool,
    mut observer: Observer,
) -> Result<()> {
    let PreparedTraining { network, parameters, preprocess, facts, .. } = prepared;
    let threads = thread::available_parallelism().map_or(1, |count| count.get().div_ceil(4));
    let setup = Setup { folder: Some(order.folder.clone()), data, preprocess, recipe, facts, limit: None, threads };
    let mut run = match goes_on {
        true => TrainingRun::resume(setup, network, parameters)?,
        false => TrainingRun::new(setup, network, parameters),
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(rayon::current_num_threads())
        .thread_name(|index| format!("training {index}"))
        .start_handler(|_| lowest_priority());
    let pool = pool.build().map_err(|error| Error::Failed(format!("training has no threads: {error}")))?;
    let shared = Arc::clone(&observer.shared);
    let watch = observer.watch.clone();
    let finished = |epoch: &Epoch| Arc::make_mut(&mut shared.state().epochs).push(*epoch);
    pool.install(|| run.train(&watch, |at, learner| observer.see(at, learner), finished))
}

/// Looks at the network between batches.
struct Observer {
    model: Model,
    shared: Arc<SharedTraining>,
    watch: Watch,
    ctx: Context,
    prepared: PreparedPicture,
    began: Instant,
    /// When the next look is due.
    due: Instant,
    /// The time that looks took, and that the run waited.
    spent: Duration,
    waited: Duration,
}

impl Observer {
    fn new(model: Model, shared: Arc<SharedTraining>, watch: Watch, ctx: Context) -> Self {
        let now = Instant::now();
        let (spent, waited) = (Duration::ZERO, Duration::ZERO);
        let prepared = PreparedPicture::default();
        Observer { model, shared, watch, ctx, prepared, began: now, due: now, spent, waited }
    }

    /// Keeps how far the run is, looks at the network where that is due and shown, and waits while the run is paused.
    fn see(&mut self, at: &TrainingProgress, learner: &Learner) {
        let paused = self.shared.is_paused();
        self.shared.state().progress = Some(*at);
        if paused || Instant::now() >= self.due {
            self.note(at, learner);
        }
        if paused {
            let start = Instant::now();
            self.shared.state().phase = TrainingPhase::Paused;
            self.ctx.request_repaint();
            self.shared.wait(&self.watch);
            self.shared.state().phase = TrainingPhase::Learning;
            self.waited += start.elapsed();
        }
    }

    fn note(&mut self, at: &TrainingProgress, learner: &Learner) {
        let start = Instant::now();
        let epochs = at.epochs_done;
        let looked = self.shared.wish().and_then(|wish| {
            let model = Arc::new(self.model.with_network(learner.network().ok()?));
            // A look that fails, as on values that overflow, leaves the last one: training itself names the layer.
            look(&model, &wish, &mut self.prepared, epochs).ok()?
        });
        let took = start.elapsed();
        self.spent += took;
        self.due = Instant::now() + EVERY.max(took * PARTS);
        let learned = self.began.elapsed().saturating_sub(self.waited);
        let mut state = self.shared.state();
        state.note([epochs, at.loss, at.top1]);
        state.looking = self.spent.as_secs_f64() / learned.as_secs_f64().max(1e-3);
        state.look = looked.map(Arc::new).or(state.look.take());
        drop(state);
        self.ctx.request_repaint();
    }
}
