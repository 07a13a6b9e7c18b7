//! The window.
//!
//! Architecture invariant: state flows one way. [`app`] takes in events, panes and strip read a [`state::View`] and
//! emit [`commands::Command`]s, and those are carried out when everything is drawn. Nothing here computes for longer
//! than a frame: that is the engine's, and uploading is [`cache`]'s.

pub mod answers;
pub mod app;
pub mod arrangement;
pub mod cache;
pub mod camera;
pub mod chrome;
pub mod commands;
pub mod convolve;
pub mod describe;
pub mod dialogs;
pub mod drawing;
pub mod export;
pub mod history;
pub mod icons;
pub mod magnify;
pub mod numbers;
pub mod palette;
pub mod panels;
pub mod panes;
pub mod parameters;
pub mod pin;
pub mod pointing;
pub mod prepare;
pub mod settings;
pub mod slider;
pub mod state;
pub mod strip;
pub mod theme;
pub mod thumbs;
pub mod viewport;
#[cfg(feature = "webcam")]
mod webcam;
pub mod widgets;

pub use app::App;

use crate::{
    Error, Result,
    engine::{DeviceChoice, Opening, Run},
    watch::Watch,
};
use eframe::egui;
use std::{ffi::OsString, path::Path};

/// What the window opens with.
pub struct Start {
    /// The network.
    pub opening: Opening,
    /// `sample:NAME` or a path; the first sample where `None`.
    pub picture: Option<OsString>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Writes everything about a run and a class into a folder, and says so in a sentence.
    pub tour: Tour,
    /// What films; nothing where `None`.
    pub camera: Option<camera::Film>,
}

/// See [`Start::tour`].
pub type Tour = fn(&Run, usize, &Path, &Watch) -> Result<String>;

/// Shows the window until it is closed.
///
/// # Errors
/// When there is no display or no way to draw on it.
pub fn run(start: Start) -> Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Striate")
        .with_app_id("striate")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([900.0, 600.0])
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
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
