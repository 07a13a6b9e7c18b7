//! `striate invariance`: how the answer takes a shift, a scale or a rotation of the picture (Zeiler and Fergus 2014, Figure 5).

use super::{
    args::{self, NetworkArgs, path, samples},
    console::Console,
    labelled::note_left_out,
    output::check_picture,
    table::Table,
};
use crate::{
    Error, Result,
    dataset::Listing,
    engine::{Change, Invariance, Model, Run, invariance},
    figures::{ChartAxis, Facts, Series, line_chart, shown_path, to_json},
    paint::write_picture,
    paths::from_user,
    picture::Picture,
    watch::Watch,
};
use serde::Serialize;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The changes as the command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum ChangeName {
    /// Shift to the right
    Shift,
    /// Shift downwards
    Down,
    /// Enlarge about the centre
    Scale,
    /// Rotate clockwise about the centre
    Rotate,
    /// Cover the middle
    Cover,
}

impl ChangeName {
    fn change(self) -> Change {
        match self {
            ChangeName::Shift => Change::Across,
            ChangeName::Down => Change::Down,
            ChangeName::Scale => Change::Scale,
            ChangeName::Rotate => Change::Turn,
            ChangeName::Cover => Change::Cover,
        }
    }

    /// The axis of the amounts.
    fn axis(self) -> &'static str {
        match self {
            ChangeName::Shift => "shift to the right, share of the width",
            ChangeName::Down => "shift downwards, share of the height",
            ChangeName::Scale => "enlargement, times",
            ChangeName::Rotate => "rotation clockwise, degrees",
            ChangeName::Cover => "side of the covered square, share of the picture's",
        }
    }
}

/// Measure how a class's probability and the layers change while a picture is shifted, scaled, rotated or covered
///
/// The curves show the probability of the class, and for the first layer, a middle one and the scores the distance from the
/// unchanged picture, relative to its length. For a folder they are means over its pictures, of the class that the network
/// predicts for each unchanged picture.
#[derive(clap::Args)]
pub(super) struct Args {
    #[arg(help = format!("A picture (a file, sample:NAME ({}), or - for standard input), or a folder", samples()))]
    subject: OsString,
    #[command(flatten)]
    network: NetworkArgs,
    /// The change
    #[arg(long, value_enum)]
    change: ChangeName,
    /// The class: its index, label or WordNet id [default: the predicted one]
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// The curves
    #[arg(long, value_name = "CURVES.png", value_parser = path())]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The object of `--json`.
#[derive(Serialize)]
struct CurveFacts {
    #[serde(flatten)]
    facts: Facts,
    #[serde(serialize_with = "shown_path")]
    subject: PathBuf,
    change: ChangeName,
    pictures: usize,
    /// The class, where it is one and the same for all pictures.
    label: Option<String>,
    amounts: Vec<f32>,
    /// Probability of the class at each amount.
    probabilities: Vec<f32>,
    layers: Vec<LayerCurve>,
    unreadable: Vec<String>,
}

#[derive(Serialize)]
struct LayerCurve {
    layer: String,
    /// |changed - unchanged| / |unchanged| at each amount.
    distances: Vec<f32>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    check_picture("--out", args.out.as_deref())?;
    if let Some(class) = &args.class {
        args.network.check_class(class)?;
    }
    let root = from_user(&args.subject);
    let facts = match root.is_dir() {
        true => over_folder(args, &root, console)?,
        false => {
            let picture = args::picture(&args.subject)?;
            let model = args.network.open(console)?;
            console.stage(&format!("{} while the picture changes", model.card.name));
            let (found, label) = measure(args, &model, picture, console.watch())?;
            facts(args, &model, root, &[found], Some(label))
        }
    };
    if let Some(out) = &args.out {
        write_picture(out, &draw(&facts)?, &facts.facts.texts())?;
    }
    if args.json { to_json(&facts) } else { Ok(text(&facts)) }
}

/// The curves of one picture, and the class's name.
fn measure(args: &Args, model: &Arc<Model>, picture: Picture, watch: &Watch) -> Result<(Invariance, String)> {
    let run = Run::picture(model, picture, &watch.quiet())?;
    let class = args::class(args.class.as_deref(), &run)?;
    Ok((invariance(&run, args.change.change(), class, watch)?, model.class_name(class)))
}

fn over_folder(args: &Args, root: &Path, console: &Console) -> Result<CurveFacts> {
    let listing = Listing::new(root)?;
    let model = args.network.open(console)?;
    model.require_classes()?;
    let count = listing.entries.len();
    console.stage(&format!("{} while {count} pictures change", model.card.name));
    let (mut found, mut unreadable, mut label) = (Vec::new(), Vec::new(), None);
    for index in 0..count {
        let watch = console.watch().part(index, count);
        watch.at(0, 1)?;
        match Picture::open(&listing.path(index)) {
            Ok(picture) => {
                let (curves, class) = measure(args, &model, picture, &watch)?;
                found.push(curves);
                label = args.class.as_ref().map(|_| class);
            }
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    note_left_out(&unreadable, &[], console);
    if found.is_empty() {
        let first = unreadable.first().map_or("", String::as_str);
        return Err(Error::Failed(format!("none of the {count} pictures could be read: {first}")));
    }
    Ok(CurveFacts { unreadable, ..facts(args, &model, root.to_owned(), &found, label) })
}

/// The means over pictures.
fn facts(args: &Args, model: &Model, subject: PathBuf, found: &[Invariance], label: Option<String>) -> CurveFacts {
    let mean = |value: &dyn Fn(&Invariance) -> f32| found.iter().map(value).sum::<f32>() / found.len().max(1) as f32;
    let first = &found[0];
    let steps = 0..first.amounts.len();
    let layer = |(slot, (layer, _)): (usize, &(usize, Vec<f32>))| LayerCurve {
        layer: model.network.graph().node(*layer).name.clone(),
        distances: steps.clone().map(|step| mean(&|own| own.distances[slot].1[step])).collect(),
    };
    CurveFacts {
        facts: Facts::of(model),
        subject,
        change: args.change,
        pictures: found.len(),
        label,
        amounts: first.amounts.clone(),
        probabilities: steps.clone().map(|step| mean(&|own| own.probabilities[step])).collect(),
        layers: first.distances.iter().enumerate().map(layer).collect(),
        unreadable: Vec::new(),
    }
}

impl CurveFacts {
    /// The class in words.
    fn class(&self) -> &str {
        self.label.as_deref().unwrap_or("the predicted class")
    }
}

fn draw(facts: &CurveFacts) -> Result<image::RgbaImage> {
    let line = |name: String, values: &[f32]| Series {
        name,
        points: facts.amounts.iter().zip(values).map(|(&x, &y)| [x.into(), y.into()]).collect(),
    };
    let mut lines = vec![line(format!("probability of {}", facts.class()), &facts.probabilities)];
    lines.extend(facts.layers.iter().map(|own| line(format!("change of {}", own.layer), &own.distances)));
    let most = lines.iter().flat_map(|line| &line.points).map(|point| point[1]).fold(1.0, f64::max);
    let what = match facts.pictures {
        1 => facts.subject.file_name().unwrap_or(facts.subject.as_os_str()).to_string_lossy().into_owned(),
        count => format!("mean of {count} pictures"),
    };
    let title = format!("{}, {what}", facts.facts.network);
    let x = ChartAxis { name: facts.change.axis().to_owned(), range: None };
    let y = ChartAxis { name: "probability; relative change of a layer".to_owned(), range: Some([0.0, 1.35 * most]) };
    line_chart(&title, &x, &y, &lines)
}

fn text(facts: &CurveFacts) -> String {
    let mut table = Table::new(&[">amount", ">probability %", ">first layer", ">middle layer", ">scores"]);
    for (step, &amount) in facts.amounts.iter().enumerate() {
        let mut cells = vec![facts.change.change().say(amount), format!("{:.2}", 100.0 * facts.probabilities[step])];
        cells.extend(facts.layers.iter().map(|own| format!("{:.3}", own.distances[step])));
        table.row(cells);
    }
    let layers: Vec<&str> = facts.layers.iter().map(|own| own.layer.as_str()).collect();
    let (network, class, count) = (&facts.facts.network, facts.class(), facts.pictures);
    let pictures = if count == 1 { "1 picture".to_owned() } else { format!("{count} pictures") };
    format!("{}\n{network} on {pictures}: {class}; distances of {}\n", table.render(), layers.join(", "))
}
