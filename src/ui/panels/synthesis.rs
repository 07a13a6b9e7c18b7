//! A picture in the making: what the selected class, unit or layer would most like to see.

use crate::{
    engine::{Control, Frame},
    figures::{Facts, Scale, enlarged_rgb, settings},
    methods::Settings,
    synthesis::{At, Goal, Images, Measure, PARAMETERS, PRESETS, Preset, Recipe, Term},
    ui::{
        model::{
            commands::Command,
            export::{Export, file_name},
            state::{View, layer_name},
        },
        panels::panel::{Panel, PanelKind, keep, take},
        widgets::{WHOLE, caption, combo, fit, hollow, image_at, number, parameters::row, staying, toolbar},
    },
};
use eframe::egui::{
    self, Color32, ColorImage, Painter, Rect, Sense, Stroke, TextureHandle, TextureOptions, Ui, pos2, vec2,
};
use egui::containers::menu::MenuButton;
use image::RgbImage;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "synthesis",
    title: "Synthesis",
    about: "The picture that the selected class, unit or layer would most like to see, in the making.",
    how: "The picture starts as noise and is changed step by step so that the score rises. The curve below is the score; the paler one the probability.",
    formula: "x* = argmax S(x) - penalties of x, by steps along ∂S/∂x",
    paper: "Simonyan, Vedaldi and Zisserman 2014; Yosinski et al. 2015; Olah, Mordvintsev and Schubert 2017",
    make: || Box::<Synthesis>::default(),
};

/// The part of the network that is excited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum SynthesisAim {
    #[default]
    Class,
    Unit,
    Layer,
}

#[derive(Serialize, Deserialize)]
#[serde(default)]
struct SynthesisOptions {
    preset: String,
    aim: SynthesisAim,
    /// Side of the picture; the network's own where 0.
    size: usize,
}

impl Default for SynthesisOptions {
    fn default() -> Self {
        SynthesisOptions { preset: PRESETS[0].name.into(), aim: SynthesisAim::Class, size: 0 }
    }
}

#[derive(Default)]
pub(super) struct Synthesis {
    options: SynthesisOptions,
    /// The preset's settings with what was moved since.
    settings: Option<Settings>,
    /// The goal of the run, in words.
    goal: String,
    painted: Option<(Arc<RgbImage>, TextureHandle)>,
    /// The steps that the rewind slider offered when its drag began, and the place of its knob.
    rewinding: Option<(Arc<[usize]>, usize)>,
}

/// Sizes to choose from, in pixels; 0 is the network's own.
const SIZES: [usize; 6] = [0, 64, 128, 224, 320, 512];
/// Height of the curve in points.
const CURVE: f32 = 64.0;

impl Synthesis {
    fn preset(&self) -> &'static Preset {
        PRESETS.iter().find(|preset| preset.name == self.options.preset).unwrap_or(&PRESETS[0])
    }

    fn settings(&mut self) -> Settings {
        let preset = self.preset();
        self.settings.get_or_insert_with(|| preset.settings().unwrap_or_default()).clone()
    }

    /// The goal that the selection stands for.
    fn aim(&self, view: View) -> (Goal, String) {
        let layer = view.selection.layer;
        let name = || layer_name(view.node());
        match self.options.aim {
            SynthesisAim::Class => {
                (Goal::Score(view.class()), format!("class {}", view.run().model.class_name(view.class())))
            }
            SynthesisAim::Unit => {
                let unit = view.selection.unit;
                let at = view.selection.position.map_or(At::Mean, |[row, column]| At::Position(row, column));
                (Goal::Unit { layer, unit, at }, format!("unit {unit} of {}", name()))
            }
            SynthesisAim::Layer => (Goal::Layer(layer), format!("layer {}", name())),
        }
    }

    /// The facts about the synthesis, added to those about the run.
    fn facts(&self, facts: Facts) -> Facts {
        let (preset, chosen) = (self.preset(), self.settings.clone().unwrap_or_default());
        let settings = settings(PARAMETERS, &chosen);
        Facts { goal: Some(self.goal.clone()), settings, ..facts.method(preset.name, preset.paper) }
    }

    fn start(&mut self, view: View, out: &mut Vec<Command>) {
        let (goal, words) = self.aim(view);
        self.goal = words;
        let size = (self.options.size > 0).then_some(self.options.size);
        // A position is one of the network's own size.
        let goal = match goal {
            Goal::Unit { layer, unit, .. } if size.is_some() => Goal::Unit { layer, unit, at: At::Mean },
            other => other,
        };
        let picture = Images::from_tensor(view.run().trace.output(0)).ok();
        let terms = vec![Term { goal, weight: 1.0 }];
        let recipe = Recipe { terms, settings: self.settings(), batch: 1, size, picture };
        out.push(Command::Synthesise(Control::Start(Arc::clone(&view.run().model), Box::new(recipe))));
    }

    fn controls(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        toolbar(ui, |ui| {
            let mut preset = self.preset().name;
            combo(ui, "Preset", self.preset().title, 90.0, |ui| {
                for other in PRESETS {
                    let hint = format!("{}\n\n{}", other.about, other.paper);
                    ui.selectable_value(&mut preset, other.name, other.title).on_hover_text(hint);
                }
            });
            if preset != self.options.preset {
                self.options.preset = preset.into();
                self.settings = None;
                let settings = self.settings();
                out.push(Command::Synthesise(Control::Change(settings)));
            }
            for (aim, text, hint) in [
                (SynthesisAim::Class, "class", "Excite the selected class, else the predicted one"),
                (SynthesisAim::Unit, "unit", "Excite the selected unit"),
                (SynthesisAim::Layer, "layer", "Excite whatever the selected layer finds"),
            ] {
                ui.selectable_value(&mut self.options.aim, aim, text).on_hover_text(hint);
            }
            let own = |size: usize| if size == 0 { "own size".to_owned() } else { format!("{size} px") };
            combo(ui, "Size", &own(self.options.size), 72.0, |ui| {
                for size in SIZES {
                    ui.selectable_value(&mut self.options.size, size, own(size));
                }
            });
            self.parameters(ui, out);
            if ui.button("Start").on_hover_text("From the start, for what is selected now").clicked() {
                self.start(view, out);
            }
            if let Some(frame) = view.synthesis {
                let done = frame.step >= frame.steps;
                if frame.running && ui.button("Pause").clicked() {
                    out.push(Command::Synthesise(Control::Pause));
                } else if !frame.running && ui.add_enabled(!done, egui::Button::new("Resume")).clicked() {
                    out.push(Command::Synthesise(Control::Resume));
                }
                let hint = "Save every state that can be gone back to as a numbered PNG, in a folder of its own";
                if frame.kept.len() > 1 && ui.button("Save frames…").on_hover_text(hint).clicked() {
                    let name = file_name(view, &format!("synthesis {} frames", self.goal));
                    let texts = self.facts(Facts::of_run(view.run())).texts();
                    out.push(Command::SaveFrames(name, texts));
                }
            }
        });
    }

    /// Every parameter; what is moved takes effect from the next step on.
    fn parameters(&mut self, ui: &mut Ui, out: &mut Vec<Command>) {
        let mut settings = self.settings();
        let mut changed = false;
        MenuButton::new("Parameters").config(staying()).ui(ui, |ui| {
            egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
                for parameter in PARAMETERS {
                    let mut value = settings.number(parameter);
                    let before = value;
                    row(ui, parameter, &mut value);
                    if value != before {
                        settings.set_number(parameter, value);
                        changed = true;
                    }
                }
            });
            if ui.small_button("the preset's").clicked() {
                settings = self.preset().settings().unwrap_or_default();
                changed = true;
            }
        });
        if changed {
            self.settings = Some(settings.clone());
            out.push(Command::Synthesise(Control::Change(settings)));
        }
    }

    /// The slider back to an earlier step. A run goes on under the pointer: while the slider is dragged it keeps the steps
    /// of the drag's begin, and the steps after the chosen one are dropped when it is released.
    fn rewind(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Vec<Command>) {
        let at = frame.kept.partition_point(|&step| step <= frame.step).saturating_sub(1);
        let (kept, mut index) = self.rewinding.clone().unwrap_or_else(|| (Arc::clone(&frame.kept), at));
        let begin = index;
        ui.spacing_mut().slider_width = ui.available_width();
        // The caption above says which step is shown.
        let slider = egui::Slider::new(&mut index, 0..=kept.len().saturating_sub(1)).show_value(false);
        let hint = "Back to an earlier step when the slider is released; Resume goes on from there";
        let response = ui.add(slider);
        let held = response.dragged() || response.is_pointer_button_down_on();
        if held {
            let step = kept.get(index).copied().unwrap_or_default();
            response.clone().show_tooltip_text(format!("back to step {step}"));
            self.rewinding = Some((kept, index));
        } else {
            let chosen = self.rewinding.take().map(|(kept, _)| (kept, index));
            // A key or a screen reader moves the slider without a drag.
            let chosen = chosen.or_else(|| (index != begin).then_some((kept, index)));
            if let Some(step) =
                chosen.and_then(|(kept, index)| kept.get(index).copied()).filter(|&step| step < frame.step)
            {
                out.push(Command::Synthesise(Control::Rewind(step)));
            }
        }
        response.on_hover_text(hint).accessible_name("Rewind");
    }

    /// The picture as large as fits.
    fn picture(&mut self, ui: &mut Ui, picture: &Arc<RgbImage>, area: Rect) {
        if self.painted.as_ref().is_none_or(|(other, _)| !Arc::ptr_eq(other, picture)) {
            let size = [picture.width() as usize, picture.height() as usize];
            let image = ColorImage::from_rgb(size, picture.as_raw());
            match &mut self.painted {
                // The same texture again: a live picture would else leave a trail of them.
                Some((shown, texture)) if texture.size() == size => {
                    texture.set(image, TextureOptions::LINEAR);
                    *shown = Arc::clone(picture);
                }
                _ => {
                    let texture = ui.ctx().load_texture("synthesis", image, TextureOptions::LINEAR);
                    self.painted = Some((Arc::clone(picture), texture));
                }
            }
        }
        if let Some((_, texture)) = &self.painted {
            let aspect = picture.width() as f32 / picture.height() as f32;
            image_at(ui, fit(area, aspect), texture.id(), WHOLE, "synthesised picture");
        }
    }
}

impl Panel for Synthesis {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        self.controls(ui, view, out);
        let Some(frame) = view.synthesis else {
            caption(ui, self.aim(view).1).on_hover_text(self.preset().about);
            hollow(ui, "Start makes the picture that the selected class, unit or layer would most like to see", false);
            return;
        };
        let trained = !view.run().model.is_untrained();
        caption(ui, format!("{}  ·  {}", self.goal, said(frame, trained)));
        if frame.kept.len() > 1 || self.rewinding.is_some() {
            self.rewind(ui, frame, out);
        }
        let area = ui.available_rect_before_wrap();
        let (above, below) = area.split_top_bottom_at_y((area.bottom() - CURVE).max(area.top() + 40.0));
        self.picture(ui, &frame.picture, above.shrink2(vec2(0.0, 3.0)));
        curve(ui, view, &frame.curve, frame.steps, below);
    }

    fn export(&self, view: View) -> Option<Export> {
        let frame = Arc::clone(view.synthesis?);
        let (step, words) = (frame.step.to_string(), said(&frame, !view.run().model.is_untrained()));
        let export = Export::new(view, &format!("synthesis {}", self.goal), None, move |_| {
            let (width, height) = frame.picture.dimensions();
            Ok(enlarged_rgb(&frame.picture, Scale::Pleasant.one(width as usize, height as usize)))
        });
        Some(export.about(|facts| self.facts(facts)).with("Step", step).with("Worth", words))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
        self.settings = None;
    }
}

/// The progress of a run, in words. An untrained network gives no probability.
fn said(frame: &Frame, trained: bool) -> String {
    let step = format!("step {} of {}", frame.step, frame.steps);
    let words = |measure: &Measure| {
        let probability = measure.probability.filter(|_| trained);
        let probability = probability.map_or_else(String::new, |p| format!(", probability {p:.3}"));
        format!("score {}{probability}", number(measure.value as f32))
    };
    match (&frame.worth, frame.curve.last()) {
        (Some([_, saved]), _) => format!("{step}  ·  as a file holds it: {}", words(saved)),
        (None, Some(last)) => format!("{step}  ·  {}", words(last)),
        (None, None) => step,
    }
}

/// The objective over the steps, and the probability over 0 to 1.
fn curve(ui: &mut Ui, view: View, measures: &[Measure], steps: usize, area: Rect) {
    let response = ui.allocate_rect(area, Sense::hover());
    let painter = ui.painter().with_clip_rect(area);
    painter.hline(area.x_range(), area.bottom() - 1.0, Stroke::new(1.0, view.palette.weak));
    let values: Vec<f32> = measures.iter().map(|measure| measure.value as f32).collect();
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(f32::INFINITY, f32::min), finite().fold(f32::NEG_INFINITY, f32::max));
    line(&painter, area, &values, [low, high], steps, view.palette.accent);
    let trained = !view.run().model.is_untrained();
    let probability = |measure: &Measure| measure.probability.filter(|_| trained);
    let probabilities: Vec<f32> = measures.iter().filter_map(probability).collect();
    line(&painter, area, &probabilities, [0.0, 1.0], steps, view.palette.weak);
    if let Some(at) = response.hover_pos() {
        let step = ((at.x - area.left()) / area.width() * steps as f32) as usize;
        if let Some(measure) = measures.get(step) {
            let probability = probability(measure).map_or_else(String::new, |p| format!("\nprobability {p:.4}"));
            let score = number(measure.value as f32);
            response.on_hover_text(format!("step {step}\nscore {score}{probability}\n(under random transforms)"));
        }
    }
}

fn line(painter: &Painter, area: Rect, values: &[f32], [low, high]: [f32; 2], steps: usize, colour: Color32) {
    let span = if high > low { high - low } else { 1.0 };
    // No more points than pixels.
    let every = (values.len() / (area.width() as usize).max(1)).max(1);
    let at = |(step, value): (usize, &f32)| {
        let x = area.left() + area.width() * step as f32 / steps.max(1) as f32;
        pos2(x, area.bottom() - 3.0 - (area.height() - 6.0) * (value - low) / span)
    };
    painter.line(values.iter().enumerate().step_by(every).map(at).collect(), Stroke::new(1.5, colour));
}
