//! Performs the actions of menus and keys.

use super::window::App;
use crate::{
    engine::PictureSource,
    ui::{
        background::camera::Filming,
        chrome::{Overlay, finder::FinderState, guide},
        dialogs::{FileQuestion, Purpose},
        model::{
            commands::{Action, Command},
            viewport::Viewport,
        },
    },
};
use eframe::egui::{self, Theme};

impl App {
    /// Performs an action of a menu or a key.
    pub(super) fn act_on(&mut self, ctx: &egui::Context, action: Action) {
        let layers = self.runs.shown.as_ref().map_or(0, |shown| shown.run.layers.len());
        let layer = self.focus.selection.layer;
        match action {
            Action::OpenPicture
            | Action::OpenFolder
            | Action::PreviousPicture
            | Action::NextPicture
            | Action::Webcam
            | Action::OpenWeights
            | Action::OpenLabels
            | Action::Export
            | Action::Copy
            | Action::Tour => self.act_on_files(ctx, action),
            Action::Back | Action::Forward => {
                if let Some(mark) = self.focus.history.step(action == Action::Forward) {
                    mark.restore(&mut self.focus.selection);
                }
            }
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Action::Cancel if self.output.dialogs.cancel() => {}
            Action::Cancel if self.output.saving.take().is_some() => {}
            Action::Cancel if self.notice.overlay != Overlay::None => self.notice.overlay = Overlay::None,
            Action::Cancel if self.engine.is_idle() && self.notice.guide.take().is_some() => {}
            Action::Cancel if self.engine.is_idle() && self.background.camera.state() != Filming::On => {
                self.notice.message = None;
            }
            Action::Cancel => {
                self.background.camera.stop();
                self.engine.cancel();
                self.give_up();
                self.forget_surgery();
            }
            Action::PreviousLayer => self.apply(ctx, Command::SelectLayer(layer.saturating_sub(1))),
            Action::NextLayer => self.apply(ctx, Command::SelectLayer((layer + 1).min(layers.saturating_sub(1)))),
            Action::UnitLeft => self.step(-1, 0),
            Action::UnitRight => self.step(1, 0),
            Action::UnitUp => self.step(0, -1),
            Action::UnitDown => self.step(0, 1),
            Action::PredictedClass => self.apply(ctx, Command::SelectClass(None)),
            Action::Unalter => self.apply(ctx, Command::Alter(Default::default())),
            Action::Nearer | Action::Farther => {
                let factor = if action == Action::Nearer { 1.5 } else { 1.0 / 1.5 };
                self.focus.viewport = self.focus.viewport.zoomed(factor, self.aim());
            }
            Action::Whole => self.focus.viewport = Viewport::default(),
            Action::ToggleTheme => ctx.set_theme(if ctx.theme() == Theme::Dark { Theme::Light } else { Theme::Dark }),
            Action::Arrange(to) => self.arrange_for(ctx, to),
            Action::ResetArrangement => self.layout.reset(ctx.content_rect().size()),
            Action::ZoomIn => egui::gui_zoom::zoom_in(ctx),
            Action::ZoomOut => egui::gui_zoom::zoom_out(ctx),
            Action::ZoomReset => ctx.set_zoom_factor(1.0),
            Action::Beside => self.notice.overlay = Overlay::Finder(FinderState::of_networks()),
            Action::Find => self.notice.overlay = Overlay::Finder(Default::default()),
            Action::Guide => self.start_guide(ctx),
            Action::Glossary => self.apply(ctx, Command::ShowPane("glossary")),
            Action::Keys => self.notice.overlay = Overlay::Keys,
            Action::About => self.notice.overlay = Overlay::About,
        }
    }

    /// Starts the guided tour at its first step.
    fn start_guide(&mut self, ctx: &egui::Context) {
        self.notice.guide = Some(0);
        let mut out = Vec::new();
        guide::enter(0, self.runs.shown.as_deref(), &mut out);
        out.into_iter().for_each(|command| self.apply(ctx, command));
    }

    /// Performs an action that opens or saves.
    fn act_on_files(&mut self, ctx: &egui::Context, action: Action) {
        match action {
            Action::OpenPicture => self.output.dialogs.open(ctx, FileQuestion::Picture, Purpose::Picture),
            Action::OpenFolder => self.output.dialogs.open(ctx, FileQuestion::Folder, Purpose::Picture),
            Action::PreviousPicture | Action::NextPicture => {
                let forward = action == Action::NextPicture;
                self.open(PictureSource::Beside { forward });
            }
            Action::Webcam => {
                self.pending.asked.forget_drawn();
                match self.background.camera.toggle(ctx) {
                    Ok(()) => self.notice.forget_failure(),
                    Err(why) => self.notice.fail(why.to_string()),
                }
            }
            Action::OpenWeights => {
                self.output.dialogs.open(ctx, FileQuestion::Weights, Purpose::Weights(self.runs.opening.clone()));
            }
            Action::OpenLabels => {
                let purpose = Purpose::Labels(self.runs.opened.preparation.clone());
                self.output.dialogs.open(ctx, FileQuestion::Labels, purpose);
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
            _ => {}
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
