//! The search for actions, layers, units, classes, panes, networks, samples and paths by a few typed letters.

use super::keys::shortcut_text;
use crate::{
    engine::{Opening, PictureSource},
    net::NodeId,
    picture::SAMPLES,
    ui::{
        background::camera::Filming,
        dialogs::paths,
        model::{
            commands::{Action, Command},
            state::{Shown, layer_name},
        },
        panels::PANELS,
    },
    zoo::ZOO,
};
use eframe::egui::{self, Align, Key, Layout, Ui};
use std::path::PathBuf;

/// Number of matches in the list.
const LISTED: usize = 16;

/// A match of the search.
#[derive(Clone)]
enum Match {
    Action(Action),
    Layer(NodeId),
    Unit(usize),
    Class(usize),
    Pane(usize),
    Network(usize),
    Sample(usize),
    File(PathBuf),
}

/// The text of the search, and which match is picked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinderState {
    typed: String,
    at: usize,
    /// Whether to search only networks, for one to compare with.
    beside: bool,
    /// Whether the text was set from outside: the cursor goes to its end.
    moves_cursor: bool,
}

impl FinderState {
    /// A search for a network to compare with the present one.
    pub fn of_networks() -> Self {
        FinderState { beside: true, ..FinderState::default() }
    }

    /// A search that starts with this text.
    pub fn starting(text: String) -> Self {
        FinderState { typed: text, moves_cursor: true, ..FinderState::default() }
    }
}

/// Draws the text field with the matches below it. The up and down keys pick a match, Enter takes it. Returns whether
/// one was taken.
pub fn page(
    ui: &mut Ui,
    search: &mut FinderState,
    shown: Option<&Shown>,
    filming: Filming,
    out: &mut Vec<Command>,
) -> bool {
    let (name, hint) = match search.beside {
        true => ("Find a network", "The network to compare with: a part of its name"),
        false => ("Find a command", "A command, a layer, a class, a network, a path; a unit by its number"),
    };
    take_early_letters(ui, search);
    let field = egui::TextEdit::singleline(&mut search.typed).hint_text(hint).desired_width(f32::INFINITY).show(ui);
    let (edit, mut state) = (field.response.response.clone(), field.state);
    if std::mem::take(&mut search.moves_cursor) {
        let end = egui::text::CCursor::new(search.typed.chars().count());
        state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
        state.store(ui.ctx(), edit.id);
    }
    if edit.changed() {
        search.at = 0;
        // The field shows its hint once more in the frame in which the first letter comes.
        ui.ctx().request_repaint();
    }
    edit.accessible_name(name).request_focus();
    let typed = search.typed.trim().to_owned();
    let wanted = typed.to_lowercase();
    let found = if search.beside { networks(&wanted, shown) } else { find(&typed, &wanted, shown, filming) };
    if found.is_empty() {
        ui.weak("Nothing has this name.");
    }
    let pressed = |key: Key| ui.input(|input| input.key_pressed(key));
    let down = search.at + usize::from(pressed(Key::ArrowDown));
    search.at = down.saturating_sub(usize::from(pressed(Key::ArrowUp))).min(found.len().saturating_sub(1));
    let mut taken = found.get(search.at).map(|(found, _)| found.clone()).filter(|_| pressed(Key::Enter));
    for (index, (found, label)) in found.into_iter().enumerate() {
        let mut button = egui::Button::selectable(index == search.at, label);
        let mut hint = "";
        if let Match::Action(action) = &found {
            let info = action.info();
            let shortcut = info.shortcut.map_or_else(String::new, |shortcut| shortcut_text(ui.ctx(), &shortcut));
            (button, hint) = (button.shortcut_text(shortcut), info.hint);
        }
        let response = ui.with_layout(Layout::top_down_justified(Align::LEFT), |ui| ui.add(button)).inner;
        if (if hint.is_empty() { response } else { response.on_hover_text(hint) }).clicked() {
            taken = Some(found);
        }
    }
    let is_taken = taken.is_some();
    out.extend(taken.map(|found| command(found, search.beside)));
    is_taken
}

/// The command that a taken match means.
fn command(found: Match, beside: bool) -> Command {
    match found {
        Match::File(path) => Command::OpenPath(path),
        Match::Action(action) => Command::Do(action),
        Match::Layer(layer) => Command::SelectLayer(layer),
        Match::Unit(unit) => Command::SelectUnit(unit, None),
        Match::Class(class) => Command::SelectClass(Some(class)),
        Match::Pane(index) => Command::ShowPane(PANELS[index].name),
        Match::Network(index) if beside => Command::OpenBeside(Opening::of(ZOO[index].name)),
        Match::Network(index) => Command::OpenNetwork(Opening::of(ZOO[index].name)),
        Match::Sample(index) => Command::Open(PictureSource::Named(format!("sample:{}", SAMPLES[index].name))),
    }
}

/// Takes the letters of the frame in which the text field gets the focus: the field would lose them.
fn take_early_letters(ui: &Ui, search: &mut FinderState) {
    if ui.memory(|memory| memory.focused().is_some()) {
        return;
    }
    let letters = ui.input(|input| {
        let letter = |event: &egui::Event| match event {
            egui::Event::Text(text) => Some(text.clone()),
            _ => None,
        };
        input.events.iter().filter_map(letter).collect::<String>()
    });
    if !letters.is_empty() {
        search.typed.push_str(&letters);
        search.moves_cursor = true;
    }
}

/// The networks that match, without the one on screen.
fn networks(wanted: &str, shown: Option<&Shown>) -> Vec<(Match, String)> {
    let here = shown.map(|shown| shown.run.model.card.name.as_str());
    let others = ZOO.iter().enumerate().filter(|(_, card)| Some(card.name) != here);
    matching(wanted, others.map(|(index, card)| (Match::Network(index), card.title.to_owned())).collect())
}

/// All matches of a text; `typed` is it as it was typed, `wanted` the same in lower case.
fn find(typed: &str, wanted: &str, shown: Option<&Shown>, filming: Filming) -> Vec<(Match, String)> {
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
    if let Some(path) = paths::parse(typed) {
        let label = format!("open {}", path.display());
        return vec![(Match::File(path), label)];
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

/// The matches, best first: the whole name, then names that begin with the text, then words that do, then the rest. Equal
/// matches of several lengths go from the shortest to the longest.
fn matching(wanted: &str, all: Vec<(Match, String)>) -> Vec<(Match, String)> {
    // "vgg-16", "vgg 16" and "vgg16" are one name.
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let sought = plain(wanted);
    let rank = |label: &str| {
        let label = label.to_lowercase();
        let bare = label.split_once(' ').map_or(label.as_str(), |(_, rest)| rest);
        match () {
            () if !sought.is_empty() && [label.as_str(), bare].map(plain).contains(&sought) => Some(0),
            () if label.starts_with(wanted) || bare.starts_with(wanted) => Some(1),
            () if label.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(wanted)) => Some(2),
            () if label.contains(wanted) => Some(3),
            () if sought.len() > 2 && plain(&label).contains(&sought) => Some(4),
            () => None,
        }
    };
    // Last, what says in its explanation what is sought: "labels" finds the pane that prepares.
    let explained = |found: &Match| {
        let text = match found {
            Match::Action(action) => action.info().hint,
            Match::Pane(index) => PANELS[*index].about,
            _ => "",
        };
        let begins = |word: &str| word.to_lowercase().starts_with(wanted);
        (wanted.len() > 2 && text.split(|c: char| !c.is_alphanumeric()).any(begins)).then_some(5)
    };
    let mut ranked: Vec<(u8, (Match, String))> =
        all.into_iter().filter_map(|found| Some((rank(&found.1).or_else(|| explained(&found.0))?, found))).collect();
    ranked.sort_by_key(|(rank, (_, label))| (*rank, if *rank == 1 { label.len() } else { 0 }));
    ranked.into_iter().map(|(_, found)| found).take(LISTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_comes_before_longer_names_that_begin_with_it() {
        for (typed, title) in
            [("vgg-16", "VGG-16"), ("vgg16", "VGG-16"), ("VGG 19", "VGG-19"), ("resnet-50", "ResNet-50")]
        {
            let found = find(typed, &typed.to_lowercase(), None, Filming::Never);
            let first = found.first().map(|(_, label)| label.clone());
            assert_eq!(first, Some(format!("network {title}")), "{typed}");
        }
    }

    #[test]
    fn explanations_are_searched_behind_names() {
        let labels = |typed: &str| find(typed, typed, None, Filming::Never).into_iter().map(|(_, label)| label);
        assert_eq!(labels("labels").next().as_deref(), Some("Open labels…"));
        assert!(labels("checkpoint").any(|label| label == "Open network or weights…"));
        assert_eq!(labels("xyzzy").count(), 0);
    }

    #[test]
    fn a_path_is_offered_as_a_path() {
        let found = find("/tmp/a cat.png", "/tmp/a cat.png", None, Filming::Never);
        assert!(matches!(found.as_slice(), [(Match::File(path), _)] if path.ends_with("a cat.png")));
    }
}
