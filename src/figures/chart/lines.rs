//! Line charts.

use super::{COLOURS, FONT, failed, picture};
use crate::Result;
use image::RgbaImage;
use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    element::{Circle, PathElement},
    series::LineSeries,
    style::{BLACK, Color, IntoFont, RGBColor, ShapeStyle, WHITE},
};

/// Pixels of a chart.
const SIZE: (u32, u32) = (960, 600);

/// An axis.
#[derive(Clone, Debug)]
pub struct ChartAxis {
    /// Its quantity, with the unit.
    pub name: String,
    /// Its two ends; those of the values where `None`.
    pub range: Option<[f64; 2]>,
}

/// A line with its points.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, x and y.
    pub points: Vec<[f64; 2]>,
}

/// Lines over two axes, each with a point at every value; `title` stands above, a legend beside them.
///
/// # Errors
/// [`crate::Error::Failed`] when the chart cannot be drawn.
pub fn line_chart(title: &str, x: &ChartAxis, y: &ChartAxis, series: &[Series]) -> Result<RgbaImage> {
    let ([left, right], [low, high]) = (ends(x, 0, series), ends(y, 1, series));
    picture(SIZE.0, SIZE.1, |area| {
        let mut chart = ChartBuilder::on(area)
            .caption(title, (FONT, 22))
            .margin(18)
            .x_label_area_size(52)
            .y_label_area_size(70)
            .build_cartesian_2d(left..right, low..high)
            .map_err(|error| failed(&error))?;
        chart
            .configure_mesh()
            .x_desc(x.name.as_str())
            .y_desc(y.name.as_str())
            .axis_desc_style((FONT, 17))
            .label_style((FONT, 15))
            .light_line_style(WHITE)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .draw()
            .map_err(|error| failed(&error))?;
        for (index, line) in series.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let points = || line.points.iter().map(|&[x, y]| (x, y));
            chart
                .draw_series(LineSeries::new(points(), stroke(colour)))
                .map_err(|error| failed(&error))?
                .label(line.name.as_str())
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], stroke(colour)));
            let dots = points().map(|point| Circle::new(point, 3, colour.filled()));
            chart.draw_series(dots).map_err(|error| failed(&error))?;
        }
        let mut legend = chart.configure_series_labels();
        let legend = legend.position(corner(series, [left, right], [low, high])).label_font((FONT, 16).into_font());
        legend.background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.2)).draw().map_err(|error| failed(&error))
    })
}

/// The corner with the fewest points, where the legend covers least.
fn corner(series: &[Series], [left, right]: [f64; 2], [low, high]: [f64; 2]) -> SeriesLabelPosition {
    use SeriesLabelPosition::{LowerLeft, LowerRight, UpperLeft, UpperRight};
    let corners =
        [(UpperRight, true, true), (LowerRight, true, false), (UpperLeft, false, true), (LowerLeft, false, false)];
    let points = || series.iter().flat_map(|line| &line.points);
    let covered = |is_right: bool, is_upper: bool| {
        let [x, y] = [(left + right) / 2.0, (low + high) / 2.0];
        points().filter(|point| (point[0] > x) == is_right && (point[1] > y) == is_upper).count()
    };
    let least = corners.into_iter().min_by_key(|(_, is_right, is_upper)| covered(*is_right, *is_upper));
    least.map_or(UpperRight, |(corner, ..)| corner)
}

fn stroke(colour: RGBColor) -> ShapeStyle {
    colour.stroke_width(2)
}

/// A number without trailing zeros.
pub(super) fn tick(value: f64) -> String {
    let text = format!("{:.3}", value + 0.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The ends of an axis: those that are given, else those of the values. They never coincide.
fn ends(axis: &ChartAxis, part: usize, series: &[Series]) -> [f64; 2] {
    let values =
        || series.iter().flat_map(|line| &line.points).map(|point| point[part]).filter(|value| value.is_finite());
    let found = [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)];
    match axis.range.unwrap_or(found) {
        [low, high] if low < high => [low, high],
        [low, _] if low.is_finite() => [low - 0.5, low + 0.5],
        _ => [0.0, 1.0],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_chart_has_its_lines_in_their_colours() {
        let axis = |name: &str| ChartAxis { name: name.into(), range: None };
        let line = |name: &str, y: f64| Series { name: name.into(), points: vec![[0.0, y], [1.0, y]] };
        let lines = [line("a", 1.0), line("b", 2.0)];
        let chart = line_chart("both", &axis("x"), &axis("y"), &lines).unwrap();
        for colour in &COLOURS[..2] {
            let count = chart.pixels().filter(|pixel| pixel.0[..3] == [colour.0, colour.1, colour.2]).count();
            assert!(count > 800, "{colour:?}: {count}");
        }
        assert_eq!(ends(&axis("x"), 1, &lines[..1]), [0.5, 1.5]);
        assert_eq!((tick(0.25), tick(-0.0), tick(40.0)), ("0.25".into(), "0".into(), "40".into()));
    }
}
