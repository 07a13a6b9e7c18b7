//! Two pictures through one network, side by side on one colour scale: where each speaks for the class, its scores, and its
//! maps of the selected layer.

use super::compare::choices;
use crate::{
    engine::{AttributionInquiry, Inquiry},
    figures::{HeatStyle, Heatmap, Spreadsheet},
    gpu::{TileGrid, TileStyle},
    methods::{Attribution, CAMS, Settings, Target},
    paint::Range,
    ui::{
        background::{cache::LayerMaps, textures::rgba_texture},
        model::{
            commands::{Command, With},
            export::Export,
            state::{Shown, View, is_silent, layer_name},
        },
        panels::{
            panel::{Panel, PanelKind},
            scores,
        },
        widgets::{BAR, Ends, caption, colour_bar, fit, hollow, pointing::input_at, toolbar},
    },
};
use eframe::egui::{
    self, Rect, RichText, Sense, TextureHandle, TextureOptions, Ui, containers::menu::MenuButton, vec2,
};
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "beside",
    title: "Side by side",
    about: "Two pictures through the same network, side by side: where each speaks for the class, its scores, and its maps \
            of the selected layer.",
    how: "Both heatmaps and all maps have one colour scale, so that brightness compares between the two sides. The maps \
          are those of the units that are strongest on the left.",
    formula: "heatmap = max(0, Σ α[k] A[k]) with α[k] the mean of ∂S/∂A[k], for each picture",
    paper: "Selvaraju et al. 2017, Grad-CAM",
    make: || Box::<SideBySide>::default(),
};

#[derive(Default)]
struct SideBySide {
    /// The heatmaps, left and right, with what they were painted from.
    painted: Option<(Pair, [TextureHandle; 2])>,
    /// The units whose maps are shown: of a run and a layer, so many.
    units: Option<(UnitsKey, Arc<[u32]>)>,
}

/// A run, a layer, and a number of units.
type UnitsKey = (u64, usize, usize);

/// The heatmaps of both sides.
type Pair = [Arc<Attribution>; 2];

/// Height of a class in points.
const CLASS: f32 = 22.0;
/// Side of a map in points.
const TILE: f32 = 56.0;

impl Panel for SideBySide {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        toolbar(ui, |ui| {
            let (menu, _) = MenuButton::new("picture B").ui(ui, |ui| choices(ui, view, out));
            menu.on_hover_text("Choose the picture of the right side").accessible_name("Choose picture B");
            if view.other.is_some() && ui.button("only A").on_hover_text("Compare no more").clicked() {
                out.push(Command::Compare(With::Nothing));
            }
            caption(ui, format!("{} for {}", CAMS[0].title, view.run().model.class_name(view.class())));
        });
        let Some(other) = view.other else { return hollow(ui, KIND.about, false) };
        let sides = [view, View { shown: other, other: None, ..view }];
        let area = ui.available_rect_before_wrap();
        let maps = (2.0 * (TILE + 2.0) + 24.0).min(0.3 * area.height());
        let (above, below) = area.split_top_bottom_at_y(area.bottom() - maps);
        let (above, classes) = above.split_top_bottom_at_y(above.bottom() - 3.0 * (CLASS + 3.0) - 4.0);
        let (above, bar) = above.split_top_bottom_at_y(above.bottom() - BAR - 4.0);
        self.heatmaps(ui, view, sides, above, bar, out);
        for (side, part) in sides.into_iter().zip(halves(classes)) {
            let mut list = ui.new_child(egui::UiBuilder::new().max_rect(part).id_salt(("classes", part.left() as i32)));
            list.spacing_mut().item_spacing.y = 3.0;
            for &class in side.shown.ranking.iter().take(3) {
                scores::row(&mut list, View { other: None, ..side }, class, CLASS, out);
            }
        }
        self.maps(ui, view, sides, below);
        ui.allocate_rect(area, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let other = view.other?;
        let name = |shown: &Shown| shown.run.picture.as_ref().map_or("numbers".into(), |picture| picture.name.clone());
        let mut cells = Spreadsheet::new(["class", "A", "B"]);
        for &class in view.shown.ranking.iter().take(100) {
            let [a, b] = [view.run(), &other.run].map(|run| run.scores[class].to_string());
            cells.add([view.run().model.class_name(class), a, b]);
        }
        Some(Export::table(view, &format!("scores beside {}", name(other)), cells))
    }
}

/// The left and the right half of a rectangle, with a gap between.
fn halves(rect: Rect) -> [Rect; 2] {
    let (left, right) = rect.split_left_right_at_fraction(0.5);
    [left.with_max_x(left.right() - 6.0), right.with_min_x(right.left() + 6.0)]
}

impl SideBySide {
    /// Both heatmaps over their pictures, and one colour bar below.
    fn heatmaps(&mut self, ui: &mut Ui, view: View, sides: [View; 2], above: Rect, bar: Rect, out: &mut Vec<Command>) {
        let found = sides.map(|side| {
            let inquiry = AttributionInquiry {
                run: Arc::clone(side.run()),
                method: &CAMS[0],
                target: Target::Class(view.class()),
                layer: None,
                settings: Settings::new(),
            };
            let found = view.answers.get(&inquiry.key()).cloned();
            out.push(Command::Need(inquiry.into()));
            found
        });
        let [Some(left), Some(right)] = found else {
            let mut child = ui.new_child(egui::UiBuilder::new().max_rect(above).id_salt("coming"));
            return hollow(&mut child, CAMS[0].title, true);
        };
        let (left, right) = match (left, right) {
            (Ok(left), Ok(right)) => (left, right),
            (Err(why), _) | (_, Err(why)) => {
                let mut child = ui.new_child(egui::UiBuilder::new().max_rect(above).id_salt("failed"));
                return hollow(&mut child, &why, false);
            }
        };
        let pair = [left, right];
        let ranges = pair.each_ref().map(|one| Heatmap::of(one).range());
        let range = Range { low: ranges[0].low.min(ranges[1].low), high: ranges[0].high.max(ranges[1].high) };
        let is_fresh = |(of, _): &(Pair, _)| of.iter().zip(&pair).all(|(one, other)| Arc::ptr_eq(one, other));
        if !self.painted.as_ref().is_some_and(is_fresh) {
            self.painted = None;
            let images = [0, 1].map(|at| {
                let backdrop = sides[at].pictures()?.backdrop.clone()?;
                Some(Heatmap::of(&pair[at]).spanning(range).over(&backdrop, &HeatStyle::default()))
            });
            if let [Some(left), Some(right)] = images {
                let texture = |image| rgba_texture(ui.ctx(), "side", image, TextureOptions::LINEAR);
                self.painted = Some((pair.clone(), [texture(&left), texture(&right)]));
            }
        }
        let Some((_, textures)) = &self.painted else { return };
        let [_, rows, columns] = view.shown.graph().input_shape();
        for (at, (part, letter)) in halves(above).into_iter().zip(["A", "B"]).enumerate() {
            let (line, rest) = part.split_top_bottom_at_y(part.top() + 18.0);
            let name = sides[at].run().picture.as_ref().map_or("numbers", |picture| picture.name.as_str());
            let mut words = ui.new_child(egui::UiBuilder::new().max_rect(line).id_salt(("name", letter)));
            words.add(egui::Label::new(RichText::new(format!("{letter}  {name}")).strong()).truncate());
            let rect = fit(rest, columns as f32 / rows as f32);
            input_at(ui, view, rect, textures[at].id(), &format!("heatmap of {letter}"), out);
        }
        let place = Rect::from_center_size(bar.center(), vec2(bar.width().min(280.0), BAR));
        colour_bar(ui, place, &HeatStyle::default().colours(pair[0].signed), &Ends::Values(range));
    }

    /// The maps of the units that are strongest on the left, on both sides.
    fn maps(&mut self, ui: &mut Ui, view: View, sides: [View; 2], area: Rect) {
        let layer = view.selection.layer;
        let (line, rest) = area.split_top_bottom_at_y(area.top() + 20.0);
        let mut words = ui.new_child(egui::UiBuilder::new().max_rect(line).id_salt("maps"));
        caption(&mut words, format!("maps of {}, on one scale", layer_name(view.node())));
        let [_, height, width] = view.layer().shape;
        let [left, right] = halves(rest);
        let columns = ((left.width() / (TILE + 2.0)) as usize).max(1);
        let rows = ((rest.height() / (TILE + 2.0)) as usize).max(1);
        let key = (view.run().id, layer, columns * rows);
        if self.units.as_ref().is_none_or(|(of, _)| *of != key) {
            let strong = view.layer().by_strength().into_iter().filter(|&unit| !is_silent(view.layer(), unit as usize));
            self.units = Some((key, strong.take(columns * rows).collect()));
        }
        let Some((_, units)) = &self.units else { return };
        let ranges = sides.map(|side| side.run().layers[layer].range());
        let range = Range { low: ranges[0].low.min(ranges[1].low), high: ranges[0].high.max(ranges[1].high) };
        for (side, (part, letter)) in sides.into_iter().zip([(left, "A"), (right, "B")]) {
            let LayerMaps::Ready(atlas) = side.cache.maps(side.run(), layer) else { continue };
            let tile = vec2(TILE, TILE * height as f32 / width as f32);
            let style = TileStyle { colours: view.look.style, fixed: Some(range), ..TileStyle::default() };
            let grid = TileGrid { style, ..TileGrid::new(Arc::clone(units), columns as u32, tile) };
            let mut child = ui.new_child(egui::UiBuilder::new().max_rect(part).id_salt(("tiles", letter)));
            child.set_clip_rect(part.intersect(ui.clip_rect()));
            grid.show(&mut child, &atlas, &format!("maps of {letter}"));
        }
    }
}
