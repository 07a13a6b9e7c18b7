//! The colours of the points: by class, by prediction, by whether the network is right.

use crate::{
    dataset::{Features, Index},
    engine::Model,
    ui::theme::Palette,
};
use eframe::egui::{Color32, ecolor::Hsva};
use serde::{Deserialize, Serialize};

/// The meaning of a point's colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ColourBy {
    /// The folder that the picture lies in.
    #[default]
    Class,
    /// The class that the network predicts.
    Prediction,
    /// Whether it is right.
    Mistake,
}

/// All of them, with what they are called and mean.
pub(super) const CHOICES: [(ColourBy, &str, &str); 3] = [
    (ColourBy::Class, "class", "A colour for each folder in the indexed folder"),
    (ColourBy::Prediction, "prediction", "A colour for each class that the network predicts"),
    (ColourBy::Mistake, "mistake", "Mistakes stand out; pictures without a class are faint"),
];

/// A colour of its own for each number: hues that lie far apart.
pub(super) fn hue(number: usize, palette: &Palette) -> Color32 {
    let hue = (number as f32 * 0.618_034).fract();
    let bright = palette.pane.r() < 128;
    // Numbers after the first ten differ in brightness too.
    let dim = if number / 10 % 2 == 1 { 0.75 } else { 1.0 };
    let (saturation, value) = if bright { (0.62, 0.95 * dim) } else { (0.85, 0.78 * dim) };
    Hsva::new(hue, saturation, value, 1.0).into()
}

/// The colour of every row.
pub(super) fn colours(
    by: ColourBy,
    index: &Index,
    features: &Features,
    model: &Model,
    palette: &Palette,
) -> Vec<Color32> {
    let classes: Vec<Option<usize>> =
        index.listing.groups.iter().map(|name| model.labels.look_up(name).ok().flatten()).collect();
    let predicted = |picture: usize| index.predictions.get(picture).and_then(|likeliest| likeliest.first());
    let colour = |&picture: &usize| {
        let group = index.listing.entries[picture].group;
        match by {
            ColourBy::Class => group.map_or(palette.weak, |group| hue(group, palette)),
            ColourBy::Prediction => predicted(picture).map_or(palette.weak, |(class, _)| hue(*class as usize, palette)),
            ColourBy::Mistake => match (group.and_then(|group| classes[group]), predicted(picture)) {
                (Some(class), Some((other, _))) if class == *other as usize => palette.second,
                (Some(_), Some(_)) => palette.accent,
                _ => palette.weak.gamma_multiply(0.5),
            },
        }
    };
    features.pictures.iter().map(colour).collect()
}
