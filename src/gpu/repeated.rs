//! A grid that looks as in the last frame is the same paint callback again. A painter that draws only what changed
//! (vendor/egui-wgpu) tells callbacks apart by their addresses.

use super::{
    atlas::WeakAtlas,
    callback::{TilesCallback, Uniforms},
};
use eframe::{
    egui::{PaintCallback, Rect, Ui},
    egui_wgpu::Callback,
};
use std::{
    any::Any,
    sync::{Arc, Weak},
};

/// A grid's last callback. Only a painter keeps it, and with it the atlas; a painter that does not gets a new one.
#[derive(Clone)]
struct RepeatedGrid {
    made: Weak<dyn Any + Send + Sync>,
    rect: Rect,
    atlas: WeakAtlas,
    order: Arc<[u32]>,
    uniforms: Uniforms,
}

impl RepeatedGrid {
    fn draws(&self, rect: Rect, callback: &TilesCallback) -> bool {
        let TilesCallback { id: _, atlas, order, uniforms } = callback;
        self.rect == rect && self.uniforms == *uniforms && atlas.is(&self.atlas) && self.order == *order
    }
}

/// The grid's callback of the last frame where it draws the same, or else a new one.
pub(super) fn paint_callback(ui: &Ui, rect: Rect, callback: TilesCallback) -> PaintCallback {
    let id = callback.id;
    let last = ui.data(|data| data.get_temp::<RepeatedGrid>(id));
    if let Some(callback) = last.filter(|last| last.draws(rect, &callback)).and_then(|last| last.made.upgrade()) {
        return PaintCallback { rect, callback };
    }
    let (atlas, order, uniforms) = (callback.atlas.downgrade(), callback.order.clone(), callback.uniforms);
    let made = Callback::new_paint_callback(rect, callback);
    let last = RepeatedGrid { made: Arc::downgrade(&made.callback), rect, atlas, order, uniforms };
    ui.data_mut(|data| data.insert_temp(id, last));
    made
}
