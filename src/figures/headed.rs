//! Sheets with a line of text above each column and before each row.

use super::lettering;
use crate::Result;
use image::{RgbaImage, imageops};

/// Height of a line in pixels, and the width of a letter at most.
const LINE: u32 = 18;
const LETTER: u32 = 9;

/// The texts around a sheet of tiles.
pub struct Headings<'a> {
    /// Above the columns.
    pub columns: &'a [String],
    /// Before the rows; may be none.
    pub rows: &'a [String],
    /// Tiles below each other that share the text of a row.
    pub rows_each: u32,
}

impl Headings<'_> {
    /// The sheet with its texts; tiles are of the size `tile`, `gap` pixels apart.
    ///
    /// # Errors
    /// When the font cannot be read.
    pub fn around(&self, sheet: &RgbaImage, tile: (u32, u32), gap: u32) -> Result<RgbaImage> {
        let longest = self.rows.iter().map(|text| text.chars().count() as u32).max().unwrap_or(0);
        let left = longest * LETTER;
        let mut whole = RgbaImage::new(sheet.width() + left, sheet.height() + LINE + 2);
        imageops::replace(&mut whole, sheet, left.into(), (LINE + 2).into());
        for (index, text) in self.columns.iter().enumerate() {
            let x = left + index as u32 * (tile.0 + gap);
            imageops::replace(&mut whole, &lettering(text, tile.0, LINE)?, x.into(), 0);
        }
        for (index, text) in self.rows.iter().enumerate() {
            let y = LINE + 2 + index as u32 * self.rows_each * (tile.1 + gap);
            let middle = y + (tile.1.saturating_sub(LINE)) / 2;
            imageops::replace(&mut whole, &lettering(text, left, LINE)?, 0, middle.into());
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use image::Rgba;

    #[test]
    fn texts_stand_above_columns_and_before_rows() {
        let ink = Rgba([255, 0, 0, 255]);
        let sheet = RgbaImage::from_pixel(110, 70, ink);
        let (columns, rows) = (["epoch 1", "epoch 2"].map(String::from), ["unit 7".to_owned()]);
        let headings = Headings { columns: &columns, rows: &rows, rows_each: 2 };
        let found = headings.around(&sheet, (50, 30), 10).unwrap();
        let left = 6 * LETTER;
        assert_eq!(found.dimensions(), (110 + left, 70 + LINE + 2));
        assert_eq!(*found.get_pixel(left, LINE + 2), ink);
        let written = |x: std::ops::Range<u32>, y: std::ops::Range<u32>| {
            x.flat_map(|x| y.clone().map(move |y| (x, y))).any(|(x, y)| found.get_pixel(x, y)[3] > 128)
        };
        assert!(written(left..left + 50, 0..LINE) && written(left + 60..left + 110, 0..LINE));
        assert!(written(0..left, LINE..60) && !written(0..left, 0..LINE));
    }
}
