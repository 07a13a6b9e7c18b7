//! The selected unit, large: its map, the spread of its values, its filter.

use crate::{
    figures::{Scale, one_unit, suited_scaling},
    gpu::{TileStyle, show_unit_at},
    net::NodeId,
    paint::Scaling,
    ui::{
        background::cache::LayerMaps,
        model::{
            commands::Command,
            export::{Export, numbers_of},
            state::{Hover, View, layer_name},
        },
        panels::{
            filters::UnitFilters,
            panel::{Panel, PanelKind},
        },
        widgets::{caption, describe, fit, hollow},
    },
};
use eframe::egui::{self, Rect, Sense, Ui, WidgetInfo, pos2, vec2};
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "unit",
    title: "Unit",
    about: "The selected unit: its feature map, how its values are spread, and its filter.",
    how: "The map, the spread of its values and the filter of the selected unit. The colours of the histogram are those of the map.",
    formula: "histogram: how many values of A[k] lie in each of equal steps from the least to the largest",
    paper: "Yosinski, Clune, Nguyen, Fuchs and Lipson 2015, Understanding neural networks through deep visualization",
    make: || Box::<Unit>::default(),
};

const BINS: usize = 64;

/// A run, a layer and a unit.
type HistogramKey = (u64, NodeId, usize);

#[derive(Default)]
struct Unit {
    /// Counts of the unit's values, largest 1.
    histogram: Option<(HistogramKey, Vec<f32>)>,
    filters: UnitFilters,
}

impl Panel for Unit {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let (layer, unit) = (view.layer(), view.selection.unit);
        let [_, height, width] = layer.shape;
        let single = height * width == 1;
        let at = view.hovered_spot().map_or_else(|| view.position().unwrap_or([0, 0]), |(_, at)| at);
        let text = format!("{}  ·  {}", layer_name(view.node()), describe::value(view, unit, at));
        caption(ui, &text).on_hover_text(text);
        let area = ui.available_rect_before_wrap();
        let below = if area.height() > 190.0 { 66.0 } else { 0.0 };
        let (map, rest) = area.split_top_bottom_at_y(area.bottom() - below);
        if single {
            self.filter(ui, view, map);
        } else {
            self.map(ui, view, fit(map, width as f32 / height as f32), out);
        }
        if below > 0.0 {
            let beside = if single { 0.0 } else { rest.height() };
            let (bars, filter) = rest.translate(vec2(0.0, 6.0)).split_left_right_at_x(rest.right() - beside - 6.0);
            let bars = Rect::from_min_max(bars.min, pos2(bars.max.x, area.bottom() - 14.0));
            self.histogram(ui, view, bars, !single);
            if !single {
                self.filter(
                    ui,
                    view,
                    Rect::from_min_max(filter.min + vec2(6.0, 0.0), pos2(area.right(), area.bottom())),
                );
            }
        }
        ui.allocate_rect(area, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let (run, layer, unit, look) = (Arc::clone(view.run()), view.selection.layer, view.selection.unit, view.look);
        let name = format!("{} unit {unit}", view.node().name);
        let numbers = numbers_of(&run, layer, Some(unit));
        let (own, [_, height, width]) = (run.layers[layer].ranges[unit], run.layers[layer].shape);
        let model = Arc::clone(&run.model);
        let export = Export::new(view, &name, numbers, move |_| {
            let scaling = suited_scaling(look.scaling, height * width);
            one_unit(&run.layers[layer], unit, Scale::Pleasant, scaling, &look.style)
        });
        Some(export.about(|facts| facts.layer(&model, layer).unit(unit).values(&[height, width], own)))
    }
}

impl Unit {
    fn map(&self, ui: &mut Ui, view: View, rect: Rect, out: &mut Vec<Command>) {
        let LayerMaps::Ready(atlas) = view.maps() else {
            return hollow(ui, "Uploading the layer", true);
        };
        let style = TileStyle {
            colours: view.look.style,
            scaling: view.look.scaling,
            cross: view.selection.hover.map(|hover| hover.place),
            // All of it: what is not to be seen lies outside the pane.
            ..TileStyle::default()
        };
        let label = format!("map of unit {}", view.selection.unit);
        let plane = view.viewport.plane(rect);
        let mut window = ui.new_child(egui::UiBuilder::new().id_salt("map").max_rect(rect));
        window.set_clip_rect(rect.intersect(ui.clip_rect()));
        let answer = show_unit_at(&window, &atlas, view.selection.unit as u32, plane, style, &label);
        out.extend(view.viewport.navigate(&window, &answer.response, plane, true).map(Command::Show));
        if let Some(spot) = answer.hovered {
            let at = [spot.y as usize, spot.x as usize];
            let spot_at = Some((view.run().id, view.selection.layer, view.selection.unit, at));
            out.push(Command::Hover(Hover { place: spot.fraction, spot: spot_at }));
        }
        if let Some(spot) = answer.clicked {
            out.push(Command::SelectUnit(view.selection.unit, Some([spot.y as usize, spot.x as usize])));
        }
        // The kept position, where one was clicked.
        if let Some([row, column]) = view.selection.position {
            let [_, height, width] = view.layer().shape;
            let cell = plane.size() / vec2(width as f32, height as f32);
            let corner = plane.min + vec2(column as f32, row as f32) * cell;
            let mark = Rect::from_min_size(corner, cell).expand(1.0);
            let stroke = egui::Stroke::new(1.5, view.palette.accent);
            window.painter().rect_stroke(mark, 0.0, stroke, egui::StrokeKind::Outside);
        }
    }

    fn filter(&mut self, ui: &mut Ui, view: View, rect: Rect) {
        self.filters.show_unit(ui, view, rect);
    }

    /// Of the unit's values, or of the whole layer's where each unit has but one.
    fn histogram(&mut self, ui: &mut Ui, view: View, rect: Rect, of_unit: bool) {
        let (layer, unit) = (view.layer(), view.selection.unit);
        let range = if of_unit { layer.ranges[unit] } else { layer.range() };
        let key = (view.run().id, layer.node, if of_unit { unit } else { usize::MAX });
        if self.histogram.as_ref().is_none_or(|(other, _)| *other != key) {
            let [_, height, width] = layer.shape;
            let area = height * width;
            let count = |values: &[f32]| {
                let values = if of_unit { &values[unit * area..][..area] } else { values };
                let mut bins = vec![0f32; BINS];
                let scale = BINS as f32 / (range.high - range.low).max(f32::MIN_POSITIVE);
                for value in values.iter().filter(|value| value.is_finite()) {
                    bins[(((value - range.low) * scale) as usize).min(BINS - 1)] += 1.0;
                }
                bins
            };
            let mut bins = layer.with_values(count).unwrap_or_default();
            // By square root: behind a rectifier, zero would leave nothing to see of all else.
            let most = bins.iter().fold(1f32, |most, &bin| most.max(bin)).sqrt();
            bins.iter_mut().for_each(|bin| *bin = bin.sqrt() / most);
            self.histogram = Some((key, bins));
        }
        let Some((_, bins)) = &self.histogram else { return };
        let painter = ui.painter();
        let step = rect.width() / BINS as f32;
        for (index, &height) in bins.iter().enumerate().filter(|(_, height)| **height > 0.0) {
            let left = rect.left() + index as f32 * step;
            let top = rect.bottom() - (rect.height() * height).max(1.0);
            let bar = Rect::from_min_max(pos2(left, top), pos2(left + (step - 0.5).max(0.5), rect.bottom()));
            let middle = range.low + (index as f32 + 0.5) / BINS as f32 * (range.high - range.low);
            let scaled = if of_unit { view.look.scaling.range(range, layer.range()) } else { range };
            let scaled = if view.look.scaling == Scaling::Symmetric { layer.range().symmetric() } else { scaled };
            let [r, g, b] = crate::paint::colour(middle, scaled, &view.look.style);
            painter.rect_filled(bar, 0.0, egui::Color32::from_rgb(r, g, b));
        }
        painter.hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, view.palette.line));
        let font = egui::TextStyle::Monospace.resolve(ui.style());
        let number = crate::ui::widgets::number;
        let at = |x: f32| pos2(x, rect.bottom() + 1.0);
        painter.text(at(rect.left()), egui::Align2::LEFT_TOP, number(range.low), font.clone(), view.palette.weak);
        painter.text(at(rect.right()), egui::Align2::RIGHT_TOP, number(range.high), font, view.palette.weak);
        let response = ui.interact(rect, ui.scope_id().with("histogram"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "histogram"));
        let what = if of_unit { "this unit's map" } else { "the layer" };
        response.on_hover_text(format!("How the values of {what} are spread; heights by square root"));
    }
}
