//! The window.

use crate::{Error, Result, engine};

/// What the window opens with.
pub struct Start {
    /// The network.
    pub opening: engine::Opening,
    /// `sample:NAME` or a path; the first sample where `None`.
    pub picture: Option<String>,
    /// Where to compute.
    pub device: engine::DeviceChoice,
}

/// Shows the window until it is closed.
///
/// # Errors
/// When there is no display or no way to draw on it.
pub fn run(_start: Start) -> Result<()> {
    Err(Error::Failed("the window is not there yet".into()))
}
