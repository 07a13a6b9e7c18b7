//! A position of a game: the stones, whose turn it is, the point that ko forbids, and how long ago each stone was set.

use super::board::{Board, Group, POINTS, Stone, diagonals, neighbours};

/// A position of a game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub(super) board: Board,
    /// The player whose turn it is.
    pub to_play: Stone,
    /// The point that may not be taken back at once.
    ko: Option<usize>,
    /// The number of the turn in which each stone was set; 0 for stones that the game began with.
    set_in: [usize; POINTS],
    /// Turns so far.
    pub turns: usize,
    /// The point of the last move; `None` at the beginning and after a pass.
    pub last: Option<usize>,
}

impl Default for Position {
    fn default() -> Self {
        let (board, to_play) = (Board::new(), Stone::Black);
        Position { board, to_play, ko: None, set_in: [0; POINTS], turns: 0, last: None }
    }
}

impl Position {
    /// The stone at a point, row by row from the top left.
    pub fn at(&self, point: usize) -> Option<Stone> {
        self.board.at(point)
    }

    /// Sets a stone, or takes it off, outside the order of turns.
    pub fn put(&mut self, point: usize, stone: Option<Stone>) {
        self.board.set(point, stone);
        self.set_in[point] = 0;
        (self.ko, self.last) = (None, None);
    }

    /// Whether a stone of the player may be set at a point: it is empty, no ko forbids it, and it is no suicide.
    pub fn is_legal(&self, point: usize) -> bool {
        self.ko != Some(point) && self.board.clone().play(point, self.to_play).is_some()
    }

    /// Makes a move, or passes. Whether it was legal; nothing changes where it was not.
    pub fn play(&mut self, point: Option<usize>) -> bool {
        let Some(point) = point else {
            (self.ko, self.last, self.to_play) = (None, None, self.to_play.other());
            self.turns += 1;
            return true;
        };
        if self.ko == Some(point) {
            return false;
        }
        let Some(taken) = self.board.play(point, self.to_play) else { return false };
        let own = self.board.group(point);
        // One stone took one and could be taken back at once.
        let alone = own.stones.len() == 1 && own.liberties.len() == 1;
        self.ko = if alone && taken.len() == 1 { taken.first().copied() } else { None };
        self.turns += 1;
        self.set_in[point] = self.turns;
        (self.last, self.to_play) = (Some(point), self.to_play.other());
        true
    }

    /// Turns since the stone at a point was set, 1 for the last move; `None` without a stone. Stones that the game began with
    /// are older than every other.
    pub fn age(&self, point: usize) -> Option<usize> {
        self.at(point)?;
        Some(match self.set_in[point] {
            0 => usize::MAX,
            turn => self.turns + 1 - turn,
        })
    }

    /// The liberties of the group at a point; 0 without a stone.
    pub fn liberties(&self, point: usize) -> usize {
        self.board.group(point).liberties.len()
    }

    /// The outcome of a move at a point: the stones taken and the group that it would make; `None` where it is not legal.
    pub(super) fn outcome(&self, point: usize) -> Option<(usize, Group)> {
        let mut board = self.board.clone();
        if self.ko == Some(point) {
            return None;
        }
        let taken = board.play(point, self.to_play)?.len();
        Some((taken, board.group(point)))
    }

    /// Whether a point is an eye of the player: stones of his own on all sides, and on the diagonals but for one, on all of
    /// them at the edge.
    pub fn is_own_eye(&self, point: usize) -> bool {
        let own = |at: usize| self.at(at) == Some(self.to_play);
        if self.at(point).is_some() || !neighbours(point).all(own) {
            return false;
        }
        let corners: Vec<usize> = diagonals(point).collect();
        let foreign = corners.iter().filter(|&&at| !own(at)).count();
        foreign <= usize::from(corners.len() == 4)
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::go::SIDE;

    /// A position from a picture of its upper left corner: X is black, O white. Black moves.
    pub fn corner(rows: &[&str]) -> Position {
        let mut position = Position::default();
        for (row, line) in rows.iter().enumerate() {
            for (column, sign) in line.chars().filter(|sign| !sign.is_whitespace()).enumerate() {
                let stone = match sign {
                    'X' => Some(Stone::Black),
                    'O' => Some(Stone::White),
                    _ => None,
                };
                position.put(row * SIDE + column, stone);
            }
        }
        position
    }

    pub fn point(row: usize, column: usize) -> usize {
        row * SIDE + column
    }

    #[test]
    fn stones_without_liberties_are_taken() {
        let mut position = corner(&[". O X", "X O X", ". X ."]);
        assert_eq!(position.liberties(point(0, 1)), 1);
        assert!(position.play(Some(point(0, 0))));
        assert_eq!((position.at(point(0, 1)), position.at(point(1, 1))), (None, None));
        assert_eq!(position.at(point(0, 0)), Some(Stone::Black));
        assert_eq!(position.to_play, Stone::White);
        assert_eq!((position.age(point(0, 0)), position.age(point(1, 0))), (Some(1), Some(usize::MAX)));
    }

    #[test]
    fn suicide_is_not_legal_but_taking_is() {
        let mut position = corner(&[". X .", "X X .", ". . ."]);
        position.to_play = Stone::White;
        assert!(!position.is_legal(point(0, 0)) && !position.clone().play(Some(point(0, 0))));
        // The last liberty of the other's group may be filled.
        let mut position = corner(&[". X O", "X X O", "O O ."]);
        position.to_play = Stone::White;
        assert_eq!(position.outcome(point(0, 0)).unwrap().0, 3);
        assert!(position.play(Some(point(0, 0))));
        assert_eq!(position.at(point(1, 1)), None);
    }

    #[test]
    fn ko_forbids_to_take_back_at_once() {
        let mut position = corner(&[". X O .", "X O . O", ". X O ."]);
        assert!(position.play(Some(point(1, 2))));
        assert_eq!(position.at(point(1, 1)), None);
        assert!(!position.is_legal(point(1, 1)) && !position.play(Some(point(1, 1))));
        assert!(position.play(Some(point(10, 10))) && position.play(Some(point(12, 12))));
        assert!(position.is_legal(point(1, 1)), "after a move elsewhere");
    }

    #[test]
    fn two_stones_that_take_one_are_no_ko() {
        let mut position = corner(&["X O X .", ". O X .", "O X . ."]);
        position.to_play = Stone::Black;
        assert!(position.play(Some(point(1, 0))));
        assert_eq!((position.at(point(0, 1)), position.at(point(1, 1))), (None, None));
        assert!(position.is_legal(point(0, 1)), "two stones were taken, so no ko");
    }

    #[test]
    fn eyes_are_true_or_false() {
        assert!(corner(&[". X", "X X"]).is_own_eye(point(0, 0)));
        assert!(!corner(&[". X", "X O"]).is_own_eye(point(0, 0)), "the corner's only diagonal is the other's");
        assert!(corner(&["O X X", "X . X", "X X X"]).is_own_eye(point(1, 1)));
        assert!(!corner(&["O X O", "X . X", "X X X"]).is_own_eye(point(1, 1)));
        assert!(!corner(&["X X X", "X . .", "X X X"]).is_own_eye(point(1, 1)));
    }
}
