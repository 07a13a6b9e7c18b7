//! Panes as they look, as pictures: taken from the window itself. Twice as large, the window is drawn twice as large for
//! a moment, part by part of the pane where all of it does not fit, and the parts are put together.

use super::{
    capture::{Capture, Enlarged},
    window::App,
};
use crate::{
    Result,
    engine::Request,
    figures::Facts,
    paint::write_picture,
    ui::{model::export::Texts, theme::Palette},
};
use eframe::egui::{self, ColorImage, Pos2, Rect, Vec2, vec2};
use egui_tiles::TileId;
use std::path::{Path, PathBuf};

/// Frames until a closing menu is gone.
const CLOSING: u8 = 3;
/// Frames until letters are drawn in their new size.
const SETTLING: u8 = 2;

impl App {
    /// Takes a pane as it looks, as soon as nothing lies over it.
    pub(super) fn start_capture(&mut self, ctx: &egui::Context, tile: TileId, path: Option<PathBuf>, large: bool) {
        let Some(pane) = self.layout.panes.tiles.rect(tile) else { return };
        let path = path.map(|path| if path.extension().is_some() { path } else { path.with_extension("png") });
        let zoom = ctx.zoom_factor();
        let large = large.then(|| Enlarged { window: ctx.content_rect().size(), pane, zoom, part: Vec2::ZERO });
        if large.is_some() {
            ctx.set_zoom_factor(2.0 * zoom);
        }
        self.output.captures.image = None;
        self.output.captures.wanted = Some(Capture { tile, path, frames: CLOSING, large });
        ctx.request_repaint();
    }

    /// Goes on with what was asked for, at the end of a frame.
    pub(super) fn capture(&mut self, ctx: &egui::Context) {
        while let Ok((image, at)) = self.output.captures.taken.try_recv() {
            self.put_together(ctx, &image, at);
        }
        let Some(look) = self.output.captures.wanted.as_mut().filter(|look| look.frames > 0) else { return };
        look.frames -= 1;
        ctx.request_repaint();
        if look.frames > 0 {
            return;
        }
        let points = ctx.pixels_per_point();
        let (part, at) = match look.large {
            None => (self.layout.panes.tiles.rect(look.tile).unwrap_or(Rect::NOTHING), Vec2::ZERO),
            Some(large) => (Rect::from_min_size(Pos2::ZERO, large.pane.size() - large.part), large.part),
        };
        let part = part.intersect(ctx.content_rect());
        if !part.is_positive() {
            // The pane was closed meanwhile.
            return self.drop_capture(ctx);
        }
        let at = [at.x, at.y].map(|side| (side * points) as usize);
        let (sender, ctx) = (self.output.captures.sender.clone(), ctx.clone());
        ctx.clone().request_screenshot(move |image| {
            // The receiver is gone when the window is closing.
            let _ = sender.send((image.region(&part, Some(points)), at));
            ctx.request_repaint();
        });
    }

    /// Adds a part; the last one makes the picture whole.
    fn put_together(&mut self, ctx: &egui::Context, part: &ColorImage, at: [usize; 2]) {
        let Some(look) = &mut self.output.captures.wanted else { return };
        let whole = match look.large {
            None => part.size,
            // Cut off as the parts are.
            Some(large) => {
                [large.pane.width(), large.pane.height()].map(|side| (side * ctx.pixels_per_point()) as usize)
            }
        };
        let image = self.output.captures.image.get_or_insert_with(|| ColorImage::filled(whole, egui::Color32::BLACK));
        for row in 0..part.size[1].min(whole[1].saturating_sub(at[1])) {
            let width = part.size[0].min(whole[0].saturating_sub(at[0]));
            let (from, to) = (row * part.size[0], (at[1] + row) * whole[0] + at[0]);
            image.pixels[to..to + width].copy_from_slice(&part.pixels[from..from + width]);
        }
        if let Some(large) = &mut look.large {
            let (seen, size) = (ctx.content_rect().size(), large.pane.size());
            large.part = match (large.part.x + seen.x < size.x, large.part.y + seen.y < size.y) {
                (true, _) => vec2(large.part.x + seen.x, large.part.y),
                (false, true) => vec2(0.0, large.part.y + seen.y),
                (false, false) => return self.finish_capture(ctx),
            };
            look.frames = SETTLING;
            return ctx.request_repaint();
        }
        self.finish_capture(ctx);
    }

    fn finish_capture(&mut self, ctx: &egui::Context) {
        let (look, image) = (self.output.captures.wanted.take(), self.output.captures.image.take());
        let Some((look, image)) = look.zip(image) else { return };
        if let Some(large) = look.large {
            ctx.set_zoom_factor(large.zoom);
        }
        let Some(path) = look.path else {
            let [width, height] = image.size;
            ctx.copy_image(image);
            let text = format!("Copied the pane as it looks, {width}x{height} pixels");
            self.notice.say(text);
            return;
        };
        let own = || self.view(&[], Palette::dark()).map(|view| Facts::of_run(view.run()).texts());
        let texts = self.exported(look.tile).map(|export| export.into_texts().1).or_else(own).unwrap_or_default();
        let work = move |_: &_| write(&path, &image, &texts);
        self.engine.request(Request::Task("Saving the pane".into(), Box::new(work)));
    }

    fn drop_capture(&mut self, ctx: &egui::Context) {
        if let Some(large) = self.output.captures.wanted.take().and_then(|look| look.large) {
            ctx.set_zoom_factor(large.zoom);
        }
    }
}

fn write(path: &Path, image: &ColorImage, texts: &Texts) -> Result<String> {
    let pixels = image.pixels.iter().flat_map(egui::Color32::to_array).collect();
    let pixels = image::RgbaImage::from_raw(image.size[0] as u32, image.size[1] as u32, pixels).unwrap_or_default();
    write_picture(path, &pixels, texts)?;
    Ok(format!("Saved {}", path.display()))
}
