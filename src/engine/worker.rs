//! The worker threads: the only place where the window's computing happens.
//!
//! One thread serves everything that is quick, one after the other; lanes whose work takes long have a thread each
//! ([`Lane::DESKS`]), so that a click is answered while they run. A panic becomes a message.

use super::{
    device::DeviceChoice,
    handle::{Shared, Status, Turn},
    inquiry::Inquiry,
    lab::invariance,
    live::{Control, Live, save},
    memory::give_back,
    model::{Model, Opening},
    request::{Event, Lane, PictureSource, Pictured, Request},
    run::Run,
};
use crate::{
    Error, Result,
    picture::{Alteration, Picture, SAMPLES, beside, first_in},
    watch::Watch,
    weights::{self, Source},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError, mpsc},
    time::Duration,
};

/// A thread with the lanes that it serves. The model, the picture and the live synthesis are those of the first.
pub(super) struct Worker {
    lanes: &'static [Lane],
    shared: Arc<Shared>,
    events: mpsc::Sender<Event>,
    device: DeviceChoice,
    model: Option<Arc<Model>>,
    picture: Option<Picture>,
    /// What is done to the picture, whichever network looks at it.
    alteration: Alteration,
    /// The picture for comparison.
    other: Option<Picture>,
    /// What the present network made of the present picture first.
    of: Option<u64>,
    live: Option<Live>,
    /// A network was left since the allocator was last asked for what is free.
    untidy: bool,
}

/// Who held a network that was left has let go of it after so long without a request.
const REST: Duration = Duration::from_secs(1);

impl Worker {
    pub fn new(lanes: &'static [Lane], shared: Arc<Shared>, events: mpsc::Sender<Event>, device: DeviceChoice) -> Self {
        Worker {
            lanes,
            shared,
            events,
            device,
            model: None,
            picture: None,
            alteration: Alteration::default(),
            other: None,
            of: None,
            live: None,
            untidy: false,
        }
    }

    pub fn work(mut self) {
        while let Some((turn, watch)) = self.next() {
            let lane = turn.lane();
            let outcome = catch_unwind(AssertUnwindSafe(|| match turn {
                Turn::Request(request) => self.serve(request, &watch),
                Turn::Control(control) => self.obey(control, &watch),
                Turn::Step => self.step(&watch),
            }));
            if outcome.is_err() && lane == Lane::Synthesis {
                self.live = None;
            }
            {
                let mut queue = self.shared.queue();
                queue.running.remove(&lane);
                if self.lanes.contains(&Lane::Synthesis) {
                    queue.live = self.live.as_ref().is_some_and(Live::is_running);
                }
            }
            match outcome {
                Ok(Ok(())) | Ok(Err(Error::Cancelled)) => (self.shared.wake)(),
                Ok(Err(error)) => self.tell(Event::Failed(lane, error.to_string())),
                Err(panic) => self.tell(Event::Failed(lane, format!("a defect in striate: {}", panic_text(&*panic)))),
            }
        }
    }

    /// Waits for something to do and marks it as running.
    fn next(&mut self) -> Option<(Turn, Watch)> {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.queue();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(turn) = queue.turn(self.lanes) {
                // How far a live synthesis is says its frame: of a single step nobody wants to know.
                let live = self.live.as_ref().filter(|_| turn.lane() == Lane::Synthesis).map(Live::fraction);
                if let Some(fraction) = live {
                    let watch = Watch::default();
                    let status = Status { lane: turn.lane(), what: turn.what(), fraction };
                    queue.running.insert(turn.lane(), (watch.clone(), status));
                    return Some((turn, watch));
                }
                let (shared, lane) = (Arc::downgrade(&self.shared), turn.lane());
                let watch = Watch::reporting(move |fraction| {
                    let Some(shared) = shared.upgrade() else { return };
                    if let Some((_, status)) = shared.queue().running.get_mut(&lane) {
                        status.fraction = fraction;
                    }
                    (shared.wake)();
                });
                let status = Status { lane: turn.lane(), what: turn.what(), fraction: 0.0 };
                queue.running.insert(lane, (watch.clone(), status));
                return Some((turn, watch));
            }
            if !self.untidy {
                queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (rested, wait) = shared.changed.wait_timeout(queue, REST).unwrap_or_else(PoisonError::into_inner);
            queue = rested;
            if wait.timed_out() {
                drop(queue);
                give_back();
                self.untidy = false;
                queue = shared.queue();
            }
        }
    }

    fn tell(&self, event: Event) {
        // Nobody listens any more when the window is closing.
        let _ = self.events.send(event);
        (self.shared.wake)();
    }

    fn obey(&mut self, control: Control, watch: &Watch) -> Result<()> {
        match control {
            Control::Start(model, recipe) => {
                self.live = None;
                self.live = Some(Live::start(model, *recipe)?);
            }
            Control::Stop => self.live = None,
            Control::Save(folder, texts) => {
                let Some(frames) = self.live.as_ref().map(Live::frames) else { return Ok(()) };
                let what = format!("Saving {} frames", frames.count());
                let work = move |watch: &Watch| save(&frames, &folder, &texts, watch);
                self.shared.request(Request::Task(what, Box::new(work)));
                return Ok(());
            }
            other => self.live.as_mut().map_or(Ok(()), |live| live.obey(other))?,
        }
        if let Some(live) = &mut self.live {
            let frame = live.frame(watch)?;
            self.tell(Event::Frame(Arc::new(frame)));
        }
        Ok(())
    }

    fn step(&mut self, watch: &Watch) -> Result<()> {
        let frame = self.live.as_mut().map_or(Ok(None), |live| live.step(watch))?;
        frame.into_iter().for_each(|frame| self.tell(Event::Frame(Arc::new(frame))));
        Ok(())
    }

    fn open(&self, source: PictureSource) -> Result<Picture> {
        match source {
            PictureSource::Named(source) => Picture::from_source(&source),
            PictureSource::File(path) if path.is_dir() => first_in(&path),
            PictureSource::File(path) => Picture::open(&path),
            PictureSource::Beside { forward } => self.beside(forward),
            PictureSource::Bytes(name, bytes) => Picture::decode(&bytes, &name),
            PictureSource::Ready(picture) => Ok(picture),
        }
    }

    /// Takes another model once the picture has run through it: a cancelled run changes nothing.
    fn take(&mut self, model: Model, watch: &Watch) -> Result<()> {
        let model = Arc::new(model);
        let run = |picture| Run::altered(&model, picture, self.alteration, None, watch);
        let run = self.picture.clone().map(run).transpose()?;
        self.model = Some(Arc::clone(&model));
        (self.live, self.of, self.untidy) = (None, run.as_ref().map(|run| run.of), true);
        self.tell(Event::Model(model));
        if let Some(run) = run {
            self.tell(Event::Run(Arc::new(run)));
        }
        self.compare(watch)
    }

    /// Runs the picture for comparison.
    fn compare(&self, watch: &Watch) -> Result<()> {
        let (Some(model), Some(other)) = (&self.model, &self.other) else {
            self.tell(Event::Compared(None));
            return Ok(());
        };
        let run = Run::picture(model, other.clone(), watch)?;
        self.tell(Event::Compared(Some(Arc::new(run))));
        Ok(())
    }

    fn beside(&self, forward: bool) -> Result<Picture> {
        let Some(picture) = &self.picture else { return Picture::from_source(&format!("sample:{}", SAMPLES[0].name)) };
        if let Some(path) = &picture.path {
            return beside(path, forward);
        }
        let at = SAMPLES.iter().position(|sample| sample.name == picture.name).unwrap_or(0);
        let step = if forward { 1 } else { SAMPLES.len() - 1 };
        Picture::from_source(&format!("sample:{}", SAMPLES[(at + step) % SAMPLES.len()].name))
    }

    fn attribute(&self, inquiry: &Inquiry, watch: &Watch) -> Result<()> {
        // A defect in one method must not take the answers of the others with it.
        let caught = catch_unwind(AssertUnwindSafe(|| inquiry.answer(watch)));
        let result = match caught {
            Ok(result) => answer(result)?,
            Err(panic) => Err(format!("a defect in striate: {}", panic_text(&*panic))),
        };
        self.tell(Event::Attribution(inquiry.key(), result));
        Ok(())
    }

    fn serve(&mut self, request: Request, watch: &Watch) -> Result<()> {
        match request {
            Request::Open(opening) => {
                let model = Model::open(&opening, &self.device.open()?, watch)?;
                self.take(model, watch)
            }
            Request::Prepare(preparation, labels) => {
                let Some(model) = &self.model else { return Ok(()) };
                let model = model.prepared(&preparation)?.labelled(labels.as_deref())?;
                self.take(model, watch)
            }
            Request::Fetch(opening) => {
                let network = &opening.network;
                let place = weights::remote(network).zip(weights::cache_folder());
                let Some((remote, folder)) = place else {
                    return Err(Error::Failed(format!("there are no published weights for {network}")));
                };
                let path = weights::fetch(&remote, &folder, watch)?;
                watch.at(1, 1)?;
                self.shared.request(Request::Open(Opening { weights: Source::File(path), ..opening }));
                Ok(())
            }
            Request::Picture(source) => {
                let picture = self.open(source)?;
                // Without a model yet, the picture waits for it.
                if let Some(model) = &self.model {
                    let run = Arc::new(Run::picture(model, picture.clone(), watch)?);
                    self.of = Some(run.of);
                    self.tell(Event::Run(run));
                }
                (self.picture, self.alteration) = (Some(picture), Alteration::default());
                Ok(())
            }
            Request::Alter(alteration) => {
                if let (Some(model), Some(picture)) = (&self.model, &self.picture) {
                    let run = Run::altered(model, picture.clone(), alteration, self.of, watch)?;
                    self.tell(Event::Run(Arc::new(run)));
                }
                self.alteration = alteration;
                Ok(())
            }
            Request::Compare(source) => {
                self.other = source.map(|source| self.open(source)).transpose()?;
                self.compare(watch)
            }
            Request::Reopen(wanted) => {
                let count = wanted.len();
                let mut last: Option<(Opening, Arc<Model>)> = None;
                for (index, (number, opening, source)) in wanted.into_iter().enumerate() {
                    let watch = watch.part(index, count);
                    let model = match last.take().filter(|(other, _)| *other == opening) {
                        Some((_, model)) => model,
                        None => Arc::new(Model::open(&opening, &self.device.open()?, &watch)?),
                    };
                    let run = Run::picture(&model, self.open(source)?, &watch)?;
                    self.tell(Event::Reopened(number, Arc::new(run)));
                    last = Some((opening, model));
                }
                Ok(())
            }
            Request::Attribute(inquiries) => {
                let count = inquiries.len();
                for (index, inquiry) in inquiries.into_iter().enumerate() {
                    self.attribute(&inquiry, &watch.part(index, count))?;
                }
                Ok(())
            }
            Request::AttributeSlowly(inquiry) => self.attribute(&inquiry, watch),
            Request::Measure(run, change, class) => {
                let result = answer(invariance(&run, change, class, watch))?;
                self.tell(Event::Invariance((run.of, change, class), result));
                Ok(())
            }
            Request::Rank(layers) => {
                let count = layers.len();
                for (index, (run, layer, class)) in layers.into_iter().enumerate() {
                    let result = answer(run.contributions(layer, class, &watch.part(index, count)))?;
                    self.tell(Event::Ranked((run.id, layer, class), result));
                }
                Ok(())
            }
            Request::Deconvnet(units) => {
                let count = units.len();
                for (index, (run, layer, unit, keep)) in units.into_iter().enumerate() {
                    let found = run.deconvnet(layer, unit, keep, &watch.part(index, count));
                    let result = answer(found.map(Pictured::from))?;
                    self.tell(Event::Reconstruction { run: run.id, layer, unit, keep, result });
                }
                Ok(())
            }
            Request::Task(_, work) => {
                let done = work(watch)?;
                self.tell(Event::Finished(done));
                Ok(())
            }
        }
    }
}

/// An answer that says why it is none; only cancelling ends the request.
fn answer<T>(result: Result<T>) -> Result<Result<Arc<T>, String>> {
    match result {
        Err(Error::Cancelled) => Err(Error::Cancelled),
        other => Ok(other.map(Arc::new).map_err(|error| error.to_string())),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied()).unwrap_or("unknown")
}
