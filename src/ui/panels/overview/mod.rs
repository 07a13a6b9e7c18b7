//! The first screen: the picture, where the network looks, what it takes it for, and a row of feature maps a stage.

mod maps;

use crate::{
    methods::{CAMS, Method},
    ui::{
        background::textures::rgb_texture,
        model::{commands::Command, export::Export, state::View, viewport},
        panels::{
            heat::Heat,
            panel::{Panel, PanelKind},
            picture::{marked, outlined, seen_part},
            scores,
        },
        widgets::{fit, hollow, pointing::input_at},
    },
};
use eframe::egui::{self, Rect, RichText, Sense, TextureHandle, TextureOptions, Ui, pos2, vec2};
use image::RgbImage;
use maps::StageMaps;
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "overview",
    title: "Overview",
    about: "One picture on its way through the network: where the network looks, what it takes the picture for, and the \
            strongest feature maps of every stage.",
    how: "The frame on the picture is what the selected value depends on. Bright parts of the heatmap speak for the class that is picked on the right. Below, each row is one stage: maps get smaller and their units more particular from top to bottom.",
    formula: "p[c] = exp(S[c]) / Σ exp(S); the heatmap is max(0, Σ α[k] A[k]) with α[k] the mean of ∂S/∂A[k]",
    paper: "Selvaraju et al. 2017, Grad-CAM",
    make: || {
        Box::new(Overview {
            heat: Heat::new(CAMS, "where the network looks"),
            photograph: None,
            maps: StageMaps::default(),
        })
    },
};

struct Overview {
    heat: Heat,
    /// The part of the photograph that the network sees, and its texture.
    photograph: Option<(Arc<RgbImage>, TextureHandle)>,
    maps: StageMaps,
}

/// Height of a heading in points.
const HEADING: f32 = 20.0;
/// The least width of the list of classes, in points.
const CLASSES: f32 = 190.0;
/// Height of a class in points.
const CLASS: f32 = 26.0;

impl Panel for Overview {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let area = ui.available_rect_before_wrap();
        let above = (0.46 * area.height()).clamp(130.0, 460.0).min(0.5 * (area.width() - CLASSES) + HEADING);
        let (top, below) = area.split_top_bottom_at_y(area.top() + above);
        let [_, rows, columns] = view.shown.graph().input_shape();
        let aspect = columns as f32 / rows as f32;
        let height = top.height() - HEADING - 6.0;
        let width = (height * aspect).min(0.5 * (top.width() - CLASSES) - 12.0).max(60.0);
        let at = |left: f32, width: f32| Rect::from_min_size(pos2(left, top.top()), vec2(width, top.height()));
        let picture = at(top.left(), width);
        let heat = at(picture.right() + 12.0, width);
        let classes = at(heat.right() + 16.0, top.right() - heat.right() - 16.0);
        self.picture(ui, view, picture, aspect, out);
        self.heat(ui, view, heat, out);
        prediction(ui, view, classes, out);
        self.maps.show(ui, view, below, out);
        ui.allocate_rect(area, Sense::hover());
    }

    fn method(&self) -> Option<&'static Method> {
        self.heat.method()
    }

    fn export(&self, view: View) -> Option<Export> {
        self.heat.export(view)
    }
}

/// A heading in the first line of a part; returns the rest.
fn heading(ui: &mut Ui, part: Rect, text: &str, hint: &str) -> Rect {
    let (line, rest) = part.split_top_bottom_at_y(part.top() + HEADING);
    let mut line = ui.new_child(egui::UiBuilder::new().max_rect(line).id_salt(("heading", hint)));
    line.add(egui::Label::new(RichText::new(text).strong()).truncate()).on_hover_text(hint);
    rest
}

impl Overview {
    /// The part of the picture that the network sees, sharp, with what the selected value depends on.
    fn picture(&mut self, ui: &mut Ui, view: View, part: Rect, aspect: f32, out: &mut Vec<Command>) {
        let name = view.run().picture.as_ref().map_or("numbers", |picture| picture.name.as_str());
        let hint = "The part of the picture that the network sees. The frame is what the selected value depends on.";
        let rest = heading(ui, part, &format!("Picture: {name}"), hint);
        let Some(pictures) = view.pictures() else { return };
        let Some(backdrop) = pictures.backdrop.clone() else {
            let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rest));
            return hollow(&mut child, "This run began with numbers, not with a picture", false);
        };
        if self.photograph.as_ref().is_none_or(|(shown, _)| !Arc::ptr_eq(shown, &backdrop)) {
            let texture = rgb_texture(ui.ctx(), "photograph", &backdrop, TextureOptions::LINEAR);
            self.photograph = Some((backdrop, texture));
        }
        let Some((_, texture)) = &self.photograph else { return };
        let rect = fit(rest, aspect);
        input_at(ui, view, rect, texture.id(), "the picture as the network sees it", out);
        let plane = view.viewport.plane(rect);
        if let Some((layer, position)) = marked(view) {
            let painter = ui.painter().with_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
            outlined(&painter, viewport::rect(plane, seen_part(view, layer, position)), view.palette.field, 2.0);
        }
    }

    /// Where the network finds what speaks for the class.
    fn heat(&mut self, ui: &mut Ui, view: View, part: Rect, out: &mut Vec<Command>) {
        let class = view.run().model.class_name(view.class());
        let hint = "Bright where the last feature maps speak for the class (Grad-CAM). Click another class to see what \
                    speaks for that.";
        let rest = heading(ui, part, &format!("What speaks for {class}"), hint);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rest).id_salt("heat"));
        self.heat.plain(&mut child, view, out);
    }
}

/// The likeliest classes with their bars.
fn prediction(ui: &mut Ui, view: View, part: Rect, out: &mut Vec<Command>) {
    let model = &view.run().model;
    let (title, hint) = match model.is_untrained() {
        true => ("Untrained: scores mean nothing", "The weights are made up; open or download trained ones"),
        false => ("Prediction", "The likeliest classes with their probabilities. Click one to see what speaks for it."),
    };
    let rest = heading(ui, part, title, hint);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rest).id_salt("classes"));
    child.spacing_mut().item_spacing.y = 3.0;
    let count = ((rest.height() / (CLASS + 3.0)) as usize).clamp(1, 10);
    let mut classes: Vec<usize> = view.shown.ranking.iter().copied().take(count).collect();
    // The explained class is in sight, whatever its rank.
    if let Some(chosen) = view.selection.class.filter(|class| !classes.contains(class)) {
        classes.pop();
        classes.push(chosen);
    }
    for class in classes {
        scores::row(&mut child, view, class, CLASS, out);
    }
}
