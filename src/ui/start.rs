//! The first state of the window, as the command line asks for it.

use super::background::film::CameraSource;
use crate::engine::{DeviceChoice, Opening};
use std::ffi::OsString;

/// The first state of the window.
pub struct Start {
    /// The network.
    pub opening: Opening,
    /// `sample:NAME` or a path; the first sample where `None`.
    pub picture: Option<OsString>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// The camera, if there is one.
    pub camera: Option<CameraSource>,
}
