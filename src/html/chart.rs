//! ChartLine charts as SVG for pages. Both axes run from 0 to 1.

use super::escape;
use std::fmt::Write;

/// A line of a chart.
pub struct ChartLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its points, x and y from 0 to 1.
    pub points: Vec<[f64; 2]>,
    /// Whether it is only there to compare with: drawn thin and dashed, without points.
    pub is_guide: bool,
}

/// Pixels of the square between the axes, and around it.
const SIDE: f64 = 320.0;
const MARGIN: f64 = 52.0;

/// Lines over two axes from 0 to 1, which are named `x` and `y`.
pub fn line_chart(x: &str, y: &str, lines: &[ChartLine]) -> String {
    let (size, end) = (SIDE + 2.0 * MARGIN, MARGIN + SIDE);
    let place = |[x, y]: [f64; 2]| (MARGIN + x.clamp(0.0, 1.0) * SIDE, end - y.clamp(0.0, 1.0) * SIDE);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {size} {size}\" width=\"{size}\" height=\"{size}\" role=\"img\" \
         aria-label=\"{} against {}\">\n",
        escape(y),
        escape(x)
    );
    for tick in 0..=5 {
        let value = f64::from(tick) / 5.0;
        let ((at_x, at_y), label) = (place([value, value]), format!("{value:.1}"));
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{at_x:.1} {MARGIN}V{end}M{MARGIN} {at_y:.1}H{end}\"/>\
             <text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            end + 18.0,
            MARGIN - 8.0,
            at_y + 4.0
        );
    }
    for (index, line) in lines.iter().enumerate() {
        let path: Vec<String> =
            line.points.iter().map(|&point| place(point)).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let class = if line.is_guide { "guide".to_owned() } else { format!("line line-{index}") };
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"M{}\"><title>{}</title></path>",
            path.join("L"),
            escape(line.name)
        );
        if !line.is_guide {
            for &point in &line.points {
                let (x, y) = place(point);
                let said = format!("{:.3}, {:.3}", point[0], point[1]);
                let _ = writeln!(
                    svg,
                    "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{said}</title></circle>"
                );
            }
        }
    }
    let middle = MARGIN + SIDE / 2.0;
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
         <text transform=\"translate(14 {middle}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n</svg>",
        size - 8.0,
        escape(x),
        escape(y)
    );
    svg
}
