//! The window.
//!
//! Architecture invariant: state flows one way. [`app`] takes in events, panes and strip read a [`model::state::View`] and
//! emit [`model::commands::Command`]s, and those are carried out when everything is drawn. Nothing here computes for longer
//! than a frame: that is the engine's, and uploading is [`background`]'s.

pub mod app;
pub mod background;
pub mod chrome;
pub mod dialogs;
pub mod model;
pub mod panels;
pub mod panes;
mod start;
pub mod strip;
pub mod theme;
pub mod widgets;

pub use app::App;
pub use start::Start;

use crate::{Error, Result};
use eframe::egui;
use std::sync::Arc;

/// Shows the window until it is closed.
///
/// # Errors
/// When there is no display or no way to draw on it.
pub fn run(start: Start) -> Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Striate")
        .with_app_id("striate")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([640.0, 400.0])
        .with_drag_and_drop(true);
    let mut options = eframe::NativeOptions { viewport, ..Default::default() };
    // Clicks show a frame sooner. Colours here are whole 8-bit values already, so that there is nothing to dither.
    options.wgpu_options.surface = eframe::egui_wgpu::SurfaceConfig::LOW_LATENCY;
    options.dithering = false;
    options.wgpu_options.on_surface_status = Arc::new(crate::gpu::surface_action);
    let made = eframe::run_native(
        "striate",
        options,
        Box::new(|cc| Ok(Box::new(App::new(cc, start, dialogs::native()).map_err(|error| error.to_string())?))),
    );
    made.map_err(|error| {
        let why = error.to_string();
        let why = why.lines().next().unwrap_or_default();
        Error::Failed(format!("the window cannot open ({why}); 'striate tour IMAGE --out DIR' works without one"))
    })
}
