//! Whether the selected layer is one of many that a drag passes by.

use crate::net::NodeId;
use eframe::egui;
use std::time::Duration;

/// Time that a layer stays selected before the engine is asked about it. Layers that a drag only passes by cost no work.
const STAY_SECS: f64 = 0.05;

/// Whether layers pass by.
#[derive(Default)]
pub struct Debounce {
    layer: NodeId,
    since_secs: f64,
    on: bool,
}

impl Debounce {
    /// Whether this layer, which is selected now, may be one that passes by.
    pub fn by(&mut self, ctx: &egui::Context, layer: NodeId) -> bool {
        let now_secs = ctx.input(|input| input.time);
        if std::mem::replace(&mut self.layer, layer) != layer {
            self.since_secs = now_secs;
        }
        let left_secs = self.since_secs + STAY_SECS - now_secs;
        self.on = left_secs > 0.0;
        if self.on {
            ctx.request_repaint_after(Duration::from_secs_f64(left_secs));
        }
        self.on
    }

    /// Whether it was at the last frame.
    pub fn is_on(&self) -> bool {
        self.on
    }
}
