//! The page on residual blocks: with weights of zero a block passes its input on, and the gradient has a way round.

use super::{
    board::{self, CellColours, PlotCurve},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::{gradient, run},
};
use crate::{
    Result,
    net::{Builder, Op},
    ui::{model::state::View, widgets::number},
};
use eframe::egui::{Ui, vec2};
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "residual",
    title: "Residual identity",
    idea: "A residual block adds its input to what its layers make of it: y = x + F(x). With weights of zero it is the identity, \
           so that more layers need not be worse. Back through the sum comes the whole gradient, and what the layers add.",
    exercise: "set the scale to 0: the plain block forgets its input, the residual one passes it on. See what depth does to the gradient.",
    make: ExamplePage::<ResidualExample>::boxed,
};

/// Features, and the deepest stack of blocks in the plot.
const FEATURES: usize = 2;
const DEEPEST: usize = 20;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct ResidualExample {
    x: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    /// Both weights are multiplied by it.
    scale: f32,
}

impl Default for ResidualExample {
    fn default() -> Self {
        ResidualExample {
            x: vec![2., 1.],
            first: vec![0.5, -0.4, 0.3, 0.6],
            second: vec![0.4, 0.5, -0.5, 0.3],
            scale: 1.0,
        }
    }
}

/// The outputs of one block, and by depth the share of the gradient that arrives at the input of a stack.
#[derive(Clone)]
struct ResidualNumbers {
    branch: Vec<f32>,
    sum: Vec<f32>,
    /// Logarithms to base 10 of gradient sizes, by depth: plain, residual.
    arriving: [Vec<[f32; 2]>; 2],
}

impl ResidualExample {
    fn weights(&self) -> [Vec<f32>; 2] {
        [&self.first, &self.second].map(|weights| weights.iter().map(|weight| weight * self.scale).collect())
    }

    /// The output of the last block's branch and of the block, and the gradient at the input of a stack of blocks, the
    /// gradient at its output being one.
    fn stack(&self, depth: usize, residual: bool) -> Result<[Vec<f32>; 3]> {
        let [first, second] = self.weights();
        let mut net = Builder::new([FEATURES, 1, 1]);
        let mut weights: Vec<Vec<&[f32]>> = vec![vec![]];
        let mut at = net.then("x", Op::Flatten);
        let mut branch = at;
        let linear = || Op::Linear { out: FEATURES, bias: false };
        for block in 0..depth {
            let input = at;
            net.add(format!("{block}.first"), linear(), &[input]);
            net.then(format!("{block}.relu"), Op::Relu);
            branch = net.then(format!("{block}.second"), linear());
            at = branch;
            weights.extend([vec![first.as_slice()], vec![], vec![second.as_slice()]]);
            if residual {
                at = net.add(format!("{block}.sum"), Op::Add, &[input, branch]);
                weights.push(vec![]);
            }
        }
        let given: Vec<&[&[f32]]> = weights.iter().map(Vec::as_slice).collect();
        let trace = run(net.finish()?, &self.x, &given)?;
        let back = gradient(&trace, at, &[1.0; FEATURES], 0)?;
        Ok([trace.values(branch)?, trace.values(at)?, back])
    }
}

/// Length of a vector.
fn length(values: &[f32]) -> f32 {
    values.iter().map(|value| value * value).sum::<f32>().sqrt()
}

impl SmallExample for ResidualExample {
    type Numbers = ResidualNumbers;
    const NAME: &'static str = "residual block";

    fn is_sound(&self) -> bool {
        self.x.len() == FEATURES
            && [&self.first, &self.second].iter().all(|weights| weights.len() == FEATURES * FEATURES)
            && (0.0..=2.0).contains(&self.scale)
    }

    fn numbers(&self) -> Result<ResidualNumbers> {
        let [branch, sum, _] = self.stack(1, true)?;
        let arriving = |residual: bool| -> Result<Vec<[f32; 2]>> {
            let one = |depth: usize| {
                let [.., back] = self.stack(depth, residual)?;
                // A gradient of zero has no logarithm: it is drawn at the bottom.
                let size = (length(&back) / (FEATURES as f32).sqrt()).max(1e-12);
                Result::Ok([depth as f32, size.log10()])
            };
            (1..=DEEPEST).map(one).collect()
        };
        Ok(ResidualNumbers { branch, sum, arriving: [arriving(false)?, arriving(true)?] })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        board::amount(ui, "scale of the weights", "Both matrices are multiplied by it", &mut self.scale, 0.0..=2.0);
        if ui.button("zero").on_hover_text("A block that does nothing").clicked() {
            self.scale = 0.0;
        }
        if ui.button("reset").on_hover_text("The numbers at first").clicked() {
            *self = ResidualExample::default();
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &ResidualNumbers) {
        let side = board::cell(ui, 2 * FEATURES + 3, 7).min(46.0);
        let at = |columns: usize| [columns, side as usize];
        board::row(ui, "residual", |ui| {
            board::editable(ui, view, "x", &mut self.x, at(1), CellColours::Values);
            board::sign(ui, "→", FEATURES, at(FEATURES));
            board::editable(ui, view, "first weights", &mut self.first, at(FEATURES), CellColours::Signed);
            board::sign(ui, "ReLU", FEATURES, at(FEATURES));
            board::editable(ui, view, "second weights", &mut self.second, at(FEATURES), CellColours::Signed);
            board::sign(ui, "=", FEATURES, at(1));
            board::computed(ui, view, "F(x)", &numbers.branch, at(1), CellColours::Values);
            board::sign(ui, "+ x =", FEATURES, at(1));
            board::computed(ui, view, "y", &numbers.sum, at(1), CellColours::Values);
        });
        let words = |values: &[f32]| values.iter().map(|value| number(*value)).collect::<Vec<_>>().join(", ");
        let (x, branch, sum) = (words(&self.x), words(&numbers.branch), words(&numbers.sum));
        board::formula(ui, format!("plain: F(x) = ({branch})    residual: x + F(x) = ({x}) + ({branch}) = ({sum})"));
        let [plain, residual] = &numbers.arriving;
        let curves = [
            PlotCurve { name: "plain", points: plain, colour: view.palette.second },
            PlotCurve { name: "residual", points: residual, colour: view.palette.accent },
        ];
        ui.add_space(4.0);
        board::say(ui, "Size of the gradient at the input of a stack of blocks, log10, by their number:");
        let size = vec2(ui.available_width().min(680.0), (board::in_sight(ui) - 190.0).clamp(120.0, 220.0));
        board::plot(ui, view, size, &curves, None);
        let [plain, residual] = [plain, residual].map(|curve| 10f32.powf(curve[DEEPEST - 1][1]));
        board::say(
            ui,
            format!(
                "Through {DEEPEST} blocks comes {} times the gradient without shortcuts, {} times with them: each block passes \
                 it on and adds its own part.",
                number(plain),
                number(residual)
            ),
        );
    }

    fn grids(&self, numbers: &ResidualNumbers) -> Vec<NamedNumbers> {
        vec![
            ("x", self.x.clone(), 1),
            ("F(x)", numbers.branch.clone(), 1),
            ("y", numbers.sum.clone(), 1),
            ("gradient, plain", numbers.arriving[0].as_flattened().to_vec(), 2),
            ("gradient, residual", numbers.arriving[1].as_flattened().to_vec(), 2),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn with_weights_of_zero_a_block_is_the_identity() {
        let found = ResidualExample { scale: 0.0, ..ResidualExample::default() }.numbers().unwrap();
        assert_eq!((found.branch, found.sum), (vec![0., 0.], vec![2., 1.]));
        let [plain, residual] = found.arriving;
        assert!(plain.iter().all(|point| point[1] == -12.0), "no gradient comes through weights of zero");
        assert!(residual.iter().all(|point| point[1].abs() < 1e-6), "all of it comes through shortcuts");
    }

    #[test]
    fn a_block_gives_what_is_worked_out_by_hand() {
        let found = ResidualExample::default().numbers().unwrap();
        // First weights: 0.5·2 - 0.4·1 = 0.6 and 0.3·2 + 0.6·1 = 1.2; both positive.
        let expected = [0.4 * 0.6 + 0.5 * 1.2, -0.5 * 0.6 + 0.3 * 1.2];
        for (found, expected) in found.branch.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        // Columns of the product of both matrices, added up: (0.4·0.5 + 0.5·0.3) + (-0.5·0.5 + 0.3·0.3), ...
        let back = [0.35 - 0.16, (0.4 * -0.4 + 0.5 * 0.6) + (-0.5 * -0.4 + 0.3 * 0.6)];
        let size = (length(&back) / 2f32.sqrt()).log10();
        assert!((found.arriving[0][0][1] - size).abs() < 1e-5);
    }
}
