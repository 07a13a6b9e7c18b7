//! Numbers, ranges and layers in words: one format for captions, tables, text chunks and hover texts.

use crate::{
    net::{Node, Op, Padding},
    paint::Range,
};

/// A number with four significant digits, without trailing zeros; in scientific notation below 0.001 and from 100,000.
pub fn number(value: f32) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    if !(1e-3..1e5).contains(&size) {
        let text = format!("{value:.3e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    let digits = (3 - size.log10().floor() as i32).max(0) as usize;
    trimmed(&format!("{value:.digits$}")).to_owned()
}

/// Decimals without trailing zeros.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// "-1.25 to 3.4".
pub fn range(range: Range) -> String {
    format!("{} to {}", number(range.low), number(range.high))
}

/// "3, 5, 8".
pub fn list(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

/// "138,357,544".
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of parameters or multiply-adds, short: "1 k", "4.7 M", "138 M", "15.5 G".
pub fn rounded(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} k", count.div_ceil(1000)),
        1_000_000..10_000_000 => format!("{:.1} M", count as f64 / 1e6),
        10_000_000..1_000_000_000 => format!("{} M", (count as f64 / 1e6).round()),
        _ => format!("{:.1} G", count as f64 / 1e9),
    }
}

/// Bytes in words: "12 B", "61.0 MB".
pub fn megabytes(count: u64) -> String {
    match count {
        0..1000 => format!("{count} B"),
        1000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

/// A remark as a sentence of its own.
pub fn sentence(note: &str) -> String {
    let mut letters = note.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}{}", letters.as_str(), if note.ends_with('.') { "" } else { "." })
}

/// The shape 64 x 32 x 32 as "64x32x32".
pub fn dimensions(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// A layer's kind with its window and stride: "Conv2d 7x7 / 2".
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

/// The window, stride, padding and groups of a layer, as tables show them behind its kind.
pub fn detail(op: &Op) -> String {
    let window = |[rows, columns]: [usize; 2], [down, across]: [usize; 2], p: Padding| {
        let step = if down == across { format!("/{down}") } else { format!("/{down}x{across}") };
        let pad = match (p.top, p.bottom, p.left, p.right) {
            (0, 0, 0, 0) => String::new(),
            (t, b, l, r) if t == b && l == r && t == l => format!(" pad {t}"),
            (t, b, l, r) if t == b && l == r => format!(" pad {t}x{l}"),
            (t, b, l, r) => format!(" pad {t},{b},{l},{r}"),
        };
        format!("{rows}x{columns}{}{pad}", if down * across == 1 { String::new() } else { step })
    };
    match op {
        Op::Conv(conv) => {
            let mut text = window(conv.kernel, conv.stride, conv.padding);
            if conv.dilation != [1, 1] {
                let [down, across] = conv.dilation;
                let step = if down == across { format!("{down}") } else { format!("{down}x{across}") };
                text.push_str(&format!(" dilation {step}"));
            }
            if conv.groups > 1 {
                text.push_str(&format!(" in {} groups", conv.groups));
            }
            text
        }
        Op::MaxPool(w) | Op::AvgPool { window: w, .. } => window(w.kernel, w.stride, w.padding),
        Op::AdaptiveAvgPool { size } => format!("to {}x{}", size[0], size[1]),
        Op::Dropout { p } => format!("{p}"),
        _ => String::new(),
    }
}

/// A layer's output: "64 maps 32x32", "200 values".
pub fn output(node: &Node) -> String {
    match node.extent() {
        [units, 1, 1] => format!("{units} values"),
        [units, height, width] => format!("{units} maps {height}x{width}"),
    }
}

/// A layer's output, short: "64 · 32x32".
pub fn short_output(node: &Node) -> String {
    match node.extent() {
        [units, 1, 1] => units.to_string(),
        [units, height, width] => format!("{units} · {height}x{width}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_significant_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.23456, "-1.235"),
            (1234.5, "1234"),
            (12345.6, "12346"),
            (0.012_345_67, "0.01235"),
            (0.00123456, "0.001235"),
            (1.5e-7, "1.5e-7"),
            (2e7, "2e7"),
            (-3.14159e-9, "-3.142e-9"),
            (f32::NAN, "NaN"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!([999, 4_652_008, 138_357_544, 15_470_264_320].map(rounded), ["1 k", "4.7 M", "138 M", "15.5 G"]);
        assert_eq!([12, 2048, 60_985_000].map(megabytes), ["12 B", "2.0 kB", "61.0 MB"]);
        assert_eq!(sentence("names differ"), "Names differ.");
        assert_eq!(range(Range { low: -0.5, high: 20.0 }), "-0.5 to 20");
        assert_eq!(
            (thousands(0), thousands(1000), thousands(138_357_544)),
            ("0".into(), "1,000".into(), "138,357,544".into())
        );
    }
}
