//! Pieces of HTML.

use super::super::pictures::TourPicture;
use crate::{html::escape, net::Field};

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

/// "27 × 27 pixels, every 4".
pub(super) fn sees([down, across]: &[Field; 2]) -> String {
    let step = |field: &Field| format!("{:.1}", field.stride).trim_end_matches(".0").to_owned();
    let steps = if down.stride == across.stride { step(down) } else { format!("{} × {}", step(down), step(across)) };
    format!("{} × {} pixels, every {steps}", down.size, across.size)
}
