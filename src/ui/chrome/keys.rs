//! Keyboard shortcuts, and the page that lists them.

use crate::ui::{
    model::commands::{Action, Command, Info},
    theme::Palette,
};
use eframe::egui::{self, Key, KeyboardShortcut, Modifiers, RichText, Ui};

/// Appends the action of every shortcut that was pressed, once a press.
pub fn keys(ctx: &egui::Context, out: &mut Vec<Command>) {
    let typing = ctx.egui_wants_keyboard_input();
    // Shortcuts with more modifiers first: Ctrl+Shift+O also matches Ctrl+O, and Alt+Left also Left.
    let mut actions: Vec<Action> = Action::ALL.to_vec();
    actions.sort_by_key(|action| {
        action.info().shortcut.is_none_or(|shortcut| !shortcut.modifiers.shift && !shortcut.modifiers.alt)
    });
    for action in actions {
        let Some(shortcut) = action.info().shortcut else { continue };
        // A key without modifiers belongs to the text field that has the focus.
        if typing && shortcut.modifiers == Modifiers::NONE && shortcut.logical_key != Key::Escape {
            continue;
        }
        // Escape closes an open menu first.
        if shortcut.logical_key == Key::Escape && egui::Popup::is_any_open(ctx) {
            continue;
        }
        // A slow frame may hold several presses of one key.
        let presses = ctx.input_mut(|input| input.count_and_consume_key(shortcut.modifiers, shortcut.logical_key));
        out.extend(std::iter::repeat_n(action, presses).map(Command::Do));
    }
    if !typing && let Some(start) = typed_path(ctx) {
        out.push(Command::FindPath(start));
    }
}

/// The start of a path that is typed outside of a text field: "/", or "~" for the home folder.
fn typed_path(ctx: &egui::Context) -> Option<String> {
    ctx.input_mut(|input| {
        let starts = |event: &egui::Event| matches!(event, egui::Event::Text(text) if text == "/" || text == "~");
        let at = input.events.iter().position(starts)?;
        // A slow frame may hold more of the path.
        let mut typed = String::new();
        let mut index = 0;
        input.events.retain(|event| {
            let is_text = matches!(event, egui::Event::Text(_)) && index >= at;
            if let (true, egui::Event::Text(text)) = (is_text, event) {
                typed.push_str(text);
            }
            index += 1;
            !is_text
        });
        Some(typed)
    })
}

/// A shortcut as keyboards label it: "Ctrl+O", "[", "+".
pub(super) fn shortcut_text(ctx: &egui::Context, shortcut: &KeyboardShortcut) -> String {
    let (text, name) = (ctx.format_shortcut(shortcut), shortcut.logical_key.name());
    let label = match shortcut.logical_key {
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::Plus => "+",
        Key::Minus => "-",
        Key::ArrowLeft => "Left",
        Key::ArrowRight => "Right",
        Key::ArrowUp => "Up",
        Key::ArrowDown => "Down",
        Key::PageUp => "Page Up",
        Key::PageDown => "Page Down",
        _ => return text,
    };
    match text.strip_suffix(name).or_else(|| text.strip_suffix(shortcut.logical_key.symbol_or_name())) {
        Some(modifiers) => format!("{modifiers}{label}"),
        None => text,
    }
}

/// Uses of the pointer that no button names.
const POINTER: &[(&str, &str)] = &[
    ("drop or paste a picture or its path", "Run it"),
    ("drop a folder or weights", "Run its first picture, or open the weights"),
    ("rest on anything", "Explain it, or show its exact value"),
    ("click a map", "Select the unit and the position"),
    ("click the picture", "List the units that are strongest there"),
    ("drag a tab", "Move a pane beside another"),
    ("drag between panes", "Resize them"),
    ("scroll, drag on the architecture", "Zoom it, move it"),
    ("double-click a block of it", "Unfold it"),
    ("scroll, drag on a picture", "Zoom and move all that show it"),
    ("Ctrl and scroll on many maps", "Zoom them where scrolling alone moves on"),
    ("point at a value of the convolution", "See its window"),
];

pub(super) fn keys_page(ui: &mut Ui, palette: &Palette) {
    // Close together; in the smallest window there are still more than fit.
    let most = ui.ctx().content_rect().height() - 90.0;
    ui.spacing_mut().interact_size.y = 15.0;
    let rows = |ui: &mut Ui, title: &str, rows: &[(String, &str, &str)]| {
        ui.vertical(|ui| {
            ui.heading(title);
            egui::Grid::new(title).num_columns(2).spacing([16.0, 2.0]).show(ui, |ui| {
                for (what, does, hint) in rows {
                    ui.label(RichText::new(what).color(palette.weak));
                    ui.label(*does).on_hover_text(*hint);
                    ui.end_row();
                }
            });
        });
    };
    let key = |info: Info, ctx: &egui::Context| Some((shortcut_text(ctx, &info.shortcut?), info.label, info.hint));
    let keys: Vec<_> = Action::ALL.iter().filter_map(|action| key(action.info(), ui.ctx())).collect();
    let pointer: Vec<_> = POINTER.iter().map(|(what, does)| ((*what).to_owned(), *does, *what)).collect();
    // As high as it may be, however low the page was that stood here before.
    let scroll = egui::ScrollArea::vertical().max_height(most).min_scrolled_height(most);
    scroll.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            rows(ui, "Keys", &keys);
            ui.add_space(24.0);
            rows(ui, "Pointer", &pointer);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcuts_read_as_keyboards_label_them() {
        let ctx = egui::Context::default();
        for action in Action::ALL {
            let Some(shortcut) = action.info().shortcut else { continue };
            let text = shortcut_text(&ctx, &shortcut);
            let strange = ["Bracket", "Arrow", "Minus", "Plus", "Num", "\u{23f4}", "\u{2212}"];
            assert!(strange.iter().all(|name| !text.contains(name)), "{action:?}: {text}");
        }
        let next = Action::NextLayer.info().shortcut.map(|shortcut| shortcut_text(&ctx, &shortcut));
        assert_eq!(next.as_deref(), Some("]"));
    }
}
