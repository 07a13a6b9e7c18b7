//! Blobs over an axis of powers of ten: a network each.

use crate::{
    figures::words::rounded,
    ui::{background::costs::NetworkCost, model::state::View},
    zoo::{Card, PublishedAccuracy},
};
use eframe::egui::{self, Align2, FontId, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

/// A network on the chart.
pub(super) struct NetworkBlob {
    /// The network.
    pub card: &'static Card,
    /// Its height.
    pub accuracy: PublishedAccuracy,
    /// Its parameters and multiply-adds.
    pub cost: NetworkCost,
    /// Its place along the axis, above 0.
    pub x: f64,
    /// The quantity of its area.
    pub size: f64,
}

/// Radius of the least blob, and the widths of the chart that hold as many of the largest radius.
const LEAST: f32 = 3.0;
const RADII: f32 = 34.0;
const SMALL: f32 = 11.5;

/// The rectangle of the plot and its axes: decimal logarithms along x, percents along y.
struct BlobAxes {
    plot: Rect,
    x: [f64; 2],
    y: [f64; 2],
}

impl BlobAxes {
    fn of(area: Rect, blobs: &[NetworkBlob]) -> Self {
        let reach = |value: &dyn Fn(&NetworkBlob) -> f64| {
            let values = || blobs.iter().map(value);
            [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)]
        };
        let ([left, right], [low, high]) =
            (reach(&|blob| blob.x.log10()), reach(&|blob| f64::from(blob.accuracy.top1)));
        let plot = Rect::from_min_max(area.min + vec2(34.0, 6.0), area.max - vec2(8.0, 38.0));
        BlobAxes { plot, x: [left - 0.15, right + 0.25], y: [low - 2.0, high + 2.5] }
    }

    fn place(&self, x: f64, y: f64) -> Pos2 {
        let share = |value: f64, [low, high]: [f64; 2]| ((value - low) / (high - low)) as f32;
        let at = vec2(share(x.log10(), self.x) * self.plot.width(), -share(y, self.y) * self.plot.height());
        self.plot.left_bottom() + at
    }

    fn draw(&self, ui: &Ui, view: View, name: &str) {
        let (painter, palette, font) = (ui.painter(), view.palette, FontId::proportional(SMALL));
        let line = Stroke::new(1.0, palette.line);
        painter.rect_stroke(self.plot, 0.0, line, StrokeKind::Inside);
        // In a narrow chart the numbers between powers of ten would cover each other.
        let decade = self.plot.width() / (self.x[1] - self.x[0]) as f32;
        let steps: &[f64] = if decade > 130.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        for power in self.x[0].ceil() as i32..=self.x[1].floor() as i32 {
            for &step in steps {
                let value = step * 10f64.powi(power);
                if value.log10() > self.x[1] {
                    continue;
                }
                let at = self.place(value, self.y[0]);
                painter.vline(at.x, self.plot.y_range(), line);
                painter.text(at + vec2(0.0, 3.0), Align2::CENTER_TOP, axis_number(value), font.clone(), palette.weak);
            }
        }
        for percent in (self.y[0].ceil() as i32..=self.y[1].floor() as i32).filter(|percent| percent % 5 == 0) {
            let at = self.place(10f64.powf(self.x[0]), percent.into());
            painter.hline(self.plot.x_range(), at.y, line);
            painter.text(at - vec2(4.0, 0.0), Align2::RIGHT_CENTER, percent.to_string(), font.clone(), palette.weak);
        }
        let beside = self.plot.left_top() + vec2(5.0, 3.0);
        painter.text(beside, Align2::LEFT_TOP, "top-1, %", font.clone(), palette.weak);
        let below = pos2(self.plot.center().x, self.plot.bottom() + 20.0);
        painter.text(below, Align2::CENTER_TOP, name, font, palette.weak);
    }
}

/// "500 k", "20 M", "5 G".
fn axis_number(value: f64) -> String {
    let (size, unit) = match value {
        value if value < 999_999.0 => (1e3, "k"),
        value if value < 999_999_999.0 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    format!("{} {unit}", (value / size).round())
}

/// Draws the chart. The open network has the accent; the pointer reads a blob, and its family stands out.
pub(super) fn blobs(ui: &mut Ui, view: View, size: Vec2, axis: &str, blobs: &[NetworkBlob]) {
    let (area, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("chart of accuracy against {axis}")));
    let axes = BlobAxes::of(area, blobs);
    axes.draw(ui, view, axis);
    let largest = blobs.iter().map(|blob| blob.size).fold(f64::MIN_POSITIVE, f64::max);
    let radius = |blob: &NetworkBlob| (axes.plot.width() / RADII * (blob.size / largest).sqrt() as f32).max(LEAST);
    let place = |blob: &NetworkBlob| axes.place(blob.x, blob.accuracy.top1.into());
    let far = |blob: &&NetworkBlob, at: Pos2| (place(blob) - at).length() - radius(blob);
    let pointed = response.hover_pos().and_then(|at| {
        let nearest = blobs.iter().min_by(|a, b| far(a, at).total_cmp(&far(b, at)));
        nearest.filter(|blob| far(blob, at) < 8.0)
    });
    let open = &view.run().model.card.name;
    let palette = view.palette;
    let family = |blob: &NetworkBlob| pointed.is_some_and(|own| own.card.family == blob.card.family);
    for blob in blobs {
        let colour = match () {
            () if blob.card.name == open => palette.accent,
            () if family(blob) => palette.second,
            () => palette.weak.gamma_multiply(0.55),
        };
        let edge = Stroke::new(1.0, palette.pane);
        ui.painter().circle(place(blob), radius(blob), colour, edge);
    }
    names(
        ui,
        view,
        &axes,
        blobs.iter().map(|blob| (blob, place(blob), radius(blob), family(blob) || blob.card.name == open)),
    );
    if let Some(blob) = pointed {
        ui.painter().circle_stroke(place(blob), radius(blob) + 1.5, Stroke::new(1.5, ui.visuals().text_color()));
        let NetworkCost { parameters, macs } = blob.cost;
        response.on_hover_text(format!(
            "{} ({})\ntop-1 {:.1}%: {}\n{} parameters, {} multiply-adds",
            blob.card.title,
            blob.card.paper,
            blob.accuracy.top1,
            blob.accuracy.source,
            rounded(parameters),
            rounded(macs)
        ));
    }
}

/// Names beside their blobs, those that stand out first. A name that would cover another is left out, and one that would cover
/// a blob's middle unless it stands out.
fn names<'a>(ui: &Ui, view: View, axes: &BlobAxes, blobs: impl Iterator<Item = (&'a NetworkBlob, Pos2, f32, bool)>) {
    let mut all: Vec<_> = blobs.collect();
    all.sort_by(|a, b| b.3.cmp(&a.3).then(b.0.accuracy.top1.total_cmp(&a.0.accuracy.top1)));
    let middles: Vec<Rect> = all.iter().map(|(_, at, _, _)| Rect::from_center_size(*at, Vec2::splat(6.0))).collect();
    let mut taken: Vec<Rect> = Vec::new();
    for (index, (blob, at, radius, stands_out)) in all.iter().enumerate() {
        let ink = if *stands_out { ui.visuals().text_color() } else { view.palette.weak };
        let galley = ui.painter().layout_no_wrap(blob.card.name.to_owned(), FontId::proportional(SMALL), ink);
        let size = galley.size();
        let right = Rect::from_min_size(*at + vec2(radius + 3.0, -size.y / 2.0), size);
        let left = Rect::from_min_size(*at + vec2(-radius - 3.0 - size.x, -size.y / 2.0), size);
        let is_free = |place: &Rect| {
            let bare = |(other, middle): (usize, &Rect)| other == index || !middle.intersects(*place);
            axes.plot.contains_rect(*place)
                && taken.iter().all(|other| !other.intersects(*place))
                && (*stands_out || middles.iter().enumerate().all(bare))
        };
        let free = [right, left].into_iter().find(is_free);
        if let Some(place) = free {
            if *stands_out {
                ui.painter().rect_filled(place.expand(1.0), 2.0, view.palette.pane.gamma_multiply(0.8));
            }
            ui.painter().galley(place.min, galley, ink);
            taken.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_axis_are_short() {
        assert_eq!([5e5, 1e6, 2e7, 1e9, 5e10].map(axis_number), ["500 k", "1 M", "20 M", "1 G", "50 G"]);
    }
}
