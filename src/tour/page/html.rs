//! Pieces of HTML.

use super::super::pictures::TourPicture;
use crate::net::Field;
use std::fmt::Write;

/// Plain text as HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `3 × 64 × 64`.
pub(super) fn times(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

pub(super) fn image(picture: &TourPicture, class: &str) -> String {
    let TourPicture { file, width, height, alt } = picture;
    let alt = escape(alt);
    format!(
        "<a href=\"{file}\"><img class=\"{class}\" src=\"{file}\" width=\"{width}\" height=\"{height}\" \
         alt=\"{alt}\" loading=\"lazy\"></a>"
    )
}

/// `<dt>` and `<dd>` pairs.
pub(super) fn facts(pairs: &[(&str, String)]) -> String {
    pairs.iter().fold(String::from("<dl class=\"facts\">"), |mut html, (term, value)| {
        let _ = write!(html, "<div><dt>{term}</dt><dd>{value}</dd></div>");
        html
    }) + "</dl>\n"
}

/// "27 × 27 pixels, every 4".
pub(super) fn sees([down, across]: &[Field; 2]) -> String {
    let step = |field: &Field| format!("{:.1}", field.stride).trim_end_matches(".0").to_owned();
    let steps = if down.stride == across.stride { step(down) } else { format!("{} × {}", step(down), step(across)) };
    format!("{} × {} pixels, every {steps}", down.size, across.size)
}
