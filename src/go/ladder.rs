//! Ladders: a group with two liberties that is chased with atari after atari until it is taken, or gets away.

use super::{
    board::{Board, Stone, neighbours},
    position::Position,
};

/// Moves that are looked at for one point; a ladder across the board has some eighty.
const MOST_MOVES: usize = 600;
/// Moves of one ladder.
const DEEPEST: usize = 120;

/// Whether a move at `point` begins a ladder that takes a group of the other colour.
pub(super) fn captures(position: &Position, point: usize) -> bool {
    if !position.is_legal(point) {
        return false;
    }
    let hunter = position.to_play;
    let mut search = LadderSearch { left: MOST_MOVES };
    let mut seen: Vec<usize> = Vec::new();
    for prey in neighbours(point).filter(|&at| position.at(at) == Some(hunter.other())) {
        let group = position.board.group(prey);
        let again = seen.iter().any(|other| group.stones.contains(other));
        seen.push(prey);
        if !again && group.liberties.len() == 2 && search.hunts(&position.board, prey, point, hunter, 0) {
            return true;
        }
    }
    false
}

/// Whether a move at `point` saves a group of the player's that is in atari from a ladder.
pub(super) fn escapes(position: &Position, point: usize) -> bool {
    if !position.is_legal(point) {
        return false;
    }
    let own = position.to_play;
    let mut search = LadderSearch { left: MOST_MOVES };
    let mut prey: Vec<usize> = Vec::new();
    // The group whose last liberty the point is, or whose hunters a move there takes.
    for at in neighbours(point) {
        match position.at(at) {
            Some(stone) if stone == own => prey.push(at),
            Some(_) if position.liberties(at) == 1 => {
                let hunters = position.board.group(at);
                let beside = hunters.stones.iter().flat_map(|&stone| neighbours(stone));
                prey.extend(beside.filter(|&at| position.at(at) == Some(own)));
            }
            _ => {}
        }
    }
    prey.iter().any(|&prey| position.liberties(prey) == 1 && search.runs(&position.board, prey, point, own, 0))
}

/// A search for the end of a ladder.
struct LadderSearch {
    /// Moves that may still be looked at.
    left: usize,
}

impl LadderSearch {
    /// Whether `hunter`, at `point`, takes the group of `prey` in the end.
    fn hunts(&mut self, board: &Board, prey: usize, point: usize, hunter: Stone, depth: usize) -> bool {
        if self.left == 0 || depth > DEEPEST {
            return false;
        }
        self.left -= 1;
        let mut board = board.clone();
        if board.play(point, hunter).is_none() {
            return false;
        }
        let group = board.group(prey);
        match group.liberties.as_slice() {
            [] => true,
            &[last] => {
                let mut answers = vec![last];
                // Hunters in atari can be taken.
                for at in group.stones.iter().flat_map(|&stone| neighbours(stone)) {
                    if board.at(at) == Some(hunter)
                        && let [liberty] = board.group(at).liberties[..]
                        && !answers.contains(&liberty)
                    {
                        answers.push(liberty);
                    }
                }
                !answers.into_iter().any(|answer| self.runs(&board, prey, answer, hunter.other(), depth + 1))
            }
            _ => false,
        }
    }

    /// Whether the group of `prey` gets away from the ladder by a move of its own colour at `point`.
    fn runs(&mut self, board: &Board, prey: usize, point: usize, own: Stone, depth: usize) -> bool {
        if self.left == 0 || depth > DEEPEST {
            return true;
        }
        self.left -= 1;
        let mut board = board.clone();
        if board.play(point, own).is_none() {
            return false;
        }
        match board.group(prey).liberties.as_slice() {
            [] | [_] => false,
            &[one, two] => ![one, two].into_iter().any(|at| self.hunts(&board, prey, at, own.other(), depth + 1)),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::position::tests::{corner, point};

    /// A white stone with two liberties; black chases it right and down, along the diagonal.
    const CHASE: [&str; 4] = [". . . . .", ". . X . .", ". X O . .", ". X . . ."];

    /// Three white stones on the way of the ladder.
    fn block(position: &mut Position) {
        for (row, column) in [(10, 10), (10, 11), (11, 11)] {
            position.put(point(row, column), Some(Stone::White));
        }
    }

    #[test]
    fn a_ladder_runs_to_the_edge_unless_a_stone_is_in_the_way() {
        let mut position = corner(&CHASE);
        let near = (0..6).flat_map(|row| (0..6).map(move |column| point(row, column)));
        let found: Vec<usize> = near.filter(|&at| captures(&position, at)).collect();
        // From the other side the stone has three liberties after its next move.
        assert_eq!(found, [point(2, 3)]);
        block(&mut position);
        assert!(!captures(&position, point(2, 3)));
    }

    #[test]
    fn a_group_in_atari_escapes_or_does_not() {
        let mut position = corner(&CHASE);
        position.put(point(2, 3), Some(Stone::Black));
        position.to_play = Stone::White;
        assert_eq!(position.liberties(point(2, 2)), 1);
        assert!(!escapes(&position, point(3, 2)), "it is taken at the edge");
        block(&mut position);
        assert!(escapes(&position, point(3, 2)));
        assert!(!escapes(&position, point(5, 5)), "a move elsewhere saves nothing");
    }

    #[test]
    fn taking_a_hunter_saves_a_group() {
        let mut position = Position::default();
        for (row, column) in [(9, 10), (10, 9), (11, 10)] {
            position.put(point(row, column), Some(Stone::Black));
        }
        for (row, column) in [(10, 10), (8, 10), (9, 9)] {
            position.put(point(row, column), Some(Stone::White));
        }
        position.to_play = Stone::White;
        assert_eq!((position.liberties(point(10, 10)), position.liberties(point(9, 10))), (1, 1));
        assert!(escapes(&position, point(9, 11)));
    }
}
