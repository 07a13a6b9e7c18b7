//! The window, driven as a person drives it, on the software rasteriser: pointer, keys, dropped files, dialogs.
//! Where there is no rasteriser at all the tests say so and pass, unless `CI` is set: there they may not skip.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, clippy::panic)]

use eframe::egui::{self, Pos2, pos2, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use striate::{
    engine::{AttributionKey, DeviceChoice, Opening},
    methods::{Attribution, Target},
    ui::{App, Start, background::film::CameraSource, dialogs::Ask},
};

mod altering;
mod busy;
mod comparing;
mod evolving;
mod filming;
mod first;
mod folders;
mod instruments;
mod lectures;
mod monkey;
mod naming;
mod opening;
mod pace;
mod preparing;
mod same_pictures;
mod saving;
mod sessions;
mod snapshots;
mod surgery;
mod synthesis;
mod teaching;
mod training;
mod zooming;

type Window = Harness<'static, App>;

/// The settings between sessions.
#[derive(Debug, Default)]
struct Kept(std::collections::BTreeMap<String, String>);

impl eframe::Storage for Kept {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }
    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }
    fn flush(&mut self) {}
}

/// The answers of the next dialogs.
type Answers = Arc<Mutex<Vec<PathBuf>>>;

/// Whether there is anything to draw with.
fn can_draw() -> bool {
    let make = || {
        egui_kittest::wgpu::create_render_state(egui_kittest::wgpu::default_wgpu_setup(), Default::default());
    };
    let found = std::panic::catch_unwind(make).is_ok();
    let must = std::env::var_os("CI").is_some();
    assert!(found || !must, "no rasteriser, but CI may not skip");
    if !found {
        println!("SKIPPED: there is no rasteriser on this machine");
    }
    found
}

fn open_with(network: &str, answers: Answers) -> Option<Window> {
    open_again(network, answers, Box::default())
}

/// A window that finds what another one kept.
fn open_again(network: &str, answers: Answers, kept: Box<Kept>) -> Option<Window> {
    open_start(network, answers, kept, None)
}

/// The same with a camera, or without.
fn open_start(network: &str, answers: Answers, kept: Box<Kept>, camera: Option<CameraSource>) -> Option<Window> {
    let ask: Ask = Arc::new(move |_, _| Ok(answers.lock().unwrap().pop()));
    open_asking(network, ask, kept, camera)
}

/// The same with file dialogs that answer by `ask`.
fn open_asking(network: &str, ask: Ask, kept: Box<Kept>, camera: Option<CameraSource>) -> Option<Window> {
    let start = Start {
        opening: Opening::of(network),
        picture: Some("sample:chelsea".into()),
        device: DeviceChoice::Cpu,
        camera,
    };
    let mut kept = kept;
    // Most tests are about panes that stand side by side.
    kept.0.entry("striate".into()).or_insert_with(|| r#"{"arrangement":"Everything","slid":true}"#.into());
    open_window(start, ask, kept)
}

/// A window as it starts with these settings.
fn open_window(start: Start, ask: Ask, kept: Box<Kept>) -> Option<Window> {
    if !can_draw() {
        return None;
    }
    let builder = Harness::builder().with_size([1280.0, 800.0]).with_render_cursor(false).wgpu();
    // A test ends before anybody would miss it.
    let kept: &'static Kept = Box::leak(kept);
    let mut window = builder.build_eframe(move |cc| {
        cc.storage = Some(kept);
        App::new(cc, start, ask).unwrap()
    });
    settle(&mut window);
    Some(window)
}

fn open() -> Option<Window> {
    open_with("photonet", Answers::default())
}

/// Steps until a condition holds.
fn until(window: &mut Window, what: &str, holds: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !holds(window.state()) {
        assert!(start.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(4));
        window.step();
    }
}

/// Steps until a run is on screen, nothing is computed any more, and everything computed is drawn.
fn settle(window: &mut Window) {
    until(window, "the first run", |app| app.shown().is_some());
    loop {
        until(window, "an idle engine", App::is_idle);
        window.run_steps(3);
        if window.state().is_idle() {
            break;
        }
    }
    std::thread::sleep(Duration::from_millis(60));
    window.run_steps(3);
}

/// Steps until something that a thread of its own makes is there.
fn appear(window: &mut Window, label: &str) {
    let start = Instant::now();
    while window.query_by_label(label).is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain for {label}");
        std::thread::sleep(Duration::from_millis(4));
        window.step();
    }
}

fn click(window: &mut Window, at: Pos2) {
    window.hover_at(at);
    window.step();
    window.drag_at(at);
    window.step();
    window.drop_at(at);
    window.run_steps(2);
}

/// A turn of the wheel, up where positive.
fn wheel(points: f32) -> egui::Event {
    egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        source: egui::MouseWheelSource::Unknown,
        delta: vec2(0.0, points),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    }
}

/// Picks a network from the list, by typing its name: the list is longer than the window.
fn choose_network(window: &mut Window, title: &str) {
    window.get_by_label("Network").click();
    window.run_steps(2);
    let search = window.get_by_label("Search networks");
    search.focus();
    search.type_text(title);
    window.run_steps(3);
    window.get_by_label(title).click();
    window.run_steps(2);
}

fn layer(window: &Window) -> usize {
    window.state().selection().layer
}

/// The key of a method's answer about the run on screen, at its defaults and its usual layer.
fn attribution_key(app: &App, method: &'static str, target: Target) -> AttributionKey {
    AttributionKey { run: app.shown().unwrap().run.id, method, target, layer: None, settings: String::new() }
}

/// Returns the answer of a method about the run on screen, at its defaults and its usual layer.
fn answer(app: &App, method: &'static str, target: Target) -> Arc<Attribution> {
    let key = attribution_key(app, method, target);
    let found = app.answers().get(&key).unwrap_or_else(|| panic!("{method} has not answered"));
    found.clone().unwrap()
}

/// Presses a button and lets what it opens appear. The button may have to wait for a picture that another thread paints.
fn press(window: &mut Window, label: &str) {
    appear(window, label);
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// Brings a pane forth by the View menu, and lets it show what it has to show.
fn show_pane(window: &mut Window, title: &str) {
    press(window, "View");
    press(window, "Panes");
    // The menu's entry; behind it comes the tab.
    window.get_all_by_label(title).next().unwrap().click();
    window.run_steps(4);
    settle(window);
}

/// Saves what a pane shows, by the dialog that its button opens.
fn export(window: &mut Window, pane: &str) {
    press(window, &format!("Export {pane}"));
    press(window, "Save as…");
}

fn picture_name(app: &App) -> String {
    app.shown().unwrap().run.picture.as_ref().unwrap().name.clone()
}

fn drop_file(window: &mut Window, path: PathBuf) {
    #[derive(Debug)]
    struct Dropped(PathBuf);
    impl egui::DroppedFile for Dropped {
        fn path(&self) -> &std::path::Path {
            &self.0
        }
        fn bytes(&self) -> Result<Vec<u8>, String> {
            std::fs::read(&self.0).map_err(|error| error.to_string())
        }
    }
    window.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    window.step();
}

fn sample(folder: &std::path::Path, name: &str) -> PathBuf {
    let path = folder.join(format!("{name}.png"));
    let colour = |x: u32, y: u32| image::Rgb([(x * 3) as u8, (y * 5) as u8, 90]);
    image::RgbImage::from_fn(80, 50, colour).save(&path).unwrap();
    path
}
