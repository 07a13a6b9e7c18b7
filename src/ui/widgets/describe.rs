//! Captions of the panes.

use crate::{
    net::Field,
    ui::model::state::{View, is_silent, layer_name},
};

use crate::figures::words::number;
pub use crate::figures::words::{kind, output, range, short_output};

/// The selected layer: names, kind, output, receptive field, range.
pub fn layer(view: View) -> String {
    let (node, layer) = (view.node(), view.layer());
    let silent = (0..layer.shape[0]).filter(|&unit| is_silent(layer, unit)).count();
    let mut parts =
        vec![layer_name(node), kind(node), output(node), sees(view), format!("range {}", range(layer.range()))];
    if silent > 0 {
        parts.push(format!("{silent} silent"));
    }
    parts.join("  ·  ")
}

/// The size of the receptive field of the selected layer, in words.
fn sees(view: View) -> String {
    let graph = view.shown.graph();
    let [_, height, width] = graph.input_shape();
    let [rows, columns]: [Field; 2] = view.shown.costs[view.selection.layer].field;
    if rows.size >= height && columns.size >= width {
        return "sees the whole input".into();
    }
    format!("sees {}x{} pixels", rows.size, columns.size)
}

/// One value of the selected layer.
pub fn value(view: View, unit: usize, [row, column]: [usize; 2]) -> String {
    let layer = view.layer();
    let [units, height, width] = layer.shape;
    let at = (unit * height + row) * width + column;
    let value = layer.with_values(|values| values.get(at).copied()).ok().flatten().unwrap_or(f32::NAN);
    let is_class = units == view.run().scores.len() && height * width == 1;
    if is_class {
        return format!("unit {unit}  ·  {}  ·  {}", view.run().model.class_name(unit), number(value));
    }
    if height * width == 1 {
        return format!("unit {unit}  ·  {}", number(value));
    }
    let own = range(layer.ranges[unit]);
    format!("unit {unit}  ·  row {row}, column {column}  ·  {}  ·  range {own}", number(value))
}
