//! `--localise`: the object that a heatmap points at (Simonyan, Vedaldi and Zisserman 2014).

use super::console::Console;
use crate::{
    Error, Result,
    engine::Run,
    figures::{ObjectFacts, Scale, localisation},
    methods::{Attribution, Localisation, QUANTILES, localise, overlap},
};
use image::RgbaImage;

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

/// The found object and its true box, in pixels of the picture.
pub(super) struct LocalisedObject {
    pub found: Localisation,
    bounds: [f32; 4],
    truth: Option<[f32; 4]>,
}

impl ObjectArgs {
    pub fn wanted(&self) -> bool {
        self.localise
    }

    /// The object, when asked for.
    pub fn find(&self, run: &Run, answer: &Attribution, console: &Console) -> Result<Option<LocalisedObject>> {
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
        Ok(Some(LocalisedObject { found, bounds, truth: self.truth }))
    }
}

impl LocalisedObject {
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

    /// The object in its picture, enlarged.
    pub fn paint(&self, run: &Run, scale: Scale) -> Result<RgbaImage> {
        let [height, width] = self.found.size;
        localisation(run, &self.found, self.bounds, self.truth, scale.one(width, height))
    }
}
