//! The source of a camera's frames, as a function: the window takes the system's, a test takes its own.

use crate::Result;
use image::RgbImage;
use std::sync::Arc;

/// Waits for the next frame.
pub type NextFrame = Box<dyn FnMut() -> Result<RgbImage>>;

/// Starts a camera. It is called on the thread that then waits for the frames.
pub type CameraSource = Arc<dyn Fn() -> Result<NextFrame> + Send + Sync>;
