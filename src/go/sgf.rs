//! Records of games: the Smart Game Format, of which the main line's setup and moves are read.

use super::{
    board::{SIDE, Stone},
    position::Position,
};
use crate::{Error, Result};
use std::{fs, io::Read, path::Path};

/// Bytes of a record. Long commented games have some ten thousand.
const MOST_BYTES: u64 = 1 << 22;
/// Moves of a game.
const MOST_MOVES: usize = 10_000;

/// Whether a file starts like a record of a game.
pub fn is_game(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut signs = head.iter().filter(|sign| !sign.is_ascii_whitespace());
    signs.next() == Some(&b'(') && signs.next() == Some(&b';')
}

/// The position of a file's game after `moves` moves, or after the last; and the number of moves of the game.
///
/// # Errors
/// [`Error::Failed`] when the file is unreadable, no record of a game on 19x19 points, or breaks the rules.
pub fn open_game(path: &Path, moves: Option<usize>) -> Result<(Position, usize)> {
    let failed = |error: std::io::Error| Error::io("open", path, &error);
    let mut text = Vec::new();
    fs::File::open(path).map_err(failed)?.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(failed)?;
    parse_game(&text, &path.display().to_string(), moves)
}

/// The same for a record in memory, called `name`.
///
/// # Errors
/// As [`open_game`].
pub fn parse_game(text: &[u8], name: &str, moves: Option<usize>) -> Result<(Position, usize)> {
    let refused = |why: String| Error::Failed(format!("{name} cannot be played: {why}"));
    if text.len() as u64 > MOST_BYTES {
        return Err(refused(format!("it is longer than {MOST_BYTES} bytes")));
    }
    if !is_game(text) {
        return Err(refused("it is no record of a game (SGF)".to_owned()));
    }
    let text = String::from_utf8_lossy(text);
    let mut game = Game { position: Position::default(), moves: 0, stop: moves, has_moved: false };
    for (key, values) in main_line(&text) {
        game.take(&key, &values).map_err(refused)?;
    }
    match moves {
        Some(wanted) if wanted > game.moves => {
            Err(refused(format!("move {wanted} is asked for, and it has {}", game.moves)))
        }
        _ => Ok((game.position, game.moves)),
    }
}

/// A game that is being played.
struct Game {
    position: Position,
    moves: usize,
    /// The move after which the position stays as it is.
    stop: Option<usize>,
    has_moved: bool,
}

impl Game {
    fn take(&mut self, key: &str, values: &[String]) -> Result<(), String> {
        let first = values.first().map_or("", String::as_str);
        let stopped = self.is_over();
        match key {
            "SZ" if first.trim() != SIDE.to_string() => Err(format!("its board has {first} points a side, not {SIDE}")),
            "GM" if first.trim() != "1" => Err("it is a record of another game than Go".to_owned()),
            "AB" | "AW" | "AE" if !stopped => {
                let stone = match key {
                    "AB" => Some(Stone::Black),
                    "AW" => Some(Stone::White),
                    _ => None,
                };
                for value in values {
                    points(value)?.into_iter().for_each(|point| self.position.put(point, stone));
                }
                // Handicap: Black has set stones, White moves.
                if key == "AB" && !self.has_moved && self.position.turns == 0 {
                    self.position.to_play = Stone::White;
                }
                if key == "AW" && !self.has_moved {
                    self.position.to_play = Stone::Black;
                }
                Ok(())
            }
            "PL" if !stopped => {
                let white = first.trim().to_ascii_uppercase().starts_with('W');
                self.position.to_play = if white { Stone::White } else { Stone::Black };
                Ok(())
            }
            "B" | "W" => self.play(if key == "B" { Stone::Black } else { Stone::White }, first.trim()),
            _ => Ok(()),
        }
    }

    /// Whether the game has gone past the move after which the position stays.
    fn is_over(&self) -> bool {
        self.stop.is_some_and(|stop| self.moves > stop)
    }

    fn play(&mut self, stone: Stone, at: &str) -> Result<(), String> {
        self.moves += 1;
        if self.moves > MOST_MOVES {
            return Err(format!("it has more than {MOST_MOVES} moves"));
        }
        if self.is_over() {
            return Ok(());
        }
        self.has_moved = true;
        self.position.to_play = stone;
        // Both are a pass on 19 points a side.
        let point = if at.is_empty() || at == "tt" { None } else { Some(single(at)?) };
        match self.position.play(point) {
            true => Ok(()),
            false => Err(format!("move {} at {at} is not legal", self.moves)),
        }
    }
}

/// A point as two letters, column and row.
fn single(at: &str) -> Result<usize, String> {
    let place = |letter: u8| letter.checked_sub(b'a').map(usize::from).filter(|&place| place < SIDE);
    match *at.as_bytes() {
        [column, row] => place(column).zip(place(row)).map(|(column, row)| row * SIDE + column),
        _ => None,
    }
    .ok_or_else(|| format!("'{}' is no point", at.chars().take(8).collect::<String>()))
}

/// A point, or all points of a rectangle from one corner to the other.
fn points(value: &str) -> Result<Vec<usize>, String> {
    let value = value.trim();
    let Some((one, two)) = value.split_once(':') else { return single(value).map(|point| vec![point]) };
    let (one, two) = (single(one)?, single(two)?);
    let rows = (one / SIDE).min(two / SIDE)..=(one / SIDE).max(two / SIDE);
    let columns = (one % SIDE).min(two % SIDE)..=(one % SIDE).max(two % SIDE);
    Ok(rows.flat_map(|row| columns.clone().map(move |column| row * SIDE + column)).collect())
}

/// The properties of the first game's main line, in order: of several variations the first.
fn main_line(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut signs = text.chars().peekable();
    let mut key = String::new();
    let mut fresh = true;
    while let Some(sign) = signs.next() {
        match sign {
            // The main line ends where its first variation does.
            ')' => break,
            '[' => {
                let mut value = String::new();
                while let Some(sign) = signs.next() {
                    match sign {
                        ']' => break,
                        '\\' => value.extend(signs.next()),
                        other => value.push(other),
                    }
                }
                match found.last_mut().filter(|_| key.is_empty()) {
                    Some((_, values)) => values.push(value),
                    None => found.push((std::mem::take(&mut key), vec![value])),
                }
                fresh = true;
            }
            // Old files write keys in small letters beside the large ones.
            'A'..='Z' => {
                if std::mem::take(&mut fresh) {
                    key.clear();
                }
                key.push(sign);
            }
            '(' | ';' => (key, fresh) = (String::new(), true),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const GAME: &str = "(;GM[1]FF[4]SZ[19]C[a \\] comment (;B[aa\\])];B[pd];W[dp]\n(;B[pq];W[dd])(;B[aa];W[bb]))";

    #[test]
    fn the_main_line_is_played() {
        let (position, moves) = parse_game(GAME.as_bytes(), "game", None).unwrap();
        assert_eq!((moves, position.turns, position.to_play), (4, 4, Stone::Black));
        assert_eq!(position.at(3 * SIDE + 15), Some(Stone::Black));
        assert_eq!(position.at(0), None);
        let (position, moves) = parse_game(GAME.as_bytes(), "game", Some(1)).unwrap();
        assert_eq!((moves, position.turns, position.to_play), (4, 1, Stone::White));
        assert!(parse_game(GAME.as_bytes(), "game", Some(5)).unwrap_err().to_string().contains("it has 4"));
    }

    #[test]
    fn handicap_stones_and_passes() {
        let game = "(;SZ[19]HA[2]AB[pd][dp];W[dd];B[];W[qq])";
        let (position, moves) = parse_game(game.as_bytes(), "game", Some(0)).unwrap();
        assert_eq!((moves, position.to_play, position.turns), (3, Stone::White, 0));
        let (position, _) = parse_game(game.as_bytes(), "game", Some(2)).unwrap();
        assert_eq!((position.to_play, position.last), (Stone::White, None));
        let (position, _) = parse_game(b"(;AW[aa:cb])", "game", None).unwrap();
        assert_eq!(
            (0..40).filter(|&at| position.at(at) == Some(Stone::White)).collect::<Vec<_>>(),
            [0, 1, 2, 19, 20, 21]
        );
    }

    #[test]
    fn what_cannot_be_played_is_said() {
        let said = |game: &str| parse_game(game.as_bytes(), "x", None).unwrap_err().to_string();
        assert!(said("(;SZ[9])").contains("9 points a side"));
        assert!(said("(;B[aa];W[aa])").contains("move 2 at aa is not legal"));
        assert!(said("(;B[a1])").contains("'a1' is no point"));
        assert!(said("hello").contains("no record of a game"));
        // Nothing else is worse than an error.
        for length in 0..GAME.len() {
            let _ = parse_game(&GAME.as_bytes()[..length], "x", None);
        }
    }
}
