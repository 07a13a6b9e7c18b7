//! The window: takes in what happened, draws everything, then carries out what was asked for.

use super::{
    answers::Answers,
    cache::Cache,
    chrome::{self, Overlay},
    commands::{Action, Command},
    dialogs::{Ask, Dialogs, Purpose, Question, opened},
    panes::{Drawing, Pane, first_arrangement, is_complete},
    state::{Grid, Look, Selection, Shown, View},
    strip::Strip,
    theme::{self, Palette},
};
use crate::{
    Result,
    engine::{Engine, Event, Lane, Model, Opening, PictureSource, Request, Status},
    picture::{Picture, SAMPLES},
};
use eframe::egui::{self, Panel, Theme};
use egui_tiles::{TileId, Tree};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};

/// What is kept between sessions. Whatever of it cannot be read falls back to its usual value.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    light: bool,
    look: Look,
    folder: Option<PathBuf>,
    panes: Option<Tree<Pane>>,
}

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
    answers: Answers,
    shown: Option<Shown>,
    model: Option<Arc<Model>>,
    selection: Selection,
    look: Look,
    light: bool,
    panes: Tree<Pane>,
    strip: Strip,
    active: Option<TileId>,
    grid: Option<Grid>,
    dialogs: Dialogs,
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
        let settings: Settings = kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default();
        cc.egui_ctx.set_theme(if settings.light { Theme::Light } else { Theme::Dark });
        if let Some(render_state) = &cc.wgpu_render_state {
            crate::gpu::install(render_state);
        }
        let ctx = cc.egui_ctx.clone();
        let engine = Engine::start(start.device, move || ctx.request_repaint())?;
        engine.request(Request::Open(start.opening.clone()));
        let picture = start.picture.unwrap_or_else(|| format!("sample:{}", SAMPLES[0].name));
        engine.request(Request::Picture(PictureSource::Named(picture)));
        let mut dialogs = Dialogs::new(ask);
        dialogs.folder = settings.folder;
        Ok(App {
            engine,
            cache: Cache::start(cc.wgpu_render_state.clone(), cc.egui_ctx.clone())?,
            answers: Answers::default(),
            shown: None,
            model: None,
            selection: Selection::default(),
            look: settings.look,
            light: settings.light,
            panes: settings.panes.filter(is_complete).unwrap_or_else(first_arrangement),
            strip: Strip::default(),
            active: None,
            grid: None,
            dialogs,
            message: None,
            overlay: Overlay::None,
            opening: start.opening,
        })
    }

    /// The run on screen.
    pub fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref()
    }

    /// What it is about.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// What methods answered.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The line at the bottom.
    pub fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// Whether nothing is being computed.
    pub fn is_idle(&self) -> bool {
        self.engine.is_idle()
    }

    /// Takes in what the engine, the dialogs and the system have for the window.
    fn listen(&mut self, ctx: &egui::Context, out: &mut Vec<Command>) {
        while let Some(event) = self.engine.poll() {
            self.answers.keep(&event);
            match event {
                Event::Model(model) => self.model = Some(model),
                Event::Run(run) => {
                    let shown = Shown::new(run);
                    let same = self.shown.as_ref().is_some_and(|old| Arc::ptr_eq(&old.run.model, &shown.run.model));
                    if same {
                        self.selection.position = None;
                        self.selection.hover = None;
                    } else {
                        self.selection.start(&shown.run);
                    }
                    self.answers.start(&shown.run);
                    self.cache.begin(&shown.run, self.selection.layer);
                    self.shown = Some(shown);
                    self.message = None;
                }
                Event::Finished(text) => self.message = Some(Message { text, failed: false }),
                Event::Failed(lane, text) => {
                    if lane == Lane::Model
                        && let Some(model) = &self.model
                    {
                        // The network on screen is still the one that runs.
                        self.opening.network = model.card.name.into();
                    }
                    self.message = Some(Message { text, failed: true });
                }
                Event::Attribution { .. } | Event::Reconstruction { .. } | Event::Frame(_) => {}
            }
        }
        if let Some((purpose, path)) = self.dialogs.poll() {
            match purpose {
                Purpose::Save(tile) => self.save(tile, path),
                other => out.extend(opened(other, path)),
            }
        }
        for file in ctx.input(|input| input.raw.dropped_files.clone()) {
            let path = file.path().to_owned();
            out.push(Command::Open(if path.as_os_str().is_empty() {
                match file.bytes() {
                    Ok(bytes) => PictureSource::Bytes("dropped file".into(), bytes.into()),
                    Err(_) => continue,
                }
            } else {
                PictureSource::File(path)
            }));
        }
        let pasted = ctx.input(|input| {
            input.events.iter().find_map(|event| match event {
                egui::Event::PasteImage(image) => Some(Arc::clone(image)),
                _ => None,
            })
        });
        if let Some(image) = pasted {
            let [width, height] = image.size;
            let rgba: Vec<u8> = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
            match Picture::from_rgba("pasted picture", width as u32, height as u32, &rgba) {
                Ok(picture) => out.push(Command::Open(PictureSource::Ready(picture))),
                Err(error) => self.message = Some(Message { text: error.to_string(), failed: true }),
            }
        }
    }

    fn view<'a>(&'a self, status: Option<&'a Status>, palette: &'static Palette) -> Option<View<'a>> {
        self.shown.as_ref().map(|shown| View {
            shown,
            selection: &self.selection,
            look: self.look,
            cache: &self.cache,
            answers: &self.answers,
            status,
            palette,
        })
    }

    /// Carries out a command.
    fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Do(action) => self.act(ctx, action),
            Command::Open(source) => self.engine.request(Request::Picture(source)),
            Command::OpenNetwork(opening) => {
                self.opening = opening.clone();
                self.engine.request(Request::Open(opening));
            }
            Command::Fetch(opening) => {
                self.opening = opening.clone();
                self.engine.request(Request::Fetch(opening));
            }
            Command::SelectLayer(layer) => {
                if let Some(shown) = &self.shown {
                    self.selection.select_layer(&shown.run, layer);
                }
            }
            Command::SelectUnit(unit, position) => self.selection.select_unit(unit, position),
            Command::SelectClass(class) => self.selection.class = class,
            Command::SelectMethod(method) => self.selection.method = method,
            Command::SetLook(look) => self.look = look,
            Command::Hover(hover) => self.selection.hover = Some(hover),
            Command::ShowGrid(grid) => self.grid = Some(grid),
            Command::NeedAttribution(method, class) => {
                if let Some(shown) = &self.shown
                    && self.answers.should_attribute((method.name, class))
                {
                    self.engine.request(Request::Attribute(Arc::clone(&shown.run), method, class));
                }
            }
            Command::NeedReconstructions(layer, units) => {
                let keys: Vec<_> = units.into_iter().map(|(unit, keep)| (layer, unit, keep)).collect();
                let missing = self.answers.should_project(&keys);
                if let Some(shown) = self.shown.as_ref().filter(|_| !missing.is_empty()) {
                    let units = missing.iter().map(|&(_, unit, keep)| (unit, keep)).collect();
                    self.engine.request(Request::Deconvnet(Arc::clone(&shown.run), layer, units));
                }
            }
            Command::AskAgain => self.answers.ask_again(),
            Command::ExportPane(tile) => self.export(ctx, tile),
            Command::Dismiss => self.message = None,
        }
    }

    fn act(&mut self, ctx: &egui::Context, action: Action) {
        let layers = self.shown.as_ref().map_or(0, |shown| shown.run.layers.len());
        let layer = self.selection.layer;
        match action {
            Action::OpenPicture => self.dialogs.open(ctx, Question::Picture, Purpose::Picture),
            Action::OpenWeights => {
                self.dialogs.open(ctx, Question::Weights, Purpose::Weights(self.opening.clone()));
            }
            Action::Export => {
                let first =
                    || self.panes.active_tiles().into_iter().find(|&tile| self.panes.tiles.get_pane(&tile).is_some());
                if let Some(tile) = self.active.or_else(first) {
                    self.export(ctx, tile);
                }
            }
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Action::Cancel if self.overlay != Overlay::None => self.overlay = Overlay::None,
            Action::Cancel if self.engine.is_idle() => self.message = None,
            Action::Cancel => self.engine.cancel(),
            Action::PreviousLayer => self.carry_out(ctx, Command::SelectLayer(layer.saturating_sub(1))),
            Action::NextLayer => self.carry_out(ctx, Command::SelectLayer((layer + 1).min(layers.saturating_sub(1)))),
            Action::UnitLeft => self.step(-1, 0),
            Action::UnitRight => self.step(1, 0),
            Action::UnitUp => self.step(0, -1),
            Action::UnitDown => self.step(0, 1),
            Action::PredictedClass => self.selection.class = None,
            Action::ToggleTheme => {
                let other = if ctx.theme() == Theme::Dark { Theme::Light } else { Theme::Dark };
                ctx.set_theme(other);
            }
            Action::ResetArrangement => self.panes = first_arrangement(),
            Action::ZoomIn => egui::gui_zoom::zoom_in(ctx),
            Action::ZoomOut => egui::gui_zoom::zoom_out(ctx),
            Action::ZoomReset => ctx.set_zoom_factor(1.0),
            Action::Palette => self.overlay = Overlay::Palette(String::new()),
            Action::Keys => self.overlay = Overlay::Keys,
            Action::About => self.overlay = Overlay::About,
        }
    }

    /// Moves the selected unit over the grid on screen.
    fn step(&mut self, across: i64, down: i64) {
        let Some(grid) = self.grid.as_ref().filter(|grid| grid.layer == self.selection.layer) else { return };
        let unit = self.selection.unit as u32;
        let at = grid.order.iter().position(|&other| other == unit).unwrap_or(0) as i64;
        let to = at + across + down * i64::from(grid.columns);
        if let Some(&unit) = usize::try_from(to).ok().and_then(|to| grid.order.get(to)) {
            self.selection.select_unit(unit as usize, None);
        }
    }

    fn export(&mut self, ctx: &egui::Context, tile: TileId) {
        let view = self.view(None, Palette::of(ctx));
        let export = view.zip(self.panes.tiles.get_pane(&tile)).and_then(|(view, pane)| pane.export(view));
        match export {
            Some(export) => {
                let question = Question::Save(export.name.clone(), export.has_numbers());
                self.dialogs.open(ctx, question, Purpose::Save(tile));
            }
            None => self.message = Some(Message { text: "This pane has nothing to save yet".into(), failed: true }),
        }
    }

    /// Writes what the pane shows now.
    fn save(&mut self, tile: TileId, path: PathBuf) {
        let path = if path.extension().is_some() { path } else { path.with_extension("png") };
        // The palette colours no export.
        let view = self.view(None, Palette::dark());
        let export = view.zip(self.panes.tiles.get_pane(&tile)).and_then(|(view, pane)| pane.export(view));
        if let Some(export) = export {
            let what = format!("Saving {}", export.name);
            self.engine.request(Request::Task(what, Box::new(move |watch| export.write(&path, watch))));
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let mut out = Vec::new();
        self.listen(&ctx, &mut out);
        chrome::keys(&ctx, &mut out);
        self.light = ctx.theme() == Theme::Light;
        let palette = Palette::of(&ctx);
        let status = self.engine.status();
        let shown = self.shown.as_ref();

        Panel::top("menu").frame(theme::bare(palette.backdrop, egui::Margin::symmetric(8, 4))).show(ui, |ui| {
            chrome::menu(ui, shown, palette, &mut out);
        });
        Panel::bottom("status").frame(theme::bare(palette.backdrop, egui::Margin::symmetric(10, 4))).show(ui, |ui| {
            chrome::status(ui, status.as_ref(), self.message.as_ref(), palette, &mut out);
        });
        // Taken out while they draw, since they draw from all the rest.
        let mut strip = std::mem::take(&mut self.strip);
        let mut panes = std::mem::replace(&mut self.panes, Tree::empty(egui::Id::unique("panes")));
        let mut active = self.active;
        let view = self.view(status.as_ref(), palette);
        let left = Panel::left("strip").frame(theme::bare(palette.pane, egui::Margin::symmetric(8, 8)));
        left.default_size(252.0).size_range(200.0..=380.0).show_separator_line(false).show(ui, |ui| {
            strip.ui(ui, self.model.as_deref(), view, &mut out);
        });
        let frame = theme::bare(palette.backdrop, egui::Margin { left: 5, right: 5, top: 0, bottom: 0 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            panes.ui(&mut Drawing { view, out: &mut out, active: &mut active, palette }, ui);
        });
        (self.strip, self.panes, self.active) = (strip, panes, active);
        chrome::overlay(&ctx, &mut self.overlay, palette, &mut out);

        // Unless a pane says so again, the pointer is over nothing.
        let hovered = self.selection.hover.take();
        for command in out {
            self.carry_out(&ctx, command);
        }
        if self.selection.hover != hovered {
            // Panes drawn before the one under the pointer learn of it now.
            ctx.request_repaint();
        }
        if chrome::is_dropping(&ctx) {
            chrome::drop_hint(&ctx, palette);
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        #[derive(Serialize)]
        struct Kept<'a> {
            light: bool,
            look: Look,
            folder: &'a Option<PathBuf>,
            panes: &'a Tree<Pane>,
        }
        let light = self.light;
        let kept = Kept { light, look: self.look, folder: &self.dialogs.folder, panes: &self.panes };
        if let Ok(kept) = serde_json::to_string(&kept) {
            storage.set_string("striate", kept);
        }
    }
}
