//! What stands around the panes: menus, keys, the line at the bottom, and the pages over everything.

pub mod finder;

use crate::{
    engine::{PictureSource, Status},
    picture::SAMPLES,
    ui::{
        background::camera::Filming,
        model::{
            commands::{Action, Command, Info},
            state::{Message, Shown},
        },
        panels::PANELS,
        theme::Palette,
    },
};
use eframe::egui::{self, Align, Align2, Key, Layout, Modifiers, RichText, Ui};
use std::path::PathBuf;

/// A page over the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Overlay {
    /// None.
    #[default]
    None,
    /// Every key.
    Keys,
    /// What this program is.
    About,
    /// Anything by what is typed.
    Finder(finder::FinderState),
}

/// Carries keys to the actions they stand for.
pub fn keys(ctx: &egui::Context, out: &mut Vec<Command>) {
    let typing = ctx.egui_wants_keyboard_input();
    // Keys with more modifiers first: Ctrl+Shift+O is also Ctrl+O with something on top, Alt+Left also Left.
    let mut actions: Vec<Action> = Action::ALL.to_vec();
    actions.sort_by_key(|action| {
        action.info().shortcut.is_none_or(|shortcut| !shortcut.modifiers.shift && !shortcut.modifiers.alt)
    });
    for action in actions {
        let Some(shortcut) = action.info().shortcut else { continue };
        // A bare key belongs to whoever is being typed into.
        if typing && shortcut.modifiers == Modifiers::NONE && shortcut.logical_key != Key::Escape {
            continue;
        }
        // Escape closes an open menu first.
        if shortcut.logical_key == Key::Escape && egui::Popup::is_any_open(ctx) {
            continue;
        }
        if ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
            out.push(action.into());
        }
    }
}

fn entry(ui: &mut Ui, action: Action, out: &mut Vec<Command>) {
    switch(ui, action, false, out);
}

/// An entry that shows whether it is on.
fn switch(ui: &mut Ui, action: Action, on: bool, out: &mut Vec<Command>) {
    let info = action.info();
    let button = egui::Button::new(info.label).selected(on);
    let button = match info.shortcut {
        Some(shortcut) => button.shortcut_text(ui.ctx().format_shortcut(&shortcut)),
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
    palette: &Palette,
    out: &mut Vec<Command>,
) {
    egui::MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| {
            entry(ui, Action::OpenPicture, out);
            entry(ui, Action::OpenFolder, out);
            ui.add_enabled_ui(!recent.is_empty(), |ui| {
                ui.menu_button("Recent", |ui| {
                    for path in recent {
                        let name =
                            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                        if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                            out.push(Command::Open(PictureSource::File(path.clone())));
                            ui.close();
                        }
                    }
                });
            });
            ui.menu_button("Samples", |ui| {
                for sample in SAMPLES {
                    if ui.button(sample.title).on_hover_text(sample.credit).clicked() {
                        out.push(Command::Open(PictureSource::Named(format!("sample:{}", sample.name))));
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
            ui.separator();
            entry(ui, Action::Export, out);
            entry(ui, Action::Copy, out);
            entry(ui, Action::Tour, out);
            ui.separator();
            entry(ui, Action::Quit, out);
        });
        ui.menu_button("View", |ui| {
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
            for action in [Action::Beside, Action::ResetArrangement, Action::ToggleTheme] {
                entry(ui, action, out);
            }
            ui.separator();
            for action in [Action::ZoomIn, Action::ZoomOut, Action::ZoomReset] {
                entry(ui, action, out);
            }
        });
        ui.menu_button("Help", |ui| {
            for action in [Action::Find, Action::Keys, Action::About] {
                entry(ui, action, out);
            }
        });
        let Some(shown) = shown else { return };
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
    });
}

/// The bar at the bottom: what runs, or what happened.
pub fn status(
    ui: &mut Ui,
    work: &[Status],
    message: Option<&Message>,
    filming: Filming,
    palette: &Palette,
    out: &mut Vec<Command>,
) {
    ui.set_min_height(20.0);
    ui.horizontal(|ui| {
        // Whoever is filmed sees so, and how to end it.
        let stop = |ui: &mut Ui| ui.small_button("Stop webcam").on_hover_text("The last picture stays").clicked();
        if filming == Filming::On && stop(ui) {
            out.push(Action::Webcam.into());
        }
        if !work.is_empty() && ui.small_button("Cancel").on_hover_text(Action::Cancel.info().hint).clicked() {
            out.push(Action::Cancel.into());
        }
        // What takes long stands still at the left while what is quick comes and goes beside it.
        for status in work.iter().rev() {
            let bar = egui::ProgressBar::new(status.fraction).desired_width(120.0).desired_height(6.0);
            let name = format!("Progress of {}", status.what);
            ui.add(bar).on_hover_text(format!("{:.0}%", 100.0 * status.fraction)).accessible_name(name);
            ui.label(RichText::new(&status.what).small().color(palette.weak));
        }
        if let Some(message) = message {
            if ui.small_button("Dismiss").clicked() {
                out.push(Command::Dismiss);
            }
            let colour = if message.failed { palette.warning } else { ui.visuals().text_color() };
            ui.add(egui::Label::new(RichText::new(&message.text).color(colour)).truncate())
                .on_hover_text(&message.text);
        } else if work.is_empty() {
            let hint = "Drop a picture here, or press Ctrl+O   ·   [ ] layer   ·   arrows unit   ·   F1 keys";
            ui.add(egui::Label::new(RichText::new(hint).small().color(palette.weak)).truncate());
        }
    });
}

/// The page over the window, if any.
pub fn overlay(
    ctx: &egui::Context,
    overlay: &mut Overlay,
    shown: Option<&Shown>,
    filming: Filming,
    palette: &Palette,
    out: &mut Vec<Command>,
) {
    if *overlay == Overlay::None {
        return;
    }
    let id = egui::Id::unique("overlay");
    let mut modal = egui::Modal::new(id);
    if let Overlay::Finder(_) = overlay {
        // What is typed into stays where it is, however much it finds.
        modal = modal.area(egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, [0.0, 96.0]));
    }
    let response = modal.show(ctx, |ui| {
        ui.set_width(if *overlay == Overlay::Keys { 680.0 } else { 420.0 });
        match overlay {
            Overlay::None => false,
            Overlay::Keys => {
                keys_page(ui, palette);
                false
            }
            Overlay::About => {
                about_page(ui, palette);
                false
            }
            Overlay::Finder(search) => finder::page(ui, search, shown, filming, out),
        }
    });
    if response.should_close() || response.inner {
        *overlay = Overlay::None;
    }
}

/// What the pointer does where no button says so.
const POINTER: &[(&str, &str)] = &[
    ("drop or paste a picture", "Run it"),
    ("drop a folder", "Run its first picture"),
    ("rest on anything", "What it is, or its exact value"),
    ("click a map", "Select the unit and the position"),
    ("click the picture", "The units that are strongest there"),
    ("drag a tab", "Move a pane beside another"),
    ("drag between panes", "Resize them"),
    ("scroll, drag on the architecture", "Zoom it, move it"),
    ("double-click a block of it", "Unfold it"),
    ("scroll, drag on a picture", "Zoom and move all that show it"),
    ("Ctrl and scroll on many maps", "Zoom them where scrolling alone moves on"),
    ("point at a value of the convolution", "See its window"),
];

fn keys_page(ui: &mut Ui, palette: &Palette) {
    // Close together; in the smallest window there are still more than fit.
    let most = ui.ctx().content_rect().height() - 90.0;
    ui.spacing_mut().interact_size.y = 15.0;
    let rows = |ui: &mut Ui, title: &str, rows: &[(String, &str, &str)]| {
        ui.vertical(|ui| {
            ui.heading(title);
            egui::Grid::new(title).num_columns(2).spacing([16.0, 2.0]).show(ui, |ui| {
                for (what, does, hint) in rows {
                    ui.label(RichText::new(what).color(palette.weak));
                    ui.label(*does).on_hover_text(*hint);
                    ui.end_row();
                }
            });
        });
    };
    let key = |info: Info, ctx: &egui::Context| {
        let text = ctx.format_shortcut(&info.shortcut?);
        Some((text.replace("OpenBracket", "[").replace("CloseBracket", "]"), info.label, info.hint))
    };
    let keys: Vec<_> = Action::ALL.iter().filter_map(|action| key(action.info(), ui.ctx())).collect();
    let pointer: Vec<_> = POINTER.iter().map(|(what, does)| ((*what).to_owned(), *does, *what)).collect();
    // As high as it may be, however low the page was that stood here before.
    let scroll = egui::ScrollArea::vertical().max_height(most).min_scrolled_height(most);
    scroll.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            rows(ui, "Keys", &keys);
            ui.add_space(24.0);
            rows(ui, "Pointer", &pointer);
        });
    });
}

fn about_page(ui: &mut Ui, palette: &Palette) {
    ui.heading("Striate");
    ui.label(format!("Version {}", env!("CARGO_PKG_VERSION")));
    ui.label("See, layer by layer, what a convolutional network does with a picture.");
    ui.label(RichText::new("Named after the striate cortex, where Hubel and Wiesel found the receptive fields that convolutional networks imitate.").color(palette.weak));
    ui.label(RichText::new("MIT or Apache-2.0").small().color(palette.weak));
}

/// Whether files hang over the window.
pub fn is_dropping(ctx: &egui::Context) -> bool {
    ctx.input(|input| !input.raw.hovered_files.is_empty())
}

/// Says what letting go would do.
pub fn drop_hint(ctx: &egui::Context, palette: &Palette) {
    let painter = ctx.layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, palette.backdrop.gamma_multiply(0.85));
    let font = egui::FontId::proportional(22.0);
    painter.text(rect.center(), Align2::CENTER_CENTER, "Drop to run this picture", font, palette.accent);
}
