//! Textures of the picture, the thumbnails of the layers, and the layers' maps, made on the uploading thread.

use crate::{
    Result,
    engine::{LayerView, Run},
    figures::{self, Scale},
    gpu::Atlas,
    paint::{ColourMap, Plane, Range, Style, paint_plane},
};
use eframe::{
    egui::{self, ColorImage, Rect, TextureHandle, TextureOptions, pos2},
    egui_wgpu::RenderState,
};
use image::{RgbImage, RgbaImage, imageops};
use std::sync::Arc;

/// Enlarged texels are squares; shrunk ones are averaged.
pub const SHARP: TextureOptions = TextureOptions {
    magnification: egui::TextureFilter::Nearest,
    minification: egui::TextureFilter::Linear,
    wrap_mode: egui::TextureWrapMode::ClampToEdge,
    mipmap_mode: None,
};

/// No side of the picture on screen has more pixels.
const LONGEST: u32 = 2048;

/// A thumbnail's side in pixels: twice its size on an ordinary screen.
const SIDE: u32 = 64;

/// Thumbnails a row of their texture. Every device takes textures of 2048 pixels a side: a thousand layers.
const ROW: u32 = 2048 / SIDE;

/// The pictures of one run.
pub struct Pictures {
    /// The pixels of the whole picture before it was altered.
    pub original: Option<Arc<RgbImage>>,
    /// The same as a texture.
    pub picture: Option<TextureHandle>,
    /// The network's input at its own resolution; `None` where the run began without a picture.
    pub input: Option<TextureHandle>,
    /// The part of the picture that the input covers, in the picture's own pixels: the background of heatmaps.
    pub backdrop: Option<Arc<RgbImage>>,
    thumbnails: TextureHandle,
    rows: u32,
}

impl Pictures {
    /// Paints and uploads them, but for the picture where that is there already.
    pub fn new(run: &Run, picture: Option<TextureHandle>, ctx: &egui::Context) -> Self {
        let has_picture = run.picture.is_some() && run.geometry.is_some();
        let input = has_picture.then(|| figures::input(run).ok()).flatten();
        let [_, height, width] = run.model.network.graph().input_shape();
        let backdrop = || figures::backdrop(run, Scale::Pleasant.one(width, height)).ok();
        let linear = |name: &str, image: &RgbImage| rgb_texture(ctx, name, image, TextureOptions::LINEAR);
        let whole = || run.original.as_ref().map(|original| linear("picture", &shrunk(&original.pixels)));
        // Beyond a thousand, layers have the last one's.
        let count = (run.layers.len() as u32).min(ROW * ROW);
        let rows = count.div_ceil(ROW).max(1);
        let mut sheet = RgbaImage::new(ROW * SIDE, rows * SIDE);
        for (index, layer) in run.layers.iter().enumerate().take(count as usize) {
            let tile = match (&input, index) {
                (Some(input), 0) => image::DynamicImage::from(input.clone()).thumbnail_exact(SIDE, SIDE).to_rgba8(),
                _ => thumbnail(layer),
            };
            let at = index as u32;
            imageops::replace(&mut sheet, &tile, i64::from(at % ROW * SIDE), i64::from(at / ROW * SIDE));
        }
        Pictures {
            original: run.original.as_ref().map(|original| Arc::clone(&original.pixels)),
            picture: picture.or_else(whole),
            input: input.map(|image| rgb_texture(ctx, "input", &image, SHARP)),
            backdrop: has_picture.then(backdrop).flatten().map(Arc::new),
            thumbnails: rgba_texture(ctx, "thumbnails", &sheet, TextureOptions::LINEAR),
            rows,
        }
    }

    /// The texture of a layer's thumbnail, and where in it.
    pub fn thumbnail(&self, node: usize) -> (egui::TextureId, Rect) {
        let node = (node as u32).min(ROW * self.rows - 1);
        let (column, row) = ((node % ROW) as f32, (node / ROW) as f32);
        let (width, height) = (ROW as f32, self.rows as f32);
        // Half a pixel in, so that no neighbour shines through.
        let inset = 0.5 / SIDE as f32;
        let min = pos2((column + inset) / width, (row + inset) / height);
        let max = pos2((column + 1.0 - inset) / width, (row + 1.0 - inset) / height);
        (self.thumbnails.id(), Rect { min, max })
    }
}

/// The map of the strongest unit; of a layer without extent, its values in a square.
fn thumbnail(layer: &LayerView) -> RgbaImage {
    let style = Style { map: ColourMap::Viridis, gamma: 1.0 };
    let [units, height, width] = layer.shape;
    let paint = |values: &[f32]| {
        if height * width == 1 {
            let side = (units as f64).sqrt().ceil() as usize;
            let mut square = values.to_vec();
            square.resize(side * side, layer.range().low);
            let plane = Plane { values: &square, width: side, height: side };
            return paint_plane(&plane, SIDE, SIDE, layer.range(), &style);
        }
        let unit = layer.strongest_unit();
        let plane = Plane { values: &values[unit * height * width..][..height * width], width, height };
        paint_plane(&plane, SIDE, SIDE, layer.ranges[unit], &style)
    };
    layer.with_values(paint).unwrap_or_else(|_| RgbaImage::new(SIDE, SIDE))
}

/// At most [`LONGEST`] pixels a side.
fn shrunk(pixels: &RgbImage) -> RgbImage {
    let (width, height) = pixels.dimensions();
    let longest = width.max(height);
    if longest <= LONGEST {
        return pixels.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(LONGEST) / u64::from(longest)).max(1) as u32;
    imageops::thumbnail(pixels, scaled(width), scaled(height))
}

/// Uploads a layer's maps.
pub fn upload(render_state: &RenderState, layer: &LayerView) -> Result<Atlas> {
    let [units, height, width] = layer.shape;
    layer.with_values(|values| Atlas::upload(render_state, values, units, height, width, &layer.ranges))?
}

/// Uploads maps that a pane computed.
pub fn upload_maps(render_state: &RenderState, values: &[f32], [units, height, width]: [usize; 3]) -> Result<Atlas> {
    let ranges: Vec<Range> = values.chunks(height * width).map(Range::of).collect();
    Atlas::upload(render_state, values, units, height, width, &ranges)
}

/// An opaque picture as a texture.
pub fn rgb_texture(ctx: &egui::Context, name: &str, image: &RgbImage, options: TextureOptions) -> TextureHandle {
    let size = [image.width() as usize, image.height() as usize];
    ctx.load_texture(name, ColorImage::from_rgb(size, image.as_raw()), options)
}

/// A picture with transparency as a texture.
pub fn rgba_texture(ctx: &egui::Context, name: &str, image: &RgbaImage, options: TextureOptions) -> TextureHandle {
    let size = [image.width() as usize, image.height() as usize];
    ctx.load_texture(name, ColorImage::from_rgba_unmultiplied(size, image.as_raw()), options)
}
