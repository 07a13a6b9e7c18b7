//! Errors of the graphics device that no call returns. By default wgpu panics on them, which would end the window.

use eframe::{
    egui::Context,
    egui_wgpu::{RenderState, SurfaceErrorAction, wgpu},
};
use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Pause before the next frame after an error, so that a device under load is not asked again at once.
const RETRY: Duration = Duration::from_millis(100);

/// Reports the device's errors on standard error, each once in a row, and draws again.
pub fn report_errors(render_state: &RenderState, ctx: &Context) {
    let (ctx, last) = (ctx.clone(), Mutex::new(String::new()));
    render_state.device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Ok(mut last) = last.lock()
            && *last != text
        {
            // Nothing can be done where standard error is closed.
            let _ = writeln!(std::io::stderr(), "striate: the graphics device reports an error: {text}");
            *last = text;
        }
        ctx.request_repaint_after(RETRY);
    }));
}

/// Returns the action to take when the window's surface has no texture for a frame. A surface whose configuration
/// failed, or that timed out, is configured again at the next frame; egui's default would leave it black.
pub fn surface_action(status: &wgpu::CurrentSurfaceTexture) -> SurfaceErrorAction {
    match status {
        wgpu::CurrentSurfaceTexture::Lost => SurfaceErrorAction::RecreateSurface,
        wgpu::CurrentSurfaceTexture::Occluded => SurfaceErrorAction::SkipFrame,
        _ => SurfaceErrorAction::Reconfigure,
    }
}
