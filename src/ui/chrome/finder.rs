//! Everything by its name: actions, layers, units, classes, panes, networks and samples, by a few typed letters.

use crate::{
    engine::{Opening, PictureSource},
    net::NodeId,
    picture::SAMPLES,
    ui::{
        background::camera::Filming,
        model::{
            commands::{Action, Command},
            state::{Shown, layer_name},
        },
        panels::PANELS,
    },
    zoo::ZOO,
};
use eframe::egui::{self, Align, Key, Layout, Ui};

/// How many matches are listed.
const LISTED: usize = 16;

/// Something that can be found.
#[derive(Clone, Copy)]
enum Match {
    Action(Action),
    Layer(NodeId),
    Unit(usize),
    Class(usize),
    Pane(usize),
    Network(usize),
    Sample(usize),
}

/// What was typed, and which of what it finds is picked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinderState {
    typed: String,
    at: usize,
    /// Only networks are looked for: one that shall stand beside the present one.
    beside: bool,
}

impl FinderState {
    /// For a network that shall stand beside the present one.
    pub fn of_networks() -> Self {
        FinderState { beside: true, ..FinderState::default() }
    }
}

/// What was typed, and what it finds below it; up and down pick, Enter takes. Returns whether one was taken.
pub fn page(
    ui: &mut Ui,
    search: &mut FinderState,
    shown: Option<&Shown>,
    filming: Filming,
    out: &mut Vec<Command>,
) -> bool {
    let (name, hint) = match search.beside {
        true => ("Find a network", "The network to compare with: a part of its name"),
        false => ("Find a command", "A command, a layer, a class, a network; a unit by its number"),
    };
    let edit = ui.add(egui::TextEdit::singleline(&mut search.typed).hint_text(hint).desired_width(f32::INFINITY));
    if edit.changed() {
        search.at = 0;
        // The field shows its hint once more in the frame in which the first letter comes.
        ui.ctx().request_repaint();
    }
    edit.accessible_name(name).request_focus();
    let wanted = search.typed.trim().to_lowercase();
    let found = if search.beside { networks(&wanted, shown) } else { find(&wanted, shown, filming) };
    let pressed = |key: Key| ui.input(|input| input.key_pressed(key));
    let down = search.at + usize::from(pressed(Key::ArrowDown));
    search.at = down.saturating_sub(usize::from(pressed(Key::ArrowUp))).min(found.len().saturating_sub(1));
    let mut taken = found.get(search.at).map(|(found, _)| *found).filter(|_| pressed(Key::Enter));
    for (index, (found, label)) in found.into_iter().enumerate() {
        let mut button = egui::Button::selectable(index == search.at, label);
        let mut hint = "";
        if let Match::Action(action) = found {
            let info = action.info();
            let shortcut = info.shortcut.map_or_else(String::new, |shortcut| ui.ctx().format_shortcut(&shortcut));
            (button, hint) = (button.shortcut_text(shortcut), info.hint);
        }
        let response = ui.with_layout(Layout::top_down_justified(Align::LEFT), |ui| ui.add(button)).inner;
        if (if hint.is_empty() { response } else { response.on_hover_text(hint) }).clicked() {
            taken = Some(found);
        }
    }
    let command = taken.map(|found| match found {
        Match::Action(action) => Command::Do(action),
        Match::Layer(layer) => Command::SelectLayer(layer),
        Match::Unit(unit) => Command::SelectUnit(unit, None),
        Match::Class(class) => Command::SelectClass(Some(class)),
        Match::Pane(index) => Command::ShowPane(PANELS[index].name),
        Match::Network(index) if search.beside => Command::OpenBeside(Opening::of(ZOO[index].name)),
        Match::Network(index) => Command::OpenNetwork(Opening::of(ZOO[index].name)),
        Match::Sample(index) => Command::Open(PictureSource::Named(format!("sample:{}", SAMPLES[index].name))),
    });
    let any = command.is_some();
    out.extend(command);
    any
}

/// The networks that match, but for the one on screen.
fn networks(wanted: &str, shown: Option<&Shown>) -> Vec<(Match, String)> {
    let here = shown.map(|shown| shown.run.model.card.name);
    let others = ZOO.iter().enumerate().filter(|(_, card)| Some(card.name) != here);
    matching(wanted, others.map(|(index, card)| (Match::Network(index), card.title.to_owned())).collect())
}

/// What there is of that name.
fn find(wanted: &str, shown: Option<&Shown>, filming: Filming) -> Vec<(Match, String)> {
    let is_there = |action: &Action| match action {
        Action::Find => false,
        Action::Webcam => filming != Filming::Never,
        _ => true,
    };
    let actions = Action::ALL.into_iter().filter(is_there);
    let mut all: Vec<(Match, String)> =
        actions.map(|action| (Match::Action(action), action.info().label.to_owned())).collect();
    if wanted.is_empty() {
        all.truncate(LISTED);
        return all;
    }
    if let Some(shown) = shown {
        let nodes = shown.graph().nodes();
        all.extend(
            nodes.iter().enumerate().map(|(id, node)| (Match::Layer(id), format!("layer {}", layer_name(node)))),
        );
        let model = &shown.run.model;
        all.extend(
            (0..shown.run.scores.len())
                .map(|class| (Match::Class(class), format!("class {}", model.class_name(class)))),
        );
        let number = wanted.trim_start_matches("unit").trim().parse::<usize>().ok();
        all.extend(number.map(|unit| (Match::Unit(unit), format!("unit {unit}"))));
    }
    all.extend(PANELS.iter().enumerate().map(|(index, kind)| (Match::Pane(index), format!("pane {}", kind.title))));
    all.extend(ZOO.iter().enumerate().map(|(index, card)| (Match::Network(index), format!("network {}", card.title))));
    let samples = SAMPLES.iter().enumerate();
    all.extend(samples.map(|(index, sample)| (Match::Sample(index), format!("picture {}", sample.title))));
    matching(wanted, all)
}

/// What matches, best first: names that begin so, then words that do, then the rest; in each, in the order of the list.
fn matching(wanted: &str, all: Vec<(Match, String)>) -> Vec<(Match, String)> {
    let rank = |label: &str| {
        let label = label.to_lowercase();
        let bare = label.split_once(' ').map_or(label.as_str(), |(_, rest)| rest);
        match () {
            () if label.starts_with(wanted) || bare.starts_with(wanted) => Some(0),
            () if label.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(wanted)) => Some(1),
            () if label.contains(wanted) => Some(2),
            () => None,
        }
    };
    let mut ranked: Vec<(u8, (Match, String))> =
        all.into_iter().filter_map(|found| Some((rank(&found.1)?, found))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, found)| found).take(LISTED).collect()
}
