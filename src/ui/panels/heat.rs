//! A heatmap by a method of a registry: what the saliency pane and the CAM pane share.

use crate::{
    engine::{AttributionInquiry, Inquiry, Model},
    figures::{
        HeatStyle, Heatmap, Scale, attribution_alone, attribution_facts, attribution_over, in_colour, words::range,
    },
    methods::{Attribution, Keep, Method, Target, cam_layers},
    paint::{Range, Style},
    ui::{
        background::textures::{SHARP, rgba_texture},
        model::{
            commands::Command,
            export::{Export, numbers_from},
            state::{View, layer_name},
            viewport::cell,
        },
        panels::panel::{Panel, keep, take},
        widgets::{
            BAR, Ends, caption, class_picker, colour_bar, combo, fit, heat_style, hollow, is_brief, is_figure, number,
            parameters::{self, KeptSettings, parameters},
            pointing::input_at,
            staying, toolbar, trust, trust_said,
        },
    },
};
use eframe::egui::{self, Rect, TextureHandle, TextureOptions, Ui, vec2};
use egui::containers::menu::MenuButton;
use image::RgbImage;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Weak};

#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
struct HeatOptions {
    /// Its name.
    method: String,
    settings: KeptSettings,
    /// Explain the selected unit instead of a class.
    unit: bool,
    /// Read the selected layer instead of the usual one.
    here: bool,
    /// Lay the heatmap over the picture.
    over: bool,
    style: HeatStyle,
}

impl Default for HeatOptions {
    fn default() -> Self {
        let (method, settings) = (String::new(), KeptSettings::new());
        HeatOptions { method, settings, unit: false, here: false, over: true, style: HeatStyle::default() }
    }
}

pub(super) struct Heat {
    methods: &'static [Method],
    label: &'static str,
    options: HeatOptions,
    /// The text that classes are searched for.
    search: String,
    painted: Option<Painted>,
    /// The range and the colours of an answer: sorting its values takes longer than drawing them.
    legend: Option<(Arc<Attribution>, Range, bool)>,
    last: Option<Last>,
    /// Since when there is no answer.
    lacking: Option<f64>,
}

/// A pane lower than this, in points, has no colour bar.
const ROOM: f32 = 130.0;

/// The texture of an answer, and what it was painted from.
struct Painted {
    attribution: Arc<Attribution>,
    /// The picture beneath, where there is one.
    backdrop: Option<Arc<RgbImage>>,
    style: HeatStyle,
    texture: TextureHandle,
}

/// The answer shown last: it stays until the next is there, dimmed unless the two differ but in what was done to the
/// picture. It does not hold the run: a pane behind a tab would keep a network in memory that nobody sees.
#[derive(Clone)]
struct Last {
    run: u64,
    of: u64,
    model: Weak<Model>,
    attribution: Arc<Attribution>,
}

impl Heat {
    /// A pane for these methods whose picture is called `label`.
    pub(super) fn new(methods: &'static [Method], label: &'static str) -> Self {
        let options = HeatOptions::default();
        Heat { methods, label, options, search: String::new(), painted: None, legend: None, last: None, lacking: None }
    }

    fn chosen(&self) -> &'static Method {
        self.methods.iter().find(|method| method.name == self.options.method).unwrap_or(&self.methods[0])
    }

    /// Returns the attribution that the pane asks for.
    fn inquiry(&self, view: View) -> AttributionInquiry {
        let (method, layer) = (self.chosen(), view.selection.layer);
        let target = match self.options.unit {
            true => Target::Unit { layer, unit: view.selection.unit, keep: keep_of(view) },
            false => Target::Class(view.class()),
        };
        AttributionInquiry {
            run: Arc::clone(view.run()),
            method,
            target,
            layer: (method.layered && self.options.here).then_some(layer),
            settings: parameters::settings(method, &self.options.settings),
        }
    }
}

/// The clicked position of the selected unit, else its strongest.
fn keep_of(view: View) -> Keep {
    view.selection.position.map_or(Keep::Strongest, |[row, column]| Keep::At(row, column))
}

impl Panel for Heat {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        self.controls(ui, view, out);
        self.answer(ui, view, true, out);
    }

    fn export(&self, view: View) -> Option<Export> {
        let inquiry = self.inquiry(view);
        let attribution = Arc::clone(view.answers.get(&inquiry.key())?.as_ref().ok()?);
        let (run, options) = (Arc::clone(view.run()), self.options.clone());
        let aim = match inquiry.target {
            Target::Class(class) => run.model.class_name(class).to_owned(),
            _ => format!("{} unit {}", view.node().name, view.selection.unit),
        };
        let at = attribution.layer.map_or("", |layer| view.shown.graph().node(layer).name.as_str());
        let name = format!("{at} {} {aim}", inquiry.method.name);
        let [channels, height, width] = attribution.shape;
        let shape: &[usize] = if channels == 1 { &[height, width] } else { &[channels, height, width] };
        let numbers = numbers_from(&Arc::new(attribution.values.clone()), shape);
        let facts = attribution_facts(&run, inquiry.method, inquiry.target, &inquiry.settings, &attribution).ok()?;
        let export = Export::new(view, &name, numbers, move |_| {
            let [_, rows, columns] = run.model.network.graph().input_shape();
            let factor = Scale::Pleasant.one(columns, rows);
            match options.over && run.picture.is_some() && !in_colour(&attribution, &options.style) {
                true => attribution_over(&run, &attribution, factor, &options.style),
                false => Ok(attribution_alone(&run, &attribution, factor, &options.style)),
            }
        });
        Some(export.about(|_| facts))
    }

    fn method(&self) -> Option<&'static Method> {
        Some(self.chosen())
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

/// A target in words.
fn said(view: View, target: Target) -> String {
    match target {
        Target::Class(class) => {
            let score = number(view.run().scores.get(class).copied().unwrap_or(f32::NAN));
            format!("{}  ·  score {score}", view.run().model.class_name(class))
        }
        _ => format!("unit {} of {}", view.selection.unit, layer_name(view.node())),
    }
}

impl Heat {
    /// The heatmap alone, without controls and caption.
    pub(super) fn plain(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        self.answer(ui, view, false, out);
    }

    /// The answer, or its progress, with a caption above where that is `said`.
    fn answer(&mut self, ui: &mut Ui, view: View, is_said: bool, out: &mut Vec<Command>) {
        let say = |ui: &mut Ui, text: String, hint: &str| {
            if is_said {
                caption(ui, text).on_hover_text(hint);
            }
        };
        let inquiry = self.inquiry(view);
        let (method, key) = (inquiry.method, inquiry.key());
        let target = said(view, inquiry.target);
        if !method.slow {
            out.push(Command::Need(inquiry.clone().into()));
        }
        match view.answers.get(&key) {
            Some(Ok(attribution)) => {
                let attribution = Arc::clone(attribution);
                let text = self.read_out(view, &attribution).unwrap_or_else(|| {
                    let range = range(Range::of(&attribution.values));
                    let layer = attribution.layer.map(|layer| layer_name(view.shown.graph().node(layer)));
                    let at = layer.map_or_else(String::new, |layer| format!("  ·  at {layer}"));
                    // A pane names the method above, in its toolbar, which a figure has not.
                    let named = if is_figure(ui) { format!("{}  ·  ", method.title) } else { String::new() };
                    let network = &view.run().model.card.title;
                    let tested = trust_said(view, &inquiry).map_or_else(String::new, |words| format!("  ·  {words}"));
                    format!("{named}{network}  ·  {target}{at}{tested}  ·  range {range}  ·  {}", method.paper)
                });
                say(ui, text, &format!("{}\n\n{}", method.about, method.paper));
                self.show(ui, view, &attribution, out);
                let run = view.run();
                let last = Last { run: run.id, of: run.of, model: Arc::downgrade(&run.model), attribution };
                (self.last, self.lacking) = (Some(last), None);
            }
            Some(Err(why)) => {
                say(ui, format!("{target}  ·  {}", method.title), method.about);
                hollow(ui, why, false);
            }
            None => {
                // A quick method is asked for in the frame that first lacks its answer: then nothing runs for it yet.
                let (works, is_asked) = (!view.work.is_empty(), view.answers.is_asked(&key));
                let comes = if method.slow { works && is_asked } else { works || !is_asked };
                say(ui, format!("{target}  ·  {}", method.title), method.about);
                self.offer(ui, view, inquiry, comes, out);
            }
        }
    }

    fn controls(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let method = self.chosen();
        toolbar(ui, |ui| {
            let name = if method.layered { "CAM method" } else { "Method" };
            combo(ui, name, method.title, 96.0, |ui| {
                for other in self.methods {
                    let slow = if other.slow { "\n\nTakes many passes: it runs when you press Compute." } else { "" };
                    let hint = format!("{}\n\n{}{slow}", other.about, other.paper);
                    if ui.selectable_label(other.name == method.name, other.title).on_hover_text(hint).clicked() {
                        self.options.method = other.name.into();
                    }
                }
            });
            let salt = if method.layered { "CAM class" } else { "Class" };
            class_picker(ui, salt, view, &mut self.search, &mut self.options.unit, out);
            if method.layered {
                self.layer(ui, view);
            }
            let button = MenuButton::new("options").config(staying());
            let response = button.ui(ui, |ui| self.more(ui)).0;
            response
                .on_hover_text("What the method lets you set; colours")
                .accessible_name(format!("Options of {}", self.label));
            trust(ui, view, &self.inquiry(view), out);
        });
    }

    /// Which layer's maps are read.
    fn layer(&mut self, ui: &mut Ui, view: View) {
        let graph = view.shown.graph();
        let usual = cam_layers(graph, graph.scores()).into_iter().rfind(|&id| id <= graph.last_maps());
        let usual = usual.map_or_else(String::new, |id| format!(": {}", graph.node(id).name));
        let label = |here: bool| if here { "selected layer" } else { "last maps" };
        let hint = |here: bool| match here {
            true => "The maps of the selected layer".to_owned(),
            false => format!("The last maps before the classifier{usual}"),
        };
        let here = &mut self.options.here;
        combo(ui, "CAM layer", label(*here), 90.0, |ui| {
            for other in [false, true] {
                ui.selectable_value(here, other, label(other)).on_hover_text(hint(other));
            }
        });
    }

    /// Shows the options that seldom change, apart from the others.
    fn more(&mut self, ui: &mut Ui) {
        ui.set_width(270.0);
        let method = self.chosen();
        parameters(ui, method, &mut self.options.settings);
        if !method.parameters.is_empty() {
            ui.separator();
        }
        heat_style(ui, &mut self.options.over, &mut self.options.style);
    }

    /// There is no answer: it comes, or it may be asked for. What was shown before stays, dimmed.
    fn offer(&mut self, ui: &mut Ui, view: View, inquiry: AttributionInquiry, comes: bool, out: &mut Vec<Command>) {
        let slow = inquiry.method.slow;
        if comes {
            let area = ui.available_rect_before_wrap();
            // While something is drawn every stroke is another picture: what comes at once must not flicker.
            let brief = !slow && is_brief(ui, &mut self.lacking);
            let run = view.run();
            let fits = |last: &Last| last.of == run.of || brief && last.model.as_ptr() == Arc::as_ptr(&run.model);
            if let Some(last) = self.last.clone().filter(fits) {
                let mut child = ui.new_child(egui::UiBuilder::new().max_rect(area));
                self.show(&mut child, view, &last.attribution, &mut Vec::new());
                if last.run != run.id && !slow {
                    return;
                }
                ui.painter().rect_filled(area, 0.0, view.palette.pane.gamma_multiply(0.7));
            }
            let share = view.status(inquiry.lane()).map_or(0.0, |status| 100.0 * status.fraction);
            let text =
                if slow { format!("{}: {share:.0}%", inquiry.method.title) } else { inquiry.method.title.into() };
            hollow(ui, &text, true);
            return;
        }
        ui.horizontal(|ui| {
            let hint = if slow { "Takes many passes through the network" } else { "Cancelled" };
            if ui.button("Compute").on_hover_text(hint).clicked() {
                out.push(if slow { Command::Ask(inquiry.clone().into()) } else { Command::AskAgain });
            }
            caption(ui, hint);
        });
        hollow(ui, inquiry.method.about, false);
    }

    /// The value under the pointer, wherever it is.
    fn read_out(&self, view: View, attribution: &Attribution) -> Option<String> {
        let [channels, height, width] = attribution.shape;
        let [row, column] = cell(view.selection.hover?.place, height, width);
        let value = |channel: usize| attribution.values.get((channel * height + row) * width + column).copied();
        let values: Option<Vec<String>> = (0..channels).map(|channel| value(channel).map(number)).collect();
        Some(format!("row {row}, column {column}  ·  {}", values?.join(", ")))
    }

    fn show(&mut self, ui: &mut Ui, view: View, attribution: &Arc<Attribution>, out: &mut Vec<Command>) {
        let pictures = view.pictures();
        let backdrop = pictures.as_ref().and_then(|pictures| pictures.backdrop.clone());
        let backdrop = backdrop.filter(|_| self.options.over && !in_colour(attribution, &self.options.style));
        let beside = pictures.as_ref().and_then(|pictures| pictures.input.as_ref()).filter(|_| backdrop.is_none());
        let texture = self.texture(ui, view, attribution, backdrop);
        let mut area = ui.available_rect_before_wrap();
        // In a low pane the picture needs the room more.
        if area.height() >= ROOM && !in_colour(attribution, &self.options.style) {
            let (above, below) = area.split_top_bottom_at_y(area.bottom() - BAR);
            area = above;
            let (range, style) = self.legend(attribution);
            let width = below.width().min(280.0);
            let bar = Rect::from_center_size(below.center() + vec2(0.0, 2.0), vec2(width, BAR - 2.0));
            colour_bar(ui, bar, &style, &Ends::Values(range));
        }
        let [_, rows, columns] = view.shown.graph().input_shape();
        let aspect = columns as f32 / rows as f32;
        let rect = match beside {
            Some(input) if area.width() > 1.4 * area.height() * aspect => {
                let (left, right) = area.split_left_right_at_fraction(0.5);
                let beside = format!("picture beside the {}", self.label);
                input_at(ui, view, fit(left, aspect), input.id(), &beside, out);
                fit(right, aspect)
            }
            _ => fit(area, aspect),
        };
        input_at(ui, view, rect, texture, self.label, out);
    }

    /// The range that the colours of an answer span, and the colours.
    fn legend(&mut self, attribution: &Arc<Attribution>) -> (Range, Style) {
        if self.legend.as_ref().is_none_or(|(of, ..)| !Arc::ptr_eq(of, attribution)) {
            let range = Heatmap::of(attribution).range();
            self.legend = Some((Arc::clone(attribution), range, attribution.signed));
        }
        let (range, signed) =
            self.legend.as_ref().map_or((Range::default(), false), |(_, range, signed)| (*range, *signed));
        (range, self.options.style.colours(signed))
    }

    /// The picture that a file would hold, painted anew only when the answer, the options or the picture change.
    fn texture(
        &mut self,
        ui: &Ui,
        view: View,
        attribution: &Arc<Attribution>,
        backdrop: Option<Arc<RgbImage>>,
    ) -> egui::TextureId {
        let style = self.options.style;
        let same = |one: &Option<Arc<RgbImage>>| one.as_ref().map(Arc::as_ptr) == backdrop.as_ref().map(Arc::as_ptr);
        let fresh = |painted: &&Painted| {
            Arc::ptr_eq(&painted.attribution, attribution) && painted.style == style && same(&painted.backdrop)
        };
        if let Some(painted) = self.painted.as_ref().filter(fresh) {
            return painted.texture.id();
        }
        let [_, rows, columns] = view.shown.graph().input_shape();
        let image = match &backdrop {
            Some(picture) => Heatmap::of(attribution).over(picture, &style),
            None => attribution_alone(view.run(), attribution, Scale::Pleasant.one(columns, rows), &style),
        };
        let texture =
            rgba_texture(ui.ctx(), self.label, &image, if backdrop.is_some() { TextureOptions::LINEAR } else { SHARP });
        let id = texture.id();
        self.painted = Some(Painted { attribution: Arc::clone(attribution), backdrop, style, texture });
        id
    }
}
