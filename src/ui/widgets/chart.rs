//! Curves over epochs: axes, a legend, and the values under the pointer.

use crate::ui::theme::Palette;
use eframe::egui::{self, Color32, Ui, Vec2, WidgetInfo};
use egui_plot::{Legend, Line, LineStyle, Plot, Points, VLine};

/// Colours of curves (Okabe and Ito 2008), after the accent: told apart by colour-blind readers too.
pub const CURVES: [Color32; 4] = [
    Color32::from_rgb(86, 180, 233),
    Color32::from_rgb(0, 158, 115),
    Color32::from_rgb(204, 121, 167),
    Color32::from_rgb(230, 159, 0),
];

/// A curve.
pub struct ChartCurve {
    /// Its name in the legend.
    pub name: &'static str,
    /// Its points, x and y.
    pub points: Vec<[f64; 2]>,
    /// Its colour.
    pub colour: Color32,
    /// Whether each point has a dot.
    pub dots: bool,
}

/// A chart.
pub struct ChartFrame {
    /// Its name, for screen readers; it stands above it.
    pub name: &'static str,
    /// The ends of the x axis.
    pub across: [f64; 2],
    /// The ends of the y axis; those of the values where `None`.
    pub up: Option<[f64; 2]>,
    /// A vertical line at an x.
    pub mark: Option<f64>,
    /// Its size in points.
    pub size: Vec2,
}

/// Draws a chart; returns the x of a click.
pub fn chart(ui: &mut Ui, frame: &ChartFrame, curves: Vec<ChartCurve>) -> Option<f64> {
    let palette = Palette::of(ui.ctx());
    let [left, right] = frame.across;
    let mut plot = Plot::new(frame.name)
        .width(frame.size.x)
        .height(frame.size.y)
        .legend(Legend::default().background_alpha(0.5))
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .show_background(false)
        .grid_color(palette.line)
        .set_margin_fraction(Vec2::new(0.02, 0.06))
        .y_axis_min_width(34.0)
        .include_x(left)
        .include_x(right)
        .label_formatter(|at| {
            let (name, value) = match at {
                egui_plot::HoverPosition::NearDataPoint { plot_name, position, .. } => (*plot_name, position),
                egui_plot::HoverPosition::Elsewhere { .. } => return None,
            };
            Some(format!("{name}\nepoch {:.4}\n{:.4}", value.x, value.y).replace(".0000", ""))
        });
    for value in frame.up.into_iter().flatten() {
        plot = plot.include_y(value);
    }
    let (mark, accent) = (frame.mark, palette.accent);
    let shown = plot.show(ui, move |plot| {
        for curve in curves {
            if curve.dots {
                let dots = Points::new(curve.name, curve.points.clone()).radius(2.5).color(curve.colour);
                plot.points(dots.allow_hover(false));
            }
            let width = if curve.dots { 1.8 } else { 1.0 };
            plot.line(Line::new(curve.name, curve.points).color(curve.colour).width(width));
        }
        if let Some(at) = mark {
            plot.vline(VLine::new("", at).color(accent).width(1.0).style(LineStyle::dashed_dense()));
        }
        plot.pointer_coordinate()
    });
    let label = format!("chart of {}", frame.name);
    shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &label));
    shown.inner.map(|at| at.x).filter(|_| shown.response.clicked())
}
