//! The page of an evaluation.

use super::report::Report;
use crate::{
    dataset::Outcome,
    figures::words::thousands,
    html::{ChartLine, escape, facts, line_chart, plain_page, table},
    paths::brief,
};
use std::{collections::BTreeMap, fmt::Write, path::Path};

/// Classes up to which the confusion matrix names its rows and columns.
const NAMED: usize = 60;

/// A small picture of a mistake.
pub(super) struct Thumbnail {
    pub file: String,
    pub outcome: Outcome,
}

/// The page. `link` is the address of a picture.
pub(super) fn page(report: &Report, small: &[Thumbnail], link: &dyn Fn(&Path) -> String) -> String {
    let body = [
        opening(report),
        mistakes(report, small, link),
        calibration(report),
        subgroups(report),
        confusion(report),
        pairs(report, link),
        classes(report),
    ];
    plain_page(&title(report), "evaluate", &body.concat())
}

fn title(report: &Report) -> String {
    format!("{} on {}", report.facts.network, report.folder.listing.root.display())
}

fn opening(report: &Report) -> String {
    let evaluation = report.evaluation;
    let [precision, recall, f1] = evaluation.means();
    let untrained = match report.facts.untrained {
        true => {
            "<p class=\"warning\">The weights are made up: the network is untrained, and no number here means anything.</p>\n"
        }
        false => "",
    };
    let numbers = facts(&[
        ("top-1", format!("{:.2}%", evaluation.hits.top1())),
        ("top-5", format!("{:.2}%", evaluation.hits.top5())),
        ("pictures", thousands(evaluation.hits.pictures as u64)),
        ("classes", report.folder.classes.len().to_string()),
        ("mean precision", format!("{precision:.3}")),
        ("mean recall", format!("{recall:.3}")),
        ("mean F1", format!("{f1:.3}")),
        ("calibration error", format!("{:.4}", evaluation.calibration.ece)),
        ("unreadable", report.unreadable.len().to_string()),
        ("weights", escape(&report.facts.weights)),
    ]);
    format!(
        "<header><h1>{}</h1>\n{untrained}{numbers}<p class=\"lead\">The same as <a href=\"evaluation.json\">JSON</a>; as \
         tables: <a href=\"pictures.csv\">pictures</a>, <a href=\"classes.csv\">classes</a>, \
         <a href=\"confusion.csv\">confusion</a>.</p></header>\n",
        escape(&title(report))
    )
}

fn mistakes(report: &Report, small: &[Thumbnail], link: &dyn Fn(&Path) -> String) -> String {
    let mut html = String::from(
        "<section id=\"mistakes\"><h2>The most confident mistakes</h2>\n<p class=\"lead\">With each the prediction, its \
         probability, and the class of the folder. A picture links to its file.</p>\n<div class=\"mistakes\">\n",
    );
    for Thumbnail { file, outcome } in small {
        let path = report.folder.listing.path(outcome.picture);
        let name = |class: usize| escape(&report.model.class_name(class));
        let _ = writeln!(
            html,
            "<figure><a href=\"{}\"><img src=\"{file}\" alt=\"{}\" loading=\"lazy\"></a><figcaption><b>{}</b> \
             {:.1}%<br>is {}</figcaption></figure>",
            link(&path),
            escape(&path.display().to_string()),
            name(outcome.predicted),
            100.0 * outcome.confidence,
            name(outcome.class),
        );
    }
    html + "</div></section>\n"
}

fn calibration(report: &Report) -> String {
    let calibration = &report.evaluation.calibration;
    let filled = || calibration.bins.iter().filter(|bin| bin.pictures > 0);
    let measured = ChartLine {
        name: "measured",
        points: filled().map(|bin| [bin.confidence, bin.accuracy]).collect(),
        is_guide: false,
    };
    let ideal = ChartLine { name: "calibrated", points: vec![[0.0, 0.0], [1.0, 1.0]], is_guide: true };
    let rows = filled().map(|bin| {
        vec![
            format!("{:.3} to {:.3}", bin.from, bin.to),
            thousands(bin.pictures as u64),
            format!("{:.3}", bin.confidence),
            format!("{:.3}", bin.accuracy),
        ]
    });
    format!(
        "<section id=\"calibration\"><h2>Calibration</h2>\n<p class=\"lead\">A calibrated network is right as often as its \
         probability says: its points lie on the dashed line, below it where it is too sure. Expected calibration error \
         {:.4} over 15 bins, at most {:.4} in a bin (Guo et al. 2017).</p>\n<div class=\"columns\">{}{}</div></section>\n",
        calibration.ece,
        calibration.mce,
        line_chart("probability of the prediction", "share that is right", &[measured, ideal]),
        table(&["probability", "pictures", "mean", "right"], rows),
    )
}

fn subgroups(report: &Report) -> String {
    if report.evaluation.subgroups.is_empty() {
        return String::new();
    }
    let rows = report.evaluation.subgroups.iter().map(|(folder, hits)| {
        let folder = if folder.is_empty() { "(directly in the class's folder)".to_owned() } else { escape(folder) };
        vec![folder, thousands(hits.pictures as u64), format!("{:.2}", hits.top1()), format!("{:.2}", hits.top5())]
    });
    let rows = table(&["folder", "pictures", "top-1 %", "top-5 %"], rows);
    format!("<section id=\"subgroups\"><h2>Folders within the classes' folders</h2>\n{rows}</section>\n")
}

/// The confusion matrix as a picture: a row a class, a column a prediction, both in the order of the classes.
fn confusion(report: &Report) -> String {
    let mut shown: Vec<usize> =
        report.evaluation.confusion.iter().flat_map(|cell| [cell.class, cell.predicted]).collect();
    shown.sort_unstable();
    shown.dedup();
    let named = shown.len() <= NAMED;
    let (step, margin) = if named { (16, 150) } else { ((900 / shown.len()).max(2), 0) };
    let size = margin + step * shown.len();
    let place = |class: usize| margin + step * shown.binary_search(&class).unwrap_or(0);
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    for cell in &report.evaluation.confusion {
        *rows.entry(cell.class).or_default() += cell.pictures;
    }
    let mut svg = format!(
        "<svg class=\"matrix\" viewBox=\"0 0 {size} {size}\" width=\"{size}\" height=\"{size}\" role=\"img\" \
         aria-label=\"confusion matrix\">\n"
    );
    for cell in &report.evaluation.confusion {
        let share = cell.pictures as f64 / rows[&cell.class] as f64;
        let (kind, link) = match cell.class == cell.predicted {
            true => ("right", None),
            false => ("wrong", Some(format!("#pair-{}-{}", cell.class, cell.predicted))),
        };
        let said = format!(
            "{} taken for {}: {} of {}",
            report.model.class_name(cell.class),
            report.model.class_name(cell.predicted),
            cell.pictures,
            rows[&cell.class]
        );
        let rect = format!(
            "<rect class=\"{kind}\" x=\"{}\" y=\"{}\" width=\"{step}\" height=\"{step}\" opacity=\"{:.3}\"><title>{}</title></rect>",
            place(cell.predicted),
            place(cell.class),
            0.15 + 0.85 * share,
            escape(&said)
        );
        let _ = match link {
            Some(link) => writeln!(svg, "<a href=\"{link}\">{rect}</a>"),
            None => writeln!(svg, "{rect}"),
        };
    }
    for &class in shown.iter().filter(|_| named) {
        let (at, name) = (place(class) + 12, escape(&brief(&report.model.class_name(class), 26)));
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{at}\" text-anchor=\"end\" font-size=\"11\">{name}</text>\
             <text transform=\"translate({at} {}) rotate(-90)\" font-size=\"11\">{name}</text>",
            margin - 6,
            margin - 6
        );
    }
    format!(
        "<section id=\"confusion\"><h2>Confusion matrix</h2>\n<p class=\"lead\">A row for each class, a column for each \
         prediction, as strong as its share of the row; green on the diagonal, red beside it. A red cell links to its \
         pictures.</p>\n{svg}</svg></section>\n"
    )
}

/// The pictures of every cell beside the diagonal, the fullest cells first.
fn pairs(report: &Report, link: &dyn Fn(&Path) -> String) -> String {
    let mut own: BTreeMap<(usize, usize), Vec<&Outcome>> = BTreeMap::new();
    for outcome in &report.evaluation.mistakes {
        own.entry((outcome.class, outcome.predicted)).or_default().push(outcome);
    }
    let mut cells: Vec<_> = own.into_iter().collect();
    cells.sort_by_key(|(_, outcomes)| std::cmp::Reverse(outcomes.len()));
    let mut html = String::from("<section id=\"pairs\"><h2>Mistakes by pair of classes</h2>\n");
    for ((class, predicted), outcomes) in cells {
        let name = |class: usize| escape(&report.model.class_name(class));
        let _ = write!(
            html,
            "<details id=\"pair-{class}-{predicted}\"><summary>{} taken for <b>{}</b>: {}</summary><p>",
            name(class),
            name(predicted),
            outcomes.len()
        );
        for outcome in outcomes {
            let path = report.folder.listing.path(outcome.picture);
            let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let _ =
                write!(html, "<a href=\"{}\">{}</a> {:.1}% ", link(&path), escape(&shown), 100.0 * outcome.confidence);
        }
        html.push_str("</p></details>\n");
    }
    html + "</section>\n"
}

fn classes(report: &Report) -> String {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let mut classes = report.classes();
    classes.sort_by(|a, b| a.top1.total_cmp(&b.top1).then(a.top5.total_cmp(&b.top5)));
    let rows = classes.into_iter().map(|class| {
        vec![
            format!("{} <small>{}</small>", escape(&class.label), escape(&class.folder)),
            thousands(class.pictures as u64),
            format!("{:.2}", class.top1),
            format!("{:.2}", class.top5),
            thousands(class.predicted as u64),
            share(class.precision),
            share(class.recall),
            share(class.f1),
        ]
    });
    let columns = ["class", "pictures", "top-1 %", "top-5 %", "predicted", "precision", "recall", "F1"];
    format!("<section id=\"classes\"><h2>Classes, the hardest first</h2>\n{}</section>\n", table(&columns, rows))
}
