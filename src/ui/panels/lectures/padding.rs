//! The page on padding: valid, same and full, in one dimension and in two.

use super::{
    board::{self, CellColours},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::chain,
};
use crate::{
    Result,
    net::{Conv, Op, Padding},
    ui::{model::state::View, widgets::number},
};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "padding",
    title: "Padding",
    idea: "Zeros around the input decide where a filter may stand. Valid: only inside. Same: as many outputs as inputs. Full: \
           wherever it touches the input.",
    exercise: "point at the first and the last output. With a filter of 1 valid, same and full agree.",
    make: ExamplePage::<PaddingExample>::boxed,
};

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum PaddingKind {
    Valid,
    Same,
    Full,
}

const KINDS: [(PaddingKind, &str, &str); 3] = [
    (PaddingKind::Valid, "valid", "n - k + 1 outputs"),
    (PaddingKind::Same, "same", "n outputs: k - 1 zeros, half of them before"),
    (PaddingKind::Full, "full", "n + k - 1 outputs: k - 1 zeros before and after"),
];

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct PaddingExample {
    two: bool,
    kind: PaddingKind,
    inputs: usize,
    taps: usize,
    /// Square of the largest sizes; the first rows and columns count.
    input: Vec<f32>,
    kernel: Vec<f32>,
}

/// Most inputs and taps along an axis.
const MOST: [usize; 2] = [8, 5];

impl Default for PaddingExample {
    fn default() -> Self {
        let mut example = PaddingExample {
            two: false,
            kind: PaddingKind::Same,
            inputs: 6,
            taps: 3,
            input: Vec::new(),
            kernel: Vec::new(),
        };
        example.fill();
        example
    }
}

/// The output, the columns it stands in, and the zeros around the input.
#[derive(Clone)]
struct PaddingNumbers {
    output: Vec<f32>,
    columns: usize,
    padding: Padding,
}

impl PaddingExample {
    fn rows(&self, of: usize) -> usize {
        if self.two { of } else { 1 }
    }

    /// Numbers to begin with: 1, 2, 3 ... under a filter of 1, 2, 3.
    fn fill(&mut self) {
        let count = |rows: usize, columns: usize, modulo: usize| {
            (0..rows * columns).map(|at| (at % modulo + 1) as f32).collect()
        };
        self.input = count(self.rows(self.inputs), self.inputs, 9);
        self.kernel = count(self.rows(self.taps), self.taps, 4);
    }

    fn padding(&self) -> Padding {
        let most = self.taps - 1;
        let [before, after] = match self.kind {
            PaddingKind::Valid => [0, 0],
            PaddingKind::Same => [most / 2, most - most / 2],
            PaddingKind::Full => [most, most],
        };
        let [top, bottom] = if self.two { [before, after] } else { [0, 0] };
        Padding { top, bottom, left: before, right: after }
    }
}

impl SmallExample for PaddingExample {
    type Numbers = PaddingNumbers;
    const NAME: &'static str = "padding";

    fn is_sound(&self) -> bool {
        (1..=MOST[0]).contains(&self.inputs)
            && (1..=MOST[1].min(self.inputs)).contains(&self.taps)
            && self.input.len() == self.rows(self.inputs) * self.inputs
            && self.kernel.len() == self.rows(self.taps) * self.taps
    }

    fn numbers(&self) -> Result<PaddingNumbers> {
        let padding = self.padding();
        let conv = Conv { padding, ..Conv::rect(1, [self.rows(self.taps), self.taps]).unbiased() };
        let shape = [1, self.rows(self.inputs), self.inputs];
        let trace = chain(shape, &self.input, &[(Op::Conv(conv), &[&self.kernel])])?;
        Ok(PaddingNumbers { output: trace.values(1)?, columns: trace.dims(1)[3], padding })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        board::choose(ui, &mut self.kind, &KINDS);
        ui.separator();
        let was = (self.two, self.inputs, self.taps);
        let ways = [(false, "one dimension", "A row of numbers"), (true, "two dimensions", "A square of numbers")];
        board::choose(ui, &mut self.two, &ways);
        ui.separator();
        board::size(ui, "inputs n", "Numbers of the input along an axis", &mut self.inputs, 3..=MOST[0]);
        board::size(
            ui,
            "filter k",
            "Weights of the filter along an axis",
            &mut self.taps,
            1..=MOST[1].min(self.inputs),
        );
        self.taps = self.taps.min(self.inputs);
        if was != (self.two, self.inputs, self.taps) {
            self.fill();
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &PaddingNumbers) {
        let PaddingNumbers { output, columns, padding } = numbers;
        let (inputs, taps, two) = (self.inputs, self.taps, self.two);
        let padded = inputs + padding.left + padding.right;
        let rows = if two { padded } else { 1 };
        // In one dimension the three stand below each other, so that outputs stand below their windows.
        let wide = if two { padded + taps + columns } else { padded.max(*columns) + 2 };
        let side = board::cell(ui, wide, 2 * usize::from(two));
        let mut pointed = None;
        board::row(ui, "padding", |ui| {
            let mut grids = |ui: &mut Ui| {
                let at = board::EditGrid {
                    title: if *padding == Padding::default() { "input" } else { "input with zeros around it" },
                    name: "input",
                    columns: inputs,
                    side,
                    padding: *padding,
                    colours: CellColours::Values,
                };
                at.show(ui, view, &mut self.input);
                if two {
                    board::sign(ui, "*", rows, [taps, side as usize]);
                } else {
                    ui.add_space(4.0);
                }
                board::editable(ui, view, "filter", &mut self.kernel, [taps, side as usize], CellColours::Signed);
                if two {
                    board::sign(ui, "=", rows, [*columns, side as usize]);
                } else {
                    ui.add_space(4.0);
                }
                let placed =
                    board::computed(ui, view, "output", output, [*columns, side as usize], CellColours::Values);
                pointed = placed.response.hover_pos().map(|at| placed.under(at));
            };
            if two { grids(ui) } else { ui.vertical(grids).inner }
        });
        let formula = match self.kind {
            PaddingKind::Valid => format!("n - k + 1 = {inputs} - {taps} + 1 = {columns}"),
            PaddingKind::Same => {
                format!("n = {columns}: zeros before {}, after {}", padding.left, padding.right)
            }
            PaddingKind::Full => format!("n + k - 1 = {inputs} + {taps} - 1 = {columns}"),
        };
        board::formula(ui, formula);
        if !two {
            let [_, at] = pointed.unwrap_or([0, 0]);
            let value = |tap: usize| (at + tap).checked_sub(padding.left).and_then(|place| self.input.get(place));
            let terms: Vec<String> = (0..taps)
                .map(|tap| format!("{}·{}", number(value(tap).copied().unwrap_or(0.0)), number(self.kernel[tap])))
                .collect();
            board::formula(ui, format!("output {at}:  {} = {}", terms.join(" + "), number(output[at])));
        }
    }

    fn grids(&self, numbers: &PaddingNumbers) -> Vec<NamedNumbers> {
        vec![
            ("input", self.input.clone(), self.inputs),
            ("filter", self.kernel.clone(), self.taps),
            ("output", numbers.output.clone(), numbers.columns),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn output(kind: PaddingKind, two: bool, inputs: usize, taps: usize) -> Vec<f32> {
        let mut example = PaddingExample { kind, two, inputs, taps, ..PaddingExample::default() };
        example.fill();
        assert!(example.is_sound());
        example.numbers().unwrap().output
    }

    #[test]
    fn one_dimension_gives_n_minus_k_plus_1_n_and_n_plus_k_minus_1() {
        // 1 2 3 4 under 1 2 3.
        assert_eq!(output(PaddingKind::Valid, false, 4, 3), [14., 20.]);
        assert_eq!(output(PaddingKind::Same, false, 4, 3), [8., 14., 20., 11.]);
        assert_eq!(output(PaddingKind::Full, false, 4, 3), [3., 8., 14., 20., 11., 4.]);
        // An even filter has one zero more behind.
        assert_eq!(output(PaddingKind::Same, false, 3, 2), [5., 8., 3.]);
    }

    #[test]
    fn two_dimensions_do_so_along_both() {
        for (kind, side) in [(PaddingKind::Valid, 3), (PaddingKind::Same, 4), (PaddingKind::Full, 5)] {
            assert_eq!(output(kind, true, 4, 2).len(), side * side);
        }
        // 1 2 3 / 4 5 6 / 7 8 9 under 1 2 / 3 4.
        assert_eq!(output(PaddingKind::Valid, true, 3, 2), [37., 47., 67., 77.]);
    }
}
