//! The first state of the window, as the command line asks for it.

use super::background::film::CameraSource;
use crate::{
    Result,
    engine::{DeviceChoice, Opening, Run},
    watch::Watch,
};
use std::path::Path;

/// What the window opens with.
pub struct Start {
    /// The network.
    pub opening: Opening,
    /// `sample:NAME` or a path; the first sample where `None`.
    pub picture: Option<String>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Writes everything about a run and a class into a folder, and says so in a sentence.
    pub tour: Tour,
    /// What films; nothing where `None`.
    pub camera: Option<CameraSource>,
}

/// See [`Start::tour`].
pub type Tour = fn(&Run, usize, &Path, &Watch) -> Result<String>;
