//! Tables for spreadsheets: CSV files (RFC 4180), and cells between tabs for the clipboard.

/// Rows of cells; the first row names the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells {
    rows: Vec<Vec<String>>,
}

impl Cells {
    /// A table without rows but the columns' names.
    pub fn new<S: Into<String>>(titles: impl IntoIterator<Item = S>) -> Self {
        Cells { rows: vec![titles.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row.
    pub fn add<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The text of a CSV file. Cells with commas, quotes or line breaks are quoted.
    pub fn csv(&self) -> String {
        let cell = |cell: &String| match cell.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        self.joined(",", cell)
    }

    /// A line a row, with tabs between cells. Tabs and line breaks within a cell become spaces.
    pub fn with_tabs(&self) -> String {
        self.joined("\t", |cell| cell.replace(['\t', '\n', '\r'], " "))
    }

    fn joined(&self, between: &str, cell: impl Fn(&String) -> String) -> String {
        self.rows.iter().map(|row| row.iter().map(&cell).collect::<Vec<_>>().join(between) + "\n").collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_hold_a_comma_or_a_quote_are_quoted() {
        let mut cells = Cells::new(["a", "b"]);
        cells.add(["c, \"d\"", "e\tf"]);
        assert_eq!(cells.csv(), "a,b\n\"c, \"\"d\"\"\",e\tf\n");
        assert_eq!(cells.with_tabs(), "a\tb\nc, \"d\"\te f\n");
    }
}
