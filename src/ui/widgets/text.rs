//! Numbers in words.

/// A number with four significant digits, no longer than it must be.
pub fn number(value: f32) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => value.to_string(),
        0.0 => "0".into(),
        _ if !(1e-3..1e5).contains(&size) => format!("{value:.2e}"),
        _ => {
            let decimals = (3 - size.log10().floor() as i32).clamp(0, 4) as usize;
            let text = format!("{value:.decimals$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        let shown = [0.0, 1.0, -3.14271, 12345.6, 0.01234567, 1e-6, 2e7, f32::NAN].map(number);
        assert_eq!(shown, ["0", "1", "-3.143", "12346", "0.0123", "1.00e-6", "2.00e7", "NaN"]);
    }
}
