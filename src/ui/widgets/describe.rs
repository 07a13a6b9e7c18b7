//! What captions say: every picture says what it shows.

use crate::{
    net::{Field, Node, Op},
    paint::Range,
    ui::{
        model::state::{View, is_silent, layer_name},
        widgets::text::number,
    },
};

/// A layer's kind with its numbers: "Conv2d 7x7 / 2".
pub fn kind(node: &Node) -> String {
    let kind = node.op.kind();
    let step = |[down, across]: [usize; 2]| match (down, across) {
        (1, 1) => String::new(),
        _ if down == across => format!(" / {down}"),
        _ => format!(" / {down}x{across}"),
    };
    match &node.op {
        Op::Conv(conv) => {
            let groups = if conv.groups > 1 { format!(", {} groups", conv.groups) } else { String::new() };
            format!("{kind} {}x{}{}{groups}", conv.kernel[0], conv.kernel[1], step(conv.stride))
        }
        Op::MaxPool(window) | Op::AvgPool { window, .. } => {
            format!("{kind} {}x{}{}", window.kernel[0], window.kernel[1], step(window.stride))
        }
        _ => kind.to_owned(),
    }
}

/// A layer's output: "64 maps 32x32", "200 values".
pub fn shape(node: &Node) -> String {
    match node.extent() {
        [units, 1, 1] => format!("{units} values"),
        [units, height, width] => format!("{units} maps {height}x{width}"),
    }
}

/// The same, short: "64 · 32x32".
pub fn short_shape(node: &Node) -> String {
    match node.extent() {
        [units, 1, 1] => units.to_string(),
        [units, height, width] => format!("{units} · {height}x{width}"),
    }
}

/// "-3.1 .. 5.2".
pub fn range(range: Range) -> String {
    format!("{} .. {}", number(range.low), number(range.high))
}

/// What the selected layer shows.
pub fn layer(view: View) -> String {
    let (node, layer) = (view.node(), view.layer());
    let silent = (0..layer.shape[0]).filter(|&unit| is_silent(layer, unit)).count();
    let mut parts =
        vec![layer_name(node), kind(node), shape(node), sees(view), format!("range {}", range(layer.range()))];
    if silent > 0 {
        parts.push(format!("{silent} silent"));
    }
    parts.join("  ·  ")
}

/// How much of the picture one value of the selected layer depends on.
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
