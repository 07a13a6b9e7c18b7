//! Striate: draws only the part of a frame that changed. A software rasterizer takes as long as it has pixels to fill.
//!
//! A [`Redraw`] keeps one window's last frame in a texture, and a fingerprint of everything drawn in each tile of it. A
//! tile is drawn anew when its fingerprint is another one than in the last frame. [`frame`] makes the fingerprints,
//! [`area`] joins tiles to rectangles, [`part`] cuts a frame down to these.

mod area;
mod frame;
mod part;
#[cfg(test)]
mod tests;

use crate::renderer::ScreenDescriptor;
use epaint::{ClippedPrimitive, Color32, TextureId, textures::TexturesDelta};
use frame::{Changes, Frame};

/// The pixels of a frame that are to be drawn.
pub(crate) enum Dirty {
    /// All of them: these primitives over the clear colour.
    All(Vec<ClippedPrimitive>),

    /// Those that these primitives cover, over the last frame. No primitives: the frame is the last one again.
    Part(Vec<ClippedPrimitive>),
}

impl Dirty {
    /// What to draw.
    pub fn primitives(&self) -> &[ClippedPrimitive] {
        match self {
            Self::All(primitives) | Self::Part(primitives) => primitives,
        }
    }

    /// Whether to draw over the last frame.
    pub fn is_part(&self) -> bool {
        matches!(self, Self::Part(_))
    }
}

/// One window's last frame.
#[derive(Default)]
pub(crate) struct Redraw {
    texture: Option<wgpu::Texture>,
    clear_color: Color32,
    pixels_per_point: f32,

    /// `None` while the texture does not hold the frame that was last planned: then everything is drawn.
    last: Option<Frame>,

    changes: Changes,
}

impl Redraw {
    /// Whether partial frames pay on this adapter: it is a software rasterizer.
    ///
    /// The environment variable `EGUI_REDRAW=all` turns them off, for comparison.
    pub fn suits(adapter: &wgpu::Adapter) -> bool {
        adapter.get_info().device_type == wgpu::DeviceType::Cpu
            && std::env::var_os("EGUI_REDRAW").is_none_or(|value| value != "all")
    }

    /// Makes the texture of the window's size and format, where it is not yet.
    pub fn fit(&mut self, device: &wgpu::Device, format: wgpu::TextureFormat, [width, height]: [u32; 2]) {
        let size = wgpu::Extent3d { width: width.max(1), height: height.max(1), depth_or_array_layers: 1 };
        let fits = |texture: &wgpu::Texture| texture.size() == size && texture.format() == format;
        if self.texture.as_ref().is_some_and(fits) {
            return;
        }
        self.forget();
        // Before the new one is made: one of them is memory enough.
        self.texture = None;
        self.texture = Some(device.create_texture(&wgpu::TextureDescriptor {
            label: Some("egui_last_frame"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        }));
    }

    /// The last frame, to draw into and to copy to the window.
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.texture.as_ref()
    }

    /// Takes note of textures that are about to change, or to be freed after this frame.
    ///
    /// To be called for every window, whichever of them is drawn: they share their textures.
    pub fn note(&mut self, delta: &TexturesDelta) {
        self.changes.note(delta);
    }

    /// Finds what to draw, and takes for granted that it will be: see [`Self::forget`].
    ///
    /// `foreign` tells textures that may change without a note.
    pub fn plan(
        &mut self,
        primitives: &[ClippedPrimitive],
        screen: &ScreenDescriptor,
        clear_color: [f32; 4],
        foreign: impl Fn(TextureId) -> bool,
    ) -> Dirty {
        let is_gamma = |texture: &wgpu::Texture| !texture.format().is_srgb();
        let Some(clear_color) = opaque(clear_color).filter(|_| self.texture.as_ref().is_some_and(is_gamma)) else {
            // The clear colour cannot be drawn as a rectangle.
            self.forget();
            return Dirty::All(part::all(primitives, screen));
        };
        let (frame, mut stale) = Frame::of(primitives, screen, &self.changes, foreign);
        self.changes.were_drawn();
        let same_screen = self.clear_color == clear_color && self.pixels_per_point == screen.pixels_per_point;
        (self.clear_color, self.pixels_per_point) = (clear_color, screen.pixels_per_point);
        let last = self.last.replace(frame).filter(|_| same_screen);
        let Some((last, frame)) = last.as_ref().zip(self.last.as_ref()) else {
            return Dirty::All(part::all(primitives, screen));
        };
        frame.compare(last, &mut stale);
        // The window is drawn in one go where that costs hardly more.
        if 4 * stale.iter().filter(|stale| **stale).count() > 3 * stale.len() {
            return Dirty::All(part::all(primitives, screen));
        }
        let rectangles = area::rectangles(&stale, screen.size_in_pixels);
        Dirty::Part(part::of(primitives, screen, clear_color, &rectangles))
    }

    /// Forgets the last frame: what was planned could not be drawn.
    pub fn forget(&mut self) {
        self.last = None;
    }
}

/// The colour where it is opaque and a whole 8-bit value: then a rectangle of it is the same as clearing.
fn opaque(color: [f32; 4]) -> Option<Color32> {
    let scaled = color.map(|c| 255.0 * c);
    let [r, g, b, a] = scaled.map(|c| c.round() as u8);
    let is_whole = scaled.iter().all(|c| (c - c.round()).abs() < 1e-3);
    (is_whole && a == 255).then(|| Color32::from_rgb(r, g, b))
}
