//! Units of a layer silenced in the order of their importance for a class, until it disappears (Bau et al. 2020).

use super::{
    Args,
    facts::{Accuracies, accuracies},
};
use crate::{
    Error, Result,
    cli::{
        console::Console,
        labelled::{Labelled, note_left_out},
        table::Table,
    },
    dataset::{HitChoice, Hits, KeptInputs, Outcome, ResponseMeasure, Responses, outcomes},
    figures::{Cells, ChartAxis, Facts, Series, line_chart, shown_path, to_json},
    net::surgery::{Operation, Removal, Substitute},
    paint::{write_atomically, write_picture},
    paths::from_user,
};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Rows besides the network as it is.
const STEPS: usize = 12;

#[derive(Serialize)]
struct SilencedFacts {
    #[serde(flatten)]
    facts: Facts,
    #[serde(serialize_with = "shown_path")]
    folder: PathBuf,
    class: usize,
    label: String,
    /// The units of the layer, the most important first.
    order: Vec<usize>,
    rows: Vec<UnitRow>,
}

#[derive(Serialize)]
struct UnitRow {
    /// Units that are silent.
    units: usize,
    /// Over the pictures of the class.
    of_class: Accuracies,
    /// Over all others; missing where there are none.
    of_others: Option<Accuracies>,
}

/// Measures the class and the others with more and more units of `layer` silent.
pub(super) fn run(args: &Args, layer: &str, class: &str, console: &Console) -> Result<String> {
    let root = from_user(&args.subject);
    let Labelled { model, folder } = Labelled::open(&root, &args.network, console)?;
    let (class, part) = (model.labels.find(class)?, model.network.graph().part(layer)?);
    let mut own = folder.listing.clone();
    own.entries.retain(|entry| entry.group.is_some_and(|group| folder.classes[group].class == class));
    let label = model.class_name(class);
    if own.entries.is_empty() {
        return Err(Error::Failed(format!("{} holds no pictures of {label}", root.display())));
    }
    let read = |path: &Path| model.prepare_file(path);
    let kept = KeptInputs::new(&read);
    let (prepare, at) = (|path: &Path| kept.prepare(path), |size| Ok(model.at(size)?.network.clone()));
    console.stage(&format!("the importance of the units of {} for {label}", part.name));
    let [first, rest] = console.watch().split(0.1);
    let asked = (part.output, ResponseMeasure::Relevance(class));
    let (responses, _) = Responses::measure(&model.network, &at, &prepare, &own, asked, &first)?;
    let units = model.network.graph().node(part.output).extent()[0];
    let count = own.entries.len();
    let total = |unit: usize| {
        responses.choose(unit, HitChoice::Strongest, count).iter().map(|hit| f64::from(hit.value)).sum::<f64>()
    };
    let totals: Vec<f64> = (0..units).map(total).collect();
    let mut order: Vec<usize> = (0..units).collect();
    order.sort_by(|&a, &b| totals[b].total_cmp(&totals[a]));
    let mut rows = Vec::new();
    let steps = steps(units);
    for (index, &silent) in steps.iter().enumerate() {
        let removal = Removal { part: part.clone(), with: Substitute::silence(&order[..silent]) };
        let operation = Operation { removals: vec![removal], ..Operation::default() };
        let changed = Arc::new(model.with_network(model.network.operated(&operation)?));
        let at = |size| Ok(changed.at(size)?.network.clone());
        let watch = rest.part(index, steps.len());
        let (found, damaged) = outcomes(&changed.network, &at, &prepare, &folder, &watch)?;
        if index == 0 {
            let why: Vec<String> = damaged.into_iter().map(|(_, why)| why).collect();
            note_left_out(&why, &folder.unmatched, console);
        }
        let of = |is_own: bool| Hits::of(found.iter().filter(|outcome: &&Outcome| (outcome.class == class) == is_own));
        let others = Some(of(false)).filter(|hits| hits.pictures > 0).map(accuracies);
        rows.push(UnitRow { units: silent, of_class: accuracies(of(true)), of_others: others });
    }
    let facts = Facts::of(&model).layer(&model, part.output);
    write(args, &SilencedFacts { facts, folder: root, class, label, order, rows })
}

/// Numbers of silent units from 0 to all, closer together where there are few.
fn steps(units: usize) -> Vec<usize> {
    let step = |index: usize| (units as f64).powf(index as f64 / STEPS as f64).round() as usize;
    let mut steps: Vec<usize> = std::iter::once(0).chain((0..=STEPS).map(step)).collect();
    steps.dedup();
    steps
}

fn write(args: &Args, facts: &SilencedFacts) -> Result<String> {
    if let Some(path) = &args.csv {
        let mut cells = Cells::new(["units", "class_top1", "class_top5", "others_top1", "others_top5"]);
        for row in &facts.rows {
            let others = row
                .of_others
                .map_or([String::new(), String::new()], |own| [own.top1.to_string(), own.top5.to_string()]);
            let [top1, top5] = others;
            cells.add([
                row.units.to_string(),
                row.of_class.top1.to_string(),
                row.of_class.top5.to_string(),
                top1,
                top5,
            ]);
        }
        write_atomically(path, |file| file.write_all(cells.csv().as_bytes()))?;
    }
    if let Some(path) = &args.out {
        let points = |value: &dyn Fn(&UnitRow) -> Option<f64>| {
            facts.rows.iter().filter_map(|row| Some([row.units as f64, value(row)?])).collect()
        };
        let lines = [
            Series { name: facts.label.clone(), points: points(&|row| Some(row.of_class.top1)) },
            Series { name: "the other classes".into(), points: points(&|row| row.of_others.map(|own| own.top1)) },
        ];
        let layer = facts.facts.layer.clone().unwrap_or_default();
        let title =
            format!("{} without the units of {layer} that matter most for {}", facts.facts.network, facts.label);
        let x = ChartAxis { name: format!("silent units of {layer}"), range: None };
        let y = ChartAxis { name: "top-1 accuracy, %".into(), range: Some([0.0, 100.0]) };
        write_picture(path, &line_chart(&title, &x, &y, &lines)?, &facts.facts.texts())?;
    }
    if args.json {
        return to_json(facts);
    }
    let mut table = Table::new(&[">silent units", ">top-1 % of the class", ">top-1 % of the others"]);
    for row in &facts.rows {
        let others = row.of_others.map_or_else(|| "-".to_owned(), |own| format!("{:.2}", own.top1));
        table.row([row.units.to_string(), format!("{:.2}", row.of_class.top1), others]);
    }
    Ok(format!("{}\nthe units that matter most for {} first\n", table.render(), facts.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_run_from_none_to_all() {
        let found = steps(64);
        assert_eq!((found[0], found[1], found[found.len() - 1]), (0, 1, 64));
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(steps(1), [0, 1]);
    }
}
