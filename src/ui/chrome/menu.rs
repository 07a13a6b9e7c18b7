//! The menu bar.

use super::keys::shortcut_text;
use crate::{
    engine::PictureSource,
    picture::offered_samples,
    train::SHIPPED_RUNS,
    ui::{
        background::camera::Filming,
        model::{
            arrangement::Arrangement,
            commands::{Action, Command},
            state::Shown,
        },
        panels::PANELS,
        theme::Palette,
    },
};
use eframe::egui::{self, Align, Layout, RichText, Ui};
use std::path::PathBuf;

fn entry(ui: &mut Ui, action: Action, out: &mut Vec<Command>) {
    switch(ui, action, false, out);
}

/// An entry that shows whether it is on.
fn switch(ui: &mut Ui, action: Action, on: bool, out: &mut Vec<Command>) {
    let info = action.info();
    let button = egui::Button::new(info.label).selected(on);
    let button = match info.shortcut {
        Some(shortcut) => button.shortcut_text(shortcut_text(ui.ctx(), &shortcut)),
        None => button,
    };
    if ui.add(button).on_hover_text(info.hint).clicked() {
        out.push(action.into());
        ui.close();
    }
}

/// The bar at the top: menus, and what is on screen in a line.
pub fn menu(
    ui: &mut Ui,
    shown: Option<&Shown>,
    recent: &[PathBuf],
    filming: Filming,
    arrangement: Arrangement,
    palette: &Palette,
    out: &mut Vec<Command>,
) {
    egui::MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| file_menu(ui, recent, filming, out));
        ui.menu_button("View", |ui| view_menu(ui, out));
        ui.menu_button("Help", |ui| {
            for action in [Action::Guide, Action::Glossary, Action::Find, Action::Keys, Action::About] {
                entry(ui, action, out);
            }
        });
        arrangements(ui, arrangement, out);
        if let Some(shown) = shown {
            summary(ui, shown, palette);
        }
    });
}

/// The File menu.
fn file_menu(ui: &mut Ui, recent: &[PathBuf], filming: Filming, out: &mut Vec<Command>) {
    entry(ui, Action::OpenPicture, out);
    entry(ui, Action::OpenFolder, out);
    ui.add_enabled_ui(!recent.is_empty(), |ui| {
        ui.menu_button("Recent", |ui| {
            for path in recent {
                let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                    out.push(Command::Open(PictureSource::File(path.clone())));
                    ui.close();
                }
            }
        });
    });
    ui.menu_button("Samples", |ui| {
        for sample in offered_samples() {
            if ui.button(sample.title).on_hover_text(sample.credit).clicked() {
                out.push(Command::Open(PictureSource::Named(format!("sample:{}", sample.name))));
                ui.close();
            }
        }
    });
    ui.menu_button("Training runs", |ui| {
        for run in SHIPPED_RUNS {
            if ui.button(run.title).on_hover_text("Its epochs, with a slider that every pane follows").clicked() {
                out.push(Command::OpenShippedRun(run));
                ui.close();
            }
        }
    });
    if filming != Filming::Never {
        switch(ui, Action::Webcam, filming == Filming::On, out);
    }
    entry(ui, Action::PreviousPicture, out);
    entry(ui, Action::NextPicture, out);
    ui.separator();
    entry(ui, Action::OpenWeights, out);
    entry(ui, Action::OpenLabels, out);
    ui.separator();
    entry(ui, Action::Export, out);
    entry(ui, Action::Copy, out);
    entry(ui, Action::Tour, out);
    ui.separator();
    entry(ui, Action::Quit, out);
}

/// The View menu.
fn view_menu(ui: &mut Ui, out: &mut Vec<Command>) {
    for action in [Action::Back, Action::Forward] {
        entry(ui, action, out);
    }
    ui.separator();
    ui.menu_button("Panes", |ui| {
        for kind in PANELS {
            if ui.button(kind.title).on_hover_text(kind.about).clicked() {
                out.push(Command::ShowPane(kind.name));
                ui.close();
            }
        }
    });
    ui.menu_button("Arrangement", |ui| {
        Arrangement::ALL.into_iter().for_each(|arrangement| entry(ui, Action::Arrange(arrangement), out));
    });
    for action in [Action::ResetArrangement, Action::Beside, Action::ToggleTheme] {
        entry(ui, action, out);
    }
    ui.separator();
    for action in [Action::ZoomIn, Action::ZoomOut, Action::ZoomReset] {
        entry(ui, action, out);
    }
}

/// A button for each arrangement; the View menu has them where the bar is narrow.
fn arrangements(ui: &mut Ui, present: Arrangement, out: &mut Vec<Command>) {
    if ui.available_width() < 560.0 {
        return;
    }
    ui.add_space(10.0);
    for arrangement in Arrangement::ALL {
        let button = ui.selectable_label(present == arrangement, arrangement.title());
        let action = Action::Arrange(arrangement);
        let key = action.info().shortcut.map_or_else(String::new, |key| shortcut_text(ui.ctx(), &key));
        let button = button.on_hover_text(format!("{}\n{key}", arrangement.hint()));
        if button.accessible_name(arrangement.label()).clicked() {
            out.push(action.into());
        }
    }
}

/// The picture, the predicted class and the run's duration, at the right of the menu bar.
fn summary(ui: &mut Ui, shown: &Shown, palette: &Palette) {
    let (run, best) = (&shown.run, shown.ranking.first().copied().unwrap_or(0));
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.label(RichText::new(format!("{} ms", run.took.as_millis().max(1))).monospace().color(palette.weak))
            .on_hover_text("How long the network took for this picture");
        let share = run.probabilities.get(best).copied().unwrap_or(0.0);
        if run.model.is_untrained() {
            ui.label(RichText::new("untrained weights").color(palette.warning));
        } else {
            ui.label(RichText::new(format!("{:.1}%", 100.0 * share)).monospace());
            ui.label(RichText::new(run.model.class_name(best)).strong());
        }
        let name = run.picture.as_ref().map_or("numbers", |picture| picture.name.as_str());
        ui.add(egui::Label::new(RichText::new(name).color(palette.weak)).truncate());
    });
}
