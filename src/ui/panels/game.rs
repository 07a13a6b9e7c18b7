//! A Go board: stones are set by the rules, and AlphaGo's network says where it would move.

use crate::{
    engine::Opening,
    figures::{BoardValues, board_chart},
    go::{POINTS, Position, SIDE, Stone},
    picture::Picture,
    ui::{
        model::{commands::Command, export::Export, state::View},
        panels::panel::{Panel, PanelKind},
        widgets::{caption, fit, toolbar},
    },
    zoo::Labels,
};
use eframe::egui::{self, Align2, Color32, FontId, Pos2, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "game",
    title: "Go board",
    about: "A position of a game of Go, and the moves of AlphaGo's policy network. Open a record (SGF) or set stones.",
    how: "Click a point to move there; the right button takes a stone off. A blue disc is a move, its area the probability; the network was published without its weights, so made-up ones show shapes only. Silver et al. 2016.",
    formula: "p(move) = exp(S[move]) / Σ exp(S) over the 361 points",
    paper: "Silver et al. 2016, Mastering the game of Go with deep neural networks and tree search",
    make: || Box::<GameBoard>::default(),
};

/// The network that plays.
const PLAYER: &str = "alphago_policy_192";
const WOOD: Color32 = Color32::from_rgb(226, 190, 130);
const LINE: Color32 = Color32::from_rgb(104, 80, 48);
const DISC: Color32 = Color32::from_rgb(0, 114, 178);
const LAST: Color32 = Color32::from_rgb(214, 60, 48);
/// No letter fits beside lines that are nearer.
const READABLE: f32 = 12.0;
/// Positions that can be taken back.
const MOST: usize = 1000;

#[derive(Default)]
struct GameBoard {
    position: Position,
    before: Vec<Position>,
    /// The position that the network on screen was last given.
    given: Option<Arc<Position>>,
}

impl Panel for GameBoard {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        self.adopt(view);
        let plays = matches!(view.run().model.labels, Labels::GoBoard);
        let shown = self.moves(view);
        let turn = if self.position.to_play == Stone::Black { "Black" } else { "White" };
        let state = match (plays, view.run().model.is_untrained()) {
            (false, _) => format!("{turn} to move  ·  the open network plays no Go"),
            (true, true) => format!("{turn} to move  ·  untrained: the moves mean nothing"),
            (true, false) => format!("{turn} to move"),
        };
        caption(ui, state);
        let before = self.position.clone();
        let mut went_back = false;
        toolbar(ui, |ui| went_back = self.buttons(ui, plays, out));
        let rect = fit(ui.available_rect_before_wrap(), 1.0);
        let response = ui.interact(rect, ui.scope_id().with("board"), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, "Go board"));
        let layout = BoardLayout::new(rect);
        if let Some(point) = response.interact_pointer_pos().and_then(|at| layout.point(at)) {
            if response.clicked() && self.position.at(point).is_none() {
                self.position.play(Some(point));
            } else if response.secondary_clicked() {
                self.position.put(point, None);
            }
        }
        layout.paint(ui, &self.position, shown);
        if let Some(point) = response.hover_pos().and_then(|at| layout.point(at)) {
            let percent = shown.map_or_else(String::new, |values| format!(": {:.2}%", 100.0 * values[point]));
            let why =
                if self.position.at(point).is_some() || self.position.is_legal(point) { "" } else { ", not legal" };
            let name = Labels::GoBoard.short(point).to_owned();
            response.on_hover_text(format!("{name}{percent}{why}"));
        }
        if before != self.position && !went_back {
            self.before.push(before);
            self.before.drain(..self.before.len().saturating_sub(MOST));
            out.push(Command::Draw(self.picture()));
        }
        ui.allocate_rect(rect, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let (position, values) = (self.position.clone(), self.moves(view).map(<[f32]>::to_vec));
        Some(Export::new(view, "board", None, move |_| {
            let values = values.unwrap_or_else(|| vec![0.0; POINTS]);
            board_chart("Go", &position, BoardValues::Moves(&values))
        }))
    }
}

impl GameBoard {
    /// Takes up a position that was opened elsewhere.
    fn adopt(&mut self, view: View) {
        let Some(position) = view.run().picture.as_ref().and_then(|picture| picture.position.clone()) else { return };
        let known = self.given.as_ref().is_some_and(|given| Arc::ptr_eq(given, &position));
        if !known {
            // A position that was set here comes back when it has run; any other is another game.
            if *position != self.position && !self.before.contains(&position) {
                self.before.clear();
                self.position = (*position).clone();
            }
            self.given = Some(position);
        }
    }

    /// The probability of every move, where the network on screen has seen this position.
    fn moves<'a>(&self, view: View<'a>) -> Option<&'a [f32]> {
        let run = view.run();
        let seen = run.picture.as_ref().and_then(|picture| picture.position.as_deref());
        let plays = matches!(run.model.labels, Labels::GoBoard) && run.probabilities.len() == POINTS;
        (plays && seen == Some(&self.position)).then_some(run.probabilities.as_slice())
    }

    fn picture(&self) -> Picture {
        Picture::of_position("Go board", self.position.clone())
    }

    /// The buttons; whether the last move was taken back.
    fn buttons(&mut self, ui: &mut Ui, plays: bool, out: &mut Vec<Command>) -> bool {
        let mut went_back = false;
        if ui.button("pass").accessible_name("Pass").clicked() {
            self.position.play(None);
        }
        let back = ui.add_enabled(!self.before.is_empty(), egui::Button::new("back"));
        if back.accessible_name("Take the last move back").clicked()
            && let Some(before) = self.before.pop()
        {
            (self.position, went_back) = (before, true);
            out.push(Command::Draw(self.picture()));
        }
        if ui.button("clear").accessible_name("Clear the board").clicked() {
            self.position = Position::default();
        }
        let colour = if self.position.to_play == Stone::Black { "let White move" } else { "let Black move" };
        if ui.button(colour).clicked() {
            self.position.to_play = self.position.to_play.other();
        }
        if !plays && ui.button("open AlphaGo's network").clicked() {
            out.push(Command::Draw(self.picture()));
            out.push(Command::OpenNetwork(Opening::of(PLAYER)));
        }
        went_back
    }
}

/// The places of the points of a board on the screen.
struct BoardLayout {
    rect: Rect,
    step: f32,
}

impl BoardLayout {
    fn new(rect: Rect) -> Self {
        BoardLayout { rect, step: rect.width() / (SIDE as f32 + 1.6) }
    }

    fn place(&self, point: usize) -> Pos2 {
        let edge = 1.3 * self.step;
        let (row, column) = ((point / SIDE) as f32, (point % SIDE) as f32);
        self.rect.min + vec2(edge + column * self.step, edge + row * self.step)
    }

    /// The point nearest to a place on the screen.
    fn point(&self, at: Pos2) -> Option<usize> {
        let index = |along: f32| {
            let place = (along / self.step - 1.3).round();
            (0.0..SIDE as f32).contains(&place).then_some(place as usize)
        };
        let from = at - self.rect.min;
        Some(index(from.y)? * SIDE + index(from.x)?)
    }

    fn paint(&self, ui: &Ui, position: &Position, moves: Option<&[f32]>) {
        let painter = ui.painter();
        painter.rect_filled(self.rect, 4.0, WOOD);
        let line = Stroke::new((self.step * 0.03).max(0.7), LINE);
        let font = FontId::proportional((self.step * 0.42).clamp(8.0, 16.0));
        for index in 0..SIDE {
            let (first, last) = (index * SIDE, index * SIDE + SIDE - 1);
            painter.line_segment([self.place(first), self.place(last)], line);
            painter.line_segment([self.place(index), self.place(index + SIDE * (SIDE - 1))], line);
            if self.step < READABLE {
                continue;
            }
            let letter = char::from(b'A' + index as u8 + u8::from(index >= 8));
            let text = |at: Pos2, words: String| {
                painter.text(at, Align2::CENTER_CENTER, words, font.clone(), LINE);
            };
            text(pos2(self.place(index).x, self.rect.top() + 0.45 * self.step), letter.to_string());
            text(pos2(self.rect.left() + 0.45 * self.step, self.place(first).y), (SIDE - index).to_string());
        }
        for (row, column) in [3, 9, 15].into_iter().flat_map(|row| [3, 9, 15].map(|column| (row, column))) {
            painter.circle_filled(self.place(row * SIDE + column), self.step * 0.1, LINE);
        }
        let most = moves.map_or(1.0, |moves| moves.iter().copied().fold(f32::MIN_POSITIVE, f32::max));
        for point in 0..POINTS {
            let (at, radius) = (self.place(point), self.step * 0.46);
            if let Some(stone) = position.at(point) {
                let fill = if stone == Stone::Black { Color32::from_gray(28) } else { Color32::from_gray(247) };
                painter.circle(at, radius, fill, Stroke::new(0.8, LINE));
                if position.last == Some(point) {
                    painter.circle_filled(at, radius * 0.34, LAST);
                }
            } else if let Some(moves) = moves {
                let share = moves[point] / most;
                if share > 0.004 {
                    painter.circle_filled(at, radius * share.sqrt().max(0.16), DISC.gamma_multiply(0.85));
                }
            }
        }
    }
}
