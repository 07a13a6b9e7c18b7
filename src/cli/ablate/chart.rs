//! The picture of an ablation: bars of accuracy, a curve of error against dropped or swapped blocks, or the units of a
//! layer in the order of what they cost.

use super::facts::{AblationFacts, MeasuredRows, RowFacts};
use crate::{
    Result,
    figures::{Bar, ChartAxis, Series, bar_chart, line_chart},
};
use image::RgbaImage;

/// The number by which rows are a curve.
type CurveCount = fn(&RowFacts) -> Option<usize>;

pub(super) fn draw(facts: &AblationFacts) -> Result<RgbaImage> {
    let title = format!("{} on {} pictures", facts.facts.network, facts.pictures);
    let rows = &facts.measured.rows;
    let curves: [(CurveCount, &str); 2] = [
        (|row| row.dropped, "residual blocks dropped"),
        (|row| row.swapped, "pairs of residual blocks that changed places"),
    ];
    for (count, axis) in curves {
        if rows.iter().all(|row| count(row).is_some()) {
            return curve(&title, facts, count, axis);
        }
    }
    if rows.iter().all(|row| row.unit.is_some()) {
        return units(&title, &facts.measured);
    }
    let mut bars = bars("", &facts.measured);
    if let Some(beside) = &facts.beside {
        bars.extend(self::bars(&format!("{}: ", beside.network), &beside.measured));
    }
    bar_chart(&title, "top-1 accuracy, %", 100.0, &bars)
}

fn bars(before: &str, measured: &MeasuredRows) -> Vec<Bar> {
    let bar =
        |name: &str, percent: f64, is_baseline: bool| Bar { name: format!("{before}{name}"), percent, is_baseline };
    let others = measured.rows.iter().flat_map(|row| {
        let again = row.retrained.map(|own| bar(&format!("{}, retrained", row.name), own.top1, false));
        std::iter::once(bar(&row.name, row.accuracies.top1, false)).chain(again)
    });
    std::iter::once(bar("as it is", measured.baseline.top1, true)).chain(others).collect()
}

/// The error against a number of blocks: the mean over the draws, the best and the worst; of a second network the mean.
fn curve(title: &str, facts: &AblationFacts, count: CurveCount, axis: &str) -> Result<RgbaImage> {
    let most = facts.measured.rows.iter().filter_map(count).max().unwrap_or(0);
    let errors = |measured: &MeasuredRows, blocks: usize| -> Vec<f64> {
        match blocks {
            0 => vec![100.0 - measured.baseline.top1],
            _ => measured
                .rows
                .iter()
                .filter(|row| count(row) == Some(blocks))
                .map(|row| 100.0 - row.accuracies.top1)
                .collect(),
        }
    };
    let series = |name: String, measured: &MeasuredRows, take: fn(&[f64]) -> f64| Series {
        name,
        points: (0..=most).map(|blocks| [blocks as f64, take(&errors(measured, blocks))]).collect(),
    };
    let mean: fn(&[f64]) -> f64 = |errors| errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    let own = &facts.facts.network;
    let mut lines = vec![series(format!("{own}, mean of the draws"), &facts.measured, mean)];
    if facts.measured.rows.len() > most {
        let best = |errors: &[f64]| errors.iter().copied().fold(f64::INFINITY, f64::min);
        let worst = |errors: &[f64]| errors.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        lines.push(series(format!("{own}, best"), &facts.measured, best));
        lines.push(series(format!("{own}, worst"), &facts.measured, worst));
    }
    if let Some(beside) = &facts.beside {
        lines.push(series(format!("{}, mean of the draws", beside.network), &beside.measured, mean));
    }
    let x = ChartAxis { name: axis.to_owned(), range: Some([0.0, most as f64]) };
    let y = ChartAxis { name: "top-1 error, %".into(), range: Some([0.0, 100.0]) };
    line_chart(title, &x, &y, &lines)
}

/// The accuracy without each unit, the unit that costs most first, beside that of the whole network.
fn units(title: &str, measured: &MeasuredRows) -> Result<RgbaImage> {
    let mut found: Vec<f64> = measured.rows.iter().map(|row| row.accuracies.top1).collect();
    found.sort_by(f64::total_cmp);
    let last = found.len().saturating_sub(1) as f64;
    let whole = measured.baseline.top1;
    let lines = [
        Series {
            name: "without one unit".into(),
            points: (0..).map(f64::from).zip(found).map(|(x, y)| [x, y]).collect(),
        },
        Series { name: "as it is".into(), points: vec![[0.0, whole], [last, whole]] },
    ];
    let x = ChartAxis { name: "units, the one that costs most first".into(), range: None };
    let y = ChartAxis { name: "top-1 accuracy, %".into(), range: None };
    line_chart(title, &x, &y, &lines)
}
