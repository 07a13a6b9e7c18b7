//! Charts as pictures, with axes, ticks, names and a legend, by plotters.

mod bars;
mod blobs;
mod board;
mod lettering;
mod lines;

pub use bars::{Bar, bar_chart};
pub use blobs::{Blob, blob_chart};
pub use board::{BoardValues, board_chart};
pub use lettering::lettering;
pub use lines::{ChartAxis, Series, line_chart};

use crate::{Error, Result};
use image::{DynamicImage, RgbImage, RgbaImage};
use plotters::{
    backend::BitMapBackend,
    drawing::{DrawingArea, IntoDrawingArea},
    style::{FontStyle, RGBColor, WHITE, register_font},
};
use std::sync::OnceLock;

/// The name that plotters knows the font by.
const FONT: &str = "sans-serif";

/// Colours of series in their order (Okabe and Ito 2008): told apart by colour-blind readers too.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;

/// A white picture that `draw` fills.
fn picture(width: u32, height: u32, draw: impl FnOnce(&Area) -> Result<()>) -> Result<RgbaImage> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    let load = || register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok();
    if !LOADED.get_or_init(load) {
        return Err(Error::Failed("the font of charts cannot be read".into()));
    }
    let mut pixels = vec![255; width as usize * height as usize * 3];
    let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    draw(&area)?;
    area.present().map_err(|error| failed(&error))?;
    drop(area);
    let image = RgbImage::from_raw(width, height, pixels);
    let image = image.ok_or_else(|| Error::Failed("a chart of this size cannot be drawn".into()))?;
    Ok(DynamicImage::from(image).into_rgba8())
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("cannot draw the chart: {error}"))
}
