//! `striate units`: the units of a layer in order, by any ranking of [`RANKINGS`].

use super::{
    args::{PaintArgs, SubjectArgs},
    console::Console,
    output::OutputArgs,
    table::{Table, bar},
    target::TargetArgs,
};
use crate::{
    Result,
    figures::{self, ClassFacts, Facts, to_json, words::number},
    methods::{Question, RANKINGS, Ranking, find_ranking},
    paint::{ColourMap, Range},
};
use candle_core::{Device, Tensor};
use serde::Serialize;

/// Rank the units of a layer by how strongly they respond, or by how much they matter for a class
///
/// --out paints the feature maps of those listed, the first at the left top. --raw writes what was measured for every
/// unit, in the order of the units: (units).
#[derive(clap::Args)]
#[command(after_long_help = about())]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    #[arg(long, value_name = "RANKING", value_parser = find_ranking, default_value = RANKINGS[0].name,
        help = format!("By what: {}", RANKINGS.iter().map(|ranking| ranking.name).collect::<Vec<_>>().join(", ")))]
    by: &'static Ranking,
    /// Number of units to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    paint: PaintArgs,
}

fn about() -> String {
    let about = |ranking: &Ranking| format!("  {}\n      {}\n", ranking.name, ranking.about);
    format!("Rankings:\n{}", RANKINGS.iter().map(about).collect::<String>())
}

#[derive(Serialize)]
struct UnitsAnswer {
    #[serde(flatten)]
    facts: Facts,
    by: &'static str,
    ranking: Vec<RankedUnit>,
}

#[derive(Serialize)]
struct RankedUnit {
    unit: usize,
    value: f32,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check()?;
    args.subject.network.check_layer(&args.layer, None)?;
    args.target.check(&args.subject.network)?;
    let run = args.subject.run(console)?;
    let layer = run.model.network.graph().find(&args.layer)?;
    let aimed = args.target.aim(&run)?;
    console.stage(&format!("ranking units by {}", args.by.name));
    let question = Question::new(&run.trace, aimed.target, console.watch());
    let ranked = args.by.ask(&question, layer)?;

    let mut values = vec![0f32; ranked.len()];
    ranked.iter().for_each(|&(unit, value)| values[unit] = value);
    let shown = &ranked[..ranked.len().min(args.top.into())];
    let facts = Facts::of(&run.model).picture(args.subject.name()).layer(&run.model, layer);
    let facts = Facts { method: Some(args.by.name), ..facts }.values(&[values.len()], Range::of(&values));
    let facts = match args.by.targeted {
        true => Facts { class: aimed.class, minus: aimed.minus, target: aimed.other, ..facts },
        false => facts,
    };
    let units: Vec<usize> = shown.iter().map(|&(unit, _)| unit).collect();
    let view = &run.layers[layer];
    let [_, height, width] = view.shape;
    let style = args.paint.style(ColourMap::Viridis);
    let (layout, scaling) =
        (args.output.scale().mosaic(units.len(), width, height), args.paint.scaling(&style, height * width));
    let paint = || figures::some_units(view, &units, &layout, scaling, &style);
    let count = values.len();
    let facts = args.output.write(facts, paint, || Ok(Tensor::from_vec(values, count, &Device::Cpu)?))?;
    if args.output.json {
        let ranking = shown.iter().map(|&(unit, value)| RankedUnit { unit, value }).collect();
        return to_json(&UnitsAnswer { facts, by: args.by.name, ranking });
    }
    let largest = ranked.iter().map(|(_, value)| value.abs()).fold(0.0, f32::max);
    let mut table = Table::new(&[">", ">unit", ">value", "", ""]);
    for (rank, &(unit, value)) in shown.iter().enumerate() {
        let is_class = layer == run.model.network.graph().scores();
        let class = if is_class { ClassFacts::of(&run, unit).title() } else { String::new() };
        let bar = bar(value.abs() / largest.max(f32::MIN_POSITIVE), 20);
        table.row([(rank + 1).to_string(), unit.to_string(), number(value), bar, class]);
    }
    Ok(format!("{}\n{}", facts.report(false)?, table.render()))
}
