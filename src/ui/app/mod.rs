//! The window: takes in what happened ([`listen`]), draws everything, then carries out what was asked for ([`act`]) and
//! lets the engine run what is dragged or drawn ([`follow`]).

mod act;
mod follow;
mod heatmaps;
mod listen;
mod look;
mod passing;
mod save;

use super::{
    answers::Answers,
    arrangement::{self, first_arrangement},
    cache::Cache,
    camera::{Camera, Filming},
    chrome::{self, Overlay},
    commands::{Action, Command},
    dialogs::{Ask, Dialogs, Purpose, Question, opened},
    history::History,
    panels::PANELS,
    panes::{Drawing, Pane},
    settings::{Kept, Settings},
    state::{Grid, Look, Selection, Shown, View},
    strip::Strip,
    theme::{self, Palette},
    thumbs::Thumbs,
    viewport::Viewport,
};
use crate::{
    Result,
    engine::{Engine, Frame, Lane, Model, Opening, PictureSource, Request, Status},
    picture::{Picture, SAMPLES},
};
use eframe::egui::{self, Panel, Theme};
use egui_tiles::{TileId, Tree};
use std::{ffi::OsString, path::PathBuf, sync::Arc};

/// One line at the bottom.
pub struct Message {
    /// What it says.
    pub text: String,
    /// Whether something failed.
    pub failed: bool,
}

/// The window's state.
pub struct App {
    engine: Engine,
    cache: Cache,
    thumbs: Thumbs,
    answers: Answers,
    /// The live synthesis as it was last seen.
    synthesis: Option<Arc<Frame>>,
    shown: Option<Arc<Shown>>,
    /// The run that takes its place as soon as it can be drawn without a gap.
    coming: Option<Arc<Shown>>,
    asked: follow::Asked,
    heatmaps: heatmaps::Heatmaps,
    passing: passing::Passing,
    /// The run of another picture that this one is compared with.
    other: Option<Arc<Shown>>,
    camera: Camera,
    /// The picture that was open before.
    before: Option<Picture>,
    model: Option<Arc<Model>>,
    selection: Selection,
    history: History,
    look: Look,
    viewport: Viewport,
    light: bool,
    /// Files of pictures that ran, the newest first.
    recent: Vec<PathBuf>,
    panes: Tree<Pane>,
    strip: Strip,
    active: Option<TileId>,
    grid: Option<Grid>,
    dialogs: Dialogs,
    looks: look::Looks,
    /// Nothing was shown yet: what panes were pinned to has to wait.
    is_new: bool,
    tour: super::Tour,
    message: Option<Message>,
    overlay: Overlay,
    /// The network that was asked for: pictures run through it once it is there.
    opening: Opening,
}

impl App {
    /// The window of a context, asking for files by `ask`.
    ///
    /// # Errors
    /// When the system has no threads to give.
    pub fn new(cc: &eframe::CreationContext<'_>, start: super::Start, ask: Ask) -> Result<Self> {
        theme::install(&cc.egui_ctx);
        let kept = cc.storage.and_then(|storage| storage.get_string("striate"));
        let settings = kept.map_or_else(Settings::default, |kept| Settings::read(&kept));
        cc.egui_ctx.set_theme(if settings.light { Theme::Light } else { Theme::Dark });
        if let Some(render_state) = &cc.wgpu_render_state {
            crate::gpu::install(render_state);
        }
        let ctx = cc.egui_ctx.clone();
        let engine = Engine::start(start.device, move || ctx.request_repaint())?;
        engine.request(Request::Open(start.opening.clone()));
        let picture = start.picture.map_or_else(|| Ok(format!("sample:{}", SAMPLES[0].name)), OsString::into_string);
        // A name that is not UTF-8 is a file's.
        let picture = picture.map_or_else(|path| PictureSource::File(path.into()), PictureSource::Named);
        engine.request(Request::Picture(picture));
        let mut dialogs = Dialogs::new(ask);
        dialogs.folder = settings.folder;
        Ok(App {
            engine,
            cache: Cache::start(cc.wgpu_render_state.clone(), cc.egui_ctx.clone())?,
            thumbs: Thumbs::start(cc.egui_ctx.clone())?,
            answers: Answers::default(),
            synthesis: None,
            shown: None,
            coming: None,
            asked: follow::Asked::default(),
            heatmaps: heatmaps::Heatmaps::default(),
            passing: passing::Passing::default(),
            other: None,
            camera: Camera::new(start.camera),
            before: None,
            model: None,
            selection: Selection::default(),
            history: History::default(),
            recent: settings.recent,
            look: settings.look,
            viewport: Viewport::default(),
            light: settings.light,
            panes: settings.panes.unwrap_or_else(|| Tree::empty(egui::Id::unique("panes"))),
            strip: Strip::default(),
            active: None,
            grid: None,
            dialogs,
            looks: look::Looks::default(),
            is_new: true,
            tour: start.tour,
            message: None,
            overlay: Overlay::None,
            opening: start.opening,
        })
    }

    /// The run on screen.
    pub fn shown(&self) -> Option<&Shown> {
        self.shown.as_deref()
    }

    /// The run of the picture that the one on screen is compared with.
    pub fn compared(&self) -> Option<&Shown> {
        self.other.as_deref()
    }

    /// Which part of the picture panes show.
    pub fn viewport(&self) -> Viewport {
        self.viewport
    }

    /// What it is about.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// What methods answered.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The live synthesis as it was last seen.
    pub fn synthesis(&self) -> Option<&Arc<Frame>> {
        self.synthesis.as_ref()
    }

    /// The line at the bottom.
    pub fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// Whether nothing is being computed, nor waits to be shown.
    pub fn is_idle(&self) -> bool {
        self.engine.is_idle() && self.has_run() && !self.passing.is_on()
    }

    /// Whether the picture on screen is the one that was asked for.
    fn has_run(&self) -> bool {
        self.coming.is_none() && self.is_followed()
    }

    /// What runs; to the user, what is still to come on screen runs too.
    fn work(&self) -> Vec<Status> {
        let mut work = self.engine.work();
        if work.is_empty() && self.engine.is_idle() && !self.has_run() && self.shown.is_some() {
            work.push(Status { lane: Lane::Picture, what: "Running the picture".into(), fraction: 1.0 });
        }
        work
    }

    fn view<'a>(&'a self, work: &'a [Status], palette: &'static Palette) -> Option<View<'a>> {
        self.shown.as_deref().map(|shown| View {
            shown,
            // After a change of network the two do not come at once.
            other: self.other.as_deref().filter(|other| Arc::ptr_eq(&other.run.model, &shown.run.model)),
            selection: &self.selection,
            look: self.look,
            viewport: self.viewport,
            cache: &self.cache,
            thumbs: &self.thumbs,
            answers: &self.answers,
            synthesis: self.synthesis.as_ref(),
            work,
            palette,
        })
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        match self.looks.place(ui) {
            Some(mut moved) => self.draw(&mut moved),
            None => self.draw(ui),
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        let light = self.light;
        let (folder, recent, panes) = (&self.dialogs.folder, &self.recent, &self.panes);
        let known = PANELS.iter().map(|kind| kind.name).collect();
        let kept = Kept { light, look: self.look, folder, recent, panes, known };
        if let Ok(kept) = serde_json::to_string(&kept) {
            storage.set_string("striate", kept);
        }
    }
}

impl App {
    /// A frame: takes in, draws, carries out.
    fn draw(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        let mut out = Vec::new();
        // Not what is in view: a window may be drawn larger than that (see `look`).
        let window = ui.max_rect().size();
        if self.is_new && self.panes.root.is_none() {
            // Before the first frame nobody knows how large the window is.
            self.panes = first_arrangement(window);
        }
        // Before it is heard what was answered: where nothing runs, nothing is still to be heard.
        let work = self.work();
        self.listen(&ctx, &mut out);
        chrome::keys(&ctx, &mut out);
        self.light = ctx.theme() == Theme::Light;
        let palette = Palette::of(&ctx);
        let filming = self.camera.state();
        let shown = self.shown.as_deref();

        Panel::top("menu").frame(theme::bare(palette.backdrop, egui::Margin::symmetric(8, 4))).show(ui, |ui| {
            chrome::menu(ui, shown, &self.recent, filming, palette, &mut out);
        });
        Panel::bottom("status").frame(theme::bare(palette.backdrop, egui::Margin::symmetric(10, 4))).show(ui, |ui| {
            chrome::status(ui, &work, self.message.as_ref(), filming, palette, &mut out);
        });
        // Taken out while they draw, since they draw from all the rest.
        let mut strip = std::mem::take(&mut self.strip);
        let mut panes = std::mem::replace(&mut self.panes, Tree::empty(egui::Id::unique("panes")));
        let mut active = self.active;
        let view = self.view(&work, palette);
        let left = Panel::left("strip").frame(theme::bare(palette.pane, egui::Margin::symmetric(8, 8)));
        left.default_size(252.0)
            .size_range(200.0..=(0.23 * window.x).clamp(200.0, 380.0))
            .show_separator_line(false)
            .show(ui, |ui| {
                strip.ui(ui, self.model.as_deref(), view, &mut out);
            });
        let frame = theme::bare(palette.backdrop, egui::Margin { left: 5, right: 5, top: 0, bottom: 0 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            panes.ui(&mut Drawing { view, out: &mut out, active: &mut active, palette }, ui);
        });
        (self.strip, self.panes, self.active) = (strip, panes, active);
        chrome::overlay(&ctx, &mut self.overlay, self.shown.as_deref(), filming, palette, &mut out);

        // Unless a pane says so again, the pointer is over nothing.
        let hovered = self.selection.hover.take();
        let (mut inquiries, mut projections, mut rankings) = (Vec::new(), Vec::new(), Vec::new());
        for command in out {
            match command {
                Command::Need(inquiry) => inquiries.push(inquiry),
                Command::NeedReconstructions(units) => projections.extend(units),
                Command::NeedRanking(layer) => rankings.push(layer),
                other => self.carry_out(&ctx, other),
            }
        }
        if !self.passing.by(&ctx, self.selection.layer) {
            self.ask(inquiries, projections, rankings);
        }
        self.follow(&ctx);
        // However long a drag takes, it is one step.
        if self.shown.is_some() && !ctx.input(|input| input.pointer.any_down()) {
            self.history.note(&self.selection, ctx.input(|input| input.time));
        }
        if self.selection.hover != hovered {
            // Panes drawn before the one under the pointer learn of it now.
            ctx.request_repaint();
        }
        self.look(&ctx);
        if chrome::is_dropping(&ctx) {
            chrome::drop_hint(&ctx, palette);
        }
    }
}
