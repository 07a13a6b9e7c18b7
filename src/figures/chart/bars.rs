//! Bar charts with a name beside each bar.

use super::{COLOURS, FONT, failed, picture};
use crate::{Result, paths::brief};
use image::RgbaImage;
use plotters::{
    element::{PathElement, Rectangle},
    style::{
        BLACK, Color, IntoTextStyle, RGBColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// Pixels from bar to bar, of a bar, and around the bars.
const STEP: i32 = 30;
const HEIGHT: i32 = 20;
const MARGIN: i32 = 56;
/// Pixels for the names, and of the longest bar.
const NAMES: i32 = 330;
const WIDTH: i32 = 560;
/// Characters of a name that fit beside a bar.
const CHARACTERS: usize = 42;

/// A bar from 0 to a value.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Its length.
    pub percent: f64,
    /// Whether it is one to compare the others with: it has another colour.
    pub is_baseline: bool,
}

/// Bars one below the other, over an axis from 0 to `end` that is called `axis`.
///
/// # Errors
/// [`crate::Error::Failed`] when the chart cannot be drawn.
pub fn bar_chart(title: &str, axis: &str, end: f64, bars: &[Bar]) -> Result<RgbaImage> {
    let height = 2 * MARGIN + 20 + STEP * bars.len() as i32;
    let bottom = MARGIN + STEP * bars.len() as i32;
    picture((NAMES + WIDTH + 80) as u32, height as u32, |area| {
        let x = |percent: f64| NAMES + (percent.clamp(0.0, end) / end * f64::from(WIDTH)).round() as i32;
        let text = |words: &str, size: i32, place: (i32, i32), side: HPos| {
            let style: TextStyle = (FONT, size).into_text_style(area).pos(Pos::new(side, VPos::Center));
            area.draw_text(words, &style, place).map_err(|error| failed(&error))
        };
        text(title, 21, (NAMES + WIDTH / 2, MARGIN / 2), HPos::Center)?;
        for percent in (0..=5).map(|step| f64::from(step) * end / 5.0) {
            let at = x(percent);
            let line = PathElement::new(vec![(at, MARGIN), (at, bottom)], BLACK.mix(0.15));
            area.draw(&line).map_err(|error| failed(&error))?;
            text(&super::lines::tick(percent), 15, (at, bottom + 14), HPos::Center)?;
        }
        text(axis, 17, (NAMES + WIDTH / 2, bottom + 40), HPos::Center)?;
        for (index, bar) in bars.iter().enumerate() {
            let top = MARGIN + STEP * index as i32 + (STEP - HEIGHT) / 2;
            let colour: RGBColor = COLOURS[usize::from(!bar.is_baseline)];
            let corners = [(NAMES, top), (x(bar.percent), top + HEIGHT)];
            area.draw(&Rectangle::new(corners, colour.filled())).map_err(|error| failed(&error))?;
            text(&brief(&bar.name, CHARACTERS), 16, (NAMES - 10, top + HEIGHT / 2), HPos::Right)?;
            text(
                &super::lines::tick((100.0 * bar.percent).round() / 100.0),
                15,
                (x(bar.percent) + 8, top + HEIGHT / 2),
                HPos::Left,
            )?;
        }
        Ok(())
    })
}
