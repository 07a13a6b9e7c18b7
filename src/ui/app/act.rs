//! Carries out what was asked for.

use super::*;
use crate::{
    engine::AnyInquiry,
    ui::{commands::With, palette::Search, pin::Part},
};

impl App {
    /// Carries out a command.
    pub(super) fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Do(action) => self.act(ctx, action),
            Command::Open(source) => self.open(source),
            Command::Compare(with) => self.compare(ctx, with),
            Command::OpenNetwork(opening) => {
                (self.opening, self.message) = (opening.clone(), None);
                self.engine.request(Request::Open(opening));
            }
            Command::OpenBeside(opening) => {
                self.twin();
                self.carry_out(ctx, Command::OpenNetwork(opening));
            }
            Command::ChooseBeside(tile) => {
                self.active = Some(tile);
                self.act(ctx, Action::Beside);
            }
            Command::Fetch(opening) => {
                (self.opening, self.message) = (opening.clone(), None);
                self.engine.request(Request::Fetch(opening));
            }
            Command::SelectLayer(layer) => {
                if let Some(shown) = &self.shown {
                    self.selection.select_layer(&shown.run, layer);
                }
            }
            Command::SelectUnit(unit, position) => {
                // A unit may be typed.
                let units = self.shown.as_ref().map_or(0, |shown| shown.run.layers[self.selection.layer].shape[0]);
                self.selection.select_unit(unit.min(units.saturating_sub(1)), position);
            }
            Command::Alter(alteration) => {
                self.stop_filming();
                self.selection.alteration = alteration;
            }
            Command::Draw(picture) => {
                self.stop_filming();
                self.asked.draw(picture);
            }
            Command::SelectClass(class) => self.selection.class = class,
            Command::SetLook(look) => self.look = look,
            Command::Show(viewport) => self.viewport = viewport,
            Command::Hover(hover) => self.selection.hover = Some(hover),
            Command::ShowGrid(grid) => self.grid = Some(grid),
            // Collected over the frame, for `App::ask`.
            Command::Need(_) => {}
            Command::Ask(inquiry) => {
                self.answers.ask(&inquiry);
                self.engine.request(inquiry.into());
            }
            Command::AskAgain => self.answers.ask_again(),
            Command::ExportPane(tile) => self.export(ctx, tile),
            Command::CopyPane(tile) => self.copy(ctx, tile),
            Command::ExportLook(tile, large) => self.export_look(ctx, tile, large),
            Command::CopyLook(tile) => self.take_look(ctx, tile, None, false),
            Command::SaveFrames(name, texts) => {
                self.dialogs.open(ctx, Question::Into, Purpose::Frames(name, texts));
            }
            Command::Pin(tile, part) => self.pin(tile, part),
            Command::ShowPane(kind) => arrangement::show(&mut self.panes, kind),
            Command::Duplicate(tile) => {
                arrangement::duplicate(&mut self.panes, tile);
            }
            Command::ClosePane(tile) => arrangement::close(&mut self.panes, tile),
            Command::Synthesise(control) => self.engine.control(control),
            Command::Dismiss => self.message = None,
        }
    }

    /// Opens another picture, which ends whatever was drawn or filmed.
    fn open(&mut self, source: PictureSource) {
        self.stop_filming();
        self.message = None;
        self.engine.request(Request::Picture(source));
    }

    /// What was filmed last and ran stays on screen.
    fn stop_filming(&mut self) {
        self.camera.stop();
        self.asked.forget_drawn();
    }

    fn pin(&mut self, tile: TileId, part: Part) {
        let mut panes = std::mem::replace(&mut self.panes, Tree::empty(egui::Id::unique("panes")));
        // What is pinned does not depend on the colours.
        if let (Some(view), Some(shown)) = (self.view(&[], Palette::dark()), &self.shown)
            && let Some(egui_tiles::Tile::Pane(pane)) = panes.tiles.get_mut(tile)
        {
            pane.toggle_pin(part, view, shown);
        }
        self.panes = panes;
    }

    /// Keeps the present network in a twin of the active pane; of the maps where that shows but a picture.
    fn twin(&mut self) {
        let Some(active) = self.active_pane() else { return };
        let Some(pane) = arrangement::of_network(&mut self.panes, active) else { return };
        let is_kept = self.panes.tiles.get_pane(&pane).is_some_and(|pane| pane.pin().holds(Part::Run));
        if let Some(twin) = (!is_kept).then(|| arrangement::duplicate(&mut self.panes, pane)).flatten() {
            self.pin(twin, Part::Run);
        }
    }

    fn compare(&mut self, ctx: &egui::Context, with: With) {
        let run = self.shown.as_ref().map(|shown| &shown.run);
        let picture = match with {
            With::Nothing => return self.engine.request(Request::Compare(None)),
            With::File => return self.dialogs.open(ctx, Question::Picture, Purpose::Compare),
            With::Picture(source) => Some(source),
            With::Present => run.and_then(|run| run.picture.clone()).map(PictureSource::Ready),
            With::Original => run.and_then(|run| run.original.clone()).map(PictureSource::Ready),
            With::Before => self.before.clone().map(PictureSource::Ready),
        };
        match picture {
            Some(source) => self.engine.request(Request::Compare(Some(source))),
            None => self.message = Some(Message { text: "There is no such picture".into(), failed: true }),
        }
    }

    /// Asks the engine for the missing answers of all panes at once: asked one by one, they would cancel each other.
    pub(super) fn ask(&mut self, needed: Vec<AnyInquiry>) {
        for (lane, inquiries) in self.answers.missing(needed) {
            self.engine.request(Request::Ask(lane, inquiries));
        }
    }

    fn act(&mut self, ctx: &egui::Context, action: Action) {
        let layers = self.shown.as_ref().map_or(0, |shown| shown.run.layers.len());
        let layer = self.selection.layer;
        match action {
            Action::OpenPicture => self.dialogs.open(ctx, Question::Picture, Purpose::Picture),
            Action::OpenFolder => self.dialogs.open(ctx, Question::Folder, Purpose::Picture),
            Action::PreviousPicture | Action::NextPicture => {
                let forward = action == Action::NextPicture;
                self.open(PictureSource::Beside { forward });
            }
            Action::Webcam => {
                self.asked.forget_drawn();
                let toggled = self.camera.toggle(ctx);
                self.message = toggled.err().map(|why| Message { text: why.to_string(), failed: true });
            }
            Action::Back | Action::Forward => {
                if let Some(mark) = self.history.step(action == Action::Forward) {
                    mark.restore(&mut self.selection);
                }
            }
            Action::OpenWeights => {
                self.dialogs.open(ctx, Question::Weights, Purpose::Weights(self.opening.clone()));
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
            Action::Tour => self.dialogs.open(ctx, Question::Into, Purpose::Tour),
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Action::Cancel if self.overlay != Overlay::None => self.overlay = Overlay::None,
            Action::Cancel if self.engine.is_idle() && self.camera.state() != Filming::On => self.message = None,
            Action::Cancel => {
                self.camera.stop();
                self.engine.cancel();
                self.give_up();
            }
            Action::PreviousLayer => self.carry_out(ctx, Command::SelectLayer(layer.saturating_sub(1))),
            Action::NextLayer => self.carry_out(ctx, Command::SelectLayer((layer + 1).min(layers.saturating_sub(1)))),
            Action::UnitLeft => self.step(-1, 0),
            Action::UnitRight => self.step(1, 0),
            Action::UnitUp => self.step(0, -1),
            Action::UnitDown => self.step(0, 1),
            Action::PredictedClass => self.selection.class = None,
            Action::Unalter => self.carry_out(ctx, Command::Alter(Default::default())),
            Action::Nearer | Action::Farther => {
                let factor = if action == Action::Nearer { 1.5 } else { 1.0 / 1.5 };
                self.viewport = self.viewport.zoomed(factor, self.aim());
            }
            Action::Whole => self.viewport = Viewport::default(),
            Action::ToggleTheme => {
                let other = if ctx.theme() == Theme::Dark { Theme::Light } else { Theme::Dark };
                ctx.set_theme(other);
            }
            Action::ResetArrangement => self.panes = first_arrangement(ctx.content_rect().size()),
            Action::ZoomIn => egui::gui_zoom::zoom_in(ctx),
            Action::ZoomOut => egui::gui_zoom::zoom_out(ctx),
            Action::ZoomReset => ctx.set_zoom_factor(1.0),
            Action::Beside => self.overlay = Overlay::Palette(Search::of_networks()),
            Action::Palette => self.overlay = Overlay::Palette(Default::default()),
            Action::Keys => self.overlay = Overlay::Keys,
            Action::About => self.overlay = Overlay::About,
        }
    }

    /// The place that keys zoom to: under the pointer, else selected, else in the middle.
    fn aim(&self) -> [f32; 2] {
        let hovered = self.selection.hover.map(|hover| hover.place);
        let selected = || {
            let [row, column] = self.selection.position?;
            let [_, height, width] = self.shown.as_ref()?.run.layers[self.selection.layer].shape;
            Some([(column as f32 + 0.5) / width as f32, (row as f32 + 0.5) / height as f32])
        };
        hovered.or_else(selected).unwrap_or([0.5; 2])
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
}
