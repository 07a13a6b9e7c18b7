//! Charts of blobs: a point for each name, its area a third quantity, over an axis of powers of ten.

use super::{COLOURS, FONT, failed, picture};
use crate::Result;
use image::RgbaImage;
use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    coord::combinators::IntoLogRange,
    element::Circle,
    style::{
        BLACK, Color, IntoFont, IntoTextStyle, RGBColor, ShapeStyle, TextStyle, WHITE,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// Pixels of a chart.
const SIZE: (u32, u32) = (1200, 760);
/// Pixels of a name: the height of its letters, and its width by character.
const LETTERS: i32 = 13;
const CHARACTER: f64 = 6.6;
/// Pixels of the largest and smallest radius.
const RADII: [f64; 2] = [26.0, 4.0];

/// A point with a size.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Its name.
    pub name: String,
    /// Its place; `x` is above 0.
    pub x: f64,
    /// Its height.
    pub y: f64,
    /// The quantity of its area.
    pub size: f64,
    /// The number of its group.
    pub group: usize,
}

/// A rectangle of pixels: left, top, right, bottom.
type Place = [i32; 4];

/// Blobs whose colours are those of `groups`, over the axes called `x`, which counts in powers of ten, and `y`. Names that
/// would cover others are left out, those of low blobs first.
///
/// # Errors
/// [`crate::Error::Failed`] when the chart cannot be drawn.
pub fn blob_chart(title: &str, x: &str, y: &str, groups: &[String], blobs: &[Blob]) -> Result<RgbaImage> {
    let reach = |value: &dyn Fn(&Blob) -> f64| {
        let values = || blobs.iter().map(value);
        [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)]
    };
    let [left, right] = if blobs.is_empty() { [1.0, 10.0] } else { reach(&|blob| blob.x) };
    let [low, high] = if blobs.is_empty() { [0.0, 1.0] } else { reach(&|blob| blob.y) };
    let largest = blobs.iter().map(|blob| blob.size).fold(f64::MIN_POSITIVE, f64::max);
    let radius = |blob: &Blob| (RADII[0] * (blob.size / largest).sqrt()).max(RADII[1]) as i32;
    picture(SIZE.0, SIZE.1, |area| {
        let mut chart = ChartBuilder::on(area)
            .caption(title, (FONT, 24))
            .margin(18)
            .x_label_area_size(52)
            .y_label_area_size(70)
            .build_cartesian_2d((left / 1.6..right * 1.8).log_scale(), (low - 2.0)..(high + 3.0))
            .map_err(|error| failed(&error))?;
        chart
            .configure_mesh()
            .x_desc(x)
            .y_desc(y)
            .axis_desc_style((FONT, 18))
            .label_style((FONT, 16))
            .light_line_style(WHITE)
            .x_label_formatter(&|value| super::lines::tick(*value))
            .draw()
            .map_err(|error| failed(&error))?;
        for (group, name) in groups.iter().enumerate() {
            let of_group = blobs.iter().filter(|blob| blob.group == group);
            let dots = of_group.map(|blob| Circle::new((blob.x, blob.y), radius(blob), style(group)));
            chart
                .draw_series(dots)
                .map_err(|error| failed(&error))?
                .label(name.as_str())
                .legend(move |(x, y)| Circle::new((x + 10, y), 6, style(group)));
        }
        let (columns, rows) = chart.plotting_area().get_pixel_range();
        let frame = [columns.start, rows.start, columns.end, rows.end];
        let centres: Vec<(i32, i32)> =
            blobs.iter().map(|blob| chart.plotting_area().map_coordinate(&(blob.x, blob.y))).collect();
        let radii: Vec<i32> = blobs.iter().map(radius).collect();
        let names: Vec<(&str, f64)> = blobs.iter().map(|blob| (blob.name.as_str(), blob.y)).collect();
        for (index, place) in placed(&names, &centres, &radii, frame) {
            let style: TextStyle = (FONT, LETTERS).into_text_style(area).pos(Pos::new(HPos::Left, VPos::Top));
            area.draw_text(names[index].0, &style, (place[0], place[1])).map_err(|error| failed(&error))?;
        }
        let mut legend = chart.configure_series_labels();
        let legend = legend.position(SeriesLabelPosition::LowerRight).label_font((FONT, 16).into_font());
        legend.background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.2)).draw().map_err(|error| failed(&error))
    })
}

/// The look of a group's blobs: full ones in each colour, then rings.
fn style(group: usize) -> ShapeStyle {
    let colour: RGBColor = COLOURS[group % COLOURS.len()];
    match group < COLOURS.len() {
        true => colour.mix(0.6).filled(),
        false => colour.stroke_width(2),
    }
}

/// Places for names beside their blobs where they cover no other name and no small blob, the highest blob first.
fn placed(names: &[(&str, f64)], centres: &[(i32, i32)], radii: &[i32], frame: Place) -> Vec<(usize, Place)> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| names[b].1.total_cmp(&names[a].1));
    let mut found: Vec<(usize, Place)> = Vec::new();
    for index in order {
        let ((x, y), radius) = (centres[index], radii[index]);
        let width = (names[index].0.chars().count() as f64 * CHARACTER) as i32;
        let corners = [
            (x + radius + 4, y - LETTERS / 2),
            (x - radius - 4 - width, y - LETTERS / 2),
            (x - width / 2, y - radius - 3 - LETTERS),
            (x - width / 2, y + radius + 3),
        ];
        let places = corners.map(|(left, top)| [left, top, left + width, top + LETTERS]);
        let is_free = |place: &Place| {
            let inside = place[0] >= frame[0] && place[1] >= frame[1] && place[2] <= frame[2] && place[3] <= frame[3];
            let apart = |other: &Place| {
                place[2] < other[0] || other[2] < place[0] || place[3] < other[1] || other[3] < place[1]
            };
            let blob = |other: usize| {
                let ((x, y), core) = (centres[other], radii[other].min(6));
                other == index || apart(&[x - core, y - core, x + core, y + core])
            };
            inside && found.iter().all(|(_, other)| apart(other)) && (0..names.len()).all(blob)
        };
        if let Some(place) = places.into_iter().find(is_free) {
            found.push((index, place));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_cover_neither_each_other_nor_blobs() {
        let names = [("above", 3.0), ("below", 1.0), ("hidden", 0.5)];
        let centres = [(100, 100), (100, 104), (101, 102)];
        let found = placed(&names, &centres, &[4, 4, 4], [0, 0, 150, 200]);
        assert_eq!(found[0].0, 0);
        for (index, (_, a)) in found.iter().enumerate() {
            for (_, b) in &found[index + 1..] {
                assert!(a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1], "{a:?} {b:?}");
            }
        }
        assert!(placed(&names, &centres, &[4, 4, 4], [95, 95, 110, 110]).is_empty());
    }

    #[test]
    fn a_larger_size_has_the_larger_area() {
        let blob = |name: &str, x: f64, size: f64, group: usize| Blob { name: name.into(), x, y: 50.0, size, group };
        let blobs = [blob("a", 1.0, 100.0, 0), blob("b", 100.0, 25.0, 1)];
        let chart = blob_chart("both", "x", "y", &["a".into(), "b".into()], &blobs).unwrap();
        let mixed = |part: u8| (255.0 - 0.6 * (255.0 - f64::from(part))).round() as i32;
        let count = |colour: RGBColor| {
            let wanted = [mixed(colour.0), mixed(colour.1), mixed(colour.2)];
            let near = |pixel: &[u8]| (0..3).all(|c| (i32::from(pixel[c]) - wanted[c]).abs() <= 2);
            chart.pixels().filter(|pixel| near(&pixel.0)).count() as f64
        };
        let ratio = count(COLOURS[0]) / count(COLOURS[1]);
        assert!((3.0..5.5).contains(&ratio), "{ratio}");
    }
}
