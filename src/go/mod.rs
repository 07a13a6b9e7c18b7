//! The game of Go, as far as AlphaGo's networks need it (Silver et al. 2016): [`Position`] knows the rules, [`open_game`] reads
//! SGF files, [`planes`] computes the features of the paper's extended data table 2, [`drawn`] paints a board.
//!
//! Architecture invariant: a record of a game is not trusted. Its size and moves are limited, and what breaks the rules is an
//! error of one sentence.

mod board;
mod drawing;
mod features;
mod ladder;
mod position;
mod sgf;

pub use board::{POINTS, SIDE, Stone};
pub use drawing::{CELL, drawn};
pub use features::{PLANES, planes};
pub use position::Position;
pub use sgf::{is_game, open_game, parse_game};
