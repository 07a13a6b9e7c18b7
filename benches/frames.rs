//! How long the window's thread works a frame while the layer slider is dragged: `App::ui`, tessellation, and what goes
//! to the graphics device; not the device's own work. No window opens.
//!
//!     cargo bench --bench frames -- [NETWORK ...] [--each]
//!     cargo bench --bench frames -- --points
//!     cargo bench --bench frames -- --run=FOLDER
//!     cargo bench --bench frames -- --index=FOLDER
//!
//! Two arrangements for each network: the first one, and every pane at once with none behind a tab. With `--each` also
//! each pane alone, which tells what a slow frame is due to. vgg16 and densenet201 unless others are named. With `--points`
//! only the map of the Embedding pane: 100,000 points while the map is zoomed, moved and morphed. With `--run`, how long
//! after the epoch slider the panes show the epoch of a run. With `--index`, the frames of a drag while photonet indexes a
//! folder of pictures, in the arrangement Unit, which shows the strongest pictures as they are found; an index that was
//! made before is not made again, so set XDG_CACHE_HOME to an empty folder.

use eframe::{
    App as _,
    egui::{self, Color32, Event, PointerButton, Pos2, RawInput, Rect, accesskit, pos2, vec2},
    egui_wgpu::{RenderState, RendererOptions, ScreenDescriptor, wgpu},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};
use striate::{
    Error, Result,
    engine::{DeviceChoice, Opening},
    ui::{
        App, Start,
        background::embedding::{PlaneMap, ProjectionWay},
        panels::{
            PANELS,
            embedding::cloud::{Cloud, PlaneView, dots},
        },
    },
};

/// A frame at 60 a second.
const FRAME: Duration = Duration::from_millis(16);
/// At least so many frames are timed, in whole drags from one end of the slider to the other.
const FRAMES: usize = 400;
const SIZE: egui::Vec2 = vec2(1280.0, 800.0);

fn main() -> Result<()> {
    let (flags, named): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|text| text.starts_with("--"));
    if flags.iter().any(|flag| flag == "--points") {
        return points();
    }
    if let Some(folder) = flags.iter().find_map(|flag| flag.strip_prefix("--run=")) {
        return Window::open_run(folder)?.scrub();
    }
    if let Some(folder) = flags.iter().find_map(|flag| flag.strip_prefix("--index=")) {
        let mut window = Window::open_to_index(folder)?;
        window.drag("photonet", "before the index");
        window.press("Index a folder…")?;
        window.drag("photonet", "while a folder is indexed");
        let done = window.app.indexed().map_or((0, 0, false), |state| (state.done, state.total, state.running));
        println!("{} of {} pictures were indexed meanwhile; it runs on: {}", done.0, done.1, done.2);
        return Ok(());
    }
    let networks = if named.is_empty() { vec!["vgg16".into(), "densenet201".into()] } else { named };
    println!(
        "{:12} {:24} {:>8} {:>8} {:>8}  ms a frame: median, 99th percentile, longest",
        "", "", "50%", "99%", "100%"
    );
    for network in networks {
        let mut usual = Window::open(&network, Settings::default())?;
        usual.drag(&network, "the first arrangement");
        drop(usual);
        let everything = Settings(BTreeMap::from([("striate".into(), r#"{"arrangement":"Everything"}"#.into())]));
        let kept = Window::open(&network, everything)?.settings();
        Window::open(&network, in_sight(&kept, |_| true))?.drag(&network, "all panes in sight");
        for kind in PANELS.iter().filter(|_| flags.iter().any(|flag| flag == "--each")) {
            Window::open(&network, in_sight(&kept, |name| name == kind.name))?.drag(&network, kind.name);
        }
    }
    Ok(())
}

/// A map of many points that becomes another while it is zoomed: moving, triangles, tessellation, and what goes to the device.
fn points() -> Result<()> {
    const COUNT: usize = 100_000;
    let setup = egui_kittest::wgpu::default_wgpu_setup();
    let device = egui_kittest::wgpu::create_render_state(setup, RendererOptions::default());
    let ctx = egui::Context::default();
    let place = |at: usize, turn: f32| {
        let (angle, far) = (at as f32 * 2.399_963 + turn, (at as f32 / COUNT as f32).sqrt() * 1.4);
        [angle.cos() * far, angle.sin() * far]
    };
    let map = |version: usize| PlaneMap {
        places: Arc::new((0..COUNT).map(|at| place((at * (version + 1)) % COUNT, 0.3 * version as f32)).collect()),
        version,
        settled: true,
    };
    let colours: Vec<Color32> = (0..COUNT).map(|at| Color32::from_rgb((at % 200) as u8, 120, 200)).collect();
    let maps = [map(0), map(1)];
    let mut cloud = Cloud::default();
    let mut times = Vec::new();
    for frame in 0..FRAMES {
        let now = frame as f64 / 60.0;
        let start = Instant::now();
        let input = RawInput { screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)), ..RawInput::default() };
        let mut output = ctx.run_ui(input, |ui| {
            cloud.set_out((frame / 60 % 2, ProjectionWay::Pca), &maps[frame / 60 % 2], now);
            cloud.advance(now);
            let whole = PlaneView::whole(ui.max_rect());
            let view = PlaneView { zoom: whole.zoom * (1.0 + 0.3 * (now as f32).sin()), ..whole };
            ui.painter().add(egui::Shape::Mesh(dots(view, cloud.places(), &colours, 2.1)));
        });
        let scale = output.pixels_per_point;
        let triangles = ctx.tessellate(std::mem::take(&mut output.shapes), scale);
        let RenderState { device, queue, renderer, .. } = &device;
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let size_in_pixels = [SIZE.x, SIZE.y].map(|side| side as u32);
        let screen = ScreenDescriptor { size_in_pixels, pixels_per_point: scale };
        let prepared = renderer.write().update_buffers(device, queue, &mut encoder, &triangles, &screen);
        times.push(start.elapsed());
        queue.submit(prepared.into_iter().chain([encoder.finish()]));
    }
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{:12} {:24} {:8.2} {:8.2} {:8.2}", "100,000", "points of a map", at(0.5), at(0.99), at(1.0));
    Ok(())
}

/// The window's settings with these panes beside each other, none behind a tab.
fn in_sight(kept: &Settings, wanted: impl Fn(&str) -> bool) -> Settings {
    let mut settings: Value =
        kept.0.get("striate").and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default();
    let tree = &mut settings["panes"]["Everything"];
    let tiles = tree["tiles"]["tiles"].as_object().cloned().unwrap_or_default();
    let panes = tiles.into_iter().filter(|(_, tile)| tile["Pane"]["panel"].as_str().is_some_and(&wanted));
    let mut tiles: serde_json::Map<String, Value> = panes.collect();
    let ids: Vec<u64> = tiles.keys().filter_map(|id| id.parse().ok()).collect();
    let root = ids.iter().max().map_or(0, |last| last + 1);
    let grid = json!({ "children": ids, "layout": "Auto", "col_shares": [], "row_shares": [] });
    tiles.insert(root.to_string(), json!({ "Container": { "Grid": grid } }));
    tree["root"] = root.into();
    tree["tiles"] = json!({ "next_tile_id": root + 1, "tiles": tiles, "invisible": [] });
    Settings(BTreeMap::from([("striate".into(), settings.to_string())]))
}

/// The settings between two windows.
#[derive(Default)]
struct Settings(BTreeMap<String, String>);

impl eframe::Storage for Settings {
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

/// The program's window without a screen.
struct Window {
    ctx: egui::Context,
    app: App,
    frame: eframe::Frame,
    device: RenderState,
    start: Instant,
    /// Where the slider is that is dragged.
    slider: Rect,
}

impl Window {
    /// Opens a network and waits until all it has to compute is computed.
    fn open(network: &str, kept: Settings) -> Result<Self> {
        let start = Start { opening: Opening::of(network), picture: None, device: DeviceChoice::Cpu, camera: None };
        Window::start(start, kept, "Layer", None)
    }

    /// Opens photonet in the arrangement that shows an index. A dialog answers with the folder.
    fn open_to_index(folder: &str) -> Result<Self> {
        let kept = Settings(BTreeMap::from([("striate".into(), r#"{"arrangement":"Unit"}"#.into())]));
        let start = Start { opening: Opening::of("photonet"), picture: None, device: DeviceChoice::Cpu, camera: None };
        Window::start(start, kept, "Layer", Some(folder.into()))
    }

    /// Opens the checkpoints of a run, in the arrangement that has room for the pane about them.
    fn open_run(folder: &str) -> Result<Self> {
        let opening = Opening::of(striate::zoo::DEFAULT.name);
        let start = Start { opening, picture: Some(folder.into()), device: DeviceChoice::Cpu, camera: None };
        let kept = Settings(BTreeMap::from([("striate".into(), r#"{"arrangement":"Everything"}"#.into())]));
        let everything = Window::open(striate::zoo::DEFAULT.name, kept)?.settings();
        let panes = ["evolution", "activations", "saliency", "cam", "deconvnet", "scores", "filters"];
        Window::start(start, in_sight(&everything, |name| panes.contains(&name)), "Epoch", None)
    }

    fn start(start: Start, kept: Settings, slider: &str, answer: Option<PathBuf>) -> Result<Self> {
        let setup = egui_kittest::wgpu::default_wgpu_setup();
        let device = egui_kittest::wgpu::create_render_state(setup, RendererOptions::default());
        let ctx = egui::Context::default();
        let mut cc = eframe::CreationContext::_new_kittest(ctx.clone());
        cc.wgpu_render_state = Some(device.clone());
        cc.storage = Some(&kept);
        let app = App::new(&cc, start, Arc::new(move |_, _| Ok(answer.clone())))?;
        let frame = eframe::Frame::_new_kittest();
        let mut window = Window { ctx, app, frame, device, start: Instant::now(), slider: Rect::NOTHING };
        while window.app.shown().is_none() || !window.app.is_idle() {
            window.step(Vec::new());
            if let Some(message) = window.app.message().filter(|message| message.failed) {
                return Err(Error::Failed(message.text.clone()));
            }
            sleep(FRAME);
        }
        // The window still uploads in the background; a person looks before dragging.
        for _ in 0..120 {
            window.step(Vec::new());
            sleep(FRAME);
        }
        window.slider = window.find(accesskit::Role::Slider, slider)?;
        Ok(window)
    }

    fn settings(&mut self) -> Settings {
        let mut kept = Settings::default();
        self.app.save(&mut kept);
        kept
    }

    /// The place of a control. Asks as a screen reader does, which costs a frame more than usual, and then never again.
    fn find(&mut self, role: accesskit::Role, name: &str) -> Result<Rect> {
        self.ctx.enable_accesskit();
        let (_, output) = self.step(Vec::new());
        self.ctx.disable_accesskit();
        let update = output.platform_output.accesskit_update;
        let mut nodes = update.iter().flat_map(|update| &update.nodes).map(|(_, node)| node);
        let found = nodes.find(|node| node.role() == role && node.label() == Some(name));
        let bounds = found.and_then(accesskit::Node::bounds);
        let bounds = bounds.ok_or_else(|| Error::Failed(format!("the window shows no {name}")))?;
        let at = |x: f64, y: f64| pos2(x as f32, y as f32);
        Ok(Rect::from_min_max(at(bounds.x0, bounds.y0), at(bounds.x1, bounds.y1)))
    }

    /// Clicks a button.
    fn press(&mut self, name: &str) -> Result<()> {
        let pos = self.find(accesskit::Role::Button, name)?.center();
        let (button, modifiers) = (PointerButton::Primary, egui::Modifiers::NONE);
        let turn = |pressed| Event::PointerButton { pos, button, pressed, modifiers };
        self.step(vec![Event::PointerMoved(pos), turn(true)]);
        self.step(vec![turn(false)]);
        Ok(())
    }

    /// A frame and how long it took.
    fn step(&mut self, events: Vec<Event>) -> (Duration, egui::FullOutput) {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(self.start.elapsed().as_secs_f64()),
            events,
            ..RawInput::default()
        };
        let start = Instant::now();
        let mut output = self.ctx.run_ui(input, |ui| {
            self.app.logic(ui, &mut self.frame);
            self.app.ui(ui, &mut self.frame);
        });
        let scale = output.pixels_per_point;
        let triangles = self.ctx.tessellate(std::mem::take(&mut output.shapes), scale);
        let RenderState { device, queue, renderer, .. } = &self.device;
        let mut renderer = renderer.write();
        for (id, images) in output.textures_delta.set.drain() {
            images.iter().for_each(|image| renderer.update_texture(device, queue, id, image));
        }
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let screen =
            ScreenDescriptor { size_in_pixels: [SIZE.x, SIZE.y].map(|side| side as u32), pixels_per_point: scale };
        let prepared = renderer.update_buffers(device, queue, &mut encoder, &triangles, &screen);
        let took = start.elapsed();
        queue.submit(prepared.into_iter().chain([encoder.finish()]));
        output.textures_delta.free.drain().for_each(|id| renderer.free_texture(&id));
        drop(renderer);
        (took, output)
    }

    /// Goes from epoch to epoch and back, and prints after how long the epoch is on screen, and after how long all panes show it.
    fn scrub(&mut self) -> Result<()> {
        let count = self.app.evolution().map_or(0, |run| run.files().len());
        if count < 2 {
            return Err(Error::Failed("the run has no epochs to go through".into()));
        }
        let slider = self.slider.shrink2(vec2(8.0, 0.0));
        let at =
            |index: usize| pos2(slider.left() + slider.width() * index as f32 / (count - 1) as f32, slider.center().y);
        let (button, modifiers) = (PointerButton::Primary, egui::Modifiers::NONE);
        let press = Event::PointerButton { pos: at(count - 1), button, pressed: true, modifiers };
        self.step(vec![Event::PointerMoved(at(count - 1)), press]);
        let mut times = [Vec::new(), Vec::new()];
        for index in (0..6).flat_map(|_| (0..count).rev().chain(1..count - 1)) {
            let start = Instant::now();
            self.step(vec![Event::PointerMoved(at(index))]);
            let there =
                |app: &App| app.evolution().is_some_and(|run| run.at() == index && !run.is_coming()) && app.is_idle();
            while self.app.evolution().is_some_and(|run| run.at() != index || run.is_coming()) {
                self.step(Vec::new());
                sleep(Duration::from_millis(1));
            }
            self.step(Vec::new());
            times[0].push(start.elapsed());
            while !there(&self.app) {
                self.step(Vec::new());
                sleep(Duration::from_millis(1));
            }
            self.step(Vec::new());
            times[1].push(start.elapsed());
            // A person looks before dragging on; what is computed ahead of need is computed meanwhile.
            for _ in 0..20 {
                self.step(Vec::new());
                sleep(FRAME);
            }
        }
        for (times, what) in times.iter_mut().zip(["the epoch is on screen", "all panes show it"]) {
            times.sort();
            let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
            println!(
                "{what:24} {:8.1} {:8.1} {:8.1}  ms after the slider: median, 90th percentile, longest",
                at(0.5),
                at(0.9),
                at(1.0)
            );
        }
        Ok(())
    }

    /// Drags over all layers at 60 frames a second and prints what the frames took.
    fn drag(&mut self, network: &str, what: &str) {
        let count = self.app.shown().map_or(1, |shown| shown.run.layers.len());
        let slider = self.slider.shrink2(vec2(0.0, 10.0));
        let at =
            |index: usize| pos2(slider.center().x, slider.top() + slider.height() * index as f32 / (count - 1) as f32);
        let button = |pressed| Event::PointerButton {
            pos: at(0),
            button: PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        self.step(vec![Event::PointerMoved(at(0)), button(true)]);
        let mut times = Vec::new();
        for index in (0..FRAMES.div_ceil(count)).flat_map(|_| 0..count) {
            let (took, _) = self.step(vec![Event::PointerMoved(at(index))]);
            times.push((took, self.app.selection().layer));
            sleep(FRAME.saturating_sub(took));
        }
        self.step(vec![button(false)]);
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].0.as_secs_f64() * 1e3;
        let seen: BTreeSet<_> = times.iter().map(|(_, layer)| layer).collect();
        let mut slowest: Vec<&str> = Vec::new();
        for (_, layer) in times.iter().rev() {
            let name = self.app.shown().map_or("", |shown| &shown.graph().node(*layer).name);
            if !slowest.contains(&name) && slowest.len() < 3 {
                slowest.push(name);
            }
        }
        println!(
            "{network:12} {what:24} {:8.2} {:8.2} {:8.2}  {} of {count} layers; slowest at {}",
            at(0.5),
            at(0.99),
            at(1.0),
            seen.len(),
            slowest.join(", ")
        );
    }
}
