//! One frame of the window.

use super::window::App;
use crate::{
    engine::Status,
    ui::{
        chrome,
        model::{commands::Command, settings::Preferences},
        panels::PANELS,
        panes::{purposes::arranged, tiles::TileBehaviour},
        theme::{self, Palette},
        widgets::draw_as_figures,
    },
};
use eframe::egui::{self, Panel, Theme};
use egui_tiles::Tree;

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        match self.output.captures.place(ui) {
            Some(mut moved) => self.draw(&mut moved),
            None => self.draw(ui),
        }
    }

    /// Opaque: software rasterisers then draw only the part of a frame that changed (vendor/egui-wgpu).
    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    /// A figure for a report shows what its pane shows while the pointer is elsewhere.
    fn raw_input_hook(&mut self, _: &egui::Context, input: &mut egui::RawInput) {
        if self.output.captures.is_figure() {
            input.events.push(egui::Event::PointerGone);
            self.focus.selection.hover = None;
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        let kept = Preferences {
            folder: self.output.dialogs.folder.clone(),
            recent: self.settings.recent.clone(),
            models: self.settings.models.clone(),
            prepared: self.settings.prepared.clone(),
            arrangement: self.layout.arrangement,
            panes: self.layout.kept(),
            known: PANELS.iter().map(|kind| kind.name.to_owned()).collect(),
            ..self.settings
        };
        if let Ok(kept) = serde_json::to_string(&kept) {
            storage.set_string("striate", kept);
        }
    }
}

impl App {
    /// A frame: events, drawing, commands.
    fn draw(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        let mut out = Vec::new();
        if self.layout.is_new && self.layout.panes.root.is_none() {
            // The size of the window is known from the first frame on.
            self.layout.panes = arranged(self.layout.arrangement, ui.max_rect().size());
        }
        // Read before the events: if nothing runs or waits now, then every answer is among them.
        let mut work = self.engine.work();
        self.handle_events(&ctx, &mut out);
        // Read after the events: a run may be among them.
        self.add_coming(&mut work);
        chrome::keys(&ctx, &mut out);
        self.settings.light = ctx.theme() == Theme::Light;
        let palette = Palette::of(&ctx);
        draw_as_figures(&ctx, self.output.captures.is_figure());
        self.draw_panels(ui, &work, palette, &mut out);
        let filming = self.background.camera.state();
        chrome::guide::guide(&ctx, &mut self.notice.guide, self.runs.shown.as_deref(), palette, &mut out);
        self.save_dialog(&ctx);
        chrome::overlay(&ctx, &mut self.notice.overlay, self.runs.shown.as_deref(), filming, palette, &mut out);
        self.apply_all(&ctx, out);
        self.set_title(&ctx);
        self.capture(&ctx);
        if chrome::is_dropping(&ctx) {
            chrome::drop_hint(&ctx, palette);
        }
    }

    fn draw_panels(&mut self, ui: &mut egui::Ui, work: &[Status], palette: &'static Palette, out: &mut Vec<Command>) {
        // Not the size in view: a window may be drawn larger than that (see `screenshot`).
        let window = ui.max_rect().size();
        let filming = self.background.camera.state();
        let shown = self.runs.shown.as_deref();
        Panel::top("menu").frame(theme::bare(palette.backdrop, egui::Margin::symmetric(8, 4))).show(ui, |ui| {
            let arrangement = self.layout.arrangement;
            chrome::menu(ui, shown, &self.settings.recent, filming, arrangement, palette, out);
        });
        Panel::bottom("status").frame(theme::bare(palette.backdrop, egui::Margin::symmetric(10, 4))).show(ui, |ui| {
            chrome::status(ui, work, self.notice.message.as_ref(), filming, palette, out);
        });
        // Strip and panes are taken out while they draw: they borrow the rest of the state.
        let mut strip = std::mem::take(&mut self.layout.strip);
        let mut panes = std::mem::replace(&mut self.layout.panes, Tree::empty(egui::Id::unique("panes")));
        let mut active = self.layout.active;
        let view = self.view(work, palette);
        let left = Panel::left("strip").frame(theme::bare(palette.pane, egui::Margin::symmetric(8, 8)));
        left.default_size(252.0)
            .size_range(200.0..=(0.23 * window.x).clamp(200.0, 380.0))
            .show_separator_line(false)
            .show(ui, |ui| {
                let is_new = !self.settings.slid;
                strip.ui(ui, self.runs.model.as_deref(), &self.settings.models, is_new, view, out);
            });
        let frame = theme::bare(palette.backdrop, egui::Margin { left: 5, right: 5, top: 0, bottom: 0 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            panes.ui(&mut TileBehaviour { view, out, active: &mut active, palette }, ui);
        });
        (self.layout.strip, self.layout.panes, self.layout.active) = (strip, panes, active);
    }

    /// Applies the commands of a frame; what all panes need is asked for together.
    fn apply_all(&mut self, ctx: &egui::Context, out: Vec<Command>) {
        // The pointer is over nothing unless a pane says so again.
        let hovered = self.focus.selection.hover.take();
        let mut needed = Vec::new();
        for command in out {
            match command {
                Command::Need(inquiry) => needed.push(inquiry),
                other => self.apply(ctx, other),
            }
        }
        if !self.pending.debounce.by(ctx, self.focus.selection.layer) {
            self.request_missing(needed);
        }
        self.follow(ctx);
        // A drag is one step of the history, however long it takes.
        if self.runs.shown.is_some() && !ctx.input(|input| input.pointer.any_down()) {
            self.focus.history.note(&self.focus.selection, ctx.input(|input| input.time));
        }
        if self.focus.selection.hover != hovered {
            // Panes drawn before the one under the pointer show the new place in the next frame.
            ctx.request_repaint();
        }
    }

    /// Names the picture and the network in the window's title.
    fn set_title(&mut self, ctx: &egui::Context) {
        let title = self.runs.shown.as_ref().map_or_else(
            || "Striate".to_owned(),
            |shown| {
                let picture = shown.run.picture.as_ref().map_or("numbers", |picture| picture.name.as_str());
                format!("{picture} - {} - Striate", shown.run.model.card.title)
            },
        );
        if title != self.notice.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.notice.title = title;
        }
    }
}
