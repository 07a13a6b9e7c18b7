//! A Go board with the values of its points: discs whose area is a move's probability, or the heat of an attribution.

use super::{Area, FONT, failed, picture};
use crate::{
    Result,
    go::{POINTS, Position, SIDE, Stone},
};
use image::RgbaImage;
use plotters::{
    element::{Circle, PathElement, Rectangle},
    style::{
        BLACK, Color, IntoTextStyle, RGBColor, ShapeStyle, TextStyle, WHITE,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// Pixels from line to line, around the board, and for the title.
const STEP: i32 = 40;
const MARGIN: i32 = 52;
const TITLE: i32 = 46;

const WOOD: RGBColor = RGBColor(226, 190, 130);
const LINE: RGBColor = RGBColor(104, 80, 48);
const DISC: RGBColor = RGBColor(0, 114, 178);
const HEAT: RGBColor = RGBColor(200, 40, 120);
const LAST: RGBColor = RGBColor(214, 60, 48);
/// Moves that are labelled with their percent.
const LABELLED: usize = 3;

/// Values of a board's points, row by row from the top left.
#[derive(Clone, Copy, Debug)]
pub enum BoardValues<'a> {
    /// Probabilities of moves; the best have their percent beside them.
    Moves(&'a [f32]),
    /// Values at least 0, of which the largest is full.
    Heat(&'a [f32]),
}

/// A position with values on it, coordinates along the edges and a title.
///
/// # Errors
/// [`crate::Error::Failed`] when it cannot be drawn.
pub fn board_chart(title: &str, position: &Position, values: BoardValues) -> Result<RgbaImage> {
    let side = 2 * MARGIN + STEP * (SIDE as i32 - 1);
    picture(side as u32, (side + TITLE) as u32, |area| {
        let text = |words: &str, size: i32, place: (i32, i32), colour: RGBColor| {
            let style: TextStyle = (FONT, size).into_text_style(area).pos(Pos::new(HPos::Center, VPos::Center));
            area.draw_text(words, &style.color(&colour), place).map_err(|error| failed(&error))
        };
        text(title, 20, (side / 2, TITLE / 2), BLACK)?;
        grid(area, side)?;
        for index in 0..SIDE {
            let (place, edge) = (MARGIN + STEP * index as i32, 22);
            let letter = char::from(b'A' + index as u8 + u8::from(index >= 8)).to_string();
            let row = (SIDE - index).to_string();
            for far in [edge, side - edge] {
                text(&letter, 16, (place, TITLE + far), BLACK)?;
                text(&row, 16, (far, TITLE + place), BLACK)?;
            }
        }
        let (BoardValues::Moves(found) | BoardValues::Heat(found)) = values;
        let most = found.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let share = |point: usize| f64::from((found.get(point).copied().unwrap_or(0.0) / most).clamp(0.0, 1.0));
        for point in 0..POINTS {
            let (x, y) = place(point);
            let draw = |radius: f64, style: ShapeStyle| {
                area.draw(&Circle::new((x, y), radius as i32, style)).map_err(|error| failed(&error))
            };
            if let BoardValues::Heat(_) = values {
                let half = STEP / 2;
                let square = [(x - half, y - half), (x + half, y + half)];
                let heat = HEAT.mix(0.85 * share(point).powf(0.7)).filled();
                area.draw(&Rectangle::new(square, heat)).map_err(|error| failed(&error))?;
            }
            if let Some(stone) = position.at(point) {
                let fill = if stone == Stone::Black { RGBColor(28, 28, 30) } else { RGBColor(248, 248, 246) };
                draw(18.0, fill.filled())?;
                draw(18.0, LINE.stroke_width(1))?;
                if position.last == Some(point) {
                    draw(6.0, LAST.filled())?;
                }
            } else if let (BoardValues::Moves(_), true) = (values, share(point) > 0.004) {
                draw((18.0 * share(point).sqrt()).max(3.0), DISC.mix(0.85).filled())?;
            }
        }
        if let BoardValues::Moves(found) = values {
            for (point, value) in best(position, found) {
                let (x, y) = place(point);
                text(&format!("{:.0}", 100.0 * value), 15, (x, y), if share(point) > 0.3 { WHITE } else { BLACK })?;
            }
        }
        Ok(())
    })
}

/// The best moves with their values.
fn best(position: &Position, values: &[f32]) -> Vec<(usize, f32)> {
    let empty = values.iter().copied().enumerate().filter(|(point, _)| position.at(*point).is_none());
    let mut found: Vec<(usize, f32)> = empty.collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(LABELLED);
    found
}

fn place(point: usize) -> (i32, i32) {
    let (row, column) = ((point / SIDE) as i32, (point % SIDE) as i32);
    (MARGIN + STEP * column, TITLE + MARGIN + STEP * row)
}

/// Wood, lines and dots.
fn grid(area: &Area, side: i32) -> Result<()> {
    let (first, last) = (MARGIN, MARGIN + STEP * (SIDE as i32 - 1));
    let wood = [(MARGIN - 26, TITLE + MARGIN - 26), (side - MARGIN + 26, TITLE + side - MARGIN + 26)];
    area.draw(&Rectangle::new(wood, WOOD.filled())).map_err(|error| failed(&error))?;
    for index in 0..SIDE as i32 {
        let at = MARGIN + STEP * index;
        let lines = [[(at, TITLE + first), (at, TITLE + last)], [(first, TITLE + at), (last, TITLE + at)]];
        for line in lines {
            area.draw(&PathElement::new(line.to_vec(), LINE.stroke_width(1))).map_err(|error| failed(&error))?;
        }
    }
    for (row, column) in [3, 9, 15].into_iter().flat_map(|row| [3, 9, 15].map(|column| (row, column))) {
        area.draw(&Circle::new(place(row * SIDE + column), 4, LINE.filled())).map_err(|error| failed(&error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn stones_and_moves_stand_on_their_points() {
        let mut position = Position::default();
        assert!(position.play(Some(3 * SIDE + 15)));
        let mut values = vec![0.0; POINTS];
        values[15 * SIDE + 3] = 0.5;
        let board = board_chart("a board", &position, BoardValues::Moves(&values)).unwrap();
        let colour = |point: usize, beside: i32| {
            let (x, y) = place(point);
            let pixel = board.get_pixel((x + beside) as u32, y as u32).0;
            [pixel[0], pixel[1], pixel[2]]
        };
        assert_eq!(colour(3 * SIDE + 15, 10), [28, 28, 30]);
        assert!(colour(15 * SIDE + 3, 13)[2] > 140 && colour(15 * SIDE + 3, 13)[0] < 80);
        let heat = board_chart("a board", &position, BoardValues::Heat(&values)).unwrap();
        assert_ne!(heat.as_raw(), board.as_raw());
    }
}
