//! The panes that the user arranges, and how an arrangement is kept between sessions.

use super::{
    commands::Command,
    panels::{self, Kind, Panel},
    pin::{Part, Pin},
    state::{Shown, View},
    theme::{self, GAP},
    widgets::hollow,
};
use eframe::egui::{self, Color32, RichText, Stroke, Ui, Visuals, WidgetText};
use egui::containers::menu::MenuButton;
use egui_tiles::{Behavior, ContainerKind, SimplificationOptions, TabState, TileId, Tiles, Tree, UiResponse};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;
use std::sync::Arc;

/// A panel with its place in the registry.
pub struct Pane {
    kind: &'static Kind,
    panel: Box<dyn Panel>,
    pin: Pin,
}

impl Pane {
    fn new(kind: &'static Kind) -> Self {
        Pane { kind, panel: (kind.make)(), pin: Pin::default() }
    }

    /// Another with the same options and pins.
    fn twin(&self) -> Self {
        let mut twin = Pane { pin: self.pin.clone(), ..Pane::new(self.kind) };
        twin.panel.restore(self.panel.options());
        twin
    }

    /// What saving the pane writes.
    pub fn export(&self, view: View) -> Option<super::export::Export> {
        let own = self.pin.selection(view);
        self.panel.export(View { shown: self.pin.shown(view.shown), selection: &own, ..view })
    }

    /// What it keeps to itself.
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Brings the run of an earlier session that it is pinned to.
    pub fn bring(&mut self, shown: Arc<Shown>) {
        self.pin.to_run(shown);
    }

    /// Pins what it shows, or lets it follow.
    pub fn toggle_pin(&mut self, part: Part, view: View, shown: &Arc<Shown>) {
        self.pin.toggle(part, view, shown);
    }

    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        if !self.pin.is_any() {
            return self.panel.ui(ui, view, out);
        }
        let own = self.pin.selection(view);
        let mut asked = Vec::new();
        // Only the present picture is compared.
        let other = view.other.filter(|_| !self.pin.holds(Part::Run));
        self.panel.ui(ui, View { shown: self.pin.shown(view.shown), other, selection: &own, ..view }, &mut asked);
        out.extend(asked.into_iter().filter_map(|command| self.pin.take(command, &own, view.shown)));
    }
}

/// A pane as settings hold it.
#[derive(Serialize, Deserialize)]
struct Kept {
    panel: String,
    options: Value,
    #[serde(default)]
    pin: Value,
}

impl Serialize for Pane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pin = serde_json::to_value(self.pin.kept()).unwrap_or_default();
        Kept { panel: self.kind.name.into(), options: self.panel.options(), pin }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Kept::deserialize(deserializer)?;
        let kind = panels::find(&kept.panel).ok_or_else(|| D::Error::custom("a pane of another version"))?;
        let mut pane = Pane::new(kind);
        pane.panel.restore(kept.options);
        // A pin that makes no sense costs no more than itself.
        pane.pin = Pin::restored(serde_json::from_value(kept.pin).unwrap_or_default());
        Ok(pane)
    }
}

/// The arrangement that the program starts with: the layer large, what explains it below, the picture at the side.
pub fn first_arrangement() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let tab = |tiles: &mut Tiles<Pane>, names: &[&str]| {
        let kinds = names.iter().filter_map(|name| panels::find(name));
        let panes: Vec<TileId> = kinds.map(|kind| tiles.insert_pane(Pane::new(kind))).collect();
        tiles.insert_tab_tile(panes)
    };
    let layer = tab(&mut tiles, &["activations", "filters", "network", "layers", "convolution"]);
    let saliency = tab(&mut tiles, &["saliency", "cam"]);
    let deconvnet = tab(&mut tiles, &["deconvnet", "synthesis", "magnifier"]);
    let picture = tab(&mut tiles, &["picture", "folder", "pad"]);
    let unit = tab(&mut tiles, &["unit", "compare"]);
    let scores = tab(&mut tiles, &["scores", "invariance"]);
    let below = tiles.insert_horizontal_tile(vec![saliency, deconvnet]);
    let centre = tiles.insert_vertical_tile(vec![layer, below]);
    let side = tiles.insert_vertical_tile(vec![picture, unit, scores]);
    let root = tiles.insert_horizontal_tile(vec![centre, side]);
    let mut share = |container: TileId, tile: TileId, share: f32| {
        if let Some(egui_tiles::Tile::Container(egui_tiles::Container::Linear(linear))) = tiles.get_mut(container) {
            linear.shares.set_share(tile, share);
        }
    };
    share(root, centre, 2.6);
    share(root, side, 1.0);
    share(centre, layer, 1.15);
    share(side, picture, 0.85);
    share(side, unit, 1.2);
    share(side, scores, 0.8);
    share(below, deconvnet, 1.35);
    Tree::new(egui::Id::unique("panes"), root, tiles)
}

/// Draws the panes of one frame and collects what they ask for.
pub struct Drawing<'a> {
    /// What they show; `None` until the first picture has run.
    pub view: Option<View<'a>>,
    /// What they ask for.
    pub out: &'a mut Vec<Command>,
    /// The pane that was last clicked.
    pub active: &'a mut Option<TileId>,
    /// Colours.
    pub palette: &'static theme::Palette,
}

impl Behavior<Pane> for Drawing<'_> {
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
        match pane.pin.is_any() {
            true => RichText::new(format!("{}, pinned", pane.kind.title)).into(),
            false => RichText::new(pane.kind.title).into(),
        }
    }

    fn on_tab_button(&mut self, tiles: &mut Tiles<Pane>, tile: TileId, button: egui::Response) -> egui::Response {
        match tiles.get(tile) {
            Some(egui_tiles::Tile::Pane(pane)) => {
                button.on_hover_text(pane.kind.about).accessible_name(pane.kind.title)
            }
            _ => button,
        }
    }

    fn top_bar_right_ui(&mut self, tiles: &Tiles<Pane>, ui: &mut Ui, _: TileId, tabs: &egui_tiles::Tabs, _: &mut f32) {
        let Some((tile, egui_tiles::Tile::Pane(pane))) = tabs.active.and_then(|tile| Some((tile, tiles.get(tile)?)))
        else {
            return;
        };
        ui.add_space(4.0);
        let weak = |text: &str| egui::Button::new(RichText::new(text).small().color(self.palette.weak)).frame(false);
        let (menu, _) = MenuButton::from_button(weak("menu")).ui(ui, |ui| menu(ui, tile, pane, self.out));
        menu.on_hover_text("Pin, copy, save, duplicate or close this pane")
            .accessible_name(format!("Menu of {}", pane.kind.title));
        // In a narrow pane the tabs need the room; the menu has it too.
        if ui.available_width() > NARROW {
            let response = ui.add(weak("copy")).on_hover_text(COPY);
            if response.accessible_name(format!("Copy {}", pane.kind.title)).clicked() {
                self.out.push(Command::CopyPane(tile));
            }
        }
        let response = ui.add(weak("save")).on_hover_text("Save what this pane shows as PNG, or its numbers as .npy");
        if response.accessible_name(format!("Export {}", pane.kind.title)).clicked() {
            self.out.push(Command::ExportPane(tile));
        }
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

/// What copying does.
const COPY: &str = "Put what this pane shows on the clipboard: its picture, or its table";
/// Tab bars with less room than this beside their menu have no button to copy.
const NARROW: f32 = 210.0;

/// What can be done with a pane.
fn menu(ui: &mut Ui, tile: TileId, pane: &Pane, out: &mut Vec<Command>) {
    ui.label(RichText::new("pin to").small().weak());
    for part in Part::ALL {
        let mut holds = pane.pin.holds(part);
        if ui.checkbox(&mut holds, part.label()).changed() {
            out.push(Command::Pin(tile, part));
        }
    }
    ui.separator();
    for (label, hint, command) in [
        ("Copy", COPY, Command::CopyPane(tile)),
        ("Copy as shown", "The pane as it looks, onto the clipboard", Command::CopyLook(tile)),
        ("Save as shown…", "The pane as it looks, as a PNG", Command::ExportLook(tile, false)),
        ("Save as shown, 2x…", "The same drawn twice as large: the window flickers", Command::ExportLook(tile, true)),
        ("Duplicate", "Another of the same beside it", Command::Duplicate(tile)),
        ("Close", "The View menu shows it again", Command::ClosePane(tile)),
    ] {
        if ui.button(label).on_hover_text(hint).clicked() {
            out.push(command);
            ui.close();
        }
    }
}

/// Brings a pane of a kind to the front; makes one where there is none.
pub fn show(tree: &mut Tree<Pane>, kind: &'static Kind) {
    let is_kind = |tile: &egui_tiles::Tile<Pane>| matches!(tile, egui_tiles::Tile::Pane(p) if p.kind.name == kind.name);
    let found = tree.tiles.iter().find(|(_, tile)| is_kind(tile)).map(|(&id, _)| id);
    let wanted = found.unwrap_or_else(|| {
        let pane = tree.tiles.insert_pane(Pane::new(kind));
        let tabs = tree.tiles.iter().find(|(_, tile)| tile.kind() == Some(ContainerKind::Tabs)).map(|(&id, _)| id);
        match tabs.and_then(|tabs| tree.tiles.get_mut(tabs)) {
            Some(egui_tiles::Tile::Container(tabs)) => tabs.add_child(pane),
            _ => tree.root = Some(tree.tiles.insert_tab_tile(vec![pane])),
        }
        pane
    });
    tree.make_active(|id, _| id == wanted);
}

/// Puts another of the same beside a pane.
pub fn duplicate(tree: &mut Tree<Pane>, tile: TileId) {
    let Some(twin) = tree.tiles.get_pane(&tile).map(Pane::twin) else { return };
    let Some(tabs) = tree.tiles.parent_of(tile) else { return };
    let above = tree.tiles.parent_of(tabs);
    let twin = tree.tiles.insert_pane(twin);
    let beside = tree.tiles.insert_tab_tile(vec![twin]);
    let both = tree.tiles.insert_horizontal_tile(vec![tabs, beside]);
    match above.and_then(|above| tree.tiles.get_mut(above)) {
        Some(egui_tiles::Tile::Container(above)) => {
            // It is there: it is the parent.
            let _ = above.replace_child(tabs, both);
        }
        _ => tree.root = Some(both),
    }
}

/// Takes a pane away.
pub fn close(tree: &mut Tree<Pane>, tile: TileId) {
    tree.remove_recursively(tile);
}
