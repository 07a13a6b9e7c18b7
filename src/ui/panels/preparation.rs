//! The preparation of pictures as a form: what the network receives at its true resolution, the top classes beside it,
//! and the choices that lead there.

use crate::{
    engine::{Opening, Run},
    figures::Facts,
    picture::{Fit, Interpolation, PixelScale, Preparation, PreparationPreset},
    ui::{
        model::{
            commands::{Action, Command},
            export::{Export, numbers_of},
            state::View,
        },
        panels::panel::{Panel, PanelKind},
        widgets::{caption, combo, fit, hollow, image_at, number, weights_notes},
    },
};
use eframe::egui::{self, Rect, RichText, Ui, pos2, vec2};
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "preparation",
    title: "Prepare",
    about: "How pictures become the network's input, and the names of its classes. A wrong choice shows in the picture \
            that the network receives, at its true resolution, and in the classes beside it. The choices are remembered \
            for each weights file.",
    how: "Compare the small picture with what the network was trained on. Wrong colours, a wrong part or wrong sizes show there, and in the classes beside it.",
    formula: "x = (pixel / white - mean) / deviation, for each channel of the resized and cropped picture",
    paper: "Krizhevsky, Sutskever and Hinton 2012, section 2",
    make: || Box::<PreparationForm>::default(),
};

/// The texts that are being typed, and the choices they were made from.
#[derive(Default)]
struct PreparationForm {
    made_from: Option<Preparation>,
    size: [usize; 2],
    resize: usize,
    mean: String,
    std: String,
}

/// Classes beside the picture.
const CLASSES: usize = 5;
/// The narrowest pane in which the classes stand beside the picture.
const WIDE: f32 = 260.0;
/// The narrowest pane in which the form stands beside the picture.
const SPREAD: f32 = 560.0;

impl Panel for PreparationForm {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let opening = view.opening;
        self.refill(view);
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let mut wanted = opening.preparation.clone();
            let mut form = |ui: &mut Ui| {
                egui::Grid::new("form").num_columns(2).spacing([10.0, 4.0]).show(ui, |ui| {
                    self.picture_choices(ui, view, &mut wanted);
                    self.number_choices(ui, view, &mut wanted);
                    labels(ui, opening, view, out);
                });
            };
            let room = ui.available_size();
            if room.x >= SPREAD {
                ui.horizontal_top(|ui| {
                    ui.vertical(&mut form);
                    ui.vertical(|ui| result(ui, view));
                });
            } else {
                ui.allocate_ui(vec2(room.x, (0.5 * room.y).clamp(110.0, 260.0)), |ui| result(ui, view));
                ui.add_space(4.0);
                form(ui);
            }
            if wanted != opening.preparation {
                out.push(Command::Prepare(wanted, opening.labels.clone()));
            }
            caption(ui, view.run().model.preprocess.to_string());
            if !view.run().model.notes.is_empty() {
                ui.add_space(4.0);
                caption(ui, "noticed in the weights file");
                weights_notes(ui, &view.run().model);
            }
        });
    }

    fn export(&self, view: View) -> Option<Export> {
        let run = Arc::clone(view.run());
        let numbers = numbers_of(&run, 0, None);
        let export = Export::new(view, "input", numbers, move |_| {
            let input = run.model.preprocess.unapply(&run.trace.maps(0)?)?;
            Ok(image::DynamicImage::ImageRgb8(input).into_rgba8())
        });
        Some(export.about(|facts| Facts { ..facts }))
    }
}

impl PreparationForm {
    /// Fills the fields anew when the choices changed elsewhere.
    fn refill(&mut self, view: View) {
        if self.made_from.as_ref() == Some(&view.opening.preparation) {
            return;
        }
        let preprocess = &view.run().model.preprocess;
        let list = |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(", ");
        *self = PreparationForm {
            made_from: Some(view.opening.preparation.clone()),
            size: preprocess.crop,
            resize: preprocess.resize,
            mean: list(&preprocess.mean),
            std: list(&preprocess.std),
        };
    }

    /// The preset, the part of the picture, and the sizes.
    fn picture_choices(&mut self, ui: &mut Ui, view: View, wanted: &mut Preparation) {
        let preprocess = &view.run().model.preprocess;
        name(ui, "Prepared as");
        combo(ui, "Preset", wanted.preset.map_or("the network's", PreparationPreset::name), 110.0, |ui| {
            let mut chosen = wanted.preset;
            ui.selectable_value(&mut chosen, None, "the network's");
            for preset in PreparationPreset::ALL {
                ui.selectable_value(&mut chosen, Some(preset), preset.name()).on_hover_text(preset.about());
            }
            if chosen != wanted.preset {
                // A preset replaces what was set by hand, but for the part of the picture.
                let (size, crop, whole) = (wanted.size, wanted.crop, wanted.whole);
                *wanted = Preparation { preset: chosen, size, crop, whole, ..Preparation::default() };
            }
        });
        ui.end_row();
        let whole = matches!(preprocess.fit, Fit::Whole | Fit::Stretch);
        name(ui, "Part");
        ui.horizontal(|ui| {
            if ui.selectable_label(!whole, "crop").on_hover_text("Cut the centre").clicked() {
                wanted.whole = false;
            }
            let hint = "The whole picture at its own aspect ratio; nothing is cut";
            if ui.selectable_label(whole, "whole").on_hover_text(hint).clicked() {
                (wanted.whole, wanted.size, wanted.crop) = (true, None, None);
            }
        });
        ui.end_row();
        name(ui, "Short side");
        if pixels(ui, "Short side", &mut self.resize) {
            wanted.resize = Some(self.resize);
        }
        ui.end_row();
        if !whole {
            name(ui, "Cut to");
            ui.horizontal(|ui| {
                let mut changed = pixels(ui, "Height", &mut self.size[0]);
                ui.label("x");
                changed |= pixels(ui, "Width", &mut self.size[1]);
                if changed {
                    (wanted.crop, wanted.size) = (Some(self.size), None);
                }
            });
            ui.end_row();
        }
        name(ui, "Resized by");
        let mut filter = preprocess.interpolation;
        combo(ui, "Interpolation", filter.name(), 80.0, |ui| {
            for other in Interpolation::ALL {
                ui.selectable_value(&mut filter, other, other.name());
            }
        });
        if filter != preprocess.interpolation {
            wanted.interpolation = Some(filter);
        }
        ui.end_row();
    }

    /// The mean and the deviation, the value of white, and the order of the channels.
    fn number_choices(&mut self, ui: &mut Ui, view: View, wanted: &mut Preparation) {
        name(ui, "Values");
        ui.horizontal(|ui| {
            self.values(ui, view, wanted);
        });
        ui.end_row();
        name(ui, "Minus mean");
        if let Some(mean) = numbers(ui, "Mean", &mut self.mean) {
            wanted.mean = Some(mean);
        }
        ui.end_row();
        name(ui, "By deviation");
        if let Some(std) = numbers(ui, "Deviation", &mut self.std) {
            wanted.std = Some(std);
        }
        ui.end_row();
        name(ui, "");
        let hint = "Prepare pictures as the network itself does";
        let reset = egui::Button::new("Reset preparation").small();
        if ui.add_enabled(!wanted.is_none(), reset).on_hover_text(hint).clicked() {
            *wanted = Preparation::default();
        }
        ui.end_row();
    }

    /// The value of white, and the order of the channels.
    fn values(&mut self, ui: &mut Ui, view: View, wanted: &mut Preparation) {
        let preprocess = &view.run().model.preprocess;
        let mut scale = preprocess.scale;
        let name = |scale: PixelScale| format!("0 to {}", u8::from(scale));
        combo(ui, "Values", &name(scale), 70.0, |ui| {
            for other in [PixelScale::One, PixelScale::Full] {
                ui.selectable_value(&mut scale, other, name(other));
            }
        });
        if scale != preprocess.scale {
            wanted.scale = Some(scale);
        }
        let mut bgr = preprocess.bgr;
        let hint = "The weights want blue, green, red; means and deviations are in that order, too";
        let coloured = preprocess.channels() == 3;
        if ui.add_enabled(coloured, egui::Checkbox::new(&mut bgr, "BGR")).on_hover_text(hint).changed() {
            wanted.bgr = Some(bgr);
        }
    }
}

/// The name of a choice, in the first column of the form.
fn name(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).small().weak());
}

/// A number of pixels; whether it was changed for good.
fn pixels(ui: &mut Ui, name: &str, value: &mut usize) -> bool {
    let drag = ui.add(egui::DragValue::new(value).range(1..=4096).speed(1.0).update_while_editing(false));
    let drag = drag.on_hover_text(format!("{name} in pixels")).accessible_name(name);
    // Each change runs the network: a drag counts when it ends.
    drag.drag_stopped() || (drag.changed() && !drag.dragged())
}

/// A list of numbers, once it is entered and can be read.
fn numbers(ui: &mut Ui, name: &str, text: &mut String) -> Option<Vec<f32>> {
    let read = |text: &str| -> Option<Vec<f32>> {
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().ok()).collect::<Option<Vec<f32>>>().filter(|found| !found.is_empty())
    };
    let colour = read(text).is_none().then(|| ui.visuals().error_fg_color);
    let edit = egui::TextEdit::singleline(text).desired_width(130.0).text_color_opt(colour);
    let response = ui.add(edit).on_hover_text("A number for each channel, or one for all; Enter applies");
    let response = response.accessible_name(name);
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    read(text).filter(|_| entered)
}

/// The file with the names of the classes.
fn labels(ui: &mut Ui, opening: &Opening, view: View, out: &mut Vec<Command>) {
    let file = opening.labels.as_ref().and_then(|path| path.file_name());
    name(ui, "Class names");
    let hint = "A label a line, or JSON: a list, id2label, class_to_idx";
    ui.horizontal(|ui| {
        if ui.button("Labels…").on_hover_text(hint).clicked() {
            out.push(Action::OpenLabels.into());
        }
        if file.is_some() && ui.small_button("no labels file").clicked() {
            out.push(Command::Prepare(opening.preparation.clone(), None));
        }
    });
    ui.end_row();
    name(ui, "");
    let (count, model) = (view.run().scores.len(), &view.run().model);
    let is_nameless = (0..count).all(|class| model.class_name(class) == format!("class {class}"));
    caption(
        ui,
        match file {
            Some(file) => format!("{count} classes, named by {}", file.to_string_lossy()),
            None if is_nameless => format!("{count} classes without names"),
            None => format!("{count} classes, named by the network"),
        },
    );
    ui.end_row();
}

/// The network's input and the classes it is taken for.
fn result(ui: &mut Ui, view: View) {
    let pictures = view.pictures();
    let Some(input) = pictures.as_ref().and_then(|pictures| pictures.input.as_ref()) else {
        return hollow(ui, "The network's input is no picture", false);
    };
    let [width, height] = input.size().map(|side| side as f32);
    let room = ui.available_size().max(vec2(60.0, 120.0));
    let beside = room.x >= WIDE;
    let most = if beside { vec2(0.55 * room.x, room.y) } else { vec2(room.x, 0.6 * room.y) };
    let picture = |ui: &mut Ui| {
        let side = fit(Rect::from_min_size(pos2(0.0, 0.0), most), width / height).size();
        let (rect, _) = ui.allocate_exact_size(side, egui::Sense::hover());
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        image_at(ui, rect, input.id(), whole, &format!("what the network receives, {width}x{height}"));
    };
    if beside {
        ui.horizontal_top(|ui| {
            picture(ui);
            ui.vertical(|ui| classes(ui, view));
        });
    } else {
        picture(ui);
        classes(ui, view);
    }
}

/// The best classes with their probabilities; of an untrained network, their scores.
fn classes(ui: &mut Ui, view: View) {
    let run: &Run = view.run();
    let trained = !run.model.is_untrained();
    for &class in view.shown.ranking.iter().take(CLASSES) {
        let value =
            if trained { format!("{:.1}%", 100.0 * run.probabilities[class]) } else { number(run.scores[class]) };
        ui.add(egui::Label::new(format!("{value}  {}", run.model.class_name(class))).truncate());
    }
    if !trained {
        caption(ui, "untrained: scores mean nothing");
    }
}
