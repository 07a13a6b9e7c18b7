//! The window's state, its start, and what tests and panes read of it.

use super::{capture::Captures, debounce::Debounce, heatmaps::Heatmaps, pending::AskedRuns};
use crate::{
    Result,
    engine::{
        Answers, BY_FILE, DeviceChoice, Engine, Frame, Lane, Model, Opening, PictureSource, Request, Run, Status,
    },
    net::{NodeId, surgery::Surgery},
    picture::{Picture, first_sample},
    train::{ShippedRun, checkpoints, is_run},
    ui::{
        background::{
            cache::Cache,
            camera::Camera,
            embedding::Embedding,
            evolution::EvolutionSession,
            folder_index::{FolderIndex, IndexState},
            thumbnails::Thumbs,
            top_tiles::TopTiles,
            training::TrainingDesk,
        },
        chrome::Overlay,
        dialogs::{Ask, Dialogs, save::SaveDialog},
        model::{
            arrangement::Arrangement,
            history::History,
            settings::Preferences,
            state::{FolderView, Message, Selection, Shown, UnitGrid, View},
            viewport::Viewport,
        },
        panes::{arrangement, pane::Pane},
        start::Start,
        strip::LayerStrip,
        theme::{self, Palette},
    },
    weights::Source,
    zoo::DEFAULT,
};
use eframe::egui::{self, Theme};
use egui_tiles::{TileId, Tree};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The window's state, grouped by what changes together.
pub struct App {
    pub(super) engine: Engine,
    pub(super) background: Background,
    pub(super) results: Results,
    pub(super) runs: Runs,
    pub(super) pending: Pending,
    pub(super) focus: Focus,
    /// `panes`, `known` and `folder` are filled in when the settings are stored.
    pub(super) settings: Preferences,
    pub(super) layout: PaneLayout,
    pub(super) output: Output,
    pub(super) notice: Notice,
}

/// Threads beside the engine's, and their caches.
pub(super) struct Background {
    pub cache: Cache,
    pub thumbs: Thumbs,
    pub tops: TopTiles,
    pub camera: Camera,
    /// The folder that is being indexed, or was, with its state in this frame.
    pub folder: Option<(FolderIndex, IndexState)>,
    /// The pictures of the folder on planes.
    pub embedding: Option<Embedding>,
    pub training: TrainingDesk,
    pub evolution: Option<EvolutionSession>,
    /// A run that ships, which opens once its sample picture is on screen.
    pub coming_run: Option<&'static ShippedRun>,
    /// The device that checkpoints compute on.
    pub device: DeviceChoice,
}

/// The answers of the engine.
#[derive(Default)]
pub(super) struct Results {
    pub answers: Answers,
    /// The newest frame of the live synthesis.
    pub synthesis: Option<Arc<Frame>>,
}

/// The network and the runs.
pub(super) struct Runs {
    pub model: Option<Arc<Model>>,
    /// The network that the engine was asked for last; pictures run through it once it is open.
    pub opening: Opening,
    /// The network that was opened last, with the choices about it.
    pub opened: Opening,
    /// The changes to the network that the engine was asked for last.
    pub surgery: Surgery,
    /// The run on screen.
    pub shown: Option<Arc<Shown>>,
    /// The run that replaces it as soon as it can be drawn without a gap.
    pub coming: Option<Arc<Shown>>,
    /// The run of the second picture, for comparison.
    pub other: Option<Arc<Shown>>,
    /// The picture that was open before.
    pub before: Option<Picture>,
}

impl Runs {
    /// Nothing is shown yet; a network opens.
    fn opening(opening: Opening) -> Self {
        Runs {
            model: None,
            opened: opening.clone(),
            opening,
            surgery: Surgery::default(),
            shown: None,
            coming: None,
            other: None,
            before: None,
        }
    }
}

/// Requests that follow the pointer, and when the next may be sent.
#[derive(Default)]
pub(super) struct Pending {
    pub asked: AskedRuns,
    pub heatmaps: Heatmaps,
    pub debounce: Debounce,
    /// Whether a sample was asked for in place of a first picture that cannot be opened.
    pub fell_back: bool,
}

/// The selection that all panes follow.
#[derive(Default)]
pub(super) struct Focus {
    pub selection: Selection,
    pub history: History,
    pub viewport: Viewport,
    /// The grid that the arrow keys walk over.
    pub grid: Option<UnitGrid>,
    /// The place to go to in a picture that is on its way.
    pub arriving: Option<Arriving>,
}

/// A place of a unit's map in a picture file.
pub(super) struct Arriving {
    pub file: PathBuf,
    pub layer: NodeId,
    pub unit: usize,
    pub position: [usize; 2],
}

/// The strip and the arrangement of the panes.
pub(super) struct PaneLayout {
    pub panes: Tree<Pane>,
    /// The purpose that they are arranged for.
    pub arrangement: Arrangement,
    /// The panes of the arrangements that are not on screen.
    pub others: BTreeMap<Arrangement, Tree<Pane>>,
    pub strip: LayerStrip,
    /// The pane that was clicked last.
    pub active: Option<TileId>,
    /// Whether nothing was shown yet: pinned runs of an earlier session are reopened after the first run.
    pub is_new: bool,
}

/// The ways out of the window: dialogs and screenshots.
pub(super) struct Output {
    pub dialogs: Dialogs,
    /// The dialog that saves a pane, while it is open.
    pub saving: Option<SaveDialog>,
    pub captures: Captures,
}

/// The message below the panes, and the page over them.
#[derive(Default)]
pub(super) struct Notice {
    pub message: Option<Message>,
    pub overlay: Overlay,
    /// The step of the guided tour, while that is on.
    pub guide: Option<usize>,
    /// The window's title as it was last set.
    pub title: String,
}

impl Notice {
    /// Shows a message until it is dismissed or replaced.
    pub fn say(&mut self, text: String) {
        self.message = Some(Message { text, failed: false });
    }

    /// Reports a failure until it is dismissed, replaced, or out of date.
    pub fn fail(&mut self, text: String) {
        self.message = Some(Message { text, failed: true });
    }

    /// Removes a failure that a new request makes out of date. Other messages stay.
    pub fn forget_failure(&mut self) {
        self.message.take_if(|message| message.failed);
    }
}

/// The picture that a window starts with: the one asked for, else a sample that the network names rightly.
pub(super) fn first_picture(asked: Option<OsString>, opening: &Opening) -> PictureSource {
    let network = if opening.network == BY_FILE { "" } else { &opening.network };
    let sample = || Ok(format!("sample:{}", first_sample(network).name));
    // A name that is not UTF-8 is a file's.
    let picture = asked.map_or_else(sample, OsString::into_string);
    picture.map_or_else(|path| PictureSource::File(path.into()), PictureSource::Named)
}

/// The network that a window starts with: the last checkpoint of a run, unless weights were named.
fn first_opening(opening: Opening, run: Option<&Path>) -> Opening {
    let last = run.and_then(|run| checkpoints(run).ok()?.pop());
    match last.filter(|_| opening.weights == Source::Shipped) {
        Some(last) => {
            let network = if opening.network == DEFAULT.name { BY_FILE.into() } else { opening.network };
            Opening { network, weights: Source::File(last.path), ..opening }
        }
        None => opening,
    }
}

impl App {
    /// A window in an eframe context, which asks for files by `ask`.
    ///
    /// # Errors
    /// When the system has no threads to give.
    pub fn new(cc: &eframe::CreationContext<'_>, start: Start, ask: Ask) -> Result<Self> {
        theme::install(&cc.egui_ctx);
        let kept = cc.storage.and_then(|storage| storage.get_string("striate"));
        let mut settings = kept.map_or_else(Preferences::default, |kept| Preferences::read(&kept));
        cc.egui_ctx.set_theme(if settings.light { Theme::Light } else { Theme::Dark });
        if let Some(render_state) = &cc.wgpu_render_state {
            crate::gpu::install(render_state);
            crate::gpu::report_errors(render_state, &cc.egui_ctx);
        }
        let ctx = cc.egui_ctx.clone();
        let engine = Engine::start(start.device, move || ctx.request_repaint())?;
        let run = start.picture.as_ref().map(PathBuf::from).filter(|path| is_run(path));
        let picture = start.picture.filter(|_| run.is_none());
        let opening = settings.prepared.recall(first_opening(start.opening, run.as_deref()));
        engine.request(Request::Open(opening.clone()));
        engine.request(Request::Picture(first_picture(picture, &opening)));
        let start_run = |run| EvolutionSession::start(run, &opening.network, start.device, cc.egui_ctx.clone());
        let evolution = run.map(start_run).transpose()?;
        let mut dialogs = Dialogs::new(ask);
        dialogs.folder = settings.folder.take();
        let mut others =
            arrangement::read_all(std::mem::take(&mut settings.panes), &std::mem::take(&mut settings.known));
        let panes = others.remove(&settings.arrangement);
        let arrangement = settings.arrangement;
        Ok(App {
            engine,
            background: Background {
                cache: Cache::start(cc.wgpu_render_state.clone(), cc.egui_ctx.clone())?,
                thumbs: Thumbs::start(cc.egui_ctx.clone())?,
                tops: TopTiles::start(cc.egui_ctx.clone())?,
                camera: Camera::new(start.camera),
                folder: None,
                embedding: None,
                training: TrainingDesk::default(),
                evolution,
                coming_run: None,
                device: start.device,
            },
            results: Results::default(),
            runs: Runs::opening(opening),
            pending: Pending::default(),
            focus: Focus::default(),
            settings,
            layout: PaneLayout {
                panes: panes.unwrap_or_else(|| Tree::empty(egui::Id::unique("panes"))),
                arrangement,
                others,
                strip: LayerStrip::default(),
                active: None,
                is_new: true,
            },
            output: Output { dialogs, saving: None, captures: Captures::default() },
            notice: Notice::default(),
        })
    }

    /// The run on screen.
    pub fn shown(&self) -> Option<&Shown> {
        self.runs.shown.as_deref()
    }

    /// The state of the folder that is being indexed, or was.
    pub fn indexed(&self) -> Option<&IndexState> {
        self.background.folder.as_ref().map(|(_, state)| state)
    }

    /// The run of the picture that the one on screen is compared with.
    pub fn compared(&self) -> Option<&Shown> {
        self.runs.other.as_deref()
    }

    /// Which part of the picture panes show.
    pub fn viewport(&self) -> Viewport {
        self.focus.viewport
    }

    /// The selection.
    pub fn selection(&self) -> &Selection {
        &self.focus.selection
    }

    /// The answers of the engine.
    pub fn answers(&self) -> &Answers {
        &self.results.answers
    }

    /// The live synthesis as it was last seen.
    pub fn synthesis(&self) -> Option<&Arc<Frame>> {
        self.results.synthesis.as_ref()
    }

    /// The checkpoints of the run that is open, if one is.
    pub fn evolution(&self) -> Option<&EvolutionSession> {
        self.background.evolution.as_ref()
    }

    /// The run of training, if one was started.
    pub fn training(&self) -> &TrainingDesk {
        &self.background.training
    }

    /// The step of the guided tour, while that is on.
    pub fn guide(&self) -> Option<usize> {
        self.notice.guide
    }

    /// The arrangement on screen.
    pub fn arrangement(&self) -> Arrangement {
        self.layout.arrangement
    }

    /// The window's title.
    pub fn title(&self) -> &str {
        &self.notice.title
    }

    /// The message in the status line.
    pub fn message(&self) -> Option<&Message> {
        self.notice.message.as_ref()
    }

    /// Whether nothing is being computed, nor waits to be shown.
    pub fn is_idle(&self) -> bool {
        self.engine.is_idle() && self.has_run() && !self.pending.debounce.is_on()
    }

    /// Whether the picture on screen is the one that was asked for.
    pub(super) fn has_run(&self) -> bool {
        self.runs.coming.is_none() && self.is_followed()
    }

    /// Adds the run that is computed but not on screen yet to the work, where the engine has none.
    pub(super) fn add_coming(&self, work: &mut Vec<Status>) {
        if work.is_empty() && !self.has_run() && self.runs.shown.is_some() {
            work.push(Status { lane: Lane::Picture, what: "Running the picture".into(), fraction: 1.0 });
        }
    }

    pub(super) fn view<'a>(&'a self, work: &'a [Status], palette: &'static Palette) -> Option<View<'a>> {
        self.runs.shown.as_deref().map(|shown| View {
            shown,
            // After a change of network the two do not come at once.
            // Whole pictures of other shapes have maps of other sizes.
            other: self.runs.other.as_deref().filter(|other| {
                let size = |run: &Run| run.model.network.graph().input_shape();
                other.run.model.is_same_network(&shown.run.model) && size(&other.run) == size(&shown.run)
            }),
            selection: &self.focus.selection,
            opening: &self.runs.opened,
            surgery: &self.runs.surgery,
            look: self.settings.look,
            viewport: self.focus.viewport,
            cache: &self.background.cache,
            thumbs: &self.background.thumbs,
            folder: self.background.folder.as_ref().map(|(index, state)| FolderView {
                folder: &index.folder,
                model: &index.model,
                state,
            }),
            embedding: self.background.embedding.as_ref(),
            tops: &self.background.tops,
            answers: &self.results.answers,
            synthesis: self.results.synthesis.as_ref(),
            training: &self.background.training,
            evolution: self.background.evolution.as_ref(),
            work,
            palette,
        })
    }
}
