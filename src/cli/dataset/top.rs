//! `striate top`: the pictures of a folder that excite a unit most (Zeiler and Fergus 2014, Figure 2), or all units of a layer.

use super::folder::{FolderArgs, FolderSubject, note_damaged};
use crate::{
    Error, Result,
    atlas::{WantedHits, sheet_of_hits, sheet_of_units, shown_hits},
    cli::{args, console::Console, output::check_path, table::Table},
    dataset::{GroupMean, Hit, HitChoice, Index, Listing, ResponseMeasure, Responses, Selectivity, TOP, stand_in},
    figures::{preference, to_json, words::number},
    net::NodeId,
    paint::write_png,
};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Longest side of a crop: on a sheet of one unit, of some, and of many.
const LARGE: u32 = 224;
const SMALL: u32 = 64;
const TINY: u32 = 36;
/// Units from which on crops are tiny.
const MANY: usize = 64;

/// A choice among the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum By {
    /// The strongest activations, from the index
    Strongest,
    /// The weakest of the pictures' largest activations
    Weakest,
    /// Drawn at random from the strongest hundredth
    Random,
    /// The largest activation times gradient of --class, summed over the unit's map
    Relevance,
}

/// List the pictures of a folder that excite a unit most, or show all units of a layer
///
/// --out draws for each the part of the picture that the activation sees, and beside it the deconvnet reconstruction, as
/// Zeiler and Fergus do; with several units a sheet of them all. The folder is indexed first, once; the choices other than
/// 'strongest' run the folder anew.
#[derive(clap::Args)]
pub(in crate::cli) struct TopArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// The unit; once for each of several [default: all units of the layer]
    #[arg(long)]
    unit: Vec<usize>,
    /// Pictures to list
    #[arg(long, value_name = "N", default_value_t = TOP as u8, value_parser = clap::value_parser!(u8).range(1..=TOP as i64))]
    count: u8,
    /// The choice among the pictures
    #[arg(long, value_enum, default_value_t = By::Strongest)]
    by: By,
    /// The class of --by relevance: its index, label or WordNet id
    #[arg(long, value_name = "C", required_if_eq("by", "relevance"))]
    class: Option<String>,
    /// Seed of --by random
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The file of the index [default: a file in the cache]
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// The sheet of patches and reconstructions
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TopFacts {
    layer: String,
    #[serde(flatten)]
    unit: UnitTopFacts,
}

#[derive(Serialize)]
struct LayerTopFacts {
    layer: String,
    units: Vec<UnitTopFacts>,
}

#[derive(Serialize)]
struct UnitTopFacts {
    unit: usize,
    top: Vec<HitFacts>,
    /// The selectivity for one class of the folder, 0 to 1; none where the index has nothing to compare.
    selectivity: Option<f64>,
    /// The mean response to each class of the folder, the largest first; empty where the index keeps none.
    classes: Vec<ClassResponseFacts>,
    /// The class it prefers, in words.
    #[serde(skip)]
    preference: String,
}

#[derive(Serialize)]
struct HitFacts {
    file: PathBuf,
    value: f32,
    row: usize,
    column: usize,
}

#[derive(Serialize)]
struct ClassResponseFacts {
    class: String,
    mean_response: f64,
}

/// The chosen pictures of units.
struct FoundHits {
    listing: Listing,
    wanted: Vec<WantedHits>,
    /// The mean responses to the folder's classes, a row a unit, where the index holds them.
    means: Vec<Vec<GroupMean>>,
}

pub(in crate::cli) fn top(args: &TopArgs, console: &Console) -> Result<String> {
    check_path("--out", args.out.as_deref(), "png", "a PNG")?;
    args.folder.network.check_layer(&args.layer, args.unit.iter().copied().max())?;
    let subject = args.folder.open(console)?;
    let graph = subject.model.network.graph();
    let asked = graph.find(&args.layer)?;
    let layer = stand_in(graph, asked);
    let node = graph.node(layer);
    if layer != asked {
        console.note(&format!("{} is shown by {}, which passes its activations on", graph.node(asked).name, node.name));
    }
    let units: Vec<usize> = match args.unit.is_empty() {
        true => (0..node.extent()[0]).collect(),
        false => args.unit.iter().map(|&number| args::unit(number, layer, graph)).collect::<Result<_>>()?,
    };
    let is_one = args.unit.len() == 1;
    let found = args.hits(&subject, layer, &units, console)?;
    let FoundHits { listing, wanted, .. } = &found;
    if wanted.iter().all(|unit| unit.hits.is_empty()) {
        let (folder, name) = (args.folder.folder.display(), &node.name);
        let what = if is_one { format!("unit {}", units[0]) } else { "any of the units".to_owned() };
        return Err(Error::Failed(format!("nothing to show: no picture of {folder} excites {what} of {name}")));
    }
    if let Some(out) = &args.out {
        console.stage("projecting back");
        let side = if is_one {
            LARGE
        } else if units.len() > MANY {
            TINY
        } else {
            SMALL
        };
        let shown = shown_hits(&subject.model, listing, layer, wanted, side, false, console.watch())?;
        let sheet = if is_one { sheet_of_hits(&shown[0]) } else { sheet_of_units(&units, &shown)? };
        let numbers: Vec<String> = args.unit.iter().map(usize::to_string).collect();
        let unit = if numbers.is_empty() { "all".to_owned() } else { numbers.join(", ") };
        let choice = format!("{:?}", args.by).to_lowercase();
        let name = subject.model.card.name.to_string();
        let texts = [("Network", name), ("Layer", node.name.clone()), ("Unit", unit), ("HitChoice", choice)];
        write_png(out, &sheet, &texts)?;
    }
    let mut units = found.facts(node.extent()[2]);
    let layer = node.name.clone();
    match (is_one, args.json) {
        (true, json) => {
            let facts = TopFacts { layer, unit: units.remove(0) };
            if json { to_json(&facts) } else { Ok(text(&facts)) }
        }
        (false, true) => to_json(&LayerTopFacts { layer, units }),
        (false, false) => Ok(layer_text(&layer, &units)),
    }
}

impl FoundHits {
    /// The facts of each unit. `width` is that of the layer's maps.
    fn facts(&self, width: usize) -> Vec<UnitTopFacts> {
        let hit = |hit: &Hit| HitFacts {
            file: self.listing.path(hit.picture as usize),
            value: hit.value,
            row: hit.position as usize / width,
            column: hit.position as usize % width,
        };
        let groups = &self.listing.groups;
        let class =
            |mean: &GroupMean| ClassResponseFacts { class: groups[mean.group].clone(), mean_response: mean.mean };
        let unit = |(slot, own): (usize, &WantedHits)| {
            let means = self.means.get(slot).map_or(&[][..], Vec::as_slice);
            let found = Selectivity::of(means);
            UnitTopFacts {
                unit: own.unit,
                top: own.hits.iter().map(hit).collect(),
                selectivity: found.map(|found| found.value),
                classes: means.iter().map(class).collect(),
                preference: found.map_or_else(String::new, |found| preference(&found, groups)),
            }
        };
        self.wanted.iter().enumerate().map(unit).collect()
    }
}

impl TopArgs {
    /// The chosen pictures of every unit.
    fn hits(&self, subject: &FolderSubject, layer: NodeId, units: &[usize], console: &Console) -> Result<FoundHits> {
        let (model, count) = (&subject.model, usize::from(self.count));
        let (choice, measure) = match self.by {
            By::Strongest => {
                let index = subject.index(self.index.as_deref(), console)?;
                let name = &model.network.graph().node(layer).name;
                let wanted = |&unit: &usize| {
                    let excited = index.top(name, unit)?.iter().filter(|hit| hit.value > 0.0);
                    Ok(WantedHits { unit, hits: excited.take(count).copied().collect() })
                };
                let wanted = units.iter().map(wanted).collect::<Result<_>>()?;
                let means = means(&index, name, units);
                return Ok(FoundHits { listing: index.listing, wanted, means });
            }
            By::Weakest => (HitChoice::Weakest, ResponseMeasure::Activation),
            By::Random => (HitChoice::Random(self.seed), ResponseMeasure::Activation),
            By::Relevance => {
                model.require_classes()?;
                let class = model.labels.find(self.class.as_deref().unwrap_or_default())?;
                (HitChoice::Strongest, ResponseMeasure::Relevance(class))
            }
        };
        subject.require_one_size()?;
        let listing = subject.listing()?;
        console.stage(&format!("running {} pictures", listing.entries.len()));
        let prepare = |path: &Path| model.prepare_file(path);
        let at = |size| Ok(model.at(size)?.network.clone());
        let asked = (layer, measure);
        let (found, damaged) = Responses::measure(&model.network, &at, &prepare, &listing, asked, console.watch())?;
        note_damaged(&damaged, console);
        let wanted = |&unit: &usize| WantedHits { unit, hits: found.choose(unit, choice, count) };
        let wanted = units.iter().map(wanted).collect();
        Ok(FoundHits { listing, wanted, means: Vec::new() })
    }
}

/// The mean responses of units to the classes of the folder.
fn means(index: &Index, layer: &str, units: &[usize]) -> Vec<Vec<GroupMean>> {
    let pictures = index.group_pictures();
    let of_unit =
        |&unit: &usize| index.layer(layer).map_or_else(|_| Vec::new(), |layer| layer.group_means(unit, &pictures));
    units.iter().map(of_unit).collect()
}

fn text(facts: &TopFacts) -> String {
    let mut table = Table::new(&[">", ">value", ">row", ">column", "file"]);
    for (rank, hit) in facts.unit.top.iter().enumerate() {
        let file = hit.file.display().to_string();
        table.row([(rank + 1).to_string(), number(hit.value), hit.row.to_string(), hit.column.to_string(), file]);
    }
    let prefers = match facts.unit.preference.as_str() {
        "" => String::new(),
        words => format!("  {words}"),
    };
    format!("unit {} of {}{prefers}\n{}", facts.unit.unit, facts.layer, table.render())
}

fn layer_text(layer: &str, units: &[UnitTopFacts]) -> String {
    let mut table = Table::new(&[">unit", ">value", "file", "class"]);
    for own in units {
        let first = own.top.first();
        let value = first.map_or_else(|| "-".to_owned(), |hit| number(hit.value));
        let file = first.map_or_else(String::new, |hit| hit.file.display().to_string());
        table.row([own.unit.to_string(), value, file, own.preference.clone()]);
    }
    format!("the first picture of each unit of {layer}\n{}", table.render())
}
