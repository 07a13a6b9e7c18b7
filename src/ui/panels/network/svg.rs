//! The drawing as a file that any browser shows.

use super::{fold::Folded, layout::BoxLayout};
use crate::html::escape;
use eframe::egui::Pos2;
use std::fmt::Write as _;

/// The drawing with two lines of text in each box.
pub fn svg(folded: &Folded, layout: &BoxLayout, texts: impl Fn(usize) -> [String; 2]) -> String {
    let bounds = layout.bounds.expand(12.0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{} {} {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" fill=\"white\"/>\n",
        bounds.left(),
        bounds.top(),
        bounds.width(),
        bounds.height()
    );
    // Writing to a string cannot fail.
    for edge in &layout.edges {
        let _ = writeln!(text, "<path d=\"{}\" fill=\"none\" stroke=\"#888\"/>", path(edge));
    }
    for (index, rect) in layout.boxes.iter().enumerate() {
        let fill = if folded.boxes[index].block.is_some() { "#e8ecf4" } else { "#f6f6f6" };
        let [first, second] = texts(index).map(|text| escape(&text));
        let _ = writeln!(
            text,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"{fill}\" stroke=\"#555\"/>",
            rect.left(),
            rect.top(),
            rect.width(),
            rect.height()
        );
        let middle = rect.center();
        let (above, below) = if second.is_empty() { (4.0, 4.0) } else { (-3.0, 12.0) };
        for (line, y, colour) in [(first, above, "#111"), (second, below, "#666")] {
            let (x, y) = (middle.x, middle.y + y);
            let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" fill=\"{colour}\">{line}</text>");
        }
    }
    text.push_str("</svg>\n");
    text
}

/// From corner to corner in curves that begin and end level.
fn path(points: &[Pos2]) -> String {
    let mut text = String::new();
    for (index, point) in points.iter().enumerate() {
        let (x, y) = (point.x, point.y);
        let _ = match index.checked_sub(1).map(|before| points[before]) {
            None => write!(text, "M{x} {y}"),
            Some(before) => {
                let middle = (before.x + x) / 2.0;
                write!(text, " C{middle} {} {middle} {y} {x} {y}", before.y)
            }
        };
    }
    text
}
