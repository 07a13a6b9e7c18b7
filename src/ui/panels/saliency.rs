//! Which pixels matter for a class, by any method of the registry.

use super::{Kind, Panel, keep, take};
use crate::{
    methods::{Attribution, METHODS},
    paint::{self, ColourMap, Plane, Range, Style, colour, paint_plane, position, signed_rgb},
    picture::cropped,
    ui::{
        commands::Command,
        describe,
        export::{Export, numbers_from},
        prepare::rgba_texture,
        state::{Hover, View},
        widgets::{WHOLE, caption, colour_maps, combo, fit, gamma, hollow, image_at, number, slider, toolbar},
    },
};
use eframe::egui::{self, Color32, Rect, TextureHandle, TextureOptions, Ui};
use egui::containers::menu::{MenuButton, MenuConfig};
use image::{DynamicImage, Rgba, RgbaImage, imageops};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

pub(super) const KIND: Kind = Kind {
    name: "saliency",
    title: "Saliency",
    about: "Which pixels of the picture matter for a class, beside the picture or over it.",
    make: || Box::<Saliency>::default(),
};

#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
struct Options {
    over: bool,
    opacity: f32,
    style: Style,
}

impl Default for Options {
    fn default() -> Self {
        Options { over: true, opacity: 0.85, style: Style { map: ColourMap::Inferno, gamma: 1.0 } }
    }
}

#[derive(Default)]
struct Saliency {
    options: Options,
    /// What a class is searched by.
    search: String,
    painted: Option<(Arc<Attribution>, [u32; 4], TextureHandle)>,
}

impl Panel for Saliency {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let (method, class) = (view.selection.method, view.class());
        out.push(Command::NeedAttribution(method, class));
        self.controls(ui, view, out);
        let run = view.run();
        let name = run.model.class_name(class);
        let score = number(run.scores.get(class).copied().unwrap_or(f32::NAN));
        match view.answers.attribution(method, class) {
            None => {
                caption(ui, format!("{}  ·  {name}  ·  score {score}", method.title));
                match view.status {
                    Some(_) => hollow(ui, &format!("{} for {name}", method.title), true),
                    None => {
                        hollow(ui, "Cancelled", false);
                        if ui.button("Compute").clicked() {
                            out.push(Command::AskAgain);
                        }
                    }
                }
            }
            Some(Err(why)) => {
                caption(ui, format!("{}  ·  {name}  ·  score {score}", method.title));
                hollow(ui, why, false);
            }
            Some(Ok(attribution)) => {
                let attribution = Arc::clone(attribution);
                let range = describe::range(Range::of(&attribution.values));
                let text =
                    format!("{name}  ·  score {score}  ·  {}  ·  range {range}  ·  {}", method.title, method.paper);
                caption(ui, self.read_out(view, &attribution).unwrap_or(text)).on_hover_text(method.about);
                self.show(ui, view, &attribution, out);
            }
        }
    }

    fn export(&self, view: View) -> Option<Export> {
        let (method, class) = (view.selection.method, view.class());
        let attribution = Arc::clone(view.answers.attribution(method, class)?.as_ref().ok()?);
        let (run, options) = (Arc::clone(view.run()), self.options.clone());
        let name = format!("{} {}", method.name, run.model.class_name(class));
        let [channels, height, width] = attribution.shape;
        let shape: &[usize] = if channels == 1 { &[height, width] } else { &[channels, height, width] };
        let numbers = numbers_from(&Arc::new(attribution.values.clone()), shape);
        let class = format!("{class} {}", run.model.class_name(class));
        let range = describe::range(Range::of(&attribution.values));
        let export = Export::new(view, &name, numbers, move |_| {
            let picture = run.picture.as_ref().zip(run.geometry.as_ref());
            match picture.filter(|_| options.over && attribution.shape[0] == 1) {
                Some((picture, geometry)) => {
                    let plane = Plane { values: &attribution.values, width, height };
                    let (range, style) = scale(&attribution, options.style);
                    Ok(paint::overlay(&cropped(picture, geometry, 1024), &plane, range, &style, options.opacity))
                }
                None => {
                    let k = (512 / width.max(height)).max(1) as u32;
                    let small = plain(&attribution, options.style);
                    let (w, h) = (small.width() * k, small.height() * k);
                    Ok(imageops::resize(&small, w, h, imageops::FilterType::Nearest))
                }
            }
        });
        Some(export.with("Class", class).with("Method", method.title).with("Range", range))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

impl Saliency {
    fn controls(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let method = view.selection.method;
        toolbar(ui, |ui| {
            combo(ui, "Method", method.title, 96.0, |ui| {
                for other in METHODS {
                    let hint = format!("{}\n\n{}", other.about, other.paper);
                    if ui.selectable_label(other.name == method.name, other.title).on_hover_text(hint).clicked() {
                        out.push(Command::SelectMethod(other));
                    }
                }
            });
            self.class(ui, view, out);
            let stays = MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
            let button = MenuButton::new("look").config(stays);
            button.ui(ui, |ui| self.look(ui)).0.on_hover_text("Beside or over the picture, colours");
        });
    }

    /// What seldom changes, out of the way.
    fn look(&mut self, ui: &mut Ui) {
        ui.set_width(150.0);
        ui.checkbox(&mut self.options.over, "over picture").on_hover_text("Lay the heatmap over the picture");
        ui.spacing_mut().slider_width = 72.0;
        ui.add_enabled_ui(self.options.over, |ui| {
            slider(ui, "opacity", egui::Slider::new(&mut self.options.opacity, 0.0..=1.0));
        });
        gamma(ui, &mut self.options.style.gamma);
        colour_maps(ui, &mut self.options.style.map);
    }

    /// A list of classes, narrowed by what is typed.
    fn class(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let model = &view.run().model;
        let shown = match view.selection.class {
            Some(class) => model.class_name(class),
            None => "predicted",
        };
        let search = &mut self.search;
        combo(ui, "Class", shown, 96.0, |ui| {
            let edit = egui::TextEdit::singleline(search).hint_text("search").desired_width(180.0);
            ui.add(edit).accessible_name("Search classes");
            if ui.selectable_label(view.selection.class.is_none(), "predicted").clicked() {
                out.push(Command::SelectClass(None));
            }
            let wanted = search.to_lowercase();
            let matches =
                |&&class: &&usize| wanted.is_empty() || model.class_name(class).to_lowercase().contains(&wanted);
            for &class in view.shown.ranking.iter().filter(matches).take(200) {
                let picked = view.selection.class == Some(class);
                if ui.selectable_label(picked, model.class_name(class)).clicked() {
                    out.push(Command::SelectClass(Some(class)));
                }
            }
        });
    }

    /// The value under the pointer, wherever it is.
    fn read_out(&self, view: View, attribution: &Attribution) -> Option<String> {
        let [channels, height, width] = attribution.shape;
        let [x, y] = view.selection.hover?.place;
        let (row, column) = ((y * height as f32) as usize, (x * width as f32) as usize);
        let value = |channel: usize| attribution.values.get((channel * height + row) * width + column).copied();
        let values: Option<Vec<String>> = (0..channels).map(|channel| value(channel).map(number)).collect();
        Some(format!("row {row}, column {column}  ·  {}", values?.join(", ")))
    }

    fn show(&mut self, ui: &mut Ui, view: View, attribution: &Arc<Attribution>, out: &mut Vec<Command>) {
        let [channels, height, width] = attribution.shape;
        let pictures = view.cache.pictures().filter(|pictures| pictures.run == view.run().id);
        let input = pictures.as_ref().and_then(|pictures| pictures.input.as_ref());
        // Signed colours are opaque: they stand beside the picture.
        let over = self.options.over && channels == 1 && input.is_some();
        let texture = self.texture(ui, attribution, over);
        let area = ui.available_rect_before_wrap();
        let aspect = width as f32 / height as f32;
        let rect = match input {
            Some(input) if over => {
                let rect = fit(area, aspect);
                image_at(ui, rect, input.id(), WHOLE, "picture under the heatmap");
                rect
            }
            Some(input) if area.width() > 1.4 * area.height() * aspect => {
                let (left, right) = area.split_left_right_at_fraction(0.5);
                image_at(ui, fit(left, aspect), input.id(), WHOLE, "picture beside the heatmap");
                fit(right, aspect)
            }
            _ => fit(area, aspect),
        };
        let response = image_at(ui, rect, texture, WHOLE, "heatmap");
        if let Some(at) = response.hover_pos() {
            let place = ((at - rect.min) / rect.size()).clamp(egui::Vec2::ZERO, egui::Vec2::splat(0.9999));
            out.push(Command::Hover(Hover { place: [place.x, place.y], spot: None }));
        } else if let Some(hover) = view.selection.hover {
            mark(ui, rect, hover.place);
        }
    }

    /// Painted anew only when the answer or the options change.
    fn texture(&mut self, ui: &Ui, attribution: &Arc<Attribution>, over: bool) -> egui::TextureId {
        let Options { opacity, style, .. } = &self.options;
        let look = [style.map as u32, style.gamma.to_bits(), opacity.to_bits(), u32::from(over)];
        let fresh = |(of, painted, _): &(Arc<Attribution>, [u32; 4], TextureHandle)| {
            Arc::ptr_eq(of, attribution) && *painted == look
        };
        if let Some((.., texture)) = self.painted.as_ref().filter(|painted| fresh(painted)) {
            return texture.id();
        }
        let image = if over { veil(attribution, *style, *opacity) } else { plain(attribution, *style) };
        let options = if over { TextureOptions::LINEAR } else { TextureOptions::NEAREST };
        let texture = rgba_texture(ui.ctx(), "heatmap", &image, options);
        let id = texture.id();
        self.painted = Some((Arc::clone(attribution), look, texture));
        id
    }
}

/// The range and the colours that fit: about zero for signed values, from zero for others.
fn scale(attribution: &Attribution, style: Style) -> (Range, Style) {
    let range = Range::of(&attribution.values);
    match attribution.signed {
        true if style.map.is_diverging() => (range.symmetric(), style),
        true => (range.symmetric(), Style { map: ColourMap::RedBlue, ..style }),
        false => (Range { low: 0.0, high: range.high }, style),
    }
}

/// One opaque pixel a value.
fn plain(attribution: &Attribution, style: Style) -> RgbaImage {
    let [channels, height, width] = attribution.shape;
    if channels == 3 {
        return DynamicImage::ImageRgb8(signed_rgb(&attribution.values, height, width)).into_rgba8();
    }
    let (range, style) = scale(attribution, style);
    let plane = Plane { values: &attribution.values[..height * width], width, height };
    paint_plane(&plane, width as u32, height as u32, range, &style)
}

/// One pixel a value, the weaker the more transparent: laid over the picture by the GPU.
fn veil(attribution: &Attribution, style: Style, opacity: f32) -> RgbaImage {
    let [_, height, width] = attribution.shape;
    let (range, style) = scale(attribution, style);
    let pixel = |value: f32| {
        let at = position(value, range, &style);
        let strength = if style.map.is_diverging() { (2.0 * at - 1.0).abs() } else { at };
        let alpha = if strength.is_nan() { 1.0 } else { strength * opacity };
        let [r, g, b] = colour(value, range, &style);
        Rgba([r, g, b, (alpha * 255.0).round() as u8])
    };
    RgbaImage::from_fn(width as u32, height as u32, |x, y| pixel(attribution.values[y as usize * width + x as usize]))
}

fn mark(ui: &Ui, rect: Rect, [x, y]: [f32; 2]) {
    let at = rect.min + rect.size() * egui::vec2(x, y);
    for (width, colour) in [(3.0, Color32::from_black_alpha(160)), (1.0, Color32::WHITE)] {
        ui.painter().hline(at.x - 5.0..=at.x + 5.0, at.y, egui::Stroke::new(width, colour));
        ui.painter().vline(at.x, at.y - 5.0..=at.y + 5.0, egui::Stroke::new(width, colour));
    }
}
