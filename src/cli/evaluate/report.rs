//! The evaluation in words, and as JSON.

use crate::{
    cli::table::Table,
    dataset::{Calibration, ClassFolder, ClassHits, Confusion, Evaluation, Hits, LabelledFolder, Outcome},
    engine::Model,
    figures::{Facts, shown_path, words::thousands},
};
use serde::Serialize;
use std::path::PathBuf;

/// A measurement of a network on a folder.
pub(super) struct Report<'a> {
    pub facts: Facts,
    pub model: &'a Model,
    pub folder: &'a LabelledFolder,
    pub outcomes: &'a [Outcome],
    pub evaluation: &'a Evaluation,
    pub unreadable: Vec<String>,
    pub seconds: f64,
}

/// The object of `--json`.
#[derive(Serialize)]
pub(super) struct EvaluationFacts<'a> {
    #[serde(flatten)]
    facts: Facts,
    #[serde(serialize_with = "shown_path")]
    folder: PathBuf,
    pictures: usize,
    top1: f64,
    top5: f64,
    seconds: f64,
    /// Means over the classes.
    precision: f64,
    recall: f64,
    f1: f64,
    unreadable: &'a [String],
    unmatched_folders: &'a [String],
    classes: Vec<ClassRow>,
    subgroups: Vec<SubgroupFacts<'a>>,
    calibration: &'a Calibration,
    confusion: &'a [Confusion],
    mistakes: Vec<MistakeFacts>,
}

#[derive(Serialize)]
pub(super) struct ClassRow {
    pub index: usize,
    pub label: String,
    pub folder: String,
    pub pictures: usize,
    pub top1: f64,
    pub top5: f64,
    /// Pictures that the class is predicted for.
    pub predicted: usize,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Option<f64>,
}

#[derive(Serialize)]
struct SubgroupFacts<'a> {
    folder: &'a str,
    pictures: usize,
    top1: f64,
    top5: f64,
}

impl Report<'_> {
    pub fn classes(&self) -> Vec<ClassRow> {
        let class = |(known, found): (&ClassFolder, &ClassHits)| ClassRow {
            index: known.class,
            label: self.model.class_name(known.class),
            folder: known.folder.clone(),
            pictures: found.hits.pictures,
            top1: found.hits.top1(),
            top5: found.hits.top5(),
            predicted: found.predicted,
            precision: found.precision,
            recall: found.recall,
            f1: found.f1,
        };
        self.folder.classes.iter().zip(&self.evaluation.classes).map(class).collect()
    }

    pub fn json(&self, most: usize) -> EvaluationFacts<'_> {
        let Evaluation { hits, confusion, subgroups, calibration, .. } = self.evaluation;
        let [precision, recall, f1] = self.evaluation.means();
        EvaluationFacts {
            facts: self.facts.clone(),
            folder: self.folder.listing.root.clone(),
            pictures: hits.pictures,
            top1: hits.top1(),
            top5: hits.top5(),
            seconds: self.seconds,
            precision,
            recall,
            f1,
            unreadable: &self.unreadable,
            unmatched_folders: &self.folder.unmatched,
            classes: self.classes(),
            subgroups: subgroups
                .iter()
                .map(|(folder, hits)| SubgroupFacts {
                    folder,
                    pictures: hits.pictures,
                    top1: hits.top1(),
                    top5: hits.top5(),
                })
                .collect(),
            calibration,
            confusion,
            mistakes: mistakes(self, most),
        }
    }

    pub fn text(&self, most: usize) -> String {
        let parts = [self.class_table(), self.subgroup_table(), self.confused_table(), self.mistake_table(most)];
        let mut text: String = parts.into_iter().flatten().map(|table| table + "\n").collect();
        let Hits { pictures, .. } = self.evaluation.hits;
        let unreadable = match self.unreadable.len() {
            0 => String::new(),
            count => format!(", {count} unreadable"),
        };
        let Calibration { ece, mce, .. } = self.evaluation.calibration;
        text.push_str(&format!("calibration error {ece:.4} expected, {mce:.4} at most\n"));
        text + &format!(
            "{} on {}: top-1 {:.2}%, top-5 {:.2}% of {} pictures in {:.1} s{unreadable}\n",
            self.facts.network,
            self.folder.listing.root.display(),
            self.evaluation.hits.top1(),
            self.evaluation.hits.top5(),
            thousands(pictures as u64),
            self.seconds
        )
    }

    fn class_table(&self) -> Option<String> {
        let mut table =
            Table::new(&["class", "folder", ">pictures", ">top-1 %", ">top-5 %", ">precision", ">recall", ">F1"]);
        let mut classes = self.classes();
        classes.sort_by(|a, b| b.top1.total_cmp(&a.top1).then(b.top5.total_cmp(&a.top5)));
        let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
        let row = |names: [String; 2], pictures: usize, [top1, top5]: [f64; 2], shares: [Option<f64>; 3]| {
            let numbers = [thousands(pictures as u64), format!("{top1:.2}"), format!("{top5:.2}")];
            names.into_iter().chain(numbers).chain(shares.map(share)).collect::<Vec<_>>()
        };
        for class in classes {
            let folder = if class.folder == class.label { String::new() } else { class.folder };
            let shares = [class.precision, class.recall, class.f1];
            table.row(row([class.label, folder], class.pictures, [class.top1, class.top5], shares));
        }
        table.rule();
        let (hits, names) = (self.evaluation.hits, [format!("{} classes", self.folder.classes.len()), String::new()]);
        table.row(row(names, hits.pictures, [hits.top1(), hits.top5()], self.evaluation.means().map(Some)));
        Some(table.render())
    }

    fn subgroup_table(&self) -> Option<String> {
        if self.evaluation.subgroups.is_empty() {
            return None;
        }
        let mut table = Table::new(&["folder within", ">pictures", ">top-1 %", ">top-5 %"]);
        for (folder, hits) in &self.evaluation.subgroups {
            let folder = if folder.is_empty() { "(none)" } else { folder };
            let numbers =
                [thousands(hits.pictures as u64), format!("{:.2}", hits.top1()), format!("{:.2}", hits.top5())];
            table.row([folder.to_owned()].into_iter().chain(numbers));
        }
        Some(table.render())
    }

    /// The classes that are confused most often.
    fn confused_table(&self) -> Option<String> {
        let mut cells: Vec<&Confusion> = self.wrong_cells().collect();
        cells.sort_by_key(|cell| std::cmp::Reverse(cell.pictures));
        let mut table = Table::new(&["class", "taken for", ">pictures"]);
        let name = |class: usize| self.model.class_name(class);
        for cell in cells.iter().take(10) {
            table.row([name(cell.class), name(cell.predicted), cell.pictures.to_string()]);
        }
        (!cells.is_empty()).then(|| table.render())
    }

    /// The cells of the confusion matrix beside its diagonal.
    pub fn wrong_cells(&self) -> impl Iterator<Item = &Confusion> {
        self.evaluation.confusion.iter().filter(|cell| cell.class != cell.predicted)
    }

    fn mistake_table(&self, most: usize) -> Option<String> {
        let mut table = Table::new(&["taken for", ">with %", "in place of", "picture"]);
        let found = mistakes(self, most);
        for mistake in &found {
            let confidence = format!("{:.2}", 100.0 * mistake.probability);
            table.row([
                mistake.predicted_label.clone(),
                confidence,
                mistake.label.clone(),
                mistake.file.display().to_string(),
            ]);
        }
        (!found.is_empty()).then(|| table.render())
    }
}

/// A picture that is taken for another class.
#[derive(Serialize)]
pub(super) struct MistakeFacts {
    #[serde(serialize_with = "shown_path")]
    pub file: PathBuf,
    pub class: usize,
    pub label: String,
    pub predicted: usize,
    pub predicted_label: String,
    /// Probability of the predicted class.
    pub probability: f64,
    /// Probability of the picture's class.
    pub class_probability: f64,
    /// Place of the picture's class among all, from 1.
    pub rank: usize,
}

/// The `most` mistakes that the network is surest of.
fn mistakes(report: &Report, most: usize) -> Vec<MistakeFacts> {
    let facts = report.evaluation.mistakes.iter().take(most).map(|outcome| MistakeFacts {
        file: report.folder.listing.path(outcome.picture),
        class: outcome.class,
        label: report.model.class_name(outcome.class),
        predicted: outcome.predicted,
        predicted_label: report.model.class_name(outcome.predicted),
        probability: outcome.confidence,
        class_probability: outcome.probability,
        rank: outcome.rank + 1,
    });
    facts.collect()
}
