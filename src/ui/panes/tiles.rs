//! Drawing of the arranged panes: tabs, their menus, and the gaps between them.

use super::{help, pane::Pane};
use crate::ui::{
    model::{
        commands::{Action, Command},
        pin::Pinned,
        state::View,
    },
    theme::{self, GAP},
    widgets::{hollow, icons, staying},
};
use eframe::egui::{self, Color32, RichText, Stroke, Ui, Visuals, WidgetText};
use egui::containers::menu::MenuButton;
use egui_tiles::{Behavior, SimplificationOptions, TabState, TileId, Tiles, UiResponse};

/// Draws the panes of one frame and collects what they ask for.
pub struct TileBehaviour<'a> {
    /// The state that they show; `None` until the first picture has run.
    pub view: Option<View<'a>>,
    /// Their commands.
    pub out: &'a mut Vec<Command>,
    /// The pane that was last clicked.
    pub active: &'a mut Option<TileId>,
    /// Colours.
    pub palette: &'static theme::Palette,
}

impl TileBehaviour<'_> {
    /// The width of all tabs of a bar.
    fn width_of_tabs(&mut self, tiles: &Tiles<Pane>, ui: &Ui, tabs: &egui_tiles::Tabs) -> f32 {
        let font = egui::TextStyle::Button.resolve(ui.style());
        let panes =
            tabs.children.iter().filter(|&&tile| tiles.is_visible(tile)).filter_map(|tile| tiles.get_pane(tile));
        let titles = panes.map(|pane| self.tab_title_for_pane(pane).text().to_owned());
        let width = |title| ui.painter().layout_no_wrap(title, font.clone(), Color32::PLACEHOLDER).size().x;
        titles.map(|title| width(title) + 2.0 * SPACING).sum()
    }
}

impl Behavior<Pane> for TileBehaviour<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile: TileId, pane: &mut Pane) -> UiResponse {
        let rect = ui.max_rect();
        ui.painter().rect_filled(rect, 0.0, self.palette.pane);
        let pressed = ui.input(|input| input.pointer.any_pressed().then(|| input.pointer.interact_pos()).flatten());
        if pressed.is_some_and(|at| rect.contains(at)) {
            *self.active = Some(tile);
        }
        theme::bare(self.palette.pane, theme::MARGIN).show(ui, |ui| match self.view {
            Some(view) => pane.ui(ui, view, self.out),
            None => hollow(ui, "Opening", true),
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        let title = pane.kind().title;
        // Another network has a name; what else is pinned says the pane.
        let network = self.view.zip(pane.pin().run()).and_then(|(view, kept)| {
            let model = &kept.run.model;
            (!model.is_same_network(&view.run().model)).then(|| model.card.title.clone())
        });
        match network {
            Some(network) => RichText::new(format!("{title}, {network}")).into(),
            None if pane.pin().is_any() => RichText::new(format!("{title}, pinned")).into(),
            None => RichText::new(title).into(),
        }
    }

    fn on_tab_button(&mut self, tiles: &mut Tiles<Pane>, tile: TileId, button: egui::Response) -> egui::Response {
        if button.clicked() {
            *self.active = Some(tile);
        }
        match tiles.get(tile) {
            Some(egui_tiles::Tile::Pane(pane)) => {
                let title = self.tab_title_for_pane(pane);
                button.on_hover_text(pane.kind().about).accessible_name(title.text())
            }
            _ => button,
        }
    }

    fn top_bar_right_ui(&mut self, tiles: &Tiles<Pane>, ui: &mut Ui, _: TileId, tabs: &egui_tiles::Tabs, _: &mut f32) {
        let Some((tile, egui_tiles::Tile::Pane(pane))) = tabs.active.and_then(|tile| Some((tile, tiles.get(tile)?)))
        else {
            return;
        };
        ui.add_space(2.0);
        let weak = |text: &str| egui::Button::new(RichText::new(text).color(self.palette.weak)).frame(false);
        // The tabs need their room first; the menu and the help have the rest too.
        let mut room = ui.available_width() - self.width_of_tabs(tiles, ui, tabs) - 2.0 * BUTTON;
        let title = pane.kind().title;
        let (button, _) = MenuButton::from_button(weak("…")).ui(ui, |ui| menu(ui, tile, pane, self.out));
        button
            .on_hover_text("Pin, copy, save, duplicate or close this pane")
            .accessible_name(format!("Menu of {title}"));
        let (help, _) = MenuButton::from_button(weak("?")).config(staying()).ui(ui, |ui| help::page(ui, pane));
        help.on_hover_text("What this is and how to read it").accessible_name(format!("Help on {title}"));
        // The others show while the pointer is over the pane, so that they do not stand there seven times.
        let over = ui.rect_contains_pointer(ui.max_rect())
            || tiles.rect(tile).is_some_and(|rect| ui.rect_contains_pointer(rect.expand(GAP)));
        for (icon, name, hint, command) in [
            (icons::COPY, "Copy", COPY, Command::CopyPane(tile)),
            (icons::SAVE, "Export", SAVE, Command::ExportPane(tile)),
        ] {
            room -= BUTTON;
            if room > 0.0 {
                let response = icons::quiet_button(ui, BUTTON - 6.0, icon, &format!("{name} {title}"), hint, over);
                if response.clicked() {
                    self.out.push(command);
                }
            }
        }
    }

    fn tab_title_spacing(&self, _: &Visuals) -> f32 {
        SPACING
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn gap_width(&self, _: &egui::Style) -> f32 {
        GAP
    }

    fn min_size(&self) -> f32 {
        90.0
    }

    fn tab_bar_color(&self, _: &Visuals) -> Color32 {
        self.palette.backdrop
    }

    fn tab_bg_color(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, state: &TabState) -> Color32 {
        if state.active { self.palette.pane } else { self.palette.backdrop }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, _: &Visuals) -> Stroke {
        Stroke::NONE
    }

    fn tab_text_color(&self, visuals: &Visuals, _: &Tiles<Pane>, _: TileId, state: &TabState) -> Color32 {
        if state.active { visuals.strong_text_color() } else { self.palette.weak }
    }

    fn resize_stroke(&self, _: &egui::Style, state: egui_tiles::ResizeState) -> Stroke {
        let colour = match state {
            egui_tiles::ResizeState::Idle => Color32::TRANSPARENT,
            egui_tiles::ResizeState::Hovering => self.palette.weak,
            egui_tiles::ResizeState::Dragging => self.palette.accent,
        };
        Stroke::new(2.0, colour)
    }

    fn drag_preview_color(&self, _: &Visuals) -> Color32 {
        self.palette.accent.gamma_multiply(0.25)
    }

    fn drag_preview_stroke(&self, _: &Visuals) -> Stroke {
        Stroke::new(1.0, self.palette.accent)
    }
}

/// Hover texts of copying and saving.
const COPY: &str = "Put what this pane shows on the clipboard: its picture, or its table";
const SAVE: &str = "Save what this pane shows: its picture, its numbers, or as it looks";
const CLASS: &str = "Another of the same beside it, which keeps this class until another is chosen in it";
/// Panes whose picture is of a class.
const HEATMAPS: [&str; 2] = ["cam", "saliency"];
/// A button beside the tabs, with the gap to the next, is at most so wide.
const BUTTON: f32 = 28.0;
/// On either side of a tab's title.
const SPACING: f32 = 6.5;

/// The menu of a pane.
fn menu(ui: &mut Ui, tile: TileId, pane: &Pane, out: &mut Vec<Command>) {
    ui.label(RichText::new("pin to").small().weak());
    for part in Pinned::ALL {
        let mut holds = pane.pin().holds(part);
        if ui.checkbox(&mut holds, part.label()).changed() {
            out.push(Command::Pin(tile, part));
        }
    }
    ui.separator();
    let beside = Action::Beside.info();
    let class = ("Compare with another class", CLASS, Command::BesideClass(tile));
    let entries = [
        Some(("Save…", SAVE, Command::ExportPane(tile))),
        Some(("Copy", COPY, Command::CopyPane(tile))),
        Some(("Duplicate", "Another of the same beside it", Command::Duplicate(tile))),
        HEATMAPS.contains(&pane.kind().name).then_some(class),
        Some((beside.label, beside.hint, Command::ChooseBeside(tile))),
        Some(("Close", "The View menu shows it again", Command::ClosePane(tile))),
    ];
    for (label, hint, command) in entries.into_iter().flatten() {
        if ui.button(label).on_hover_text(hint).clicked() {
            out.push(command);
            ui.close();
        }
    }
}
