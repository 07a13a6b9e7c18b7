//! Tables as CSV (RFC 4180).

use super::report::Report;
use crate::figures::Cells;

/// A line a picture.
pub(super) fn pictures(report: &Report) -> String {
    let title = [
        "file",
        "class",
        "label",
        "predicted",
        "predicted_label",
        "probability",
        "class_probability",
        "rank",
        "subgroup",
    ];
    let mut cells = Cells::new(title);
    for outcome in report.outcomes {
        cells.add([
            report.folder.listing.path(outcome.picture).display().to_string(),
            outcome.class.to_string(),
            report.model.class_name(outcome.class),
            outcome.predicted.to_string(),
            report.model.class_name(outcome.predicted),
            outcome.confidence.to_string(),
            outcome.probability.to_string(),
            (outcome.rank + 1).to_string(),
            report.folder.subgroup(outcome.picture),
        ]);
    }
    cells.csv()
}

/// A line a class.
pub(super) fn classes(report: &Report) -> String {
    let title = ["class", "label", "folder", "pictures", "top1", "top5", "predicted", "precision", "recall", "f1"];
    let share = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut cells = Cells::new(title);
    for class in report.classes() {
        cells.add([
            class.index.to_string(),
            class.label,
            class.folder,
            class.pictures.to_string(),
            class.top1.to_string(),
            class.top5.to_string(),
            class.predicted.to_string(),
            share(class.precision),
            share(class.recall),
            share(class.f1),
        ]);
    }
    cells.csv()
}

/// A line a cell of the confusion matrix that is not zero.
pub(super) fn confusion(report: &Report) -> String {
    let mut cells = Cells::new(["class", "label", "predicted", "predicted_label", "pictures"]);
    let name = |class: usize| report.model.class_name(class);
    for cell in &report.evaluation.confusion {
        let (class, predicted) = (cell.class, cell.predicted);
        cells.add([class.to_string(), name(class), predicted.to_string(), name(predicted), cell.pictures.to_string()]);
    }
    cells.csv()
}
