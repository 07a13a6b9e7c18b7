//! Carries out what was asked for.

use super::window::App;
use crate::{
    engine::{Contribution, Inquiry, Opening, PictureSource, Projection, Request},
    picture::Preparation,
    ui::{
        background::camera::Filming,
        chrome::{Overlay, finder::FinderState},
        dialogs::{FileQuestion, Purpose},
        model::{
            commands::{Action, Command, With},
            pin::Pinned,
            state::Message,
            viewport::Viewport,
        },
        panes::arrangement::{self, first_arrangement},
        theme::Palette,
    },
};
use eframe::egui::{self, Theme};
use egui_tiles::{TileId, Tree};

impl App {
    /// Carries out a command.
    pub(super) fn apply(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Do(action) => self.act_on(ctx, action),
            Command::Open(source) => self.open(source),
            Command::Compare(with) => self.compare(ctx, with),
            Command::OpenNetwork(opening) => {
                let plain = Opening { preparation: Preparation::default(), labels: None, ..opening };
                let opening = self.settings.prepared.recall(plain);
                (self.runs.opening, self.notice.message) = (opening.clone(), None);
                self.engine.request(Request::Open(opening));
            }
            Command::Prepare(preparation, labels) => {
                self.runs.opening = Opening { preparation, labels, ..self.runs.opening.clone() };
                self.notice.message = None;
                let (preparation, labels) = (self.runs.opening.preparation.clone(), self.runs.opening.labels.clone());
                self.engine.request(Request::Prepare(preparation, labels));
            }
            Command::ChooseLabels => {
                let purpose = Purpose::Labels(self.runs.opening.preparation.clone());
                self.output.dialogs.open(ctx, FileQuestion::Labels, purpose);
            }
            Command::OpenBeside(opening) => {
                self.twin();
                self.apply(ctx, Command::OpenNetwork(opening));
            }
            Command::ChooseBeside(tile) => {
                self.layout.active = Some(tile);
                self.act_on(ctx, Action::Beside);
            }
            Command::Fetch(opening) => {
                (self.runs.opening, self.notice.message) = (opening.clone(), None);
                self.engine.request(Request::Fetch(opening));
            }
            Command::SelectLayer(layer) => {
                if let Some(shown) = &self.runs.shown {
                    self.focus.selection.select_layer(&shown.run, layer);
                }
            }
            Command::SelectUnit(unit, position) => {
                // A unit may be typed.
                let units =
                    self.runs.shown.as_ref().map_or(0, |shown| shown.run.layers[self.focus.selection.layer].shape[0]);
                self.focus.selection.select_unit(unit.min(units.saturating_sub(1)), position);
            }
            Command::Alter(alteration) => {
                self.stop_filming();
                self.focus.selection.alteration = alteration;
            }
            Command::Draw(picture) => {
                self.stop_filming();
                self.pending.asked.draw(picture);
            }
            Command::SelectClass(class) => self.focus.selection.class = class,
            Command::SetLook(look) => self.settings.look = look,
            Command::Show(viewport) => self.focus.viewport = viewport,
            Command::Hover(hover) => self.focus.selection.hover = Some(hover),
            Command::ShowGrid(grid) => self.focus.grid = Some(grid),
            Command::Need(_) | Command::NeedReconstructions(_) | Command::NeedRanking(_) => {}
            Command::Compute(inquiry) => {
                self.results.answers.ask_slowly(&inquiry);
                self.engine.request(Request::AttributeSlowly(inquiry));
            }
            Command::Measure(run, change, class) => {
                self.results.answers.measure((run.of, change, class));
                self.engine.request(Request::Measure(run, change, class));
            }
            Command::AskAgain => self.results.answers.ask_again(),
            Command::ExportPane(tile) => self.export(ctx, tile),
            Command::CopyPane(tile) => self.copy(ctx, tile),
            Command::ExportLook(tile, large) => self.export_look(ctx, tile, large),
            Command::CopyLook(tile) => self.start_capture(ctx, tile, None, false),
            Command::SaveFrames(name, texts) => {
                self.output.dialogs.open(ctx, FileQuestion::Into, Purpose::Frames(name, texts));
            }
            Command::Pin(tile, part) => self.pin(tile, part),
            Command::ShowPane(name) => arrangement::show(&mut self.layout.panes, name),
            Command::Duplicate(tile) => {
                arrangement::duplicate(&mut self.layout.panes, tile);
            }
            Command::ClosePane(tile) => arrangement::close(&mut self.layout.panes, tile),
            Command::Synthesise(control) => self.engine.control(control),
            Command::Dismiss => self.notice.message = None,
        }
    }

    /// Opens another picture, which ends whatever was drawn or filmed.
    fn open(&mut self, source: PictureSource) {
        self.stop_filming();
        self.notice.message = None;
        self.engine.request(Request::Picture(source));
    }

    /// What was filmed last and ran stays on screen.
    fn stop_filming(&mut self) {
        self.background.camera.stop();
        self.pending.asked.forget_drawn();
    }

    fn pin(&mut self, tile: TileId, part: Pinned) {
        let mut panes = std::mem::replace(&mut self.layout.panes, Tree::empty(egui::Id::unique("panes")));
        // What is pinned does not depend on the colours.
        if let (Some(view), Some(shown)) = (self.view(&[], Palette::dark()), &self.runs.shown)
            && let Some(egui_tiles::Tile::Pane(pane)) = panes.tiles.get_mut(tile)
        {
            pane.toggle_pin(part, view, shown);
        }
        self.layout.panes = panes;
    }

    /// Keeps the present network in a twin of the active pane; of the maps where that shows but a picture.
    fn twin(&mut self) {
        let Some(active) = self.active_pane() else { return };
        let Some(pane) = arrangement::of_network(&mut self.layout.panes, active) else { return };
        let is_kept = self.layout.panes.tiles.get_pane(&pane).is_some_and(|pane| pane.pin().holds(Pinned::Run));
        if let Some(twin) = (!is_kept).then(|| arrangement::duplicate(&mut self.layout.panes, pane)).flatten() {
            self.pin(twin, Pinned::Run);
        }
    }

    fn compare(&mut self, ctx: &egui::Context, with: With) {
        let run = self.runs.shown.as_ref().map(|shown| &shown.run);
        let picture = match with {
            With::Nothing => return self.engine.request(Request::Compare(None)),
            With::File => return self.output.dialogs.open(ctx, FileQuestion::Picture, Purpose::Compare),
            With::Picture(source) => Some(source),
            With::Present => run.and_then(|run| run.picture.clone()).map(PictureSource::Ready),
            With::Original => run.and_then(|run| run.original.clone()).map(PictureSource::Ready),
            With::Before => self.runs.before.clone().map(PictureSource::Ready),
        };
        match picture {
            Some(source) => self.engine.request(Request::Compare(Some(source))),
            None => self.notice.message = Some(Message { text: "There is no such picture".into(), failed: true }),
        }
    }

    /// Asks the engine for what all panes together lack: were each to ask, one would cancel what the other waits for.
    pub(super) fn request_missing(
        &mut self,
        inquiries: Vec<Inquiry>,
        projections: Vec<Projection>,
        rankings: Vec<Contribution>,
    ) {
        let missing = self.results.answers.should_attribute(inquiries);
        if !missing.is_empty() {
            self.engine.request(Request::Attribute(missing));
        }
        let missing = self.results.answers.should_project(projections);
        if !missing.is_empty() {
            self.engine.request(Request::Deconvnet(missing));
        }
        let missing = self.results.answers.should_rank(rankings);
        if !missing.is_empty() {
            self.engine.request(Request::Rank(missing));
        }
    }

    fn act_on(&mut self, ctx: &egui::Context, action: Action) {
        let layers = self.runs.shown.as_ref().map_or(0, |shown| shown.run.layers.len());
        let layer = self.focus.selection.layer;
        match action {
            Action::OpenPicture => self.output.dialogs.open(ctx, FileQuestion::Picture, Purpose::Picture),
            Action::OpenFolder => self.output.dialogs.open(ctx, FileQuestion::Folder, Purpose::Picture),
            Action::PreviousPicture | Action::NextPicture => {
                let forward = action == Action::NextPicture;
                self.open(PictureSource::Beside { forward });
            }
            Action::Webcam => {
                self.pending.asked.forget_drawn();
                let toggled = self.background.camera.toggle(ctx);
                self.notice.message = toggled.err().map(|why| Message { text: why.to_string(), failed: true });
            }
            Action::Back | Action::Forward => {
                if let Some(mark) = self.focus.history.step(action == Action::Forward) {
                    mark.restore(&mut self.focus.selection);
                }
            }
            Action::OpenWeights => {
                self.output.dialogs.open(ctx, FileQuestion::Weights, Purpose::Weights(self.runs.opening.clone()));
            }
            Action::Export => {
                if let Some(tile) = self.active_pane() {
                    self.export(ctx, tile);
                }
            }
            Action::Copy => {
                if let Some(tile) = self.active_pane() {
                    self.copy(ctx, tile);
                }
            }
            Action::Tour => self.output.dialogs.open(ctx, FileQuestion::Into, Purpose::Tour),
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Action::Cancel if self.notice.overlay != Overlay::None => self.notice.overlay = Overlay::None,
            Action::Cancel if self.engine.is_idle() && self.background.camera.state() != Filming::On => {
                self.notice.message = None
            }
            Action::Cancel => {
                self.background.camera.stop();
                self.engine.cancel();
                self.give_up();
            }
            Action::PreviousLayer => self.apply(ctx, Command::SelectLayer(layer.saturating_sub(1))),
            Action::NextLayer => self.apply(ctx, Command::SelectLayer((layer + 1).min(layers.saturating_sub(1)))),
            Action::UnitLeft => self.step(-1, 0),
            Action::UnitRight => self.step(1, 0),
            Action::UnitUp => self.step(0, -1),
            Action::UnitDown => self.step(0, 1),
            Action::PredictedClass => self.focus.selection.class = None,
            Action::Unalter => self.apply(ctx, Command::Alter(Default::default())),
            Action::Nearer | Action::Farther => {
                let factor = if action == Action::Nearer { 1.5 } else { 1.0 / 1.5 };
                self.focus.viewport = self.focus.viewport.zoomed(factor, self.aim());
            }
            Action::Whole => self.focus.viewport = Viewport::default(),
            Action::ToggleTheme => {
                let other = if ctx.theme() == Theme::Dark { Theme::Light } else { Theme::Dark };
                ctx.set_theme(other);
            }
            Action::ResetArrangement => self.layout.panes = first_arrangement(ctx.content_rect().size()),
            Action::ZoomIn => egui::gui_zoom::zoom_in(ctx),
            Action::ZoomOut => egui::gui_zoom::zoom_out(ctx),
            Action::ZoomReset => ctx.set_zoom_factor(1.0),
            Action::Beside => self.notice.overlay = Overlay::Finder(FinderState::of_networks()),
            Action::Find => self.notice.overlay = Overlay::Finder(Default::default()),
            Action::Keys => self.notice.overlay = Overlay::Keys,
            Action::About => self.notice.overlay = Overlay::About,
        }
    }

    /// The place that keys zoom to: under the pointer, else selected, else in the middle.
    fn aim(&self) -> [f32; 2] {
        let hovered = self.focus.selection.hover.map(|hover| hover.place);
        let selected = || {
            let [row, column] = self.focus.selection.position?;
            let [_, height, width] = self.runs.shown.as_ref()?.run.layers[self.focus.selection.layer].shape;
            Some([(column as f32 + 0.5) / width as f32, (row as f32 + 0.5) / height as f32])
        };
        hovered.or_else(selected).unwrap_or([0.5; 2])
    }

    /// Moves the selected unit over the grid on screen.
    fn step(&mut self, across: i64, down: i64) {
        let Some(grid) = self.focus.grid.as_ref().filter(|grid| grid.layer == self.focus.selection.layer) else {
            return;
        };
        let unit = self.focus.selection.unit as u32;
        let at = grid.order.iter().position(|&other| other == unit).unwrap_or(0) as i64;
        let to = at + across + down * i64::from(grid.columns);
        if let Some(&unit) = usize::try_from(to).ok().and_then(|to| grid.order.get(to)) {
            self.focus.selection.select_unit(unit as usize, None);
        }
    }
}
