//! An attribution as a picture: a heatmap alone, a heatmap over the photograph, or signed values in colour.

use super::{enlarge::enlarged_rgb, seen::backdrop};
use crate::{
    Result,
    engine::Run,
    methods::Attribution,
    paint::{ColourMap, Plane, Range, Style, overlay, paint_plane, signed_rgb, upsample_bilinear},
};
use image::{RgbImage, RgbaImage};
use serde::{Deserialize, Serialize};

/// Colours and opacity of heatmaps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeatStyle {
    /// The colour map; where `None`, red and blue for signed values and inferno for others.
    pub map: Option<ColourMap>,
    /// The power that a value's place in the range is raised to: below 1 lifts weak values.
    pub gamma: f32,
    /// Opacity of the strongest values over a picture, 0..=1; weaker ones are more transparent.
    pub opacity: f32,
}

impl Default for HeatStyle {
    fn default() -> Self {
        HeatStyle { map: None, gamma: 1.0, opacity: 0.85 }
    }
}

impl HeatStyle {
    /// The colours of values, which may be signed.
    pub fn colours(&self, signed: bool) -> Style {
        let usual = if signed { ColourMap::RedBlue } else { ColourMap::Inferno };
        Style { map: self.map.unwrap_or(usual), gamma: self.gamma }
    }
}

/// One value a position, with the range that the colours span.
pub struct Heatmap {
    values: Vec<f32>,
    /// Height and width.
    size: [usize; 2],
    signed: bool,
    range: Range,
}

impl Heatmap {
    /// The heatmap of an attribution: [`Attribution::plane`], which `--check` tests and `--localise` reads too.
    pub fn of(attribution: &Attribution) -> Self {
        let [_, height, width] = attribution.shape;
        let values = attribution.plane();
        let range = robust_range(&values, attribution.signed);
        Heatmap { values, size: [height, width], signed: attribution.signed, range }
    }

    fn plane(&self) -> Plane<'_> {
        Plane { values: &self.values, width: self.size[1], height: self.size[0] }
    }

    fn style(&self, style: &HeatStyle) -> Style {
        style.colours(self.signed)
    }

    /// The same with colours that span another range: two heatmaps of one range compare.
    pub fn spanning(self, range: Range) -> Self {
        Heatmap { range, ..self }
    }

    /// The range that its colours span.
    pub fn range(&self) -> Range {
        self.range
    }

    /// The heatmap over an input of `rows` x `columns` pixels, `factor` pixels a pixel of it. Values of a layer, which are
    /// coarser than the input, are stretched bilinearly.
    pub fn alone(&self, [rows, columns]: [usize; 2], factor: u32, style: &HeatStyle) -> RgbaImage {
        let (across, down) = (columns as u32 * factor, rows as u32 * factor);
        let style = self.style(style);
        if self.size == [rows, columns] {
            return paint_plane(&self.plane(), across, down, self.range, &style);
        }
        let (width, height) = (across as usize, down as usize);
        let stretched = upsample_bilinear(&self.plane(), width, height);
        paint_plane(&Plane { values: &stretched, width, height }, across, down, self.range, &style)
    }

    /// The heatmap over a picture, muted so that the heatmap's colours are the only strong ones.
    pub fn over(&self, picture: &RgbImage, style: &HeatStyle) -> RgbaImage {
        overlay(picture, &self.plane(), self.range, &self.style(style), style.opacity)
    }
}

/// Whether an attribution is drawn in the colours of its three channels: unless a colour map is chosen.
pub fn in_colour(attribution: &Attribution, style: &HeatStyle) -> bool {
    attribution.shape[0] == 3 && style.map.is_none()
}

/// An attribution without the picture, `factor` pixels a pixel of the network's input: in colour about mid grey where it
/// has three channels and no colour map is chosen, else as a heatmap.
pub fn attribution_alone(run: &Run, attribution: &Attribution, factor: u32, style: &HeatStyle) -> RgbaImage {
    let [_, rows, columns] = run.model.network.graph().input_shape();
    let [_, height, width] = attribution.shape;
    match in_colour(attribution, style) {
        true => enlarged_rgb(&signed_rgb(&attribution.values, height, width), factor),
        false => Heatmap::of(attribution).alone([rows, columns], factor, style),
    }
}

/// An attribution as a heatmap over the picture, `factor` pixels a pixel of the network's input.
///
/// # Errors
/// Those of [`backdrop`].
pub fn attribution_over(run: &Run, attribution: &Attribution, factor: u32, style: &HeatStyle) -> Result<RgbaImage> {
    Ok(Heatmap::of(attribution).over(&backdrop(run, factor)?, style))
}

/// The range that colours span: from 0, or about 0 for signed values, to the 99.5% quantile of the magnitudes that are not
/// zero. The largest value would leave all others dark where a few stand out.
pub fn robust_range(values: &[f32], signed: bool) -> Range {
    let mut sizes: Vec<f32> = values.iter().map(|v| v.abs()).filter(|&v| v > 0.0 && v.is_finite()).collect();
    if sizes.is_empty() {
        return Range::default();
    }
    let rank = ((sizes.len() as f64 * 0.995) as usize).min(sizes.len() - 1);
    let most = *sizes.select_nth_unstable_by(rank, f32::total_cmp).1;
    Range { low: if signed { -most } else { 0.0 }, high: most }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_do_not_set_the_range() {
        let mut values = vec![1.0; 999];
        values.push(1000.0);
        assert_eq!(robust_range(&values, false), Range { low: 0.0, high: 1.0 });
        assert_eq!(robust_range(&[-3.0, 0.0], true), Range { low: -3.0, high: 3.0 });
        assert_eq!(robust_range(&[0.0], true), Range::default());
    }
}
