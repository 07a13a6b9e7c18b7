//! Tables of aligned columns, numbers to the right.

use crate::paths::brief;

/// Characters of a cell: labels and file names may be of any length, and no terminal is wider.
const MAX_CELL: usize = 200;

/// A table being filled.
pub(super) struct Table {
    /// Titles and whether the column holds numbers.
    columns: Vec<(&'static str, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A column whose title starts with `>` holds numbers.
    pub fn new(columns: &[&'static str]) -> Self {
        let column = |title: &&'static str| (title.trim_start_matches('>'), title.starts_with('>'));
        Table { columns: columns.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row. Cells are cut after [`MAX_CELL`] characters.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| brief(&cell, MAX_CELL)).collect());
    }

    /// Adds a line; the rows of totals follow it.
    pub fn rule(&mut self) {
        self.rows.push(Vec::new());
    }

    /// The text, a line a row.
    pub fn render(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([self.columns[column].0.chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[&str]| {
            let padded =
                cells.iter().zip(&widths).zip(&self.columns).map(|((cell, &width), &(_, number))| match number {
                    true => format!("{cell:>width$}"),
                    false => format!("{cell:<width$}"),
                });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len().max(1) - 1)) + "\n";
        let titles: Vec<&str> = self.columns.iter().map(|&(title, _)| title).collect();
        let mut text = line(&titles) + &rule;
        for row in &self.rows {
            match row.is_empty() {
                true => text.push_str(&rule),
                false => text.push_str(&line(&row.iter().map(String::as_str).collect::<Vec<_>>())),
            }
        }
        text
    }
}

/// A bar of `width` characters for 1.
pub(super) fn bar(share: f32, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * width as f32 * 8.0).round() as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    let full = "█".repeat(eighths / 8) + rest;
    format!("{full:<width$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::words::thousands;

    #[test]
    fn numbers_stand_to_the_right_and_apart() {
        let mut table = Table::new(&["layer", ">parameters"]);
        table.row(["conv1".to_owned(), thousands(9472)]);
        table.rule();
        table.row(["total".to_owned(), thousands(138_357_544)]);
        let lines = ["layer   parameters", "──────────────────", "conv1        9,472"];
        assert!(table.render().starts_with(&lines.join("\n")));
        assert!(table.render().ends_with("total  138,357,544\n"));
    }

    #[test]
    fn cells_of_any_length_and_with_any_characters_make_a_table() {
        let mut table = Table::new(&["label", ">n"]);
        table.row(["a".repeat(65_536), "1".to_owned()]);
        table.row(["\x1b[31mred\n".to_owned(), "2".to_owned()]);
        let text = table.render();
        assert!(text.lines().count() == 4 && text.lines().all(|line| line.chars().count() <= MAX_CELL + 3));
        assert!(text.contains("aaa…  1") && text.contains("\u{fffd}[31mred\u{fffd}") && !text.contains('\x1b'));
    }
}
