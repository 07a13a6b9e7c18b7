//! The page on softmax: scores become shares that add up to one.

use super::{
    board,
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::chain,
};
use crate::{
    Result,
    net::Op,
    ui::{model::state::View, widgets::number},
};
use eframe::egui::{self, Ui};
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "softmax",
    title: "Softmax",
    idea: "Softmax turns scores into probabilities: e to the score, divided by the sum over all classes. A temperature \
           divides the scores first. A score that is higher by 1 makes a class e times, 2.7 times, as probable.",
    exercise: "add the same amount to every score: no probability changes. Raise the temperature: the probabilities become alike.",
    make: ExamplePage::<SoftmaxExample>::boxed,
};

const MOST: usize = 8;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct SoftmaxExample {
    scores: Vec<f32>,
    temperature: f32,
}

impl Default for SoftmaxExample {
    fn default() -> Self {
        SoftmaxExample { scores: vec![8.0, 4.0, 1.0], temperature: 1.0 }
    }
}

/// The scores divided by the temperature, and the probabilities.
#[derive(Clone)]
struct SoftmaxNumbers {
    scaled: Vec<f32>,
    probabilities: Vec<f32>,
}

impl SmallExample for SoftmaxExample {
    type Numbers = SoftmaxNumbers;
    const NAME: &'static str = "softmax";

    fn is_sound(&self) -> bool {
        (2..=MOST).contains(&self.scores.len()) && (0.1..=10.0).contains(&self.temperature)
    }

    fn numbers(&self) -> Result<SoftmaxNumbers> {
        let scale = Op::Scale { shape: vec![1] };
        let layers: [(Op, &[&[f32]]); 3] =
            [(Op::Flatten, &[]), (scale, &[&[1.0 / self.temperature]]), (Op::Softmax, &[])];
        let trace = chain([self.scores.len(), 1, 1], &self.scores, &layers)?;
        Ok(SoftmaxNumbers { scaled: trace.values(2)?, probabilities: trace.values(3)? })
    }

    fn controls(&mut self, ui: &mut Ui, view: View) {
        board::amount(ui, "temperature", "Scores are divided by it first", &mut self.temperature, 0.1..=10.0);
        ui.separator();
        let mut count = self.scores.len();
        board::size(ui, "classes", "Number of scores", &mut count, 2..=MOST);
        self.scores.resize(count, 0.0);
        let of_network = ui.button("scores of the picture").on_hover_text("The highest of the network that is open");
        if of_network.clicked() {
            let best = view.shown.ranking.iter().take(count);
            let found: Vec<f32> = best.map(|&class| view.run().scores[class]).collect();
            self.scores[..found.len()].copy_from_slice(&found);
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &SoftmaxNumbers) {
        let sum: f32 = numbers.scaled.iter().map(|score| score.exp()).sum();
        for (class, probability) in numbers.probabilities.iter().enumerate() {
            ui.horizontal(|ui| {
                ui.label(egui::RichText::new(format!("score {}", class + 1)).size(13.5));
                let drag = egui::DragValue::new(&mut self.scores[class]).range(-50.0..=50.0).speed(0.1);
                ui.add_sized([64.0, 22.0], drag).accessible_name(format!("score {}", class + 1));
                let score = number(self.scores[class]);
                let exponent = match self.temperature {
                    1.0 => score,
                    temperature => format!("({score}/{})", number(temperature)),
                };
                let power = format!("e^{exponent} = {}", number(numbers.scaled[class].exp()));
                board::bar(
                    ui,
                    [&power, &format!("{:.2}%", 100.0 * probability)],
                    board::AROUND,
                    *probability,
                    view.palette.bar,
                );
            });
        }
        ui.add_space(4.0);
        let powers: Vec<String> = numbers.scaled.iter().map(|score| number(score.exp())).collect();
        board::formula(ui, format!("{} = {}", powers.join(" + "), number(sum)));
        board::formula(ui, format!("{} / {} = {}", powers[0], number(sum), number(numbers.probabilities[0])));
    }

    fn grids(&self, numbers: &SoftmaxNumbers) -> Vec<NamedNumbers> {
        let columns = self.scores.len();
        vec![("scores", self.scores.clone(), columns), ("probabilities", numbers.probabilities.clone(), columns)]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scores_8_4_1_give_98_percent() {
        let found = SoftmaxExample::default().numbers().unwrap().probabilities;
        // 2980.958, 54.598 and 2.718 of 3038.274.
        for (found, expected) in found.iter().zip([0.981_136, 0.017_970, 0.000_895]) {
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_temperature_divides_the_scores() {
        let warm = SoftmaxExample { scores: vec![2.0, 0.0], temperature: 2.0 };
        let found = warm.numbers().unwrap();
        assert_eq!(found.scaled, [1.0, 0.0]);
        assert!((found.probabilities[0] - 0.731_059).abs() < 1e-5);
    }
}
