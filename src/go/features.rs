//! The planes that AlphaGo's networks read (Silver et al. 2016, extended data table 2). Whole numbers are spread over eight
//! planes, one for each value, the last for all that are larger. Where the table leaves it open, values begin as in the
//! public reimplementations: at 1, but at 0 for the stones that a move takes; points where a move is not legal have none.

use super::{
    board::{POINTS, Stone},
    ladder,
    position::Position,
};

/// Planes of the policy network; the value network has one more, of the player's colour.
pub const PLANES: usize = 48;

/// The first plane of each feature.
const ONES: usize = 3;
const TURNS_SINCE: usize = 4;
const LIBERTIES: usize = 12;
const CAPTURE_SIZE: usize = 20;
const SELF_ATARI_SIZE: usize = 28;
const LIBERTIES_AFTER: usize = 36;
const LADDER_CAPTURE: usize = 44;
const LADDER_ESCAPE: usize = 45;
const SENSIBLENESS: usize = 46;

/// The values of a position, plane by plane, each row by row: 48 planes, and with `colour` a last one that is 1 where Black
/// moves.
pub fn planes(position: &Position, colour: bool) -> Vec<f32> {
    let mut values = vec![0.0; (PLANES + usize::from(colour)) * POINTS];
    let mut set = |plane: usize, point: usize| values[plane * POINTS + point] = 1.0;
    for point in 0..POINTS {
        set(ONES, point);
        match position.at(point) {
            Some(stone) => {
                set(usize::from(stone != position.to_play), point);
                if let Some(age) = position.age(point) {
                    set(TURNS_SINCE + place(age), point);
                }
                set(LIBERTIES + place(position.liberties(point)), point);
            }
            None => set(2, point),
        }
        let Some((taken, own)) = position.outcome(point) else { continue };
        set(CAPTURE_SIZE + taken.min(7), point);
        if own.liberties.len() == 1 {
            set(SELF_ATARI_SIZE + place(own.stones.len()), point);
        }
        set(LIBERTIES_AFTER + place(own.liberties.len()), point);
        if ladder::captures(position, point) {
            set(LADDER_CAPTURE, point);
        }
        if ladder::escapes(position, point) {
            set(LADDER_ESCAPE, point);
        }
        if !position.is_own_eye(point) {
            set(SENSIBLENESS, point);
        }
    }
    if colour && position.to_play == Stone::Black {
        values[PLANES * POINTS..].fill(1.0);
    }
    values
}

/// The plane, of eight, of a number that begins at 1.
fn place(number: usize) -> usize {
    number.clamp(1, 8) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::position::tests::{corner, point};

    /// The planes of a feature that are 1 at a point.
    fn at(values: &[f32], first: usize, count: usize, point: usize) -> Vec<usize> {
        (0..count).filter(|plane| values[(first + plane) * POINTS + point] == 1.0).collect()
    }

    #[test]
    fn an_empty_board_is_the_tables() {
        let values = planes(&Position::default(), true);
        assert_eq!(values.len(), 49 * POINTS);
        let sum = |plane: usize| values[plane * POINTS..(plane + 1) * POINTS].iter().sum::<f32>();
        // Nothing but empty points, ones, no captures, and sensible moves with two to four liberties.
        assert_eq!([0, 1, 2, 3].map(sum), [0.0, 0.0, 361.0, 361.0]);
        assert_eq!((sum(CAPTURE_SIZE), sum(SENSIBLENESS), sum(47), sum(48)), (361.0, 361.0, 0.0, 361.0));
        let after: Vec<f32> = (0..8).map(|plane| sum(LIBERTIES_AFTER + plane)).collect();
        assert_eq!(after, [0.0, 4.0, 68.0, 289.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(
            (TURNS_SINCE..LIBERTIES_AFTER).filter(|&plane| sum(plane) > 0.0).collect::<Vec<_>>(),
            [CAPTURE_SIZE]
        );
    }

    #[test]
    fn features_of_a_small_fight() {
        // Black takes two at (0, 0), and would be in atari at (3, 0).
        let position = corner(&[". O X .", "X O X .", ". X . .", ". O . .", "O . . ."]);
        let values = planes(&position, false);
        assert_eq!(at(&values, 0, 3, point(0, 1)), [1]);
        assert_eq!(at(&values, 0, 3, point(0, 2)), [0]);
        assert_eq!(at(&values, LIBERTIES, 8, point(0, 1)), [0]);
        assert_eq!(at(&values, TURNS_SINCE, 8, point(0, 1)), [7], "it was there when the game began");
        assert_eq!(at(&values, CAPTURE_SIZE, 8, point(0, 0)), [2]);
        assert_eq!(at(&values, CAPTURE_SIZE, 8, point(0, 3)), [0]);
        assert_eq!(at(&values, SELF_ATARI_SIZE, 8, point(3, 0)), [0], "one stone with one liberty");
        assert_eq!(at(&values, SELF_ATARI_SIZE, 8, point(0, 3)), [0usize; 0]);
        assert_eq!(at(&values, CAPTURE_SIZE, 8, point(0, 1)), [0usize; 0], "no move is legal where a stone stands");
        assert_eq!(at(&values, SENSIBLENESS, 1, point(0, 0)), [0]);
    }

    #[test]
    fn the_last_moves_are_told_apart() {
        let mut position = Position::default();
        for column in 0..10 {
            assert!(position.play(Some(point(2 + column % 2 * 8, column))));
        }
        let values = planes(&position, true);
        assert_eq!(at(&values, TURNS_SINCE, 8, position.last.unwrap_or(0)), [0]);
        assert_eq!(at(&values, TURNS_SINCE, 8, point(2, 8)), [1]);
        assert_eq!(at(&values, TURNS_SINCE, 8, point(2, 0)), [7]);
        // Black moved first and moves again.
        assert_eq!(at(&values, 0, 3, point(2, 0)), [0]);
        assert_eq!(values[PLANES * POINTS], 1.0);
    }

    #[test]
    fn ladders_and_eyes_have_planes() {
        let position = corner(&[". . . . .", ". . X . .", ". X O . .", ". X . . ."]);
        let values = planes(&position, false);
        assert_eq!(at(&values, LADDER_CAPTURE, 1, point(2, 3)), [0]);
        assert_eq!(at(&values, LADDER_CAPTURE, 1, point(0, 0)), [0usize; 0]);
        let eye = planes(&corner(&[". X", "X X"]), false);
        assert_eq!(at(&eye, SENSIBLENESS, 1, point(0, 0)), [0usize; 0]);
    }
}
