//! The page on the bottleneck: a 1x1 convolution before a large filter, and the Inception module with and without it.

use super::{
    board,
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
};
use crate::{
    Result,
    figures::words::thousands,
    net::{Builder, Conv, NodeId, Op, Window},
    ui::model::state::View,
};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "bottleneck",
    title: "Bottleneck",
    idea: "A 1x1 convolution to a few channels before a large filter saves most of the work: the bottleneck of GoogLeNet and \
           ResNet.",
    exercise: "change the reduction to 64 and see the saving shrink. Compare the channels that the two Inception modules put out.",
    make: ExamplePage::<BottleneckExample>::boxed,
};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct BottleneckExample {
    side: usize,
    inputs: usize,
    units: usize,
    window: usize,
    reduced: usize,
    /// The Inception module: inputs; units of 1x1, 3x3 and 5x5; reductions before 3x3 and 5x5, and behind the pool.
    module: [usize; 7],
}

impl Default for BottleneckExample {
    fn default() -> Self {
        let module = [256, 128, 192, 96, 64, 64, 64];
        BottleneckExample { side: 28, inputs: 192, units: 32, window: 5, reduced: 16, module }
    }
}

/// Multiply-adds of the two ways, and of the module without and with reductions with the channels of their outputs.
#[derive(Clone, Debug, PartialEq)]
struct BottleneckNumbers {
    direct: u64,
    /// Of the 1x1 convolution, and of the filter behind it.
    through: [u64; 2],
    /// Multiply-adds and channels of the module without reductions, and with them.
    modules: [(u64, usize); 2],
}

impl BottleneckExample {
    /// The Inception module as a graph; its multiply-adds and the channels of its output.
    fn inception(&self, reduces: bool) -> Result<(u64, usize)> {
        let [inputs, one, three, five, before_three, before_five, behind_pool] = self.module;
        let mut net = Builder::new([inputs, self.side, self.side]);
        let mut ends: Vec<NodeId> = Vec::new();
        ends.push(net.add("1x1", Op::Conv(Conv::new(one, 1)), &[0]));
        for (name, units, window, reduced) in [("3x3", three, 3, before_three), ("5x5", five, 5, before_five)] {
            net.resume(0);
            if reduces {
                net.then(format!("before {name}"), Op::Conv(Conv::new(reduced, 1)));
            }
            ends.push(net.then(name, Op::Conv(Conv::new(units, window).same())));
        }
        net.resume(0);
        let mut pooled = net.then("pool", Op::MaxPool(Window::new(3, 1).pad(1)));
        if reduces {
            pooled = net.then("behind the pool", Op::Conv(Conv::new(behind_pool, 1)));
        }
        ends.push(pooled);
        let end = net.add("all", Op::Concat, &ends);
        let graph = net.finish()?;
        Ok((graph.costs().iter().map(|cost| cost.macs).sum(), graph.node(end).shape[0]))
    }
}

/// Multiply-adds of convolutions one after the other.
fn cost([side, inputs]: [usize; 2], convolutions: &[Conv]) -> Result<Vec<u64>> {
    let mut net = Builder::new([inputs, side, side]);
    for (at, conv) in convolutions.iter().enumerate() {
        net.then(format!("conv{at}"), Op::Conv(conv.clone()));
    }
    Ok(net.finish()?.costs().iter().skip(1).map(|cost| cost.macs).collect())
}

impl SmallExample for BottleneckExample {
    type Numbers = BottleneckNumbers;
    const NAME: &'static str = "bottleneck";

    fn is_sound(&self) -> bool {
        let sizes = [self.side, self.inputs, self.units, self.reduced];
        sizes.iter().chain(&self.module).all(|size| (1..=4096).contains(size)) && [1, 3, 5, 7].contains(&self.window)
    }

    fn numbers(&self) -> Result<BottleneckNumbers> {
        let (size, large) = ([self.side, self.inputs], Conv::new(self.units, self.window).same());
        let direct = cost(size, std::slice::from_ref(&large))?[0];
        let through = cost(size, &[Conv::new(self.reduced, 1), large])?;
        let modules = [self.inception(false)?, self.inception(true)?];
        Ok(BottleneckNumbers { direct, through: [through[0], through[1]], modules })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        board::size(ui, "side", "Rows and columns of the maps", &mut self.side, 1..=512);
        board::size(ui, "input channels", "Channels of the input", &mut self.inputs, 1..=4096);
        board::size(ui, "units", "Maps of the output", &mut self.units, 1..=4096);
        let windows = [(1, "1x1", ""), (3, "3x3", ""), (5, "5x5", ""), (7, "7x7", "")];
        board::choose(ui, &mut self.window, &windows.map(|(size, name, _)| (size, name, "The large filter")));
        board::size(
            ui,
            "reduced to",
            "Channels between the 1x1 convolution and the filter",
            &mut self.reduced,
            1..=4096,
        );
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &BottleneckNumbers) {
        let BottleneckNumbers { direct, through: [first, second], modules } = numbers;
        let BottleneckExample { side, inputs, units, window, reduced, .. } = *self;
        let total = first + second;
        let most = (*direct).max(total).max(1) as f32;
        board::say(ui, "Multiply-adds of the filter on all channels, and behind a 1x1 convolution:");
        for (name, count) in [("direct", *direct), ("bottleneck", total)] {
            board::bar(ui, [name, &thousands(count)], board::AROUND, count as f32 / most, view.palette.bar);
        }
        let places = format!("{side}·{side}");
        board::formula(ui, format!("direct: {places}·{units} · {window}·{window}·{inputs} = {}", thousands(*direct)));
        let reduce = format!("{places}·{reduced} · {inputs} = {}", thousands(*first));
        let expand = format!("{places}·{units} · {window}·{window}·{reduced} = {}", thousands(*second));
        board::formula(ui, format!("1x1: {reduce}"));
        board::formula(ui, format!("then: {expand}"));
        board::formula(
            ui,
            format!("saving: {} / {} = {:.2}", thousands(*direct), thousands(total), *direct as f64 / total as f64),
        );
        ui.add_space(8.0);
        board::say(
            ui,
            format!("Multiply-adds of an Inception module on {side}x{side} maps, and the channels of its output:"),
        );
        ui.horizontal_wrapped(|ui| {
            let names = ["in", "1x1", "3x3", "5x5", "before 3x3", "before 5x5", "after pool"];
            for (name, size) in names.into_iter().zip(&mut self.module) {
                board::size(ui, name, "Channels", size, 1..=4096);
            }
        });
        let most = modules.iter().map(|(count, _)| *count).max().unwrap_or(1).max(1) as f32;
        for (name, (count, channels)) in ["naive", "reduced"].into_iter().zip(modules) {
            let number = format!("{:.0} million, {channels} channels", *count as f64 / 1e6);
            board::bar(ui, [name, &number], [62.0, 176.0], *count as f32 / most, view.palette.bar);
        }
        let pooled = "The naive module hands all channels of its input on through the pool, beside those of its filters: each \
                      module has more than the one before. Of the reduced one every number can be chosen.";
        board::say(ui, pooled);
    }

    fn grids(&self, numbers: &BottleneckNumbers) -> Vec<NamedNumbers> {
        let modules = numbers.modules.map(|(count, _)| count as f32);
        vec![
            ("direct", vec![numbers.direct as f32], 1),
            ("1x1, then", numbers.through.map(|count| count as f32).to_vec(), 2),
            ("naive module, reduced module", modules.to_vec(), 2),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bottleneck_before_5x5_saves_9_68_times() {
        let found = BottleneckExample::default().numbers().unwrap();
        assert_eq!((found.direct, found.through), (120_422_400, [2_408_448, 10_035_200]));
        let saving = found.direct as f64 / found.through.iter().sum::<u64>() as f64;
        assert_eq!(format!("{saving:.2}"), "9.68");
    }

    #[test]
    fn the_naive_module_costs_854_million_and_hands_on_672_channels() {
        let [naive, reduced] = BottleneckExample::default().numbers().unwrap().modules;
        // 784 (128·256 + 192·9·256 + 96·25·256).
        assert_eq!(naive, (784 * 256 * (128 + 192 * 9 + 96 * 25), 672));
        assert_eq!(naive.0 / 1_000_000, 854);
        assert_eq!(reduced, (784 * (256 * (128 + 3 * 64) + 64 * (192 * 9 + 96 * 25)), 480));
    }
}
