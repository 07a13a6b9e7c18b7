//! The picture of an ablation: bars of accuracy, or a curve of error against dropped blocks.

use super::facts::{AblationFacts, RowFacts};
use crate::{
    Result,
    figures::{Bar, ChartAxis, Series, bar_chart, line_chart},
};
use image::RgbaImage;

pub(super) fn draw(facts: &AblationFacts) -> Result<RgbaImage> {
    let title = format!("{} on {} pictures", facts.facts.network, facts.pictures);
    let dropped: Vec<&RowFacts> = facts.rows.iter().filter(|row| row.dropped.is_some()).collect();
    if dropped.len() == facts.rows.len() {
        return curve(&title, facts, &dropped);
    }
    let own = Bar { name: "as it is".into(), percent: facts.baseline.top1 };
    let others = facts.rows.iter().map(|row| Bar { name: row.name.clone(), percent: row.accuracies.top1 });
    bar_chart(&title, "top-1 accuracy, %", &std::iter::once(own).chain(others).collect::<Vec<_>>())
}

/// The error against the number of dropped blocks: the mean over the draws, the best and the worst.
fn curve(title: &str, facts: &AblationFacts, rows: &[&RowFacts]) -> Result<RgbaImage> {
    let most = rows.iter().filter_map(|row| row.dropped).max().unwrap_or(0);
    let errors = |count: usize| -> Vec<f64> {
        match count {
            0 => vec![100.0 - facts.baseline.top1],
            _ => rows.iter().filter(|row| row.dropped == Some(count)).map(|row| 100.0 - row.accuracies.top1).collect(),
        }
    };
    let series = |name: &str, take: &dyn Fn(&[f64]) -> f64| Series {
        name: name.to_owned(),
        points: (0..=most).map(|count| [count as f64, take(&errors(count))]).collect(),
    };
    let lines = [
        series("mean of the draws", &|errors| errors.iter().sum::<f64>() / errors.len().max(1) as f64),
        series("best", &|errors| errors.iter().copied().fold(f64::INFINITY, f64::min)),
        series("worst", &|errors| errors.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    ];
    let shown = if rows.len() == most { &lines[..1] } else { &lines[..] };
    let x = ChartAxis { name: "residual blocks dropped".into(), range: Some([0.0, most as f64]) };
    let y = ChartAxis { name: "top-1 error, %".into(), range: Some([0.0, 100.0]) };
    line_chart(title, &x, &y, shown)
}
