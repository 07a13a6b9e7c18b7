//! A drawing pad: what is drawn runs through the network while it is drawn. Made for networks that read digits.

use crate::{
    picture::Picture,
    ui::{
        background::textures::rgb_texture,
        model::{commands::Command, export::Export, state::View},
        panels::panel::{Panel, PanelKind, keep, take},
        widgets::{WHOLE, caption, fit, slider, toolbar},
    },
};
use eframe::egui::{self, Color32, Pos2, Sense, TextureHandle, TextureOptions, Ui, WidgetInfo};
use image::{GrayImage, Luma, RgbImage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const KIND: PanelKind = PanelKind {
    name: "pad",
    title: "Draw",
    about: "Draw something: it runs through the network as you draw. LeNet-5 expects a digit, white on black.",
    how: "Draw, and the network runs at every stroke.",
    formula: "x = (pixel / 255 - mean) / deviation, as the network was trained",
    paper: "LeCun, Bottou, Bengio and Haffner 1998",
    make: || Box::<Pad>::default(),
};

/// Pixels a side.
const SIDE: u32 = 112;

#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
struct PadOptions {
    /// Of the pen, in pixels of the pad.
    radius: f32,
    /// Dark on light.
    paper: bool,
}

impl Default for PadOptions {
    fn default() -> Self {
        PadOptions { radius: 5.0, paper: false }
    }
}

struct Pad {
    options: PadOptions,
    /// Ink, 0 to 255.
    ink: GrayImage,
    texture: Option<TextureHandle>,
    /// Drawn since it was last handed on.
    changed: bool,
    /// The end of the stroke that is being drawn, and whether it rubs out.
    last: Option<(Pos2, bool)>,
}

impl Default for Pad {
    fn default() -> Self {
        let ink = GrayImage::new(SIDE, SIDE);
        Pad { options: PadOptions::default(), ink, texture: None, changed: false, last: None }
    }
}

impl Panel for Pad {
    fn ui(&mut self, ui: &mut Ui, _: View, out: &mut Vec<Command>) {
        caption(ui, "the right button rubs out");
        toolbar(ui, |ui| {
            if ui.button("clear").accessible_name("Clear the drawing").clicked() {
                self.ink = GrayImage::new(SIDE, SIDE);
                (self.texture, self.changed) = (None, true);
            }
            slider(ui, "pen", egui::Slider::new(&mut self.options.radius, 1.0..=16.0));
            if ui.checkbox(&mut self.options.paper, "dark on light").changed() {
                (self.texture, self.changed) = (None, true);
            }
        });
        let rect = fit(ui.available_rect_before_wrap(), 1.0);
        let response = ui.interact(rect, ui.scope_id().with("pad"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, "drawing pad"));
        self.draw(ui, &response, rect);
        if self.texture.is_none() {
            self.texture = Some(rgb_texture(ui.ctx(), "drawing", &self.pixels(), TextureOptions::LINEAR));
        }
        if let Some(texture) = &self.texture {
            ui.painter().image(texture.id(), rect, WHOLE, Color32::WHITE);
        }
        if std::mem::take(&mut self.changed) {
            out.push(Command::Draw(Picture::from_rgb("drawing", self.pixels())));
        }
        ui.allocate_rect(rect, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let pixels = self.pixels();
        Some(Export::new(view, "drawing", None, move |_| Ok(image::DynamicImage::ImageRgb8(pixels).into_rgba8())))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

impl Pad {
    /// Draws along the pointer's events: a slow frame holds many moves, or a whole dot.
    fn draw(&mut self, ui: &Ui, response: &egui::Response, rect: egui::Rect) {
        let is_over = response.contains_pointer() || response.is_pointer_button_down_on();
        let place = |at: Pos2| ((at - rect.min) / rect.width() * SIDE as f32).to_pos2();
        let events = ui.input(|input| input.events.clone());
        for event in events {
            match event {
                egui::Event::PointerButton { pos, button, pressed: true, .. } if is_over && rect.contains(pos) => {
                    let rubs = button == egui::PointerButton::Secondary;
                    self.stroke(place(pos), place(pos), if rubs { 0 } else { 255 });
                    self.last = Some((place(pos), rubs));
                }
                egui::Event::PointerMoved(pos) => {
                    if let Some((last, rubs)) = self.last {
                        self.stroke(last, place(pos), if rubs { 0 } else { 255 });
                        self.last = Some((place(pos), rubs));
                    }
                }
                egui::Event::PointerButton { pressed: false, .. } | egui::Event::PointerGone => self.last = None,
                _ => {}
            }
        }
    }

    fn pixels(&self) -> RgbImage {
        RgbImage::from_fn(SIDE, SIDE, |x, y| {
            let ink = self.ink.get_pixel(x, y)[0];
            let level = if self.options.paper { 255 - ink } else { ink };
            image::Rgb([level; 3])
        })
    }

    /// A line with round ends and a soft edge, of ink or of none.
    fn stroke(&mut self, from: Pos2, to: Pos2, ink: u8) {
        (self.texture, self.changed) = (None, true);
        let radius = self.options.radius;
        let along = to - from;
        let length = along.length_sq();
        let distance = |at: Pos2| {
            let share = if length > 0.0 { ((at - from).dot(along) / length).clamp(0.0, 1.0) } else { 0.0 };
            at.distance(from + along * share)
        };
        for (x, y, pixel) in self.ink.enumerate_pixels_mut() {
            let cover = (radius + 0.5 - distance(egui::pos2(x as f32 + 0.5, y as f32 + 0.5))).clamp(0.0, 1.0);
            if cover > 0.0 {
                let blend = f32::from(pixel[0]) * (1.0 - cover) + f32::from(ink) * cover;
                // Two strokes that meet leave no seam.
                let level = if ink > 0 { (blend as u8).max(pixel[0]) } else { (blend as u8).min(pixel[0]) };
                *pixel = Luma([level]);
            }
        }
    }
}
