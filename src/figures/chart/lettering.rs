//! A line of text as a picture, to name what it stands above.

use super::{FONT, failed, picture};
use crate::Result;
use image::{Rgba, RgbaImage};
use plotters::style::{
    IntoTextStyle, TextStyle,
    text_anchor::{HPos, Pos, VPos},
};

/// A line of text from the left, as high as the picture allows: grey on nothing, which is legible on white and on black.
///
/// # Errors
/// When the font cannot be read.
pub fn lettering(text: &str, width: u32, height: u32) -> Result<RgbaImage> {
    let mut image = picture(width, height, |area| {
        let style: TextStyle = (FONT, f64::from(height) * 0.85).into_text_style(area);
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(text, &style, (0, height as i32 / 2)).map_err(|error| failed(&error))
    })?;
    // Where the picture is dark, the letter covers.
    image.pixels_mut().for_each(|pixel| *pixel = Rgba([128, 128, 128, 255 - pixel[0]]));
    Ok(image)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn letters_cover_and_the_ground_does_not() {
        let image = lettering("unit 12", 100, 14).unwrap();
        let covered = image.pixels().filter(|pixel| pixel[3] > 128).count();
        assert!((20..500).contains(&covered), "{covered}");
        assert!(image.enumerate_pixels().all(|(x, _, pixel)| x < 60 || pixel[3] == 0), "it begins at the left");
        assert!(lettering("", 100, 14).unwrap().pixels().all(|pixel| pixel[3] == 0));
    }
}
