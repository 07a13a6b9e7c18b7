//! Puts what all tiles share where paint callbacks find it.

use super::{callback::Instances, pipeline::Pipeline};
use eframe::egui_wgpu::RenderState;

/// Makes the pipeline and uploads the colour tables. Call once, when the window is created, before any
/// [`Atlas::upload`](super::Atlas::upload).
pub fn install(render_state: &RenderState) {
    let shared = Pipeline::new(render_state);
    let mut renderer = render_state.renderer.write();
    renderer.callback_resources.insert(shared);
    renderer.callback_resources.insert(Instances::default());
}
