//! `--localise`: the object that a heatmap points at (Simonyan, Vedaldi and Zisserman 2014).

use super::{
    console::Console,
    pictures::{Scale, seen},
};
use crate::{
    Error, Result,
    engine::Run,
    methods::{Attribution, Localisation, QUANTILES, localise, overlap},
};
use image::{Rgba, RgbaImage};
use serde::Serialize;

#[derive(clap::Args)]
#[command(next_help_heading = "Localisation")]
pub(super) struct ObjectArgs {
    /// In place of the heatmap, the object it points at: seeds from its quantiles, borders by GrabCut, --raw the mask
    #[arg(long)]
    localise: bool,
    /// The object's true box in pixels of the picture, to compare with: intersection over union
    #[arg(long = "box", value_name = "LEFT,TOP,RIGHT,BOTTOM", requires = "localise", value_parser = sides)]
    truth: Option<[f32; 4]>,
}

fn sides(text: &str) -> Result<[f32; 4]> {
    let numbers: Vec<f32> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match *numbers {
        [left, top, right, bottom] if left < right && top < bottom && text.split(',').count() == 4 => {
            Ok([left, top, right, bottom])
        }
        _ => Err(Error::Usage(format!("'{text}' is no box: LEFT,TOP,RIGHT,BOTTOM in pixels, as in 30,12,200,180"))),
    }
}

/// What was found, and what should have been, in pixels of the picture.
pub(super) struct Object {
    pub found: Localisation,
    bounds: [f32; 4],
    truth: Option<[f32; 4]>,
}

/// The keys are part of the command line.
#[derive(Clone, Serialize)]
pub(super) struct ObjectFacts {
    /// Left, top, right and bottom in pixels of the picture.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// The same in pixels of the network's input.
    pub input_box: [usize; 4],
    /// Share of the input that is the object.
    pub share: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_box: Option<[f32; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iou: Option<f32>,
}

impl ObjectFacts {
    /// For people.
    pub fn text(&self) -> String {
        let sides = |sides: [f32; 4]| sides.map(|side| side.round().to_string()).join(",");
        let iou = self.iou.map_or_else(String::new, |iou| format!("; intersection over union {iou:.3}"));
        let truth = self.true_box.map_or_else(String::new, |truth| format!(", true box {}", sides(truth)));
        format!("box {}{truth}, {:.0}% of what the network sees{iou}", sides(self.bounds), 100.0 * self.share)
    }
}

impl ObjectArgs {
    pub fn wanted(&self) -> bool {
        self.localise
    }

    /// The object, when asked for.
    pub fn find(&self, run: &Run, answer: &Attribution, console: &Console) -> Result<Option<Object>> {
        if !self.localise {
            return Ok(None);
        }
        console.stage("finding the object");
        let found = localise(&run.trace, answer, QUANTILES, console.watch())?;
        let [left, top, right, bottom] = found.bounds.map(|side| side as f32);
        let bounds = match &run.geometry {
            Some(geometry) => {
                let ([left, top], [right, bottom]) =
                    (geometry.to_picture(left, top), geometry.to_picture(right, bottom));
                [left, top, right, bottom]
            }
            None => [left, top, right, bottom],
        };
        Ok(Some(Object { found, bounds, truth: self.truth }))
    }
}

impl Object {
    pub fn facts(&self) -> ObjectFacts {
        let inside = self.found.mask.iter().filter(|&&inside| inside).count();
        ObjectFacts {
            bounds: self.bounds,
            input_box: self.found.bounds,
            share: inside as f32 / self.found.mask.len().max(1) as f32,
            true_box: self.truth,
            iou: self.truth.map(|truth| overlap(self.bounds, truth)),
        }
    }
}

/// The colours of the found and of the true box: told apart by everybody, and rare in pictures.
const FOUND: [u8; 3] = [255, 196, 0];
const TRUE: [u8; 3] = [0, 229, 255];

/// What the network sees, everything but the object dark, and the boxes drawn.
pub(super) fn paint(run: &Run, object: &Object, scale: Scale) -> Result<RgbaImage> {
    let [height, width] = object.found.size;
    let factor = scale.one(width, height);
    let picture = seen(run, factor)?;
    let mut image = RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
        let pixel = picture.get_pixel(x, y).0;
        let lit = object.found.mask[(y / factor) as usize * width + (x / factor) as usize];
        let [r, g, b] = if lit { pixel } else { pixel.map(|value| value / 4) };
        Rgba([r, g, b, 255])
    });
    let input = |[left, top, right, bottom]: [f32; 4]| match &run.geometry {
        Some(geometry) => {
            let ([left, top], [right, bottom]) = (geometry.to_input(left, top), geometry.to_input(right, bottom));
            [left, top, right, bottom]
        }
        None => [left, top, right, bottom],
    };
    for (sides, colour) in [(object.truth, TRUE), (Some(object.bounds), FOUND)] {
        if let Some(sides) = sides {
            outline(&mut image, input(sides).map(|side| side * factor as f32), colour);
        }
    }
    Ok(image)
}

/// A frame inside a box, as thick as a 256th of the picture.
fn outline(image: &mut RgbaImage, [left, top, right, bottom]: [f32; 4], [r, g, b]: [u8; 3]) {
    let thick = (image.width().max(image.height()) as f32 / 256.0).max(1.0);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        let inside = |by: f32| (left + by..right - by).contains(&x) && (top + by..bottom - by).contains(&y);
        if inside(0.0) && !inside(thick) {
            *pixel = Rgba([r, g, b, 255]);
        }
    }
}
