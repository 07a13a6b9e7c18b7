//! The network as it is now: first filters, the maps of a layer, and the likeliest classes of the open picture.

use crate::{
    engine::Run,
    ui::{
        background::{
            textures::{SHARP, rgba_texture},
            training::TrainingLook,
        },
        model::state::View,
        theme::RADIUS,
        widgets::{WHOLE, combo, fit, hollow, image_at},
    },
};
use eframe::egui::{
    self, Align2, ColorImage, Rect, RichText, TextStyle, TextureHandle, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use image::RgbaImage;
use std::sync::Arc;

/// Classes that are listed, and the height of each.
const CLASSES: usize = 5;
const ROW: f32 = 20.0;

/// The textures of the pictures.
#[derive(Default)]
pub(super) struct LivePictures {
    painted: Option<Arc<TrainingLook>>,
    filters: Option<TextureHandle>,
    maps: Option<TextureHandle>,
}

impl LivePictures {
    /// Draws them; `layer` is the layer whose maps are shown.
    pub(super) fn ui(&mut self, ui: &mut Ui, view: View, area: Rect, layer: &mut Option<String>) {
        let state = &view.training.state;
        let mut ui = ui.new_child(UiBuilder::new().max_rect(area).id_salt("live"));
        let Some(look) = &state.look else {
            return hollow(&mut ui, "The first look comes with the next batch", state.phase.is_on());
        };
        self.paint(&ui, look);
        let run = &look.run;
        let name = run.model.network.graph().node(look.layer).name.clone();
        ui.horizontal(|ui| {
            let picture = view.run().picture.as_ref().map_or("the picture", |picture| picture.name.as_str());
            ui.label(RichText::new(format!("{picture} after {:.2} epochs, maps of", look.epochs)).small().weak());
            combo(ui, "Layer of the maps", &name, 90.0, |ui| {
                for other in state.layers.iter() {
                    if ui.selectable_label(*other == name, other.as_str()).clicked() {
                        *layer = Some(other.clone());
                    }
                }
            });
        });
        let rest = ui.available_rect_before_wrap();
        let scores = CLASSES.min(run.probabilities.len()) as f32 * ROW;
        let (above, below) = rest.split_top_bottom_at_y((rest.bottom() - scores - 4.0).max(rest.top() + 40.0));
        let (left, right) = above.split_left_right_at_fraction(if self.filters.is_some() { 0.5 } else { 0.0 });
        let pictures = [
            (&self.filters, left, "first filters as they are now"),
            (&self.maps, right, "feature maps as they are now"),
        ];
        for (texture, part, label) in pictures {
            if let Some(texture) = texture {
                let [width, height] = texture.size().map(|side| side as f32);
                image_at(&ui, fit(part.shrink(3.0), width / height), texture.id(), WHOLE, label).on_hover_text(label);
            }
        }
        classes(&ui, view, run, below.with_min_y(below.top() + 4.0));
    }

    fn paint(&mut self, ui: &Ui, look: &Arc<TrainingLook>) {
        if self.painted.as_ref().is_some_and(|painted| Arc::ptr_eq(painted, look)) {
            return;
        }
        set(ui, &mut self.filters, look.filters.as_ref());
        set(ui, &mut self.maps, Some(&look.maps));
        self.painted = Some(Arc::clone(look));
    }
}

/// Puts a picture into a texture: into the one that is there, where it has the size.
fn set(ui: &Ui, texture: &mut Option<TextureHandle>, image: Option<&RgbaImage>) {
    let Some(image) = image else {
        *texture = None;
        return;
    };
    let size = [image.width() as usize, image.height() as usize];
    match texture {
        Some(texture) if texture.size() == size => {
            texture.set(ColorImage::from_rgba_unmultiplied(size, image.as_raw()), SHARP);
        }
        _ => *texture = Some(rgba_texture(ui.ctx(), "training", image, SHARP)),
    }
}

/// The likeliest classes, each a bar as long as its probability.
fn classes(ui: &Ui, view: View, run: &Run, area: Rect) {
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let body = TextStyle::Body.resolve(ui.style());
    let mono = TextStyle::Monospace.resolve(ui.style());
    let text = ui.visuals().text_color();
    for (row, class) in run.ranking().into_iter().take(CLASSES).enumerate() {
        let top = area.top() + row as f32 * ROW;
        let rect = Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), ROW - 2.0));
        let share = run.probabilities[class];
        let name = run.model.class_name(class);
        painter.rect_filled(rect, RADIUS, view.palette.hovered);
        let bar = Rect::from_min_size(rect.min, vec2((rect.width() * share).max(1.0), rect.height()));
        painter.rect_filled(bar, RADIUS, if row == 0 { view.palette.bar_picked } else { view.palette.bar });
        painter.text(rect.left_center() + vec2(6.0, 0.0), Align2::LEFT_CENTER, &name, body.clone(), text);
        let percent = format!("{:.1}%", 100.0 * share);
        painter.text(rect.right_center() - vec2(6.0, 0.0), Align2::RIGHT_CENTER, &percent, mono.clone(), text);
        let response = ui.interact(rect, ui.scope_id().with(("class", row)), egui::Sense::hover());
        let label = format!("now {name} {percent}");
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &label));
    }
}
