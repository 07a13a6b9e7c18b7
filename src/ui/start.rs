//! The first state of the window, as the command line asks for it.

use super::background::film::CameraSource;
use crate::engine::{DeviceChoice, Opening};

/// What the window opens with.
pub struct Start {
    /// The network.
    pub opening: Opening,
    /// `sample:NAME` or a path; the first sample where `None`.
    pub picture: Option<String>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// What films; nothing where `None`.
    pub camera: Option<CameraSource>,
}
