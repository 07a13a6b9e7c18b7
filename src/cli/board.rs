//! `striate board`: where AlphaGo's network would move in a game, and why.

use super::{
    args::{NetworkArgs, path},
    console::Console,
    output::{check_picture, free_name},
    table::{Table, bar},
};
use crate::{
    Error, Result,
    engine::{Model, Run},
    figures::{BoardValues, Facts, board_chart, shown_path, spaced, to_json},
    go::{Position, SIDE, Stone, open_game},
    methods::{self, METHODS, Method},
    paint::write_picture,
    picture::Picture,
    zoo::Labels,
};
use serde::Serialize;
use std::{path::PathBuf, sync::Arc};

/// Show where a Go network would move in a game, and which stones it looks at for that
///
/// The picture has two boards: the probability of every move, and the saliency of the points for one of them. The features
/// that the network reads are computed as the paper of AlphaGo defines them (Silver et al. 2016, extended data table 2). Other
/// commands take a game in place of a picture too: game.sgf, or game.sgf#40 for the position after move 40.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The record of the game, in the Smart Game Format
    #[arg(value_name = "GAME.sgf", value_parser = path())]
    game: PathBuf,
    /// The position after this many moves [default: after the last]
    #[arg(long = "move", value_name = "N")]
    moves: Option<u16>,
    #[command(flatten)]
    network: NetworkArgs,
    /// The move that is explained, such as Q16 [default: the most probable legal one]
    #[arg(long, value_name = "POINT")]
    point: Option<String>,
    /// How the move is explained
    #[arg(long, value_name = "METHOD", value_parser = methods::find, default_value = METHODS[0].name)]
    method: &'static Method,
    /// Moves in the list
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=361))]
    top: u16,
    /// The picture [default: GAME-board.png in the current folder, under a number where that exists; none with --json]
    #[arg(long, value_name = "FILE", value_parser = path())]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct BoardAnswer {
    #[serde(flatten)]
    facts: Facts,
    #[serde(serialize_with = "shown_path")]
    game: PathBuf,
    /// Moves played, and those of the whole game.
    moves: usize,
    game_moves: usize,
    to_play: &'static str,
    top: Vec<MoveFacts>,
    explained: String,
}

/// A legal move.
#[derive(Serialize)]
struct MoveFacts {
    point: String,
    index: usize,
    /// After softmax; of an untrained network it means nothing.
    probability: f32,
    score: f32,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    check_picture("--out", args.out.as_deref())?;
    let (position, game_moves) = open_game(&args.game, args.moves.map(usize::from))?;
    let model = args.network.open(console)?;
    if !matches!(model.labels, Labels::GoBoard) {
        let name = &model.card.name;
        return Err(Error::Usage(format!("{name} plays no Go: --network alphago_policy_192 does, and its like")));
    }
    let game = args.game.display().to_string();
    let run = Arc::new(Run::picture(&model, Picture::of_position(&game, position.clone()), console.watch())?);
    let legal: Vec<usize> = run.ranking().into_iter().filter(|&point| position.is_legal(point)).collect();
    let explained = match (&args.point, legal.first()) {
        (Some(name), _) => model.labels.find(name)?,
        (None, Some(&best)) => best,
        (None, None) => return Err(Error::Failed(format!("no move is legal in {game}"))),
    };
    console.stage(&format!("{} of {}", args.method.name, model.labels.short(explained)));
    let heat = run.attribute(args.method, explained, console.watch())?;
    let boards = boards(&run, &position, explained, &heat.stretched([SIDE; 2]), args.method)?;
    let out = args.out.clone().or_else(|| (!args.json).then(|| free_name(&game, "board")));
    let facts = Facts { method: Some(args.method.name), ..Facts::of(&model).picture(game) };
    if let Some(path) = &out {
        write_picture(path, &boards, &facts.texts())?;
    }
    let of = |&index: &usize| MoveFacts {
        point: model.labels.short(index).to_owned(),
        index,
        probability: run.probabilities[index],
        score: run.scores[index],
    };
    let answer = BoardAnswer {
        facts,
        game: args.game.clone(),
        moves: position.turns,
        game_moves,
        to_play: colour(&position),
        top: legal.iter().take(args.top.into()).map(of).collect(),
        explained: model.labels.short(explained).to_owned(),
    };
    if args.json { to_json(&answer) } else { Ok(text(&answer, &model, out)) }
}

fn colour(position: &Position) -> &'static str {
    match position.to_play {
        Stone::Black => "Black",
        Stone::White => "White",
    }
}

/// The two boards side by side.
fn boards(run: &Run, position: &Position, explained: usize, heat: &[f32], method: &Method) -> Result<image::RgbaImage> {
    let untrained = if run.model.is_untrained() { " (untrained: this means nothing)" } else { "" };
    let moves = format!("{} to move: probability of each move, %{untrained}", colour(position));
    let why = format!("{} for {}{untrained}", method.name, run.model.labels.short(explained));
    let heat: Vec<f32> = heat.iter().map(|value| value.abs()).collect();
    let left = board_chart(&moves, position, BoardValues::Moves(&run.probabilities))?;
    let right = board_chart(&why, position, BoardValues::Heat(&heat))?;
    Ok(spaced(&[left, right], 2, 0))
}

fn text(answer: &BoardAnswer, model: &Model, out: Option<PathBuf>) -> String {
    let warning =
        if model.is_untrained() { "untrained: the weights are made up, so the moves mean nothing\n" } else { "" };
    let mut table = Table::new(&[">", "move", ">probability", ""]);
    for (rank, found) in answer.top.iter().enumerate() {
        let percent = format!("{:.2}%", 100.0 * found.probability);
        table.row([(rank + 1).to_string(), found.point.clone(), percent, bar(found.probability, 20)]);
    }
    let (moves, all) = (answer.moves, answer.game_moves);
    let wrote = out.map_or_else(String::new, |path| format!("\nwrote the boards to {}\n", path.display()));
    format!(
        "{}, move {moves} of {all}, {} to play\n{warning}\n{}{wrote}",
        answer.game.display(),
        answer.to_play,
        table.render()
    )
}
