//! Lines of CSV files (RFC 4180).

/// A line of cells. Cells with commas, quotes or line breaks are quoted.
pub(super) fn line(cells: &[impl AsRef<str>]) -> String {
    let cell = |cell: &str| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    };
    cells.iter().map(|text| cell(text.as_ref())).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_hold_a_comma_or_a_quote_are_quoted() {
        assert_eq!(line(&["a", "b, \"c\"", ""]), "a,\"b, \"\"c\"\"\",\n");
    }
}
