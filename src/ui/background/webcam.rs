//! The system's first camera, through nokhwa: V4L2, AVFoundation or Media Foundation.

use super::film::NextFrame;
use crate::{Error, Result};
use image::{ImageFormat, RgbImage};
use nokhwa::{
    Buffer, Camera, NokhwaError, nokhwa_initialize,
    pixel_format::RgbFormat,
    query,
    utils::{ApiBackend, CameraFormat, FrameFormat, RequestedFormat, RequestedFormatType, Resolution},
};
use std::sync::mpsc;

/// Requested size of a frame: larger than any network's input, and quick to decode.
const SIZE: Resolution = Resolution { width_x: 640, height_y: 480 };

/// Formats of a frame. Nearly every camera offers the first, at its highest rate.
const FORMATS: [FrameFormat; 5] =
    [FrameFormat::MJPEG, FrameFormat::YUYV, FrameFormat::NV12, FrameFormat::RAWRGB, FrameFormat::RAWBGR];

/// Begins to film.
///
/// # Errors
/// When there is no camera, when another program has it, or when the system does not let this one.
pub fn film() -> Result<NextFrame> {
    let (sender, allowed) = mpsc::sync_channel(1);
    // macOS asks the user the first time; elsewhere the answer comes at once.
    nokhwa_initialize(move |allowed| {
        // The first answer counts.
        let _ = sender.try_send(allowed);
    });
    if !allowed.recv().unwrap_or(false) {
        return Err(Error::Failed("the system does not let this program use the camera".into()));
    }
    let cameras =
        query(ApiBackend::Auto).map_err(|error| Error::Failed(format!("cannot look for cameras: {error}")))?;
    let Some(info) = cameras.first() else { return Err(Error::Failed("no camera is connected".into())) };
    let name = info.human_name();
    let cannot = |error: NokhwaError| {
        Error::Failed(format!("the camera {name} cannot be used ({error}); perhaps another program has it"))
    };
    let nearest = |format| {
        let wanted = RequestedFormatType::Closest(CameraFormat::new(SIZE, format, 30));
        Camera::new(info.index().clone(), RequestedFormat::with_formats(wanted, &FORMATS))
    };
    let any = || {
        let wanted = RequestedFormat::with_formats(RequestedFormatType::None, &FORMATS);
        Camera::new(info.index().clone(), wanted)
    };
    let found = FORMATS.into_iter().find_map(|format| nearest(format).ok());
    let mut camera = found.map_or_else(any, Ok).map_err(cannot)?;
    camera.open_stream().map_err(cannot)?;
    Ok(Box::new(move || {
        let frame = camera.frame().map_err(|error| Error::Failed(format!("the camera {name} is gone ({error})")))?;
        pixels(&frame)
    }))
}

/// nokhwa would decode JPEG too, by a library in C.
fn pixels(frame: &Buffer) -> Result<RgbImage> {
    let decoded = match frame.source_frame_format() {
        FrameFormat::MJPEG => image::load_from_memory_with_format(frame.buffer(), ImageFormat::Jpeg)
            .map(image::DynamicImage::into_rgb8)
            .map_err(|error| error.to_string()),
        _ => frame.decode_image::<RgbFormat>().map_err(|error| error.to_string()),
    };
    decoded.map_err(|why| Error::Failed(format!("the camera's picture cannot be read: {why}")))
}
