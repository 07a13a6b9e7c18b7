//! The page on functions of activation: their curves and their derivatives.

use super::{
    board::{self, PlotCurve},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::{chain, gradient},
};
use crate::{
    Result,
    net::{Activation, Op},
    ui::{model::state::View, widgets::number},
};
use eframe::egui::{Ui, vec2};
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "activation",
    title: "Tanh, sigmoid, ReLU",
    idea: "A layer's function bends its output, and its derivative scales the gradient that comes back in training. Where the \
           derivative is near 0, layers before it hardly learn.",
    exercise: "drag in the plot to x = 4 and compare the derivatives of tanh, sigmoid and ReLU. A ReLU passes the gradient on whole, or not at all.",
    make: ExamplePage::<CurveExample>::boxed,
};

/// Ends of the axis, and points on it.
const REACH: f32 = 5.0;
const POINTS: usize = 201;

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum CurveKind {
    Tanh,
    LeCun,
    Sigmoid,
    Relu,
    LeakyRelu,
}

const KINDS: [(CurveKind, &str, &str); 5] = [
    (CurveKind::Tanh, "tanh", "From -1 to 1; the derivative is 1 - tanh²"),
    (
        CurveKind::LeCun,
        "LeNet's tanh",
        "1.7159 tanh(2/3 x): 1 at 1, steepest there where the second derivative is largest",
    ),
    (CurveKind::Sigmoid, "sigmoid", "From 0 to 1; the derivative is s (1 - s), at most a quarter"),
    (CurveKind::Relu, "ReLU", "max(x, 0); the derivative is 0 or 1"),
    (CurveKind::LeakyRelu, "leaky ReLU", "x above 0, a tenth of x below: it never dies"),
];

impl CurveKind {
    fn op(self) -> Op {
        match self {
            CurveKind::Tanh => Op::Tanh { amplitude: 1.0, slope: 1.0 },
            CurveKind::LeCun => Op::Tanh { amplitude: 1.7159, slope: 2.0 / 3.0 },
            CurveKind::Sigmoid => Op::Sigmoid,
            CurveKind::Relu => Op::Relu,
            CurveKind::LeakyRelu => Op::Activation(Activation::LeakyRelu { slope: 0.1 }),
        }
    }

    fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct CurveExample {
    kind: CurveKind,
    x: f32,
    layers: usize,
}

impl Default for CurveExample {
    fn default() -> Self {
        CurveExample { kind: CurveKind::Tanh, x: 2.0, layers: 1 }
    }
}

/// The curves over the axis, and their values at x. Behind several layers the derivative is that of all of them.
#[derive(Clone)]
struct CurveNumbers {
    value: Vec<[f32; 2]>,
    derivative: Vec<[f32; 2]>,
    at: [f32; 2],
}

impl SmallExample for CurveExample {
    type Numbers = CurveNumbers;
    const NAME: &'static str = "activation function";

    fn is_sound(&self) -> bool {
        (-REACH..=REACH).contains(&self.x) && (1..=10).contains(&self.layers)
    }

    fn numbers(&self) -> Result<CurveNumbers> {
        let mut axis: Vec<f32> = (0..POINTS).map(|i| REACH * (2.0 * i as f32 / (POINTS - 1) as f32 - 1.0)).collect();
        axis.push(self.x);
        let layers: Vec<(Op, &[&[f32]])> = (0..self.layers).map(|_| (self.kind.op(), [].as_slice())).collect();
        let trace = chain([1, 1, axis.len()], &axis, &layers)?;
        let values = trace.values(self.layers)?;
        let slopes = gradient(&trace, self.layers, &vec![1.0; axis.len()], 0)?;
        let pairs = |of: &[f32]| axis.iter().zip(of).take(POINTS).map(|(&x, &y)| [x, y]).collect();
        Ok(CurveNumbers { value: pairs(&values), derivative: pairs(&slopes), at: [values[POINTS], slopes[POINTS]] })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        board::choose(ui, &mut self.kind, &KINDS);
        ui.separator();
        board::amount(ui, "x", "The place on the axis", &mut self.x, -REACH..=REACH);
        board::size(
            ui,
            "times in a row",
            "The function of the function ...: derivatives multiply",
            &mut self.layers,
            1..=10,
        );
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &CurveNumbers) {
        let size = vec2(ui.available_width().min(760.0), (board::in_sight(ui) - 50.0).clamp(150.0, 360.0));
        let curves = [
            PlotCurve { name: self.kind.name(), points: &numbers.value, colour: view.palette.second },
            PlotCurve { name: "derivative", points: &numbers.derivative, colour: view.palette.accent },
        ];
        if let Some(x) = board::plot(ui, view, size, &curves, Some(self.x)) {
            self.x = (x * 20.0).round() / 20.0;
        }
        let [value, slope] = numbers.at.map(number);
        let name = self.kind.name();
        let often = if self.layers > 1 { format!("{} times {name}", self.layers) } else { name.to_owned() };
        board::formula(ui, format!("{often} at {} = {value}, derivative {slope}", number(self.x)));
        let text = match numbers.at[1].abs() {
            0.0 => "The derivative is 0: from here nothing comes back to the layers before.",
            slope if slope < 0.1 => "The function is flat here: less than a tenth of the gradient comes back.",
            _ => "The gradient that comes back is multiplied by this derivative.",
        };
        board::say(ui, text);
    }

    fn grids(&self, numbers: &CurveNumbers) -> Vec<NamedNumbers> {
        vec![
            ("value", numbers.value.as_flattened().to_vec(), 2),
            ("derivative", numbers.derivative.as_flattened().to_vec(), 2),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(kind: CurveKind, x: f32, layers: usize) -> [f32; 2] {
        CurveExample { kind, x, layers }.numbers().unwrap().at
    }

    #[test]
    fn values_and_derivatives_are_those_of_the_formulas() {
        let tanh = 2f32.tanh();
        let sigmoid = 1.0 / (1.0 + (-2f32).exp());
        let lecun = (4f32 / 3.0).tanh();
        for (kind, value, slope) in [
            (CurveKind::Tanh, tanh, 1.0 - tanh * tanh),
            (CurveKind::Sigmoid, sigmoid, sigmoid * (1.0 - sigmoid)),
            (CurveKind::LeCun, 1.7159 * lecun, 1.7159 * 2.0 / 3.0 * (1.0 - lecun * lecun)),
            (CurveKind::Relu, 2.0, 1.0),
        ] {
            let found = at(kind, 2.0, 1);
            assert!((found[0] - value).abs() < 1e-5 && (found[1] - slope).abs() < 1e-5, "{}: {found:?}", kind.name());
        }
        let below = at(CurveKind::LeakyRelu, -2.0, 1);
        assert!((below[0] + 0.2).abs() < 1e-6 && (below[1] - 0.1).abs() < 1e-6, "{below:?}");
    }

    #[test]
    fn derivatives_of_layers_multiply() {
        let (first, twice) = (2f32.tanh(), 2f32.tanh().tanh());
        let expected = (1.0 - first * first) * (1.0 - twice * twice);
        assert!((at(CurveKind::Tanh, 2.0, 2)[1] - expected).abs() < 1e-6);
    }
}
