//! The GPU's picture is compared with a CPU painting of the same definition; nothing is compared with stored pictures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cpu;
mod painting;
mod pointing;

use super::{Atlas, TileGrid, TileResponse, atlas::now, install};
use crate::paint::Range;
use eframe::{
    egui::{self, Rect, Vec2, vec2},
    egui_wgpu::{RenderState, Renderer, RendererOptions, wgpu},
};
use egui_kittest::{
    Harness,
    wgpu::{WgpuTestRenderer, create_render_state, default_wgpu_setup},
};
use std::{path::Path, sync::Arc};

/// A device to paint on; `None`, with a line that says so, where there is none, which continuous integration forbids.
fn device() -> Option<RenderState> {
    let setup = default_wgpu_setup();
    let instance = now(setup.new_instance()).unwrap();
    if now(instance.enumerate_adapters(wgpu::Backends::all())).unwrap().is_empty() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no graphics adapter, not even in software");
        println!("skipped: no graphics adapter");
        return None;
    }
    let render_state = create_render_state(setup, RendererOptions::PREDICTABLE);
    install(&render_state);
    Some(render_state)
}

/// The same device for a window whose format is sRGB.
fn srgb_device() -> Option<RenderState> {
    let mut render_state = device()?;
    render_state.target_format = wgpu::TextureFormat::Rgba8UnormSrgb;
    let renderer = Renderer::new(&render_state.device, render_state.target_format, RendererOptions::PREDICTABLE);
    render_state.renderer = Arc::new(egui::mutex::RwLock::new(renderer));
    install(&render_state);
    Some(render_state)
}

/// Maps on both sides.
#[derive(Clone)]
struct Maps {
    values: Arc<[f32]>,
    units: usize,
    height: usize,
    width: usize,
    ranges: Arc<[Range]>,
}

impl Maps {
    /// Values in -2..2, with every awkward one among them: NaN, both infinities, a constant unit, a unit of NaN.
    fn awkward(units: usize, height: usize, width: usize) -> Self {
        let area = height * width;
        let mut state = 1u32;
        let mut values: Vec<f32> = (0..units * area)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) as f32 / (1 << 24) as f32 - 0.5) * 4.0
            })
            .collect();
        for (i, odd) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0].into_iter().enumerate() {
            values[i * area + (i * 7 + 3) % area] = odd;
        }
        values[4 * area..5 * area].fill(0.75);
        values[5 * area..6 * area].fill(f32::NAN);
        Self::new(values, units, height, width)
    }

    fn new(values: Vec<f32>, units: usize, height: usize, width: usize) -> Self {
        let ranges = values.chunks(height * width).map(Range::of).collect();
        Self { values: values.into(), units, height, width, ranges }
    }

    fn upload(&self, render_state: &RenderState) -> Atlas {
        Atlas::upload(render_state, &self.values, self.units, self.height, self.width, &self.ranges).unwrap()
    }
}

/// The grid in the window, and its answer in the last frame.
struct Stage {
    atlas: Atlas,
    grid: TileGrid,
    scroll: Vec2,
    answer: Option<TileResponse>,
    clicked: Option<super::Spot>,
    /// Part of the window that the grid may paint.
    clip: Rect,
    show_micros: Vec<f64>,
}

/// A window of 300 x 200 points with a grid in a scroll area.
fn window(render_state: RenderState, atlas: Atlas, grid: TileGrid, pixels_per_point: f32) -> Harness<'static, Stage> {
    let stage = Stage {
        atlas,
        grid,
        scroll: Vec2::ZERO,
        answer: None,
        clicked: None,
        clip: Rect::NOTHING,
        show_micros: Vec::new(),
    };
    Harness::builder()
        .with_size(vec2(300.0, 200.0))
        .with_pixels_per_point(pixels_per_point)
        .with_render_cursor(false)
        .renderer(WgpuTestRenderer::from_render_state(render_state))
        .build_ui_state(
            |ui, stage: &mut Stage| {
                // egui shades the edges of what scrolls.
                ui.spacing_mut().scroll.fade.strength = 0.0;
                egui::ScrollArea::both()
                    .auto_shrink(false)
                    .scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden)
                    .scroll_offset(stage.scroll)
                    .show(ui, |ui| {
                        let start = std::time::Instant::now();
                        let answer = stage.grid.show(ui, &stage.atlas, "feature maps of conv1");
                        stage.show_micros.push(start.elapsed().as_secs_f64() * 1e6);
                        stage.clicked = answer.clicked.or(stage.clicked);
                        stage.answer = Some(answer);
                        stage.clip = ui.clip_rect();
                    });
            },
            stage,
        )
}

#[test]
fn every_shader_is_valid() {
    use wgpu::naga::{front::wgsl, valid};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        let module = wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&source)));
        let mut validator = valid::Validator::new(valid::ValidationFlags::all(), valid::Capabilities::empty());
        validator.validate(&module).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&source)));
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn what_cannot_be_shown_is_refused_with_a_sentence() {
    let Some(render_state) = device() else { return };
    let refused = |units, height, width, values: &[f32], ranges: &[Range]| {
        Atlas::upload(&render_state, values, units, height, width, ranges).unwrap_err().to_string()
    };
    let message = refused(4096, 1000, 1000, &[], &[]);
    assert!(message.starts_with("cannot show 4096 maps of 1000 x 1000: the graphics device takes textures up to"));
    assert!(refused(1, 1_000_000, 1, &[], &[]).contains("textures up to"));
    assert!(refused(1, 1, 1_000_000, &[], &[]).contains("textures up to"));
    assert!(refused(0, 3, 3, &[], &[]).contains("nothing in them"));
    assert!(refused(2, 1, 1, &[1.0], &[Range { low: 0.0, high: 1.0 }]).contains("got 1 values and 1 ranges"));
}

#[test]
fn any_thread_uploads_and_the_last_handle_frees() {
    let Some(render_state) = device() else { return };
    let maps = Maps::awkward(9, 4, 6);
    let atlas = std::thread::scope(|scope| scope.spawn(|| maps.upload(&render_state)).join().unwrap());
    assert_eq!((atlas.units(), atlas.height(), atlas.width()), (9, 4, 6));
    assert_eq!(atlas.bytes(), 4 * 9 * 4 * 6 + 8 * 9);
    assert!(atlas.range().low < -1.5 && atlas.range().high > 1.5);
    let mut harness = window(render_state, atlas.clone(), TileGrid::new([0, 1].into(), 2, vec2(20.0, 20.0)), 1.0);
    harness.render().unwrap();
    drop(harness);
    assert_eq!(atlas.handles(), 1, "neither the renderer nor a past frame may keep a layer's memory");
}
