//! A live synthesis: the worker takes its steps one by one while nothing else waits.

use super::model::Model;
use crate::{
    Error, Result,
    methods::Settings,
    paint::{FolderKind, NewFolder, write_png},
    synthesis::{Canvas, Frames, Measure, Recipe},
    watch::Watch,
};
use candle_core::Device;
use image::{DynamicImage, RgbImage};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// A command of the window to the live synthesis. All are carried out, in order.
pub enum Control {
    /// Start a new synthesis in place of the last.
    Start(Arc<Model>, Box<Recipe>),
    /// Take no more steps.
    Pause,
    /// Take steps again.
    Resume,
    /// Use other parameters from the next step on.
    Change(Settings),
    /// Go back to the last kept state at or before a step, and pause there.
    Rewind(usize),
    /// Write the kept states into a new folder, one numbered PNG each, with these texts.
    Save(PathBuf, Vec<(&'static str, String)>),
    /// Drop it.
    Stop,
}

impl Control {
    /// Whether the command makes the present step useless.
    pub(super) fn interrupts(&self) -> bool {
        matches!(self, Control::Start(..) | Control::Pause | Control::Rewind(_) | Control::Stop)
    }
}

/// The state of a live synthesis that the window shows.
pub struct Frame {
    /// Steps taken.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Whether steps are being taken.
    pub running: bool,
    /// The first picture of the batch, as it would be saved.
    pub picture: Arc<RgbImage>,
    /// The measurement of every step.
    pub curve: Arc<[Measure]>,
    /// Steps whose states are kept for rewinding.
    pub kept: Arc<[usize]>,
    /// The measurement without random transforms, of the picture itself and as it would be saved; only while paused.
    pub worth: Option<[Measure; 2]>,
}

/// Least time between two frames.
const FRAME: Duration = Duration::from_millis(60);

pub(super) struct Live {
    model: Arc<Model>,
    canvas: Canvas,
    running: bool,
    shown: Option<Instant>,
}

impl Live {
    pub fn start(model: Arc<Model>, recipe: Recipe) -> Result<Self> {
        let canvas = Canvas::new(recipe, model.preprocess.clone(), Arc::clone(&model.network))?;
        Ok(Live { model, canvas, running: true, shown: None })
    }

    pub fn is_running(&self) -> bool {
        self.running
    }

    /// The kept states as pictures.
    pub fn frames(&self) -> Frames {
        self.canvas.frames()
    }

    /// Share done.
    pub fn fraction(&self) -> f32 {
        self.canvas.step_number() as f32 / self.canvas.steps().max(1) as f32
    }

    /// Carries out a command. The worker itself starts, saves and stops a synthesis.
    pub fn apply(&mut self, control: Control) -> Result<()> {
        match control {
            Control::Pause => self.running = false,
            Control::Resume => self.running = !self.canvas.is_done(),
            Control::Change(settings) => self.canvas.change(settings)?,
            Control::Rewind(step) => {
                self.running = false;
                self.canvas.rewind(step)?;
            }
            Control::Start(..) | Control::Save(..) | Control::Stop => {}
        }
        Ok(())
    }

    /// Takes a step; returns a frame when one is due.
    pub fn step(&mut self, watch: &Watch) -> Result<Option<Frame>> {
        let taken = self.canvas.step(watch);
        self.running = !self.canvas.is_done() && !matches!(&taken, Err(error) if !matches!(error, Error::Cancelled));
        taken?;
        let due = self.shown.is_none_or(|shown| shown.elapsed() >= FRAME);
        (due || !self.running).then(|| self.frame(watch)).transpose()
    }

    pub fn frame(&mut self, watch: &Watch) -> Result<Frame> {
        self.shown = Some(Instant::now());
        let images = self.canvas.saved().tensor(&Device::Cpu)?;
        Ok(Frame {
            step: self.canvas.step_number(),
            steps: self.canvas.steps(),
            running: self.running,
            picture: Arc::new(self.model.preprocess.unapply(&images.get(0)?)?),
            curve: self.canvas.curve().into(),
            kept: self.canvas.kept().into(),
            worth: if self.running { None } else { Some(self.canvas.assess(watch)?) },
        })
    }
}

/// A folder of frames has no index: an older one is never replaced.
const FRAMES: FolderKind = FolderKind { what: "frames", index: None, pictures: None, others: &[] };

/// Writes frames into a folder that is not there yet, each named by its step. A failure or a cancel leaves no folder.
pub(super) fn save(frames: &Frames, folder: &Path, texts: &[(&str, String)], watch: &Watch) -> Result<String> {
    let files = NewFolder::create(folder, FRAMES)?;
    for index in 0..frames.count() {
        watch.at(index, frames.count())?;
        let (step, picture) = frames.picture(index)?;
        let texts: Vec<(&str, String)> = texts.iter().cloned().chain([("Step", step.to_string())]).collect();
        let image = DynamicImage::ImageRgb8(picture).into_rgba8();
        write_png(&files.path(&format!("{step:05}.png")), &image, &texts)?;
    }
    files.finish()?;
    Ok(format!("Saved {} frames in {}", frames.count(), folder.display()))
}
