//! A frame drawn in parts has the pixels of a frame drawn in full.

use super::{ScreenDescriptor, bench::Bench};
use egui::{Color32, ColorImage, Event, Modifiers, PointerButton, Pos2, RawInput, Rect, Theme, pos2, vec2};

/// A window with what frames are made of: text, menus, tooltips, pictures, rounded and feathered shapes, scrolling.
struct Window {
    bench: Bench,
    ctx: egui::Context,
    picture: egui::TextureHandle,
    size: [u32; 2],
    pixels_per_point: f32,
    time: f64,
    text: String,
    value: f32,
}

impl Window {
    fn new() -> Option<Self> {
        let ctx = egui::Context::default();
        let picture = ctx.load_texture("picture", gradient([64, 48], 0), egui::TextureOptions::LINEAR);
        Some(Self {
            bench: Bench::new()?,
            ctx,
            picture,
            size: [500, 340],
            pixels_per_point: 1.0,
            time: 0.0,
            text: "to edit".to_owned(),
            value: 0.4,
        })
    }

    /// Shows a frame, and compares its two pictures.
    fn frame(&mut self, what: &str, events: Vec<Event>) {
        self.time += 0.05;
        let points = self.size.map(|pixels| pixels as f32 / self.pixels_per_point);
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(points[0], points[1]))),
            time: Some(self.time),
            events,
            ..Default::default()
        };
        let root = input.viewports.entry(egui::ViewportId::ROOT).or_default();
        root.native_pixels_per_point = Some(self.pixels_per_point);
        let ctx = self.ctx.clone();
        let mut output = ctx.run_ui(input, |ui| self.ui(ui));
        let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
        let screen = ScreenDescriptor { size_in_pixels: self.size, pixels_per_point: output.pixels_per_point };
        let clear = ctx.global_style().visuals.panel_fill.to_normalized_gamma_f32();
        let pictures = self.bench.paint(&primitives, &screen, clear, &mut output.textures_delta);
        let differs = pictures.full.iter().zip(&pictures.part).position(|(a, b)| a != b);
        let place = differs.map(|byte| [byte / 4 % self.size[0] as usize, byte / 4 / self.size[0] as usize]);
        assert_eq!(place, None, "{what} at {} s: the first pixel that differs", self.time);
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        egui::Panel::top("top").show(ui, |ui| {
            ui.menu_button("Menu", |ui| {
                for name in ["Open", "Save", "Öffnen", "Close"] {
                    let _ = ui.button(name);
                }
            });
        });
        egui::Panel::bottom("bottom").show(ui, |ui| ui.label(format!("{:.2} s", self.time)));
        egui::CentralPanel::default().show(ui, |ui| {
            let _ = ui.button("Hover").on_hover_text("What a tooltip says");
            ui.add(egui::Slider::new(&mut self.value, 0.0..=1.0));
            ui.text_edit_singleline(&mut self.text);
            ui.spinner();
            egui::ScrollArea::vertical().max_height(120.0).show(ui, |ui| {
                for i in 0..20 {
                    let _ = ui.selectable_label(i == 3, format!("row {i}"));
                }
            });
            let at = Rect::from_min_size(pos2(301.3, 80.7), vec2(150.0, 110.5));
            let all = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(self.picture.id(), at, all, Color32::WHITE);
            let half = Color32::from_rgba_unmultiplied(255, 0, 80, 90);
            ui.painter().circle_filled(pos2(320.0, 200.0), 60.0 * self.value, half);
        });
    }

    fn moved(&mut self, x: f32, y: f32) {
        self.frame("the pointer moves", vec![Event::PointerMoved(pos2(x, y))]);
    }

    fn clicked(&mut self, x: f32, y: f32) {
        self.moved(x, y);
        for pressed in [true, false] {
            let (pos, button, modifiers) = (pos2(x, y), PointerButton::Primary, Modifiers::NONE);
            let event = Event::PointerButton { pos, button, pressed, modifiers };
            self.frame("a click", vec![event]);
        }
    }

    /// All that a person does with the window.
    fn used(&mut self) {
        for i in 0..12 {
            self.moved(5.0 + 12.0 * i as f32, 10.0 + 17.0 * i as f32);
        }
        self.clicked(20.0, 10.0);
        for y in [30.0, 50.0, 70.0] {
            self.moved(30.0, y);
        }
        self.clicked(400.0, 300.0);
        self.moved(25.0, 38.0);
        (0..20).for_each(|_| self.frame("a tooltip appears", vec![]));
        self.clicked(70.0, 60.0);
        self.clicked(70.0, 84.0);
        self.frame("typing", vec![Event::Text("ß∑é".to_owned())]);
        self.moved(40.0, 180.0);
        let scroll = Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, -30.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        };
        (0..4).for_each(|_| self.frame("scrolling", vec![scroll.clone()]));
        self.picture.set_partial([10, 10], gradient([20, 9], 120), egui::TextureOptions::LINEAR);
        self.frame("a part of a picture changes", vec![]);
        self.picture.set(gradient([80, 20], 200), egui::TextureOptions::NEAREST);
        self.frame("a picture changes", vec![]);
        self.picture = self.ctx.load_texture("other", gradient([30, 30], 90), egui::TextureOptions::LINEAR);
        (0..2).for_each(|_| self.frame("a picture takes another's place", vec![]));
    }
}

fn gradient([width, height]: [usize; 2], from: u8) -> ColorImage {
    let colour = |i: usize| Color32::from_rgb(from, (i % width * 3) as u8, (i / width * 5) as u8);
    ColorImage::new([width, height], (0..width * height).map(colour).collect())
}

#[test]
fn frames_drawn_in_parts_have_the_pixels_of_frames_drawn_in_full() {
    let Some(mut window) = Window::new() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no graphics adapter, not even in software");
        return;
    };
    window.used();
    window.ctx.set_theme(Theme::Light);
    window.used();
    for (size, pixels_per_point) in [([500, 340], 1.25), ([611, 403], 1.5), ([611, 403], 1.0)] {
        (window.size, window.pixels_per_point) = (size, pixels_per_point);
        window.used();
    }
    let (parts, frames) = (window.bench.parts, window.time / 0.05);
    assert!(parts as f64 > 0.8 * frames, "{parts} of {frames} frames were drawn in parts");
}
