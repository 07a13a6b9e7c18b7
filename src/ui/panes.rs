//! The panes that the user arranges, and how an arrangement is kept between sessions.

use super::{
    commands::Command,
    panels::{self, Kind, PANELS, Panel},
    state::View,
    theme::{self, GAP},
    widgets::hollow,
};
use eframe::egui::{self, Color32, RichText, Stroke, Ui, Visuals, WidgetText};
use egui_tiles::{Behavior, SimplificationOptions, TabState, TileId, Tiles, Tree, UiResponse};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

/// A panel with its place in the registry.
pub struct Pane {
    kind: &'static Kind,
    panel: Box<dyn Panel>,
}

impl Pane {
    fn new(kind: &'static Kind) -> Self {
        Pane { kind, panel: (kind.make)() }
    }

    /// What saving the pane writes.
    pub fn export(&self, view: View) -> Option<super::export::Export> {
        self.panel.export(view)
    }
}

/// A pane as settings hold it.
#[derive(Serialize, Deserialize)]
struct Kept {
    panel: String,
    options: Value,
}

impl Serialize for Pane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Kept { panel: self.kind.name.into(), options: self.panel.options() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Kept::deserialize(deserializer)?;
        let kind = panels::find(&kept.panel).ok_or_else(|| D::Error::custom("a pane of another version"))?;
        let mut pane = Pane::new(kind);
        pane.panel.restore(kept.options);
        Ok(pane)
    }
}

/// The arrangement that the program starts with: the layer large, what explains it below, the picture at the side.
pub fn first_arrangement() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let tab = |tiles: &mut Tiles<Pane>, names: &[&str]| {
        let panes =
            PANELS.iter().filter(|kind| names.contains(&kind.name)).map(|kind| tiles.insert_pane(Pane::new(kind)));
        let panes: Vec<TileId> = panes.collect();
        tiles.insert_tab_tile(panes)
    };
    let layer = tab(&mut tiles, &["activations", "filters"]);
    let saliency = tab(&mut tiles, &["saliency"]);
    let deconvnet = tab(&mut tiles, &["deconvnet"]);
    let picture = tab(&mut tiles, &["picture"]);
    let unit = tab(&mut tiles, &["unit"]);
    let scores = tab(&mut tiles, &["scores"]);
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
            Some(view) => pane.panel.ui(ui, view, self.out),
            None => hollow(ui, "Opening", true),
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        RichText::new(pane.kind.title).into()
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
        let button = egui::Button::new(RichText::new("save").small().color(self.palette.weak)).frame(false);
        let response = ui.add(button).on_hover_text("Save what this pane shows as PNG, or its numbers as .npy");
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

/// Whether every panel of the registry has its pane, so that an arrangement of an older version misses nothing.
pub fn is_complete(tree: &Tree<Pane>) -> bool {
    let has = |name: &str| {
        tree.tiles.tiles().any(|tile| matches!(tile, egui_tiles::Tile::Pane(pane) if pane.kind.name == name))
    };
    tree.root().is_some() && PANELS.iter().all(|kind| has(kind.name))
}
