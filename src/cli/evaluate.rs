//! `striate evaluate`: how often the network is right, over a folder of pictures.

use super::{
    args::{NetworkArgs, path},
    console::Console,
    table::Table,
};
use crate::{
    Error, Result,
    dataset::is_text,
    engine::Model,
    figures::{Facts, shown_path, to_json, words::thousands},
    kernels::to_vec,
    picture::Picture,
    zoo::Labels,
};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// Count how often a network is right over a folder of pictures, a folder a class
///
/// A class's folder is named after the class: its label, else its WordNet id, else its index. Labels are those of
/// --labels where that is given. Pictures may lie in folders within it. Pictures that cannot be read are named, counted
/// and left out.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder that holds a folder for each class
    #[arg(value_parser = path())]
    folder: PathBuf,
    #[command(flatten)]
    network: NetworkArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Bytes of activations that one batch may take.
const BATCH_BYTES: u64 = 512 << 20;
const BATCH: u64 = 64;

/// Unreadable pictures named on the terminal; JSON names all.
const NAMED: usize = 10;

#[derive(Serialize)]
struct Evaluation {
    #[serde(flatten)]
    facts: Facts,
    #[serde(serialize_with = "shown_path")]
    folder: PathBuf,
    pictures: usize,
    top1: f64,
    top5: f64,
    seconds: f64,
    unreadable: Vec<String>,
    unmatched_folders: Vec<String>,
    classes: Vec<ClassScore>,
}

#[derive(Serialize)]
struct ClassScore {
    index: usize,
    label: String,
    folder: String,
    pictures: usize,
    top1: f64,
    top5: f64,
    #[serde(skip)]
    hits: [usize; 2],
}

impl ClassScore {
    fn new((index, folder): &(usize, PathBuf), model: &Model) -> Self {
        ClassScore {
            index: *index,
            label: model.class_name(*index),
            folder: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            pictures: 0,
            top1: 0.0,
            top5: 0.0,
            hits: [0; 2],
        }
    }

    /// Counts a picture of this class by its scores.
    fn count(&mut self, scores: &[f32]) {
        let own = scores[self.index];
        // Of equal scores the lower index goes first, as in a sorted ranking.
        let ahead = |(index, &score): (usize, &f32)| score > own || (score == own && index < self.index);
        let rank = scores.iter().enumerate().filter(|&entry| ahead(entry)).count();
        self.pictures += 1;
        self.hits[0] += usize::from(rank == 0);
        self.hits[1] += usize::from(rank < 5);
    }

    fn counted(self) -> Self {
        let [top1, top5] = self.hits.map(|hits| percent(hits, self.pictures));
        ClassScore { top1, top5, ..self }
    }
}

fn percent(hits: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { 100.0 * hits as f64 / of as f64 }
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    // The folder first: it is read at once, and is the likelier to be wrong.
    let all = subfolders(&args.folder)?;
    let model = args.network.open(console)?;
    model.require_classes()?;
    let (folders, unmatched) = classes(all, &model.labels)?;
    let files = files(&args.folder, &folders, &unmatched, &model)?;
    let mut classes: Vec<ClassScore> = folders.iter().map(|folder| ClassScore::new(folder, &model)).collect();
    let start = Instant::now();
    let unreadable = count(&model, &files, &mut classes, console)?;
    let seconds = start.elapsed().as_secs_f64();
    let pictures = classes.iter().map(|class| class.pictures).sum();
    if pictures == 0 {
        let first = unreadable.first().map_or("", String::as_str);
        return Err(Error::Failed(format!("none of the {} pictures could be read: {first}", files.len())));
    }
    let [top1, top5] = [0, 1].map(|k| percent(classes.iter().map(|class| class.hits[k]).sum(), pictures));
    tell(console, &unreadable, &unmatched);
    let classes = classes.into_iter().map(ClassScore::counted).collect();
    let result = Evaluation {
        facts: Facts::of(&model),
        folder: args.folder.clone(),
        pictures,
        top1,
        top5,
        seconds,
        unreadable,
        unmatched_folders: unmatched,
        classes,
    };
    if args.json { to_json(&result) } else { Ok(text(&result)) }
}

/// The pictures in the folders of classes, each with the position of its folder.
fn files(
    root: &Path,
    folders: &[(usize, PathBuf)],
    unmatched: &[String],
    model: &Model,
) -> Result<Vec<(usize, PathBuf)>> {
    if folders.is_empty() {
        let (root, network) = (root.display(), &model.card.name);
        let example = unmatched.first().map_or_else(String::new, |name| format!(" ('{name}' is none)"));
        return Err(Error::Failed(format!("{root} holds no folder named after a class of {network}{example}")));
    }
    let mut files = Vec::new();
    for (slot, (_, folder)) in folders.iter().enumerate() {
        files.extend(pictures(folder)?.into_iter().map(|file| (slot, file)));
    }
    match files.is_empty() {
        true => Err(Error::Failed(format!("the folders of classes in {} hold no pictures", root.display()))),
        false => Ok(files),
    }
}

/// Runs the pictures in batches. Returns why some could not be read.
fn count(
    model: &Arc<Model>,
    files: &[(usize, PathBuf)],
    classes: &mut [ClassScore],
    console: &Console,
) -> Result<Vec<String>> {
    let graph = model.network.graph();
    let scores = graph.scores();
    let bytes: u64 = graph.costs().iter().map(|cost| cost.bytes).sum();
    let batch = (BATCH_BYTES / bytes.max(1)).clamp(1, BATCH) as usize;
    let mut unreadable = Vec::new();
    console.stage(&format!("{} on {} pictures", model.card.name, thousands(files.len() as u64)));
    for (index, chunk) in files.chunks(batch).enumerate() {
        console.watch().at(index * batch, files.len())?;
        let read = |(slot, path): &(usize, PathBuf)| -> Result<(usize, Tensor)> {
            let picture = Picture::open(path)?;
            Ok((*slot, model.preprocess.apply(&picture, &Device::Cpu)?.tensor))
        };
        // Whole pictures have inputs of different sizes: each size is a batch.
        let mut batches: BTreeMap<Vec<usize>, (Vec<usize>, Vec<Tensor>)> = BTreeMap::new();
        for result in chunk.par_iter().map(read).collect::<Vec<_>>() {
            match result {
                Ok((slot, input)) => {
                    let (slots, inputs) = batches.entry(input.dims().to_vec()).or_default();
                    slots.push(slot);
                    inputs.push(input);
                }
                Err(error) => unreadable.push(error.to_string()),
            }
        }
        let (watch, parts) = (console.watch().part(index, files.len().div_ceil(batch)), batches.len());
        for (part, (dims, (slots, inputs))) in batches.into_iter().enumerate() {
            let network = &model.at([dims[2], dims[3]])?.network;
            let trace = network.forward(&Tensor::cat(&inputs, 0)?, &watch.part(part, parts))?;
            let output = trace.output(scores).flatten_from(1)?;
            let width = output.dim(1)?;
            for (slot, row) in slots.into_iter().zip(to_vec(&output)?.chunks_exact(width)) {
                classes[slot].count(row);
            }
        }
    }
    Ok(unreadable)
}

/// The folders in a folder.
fn subfolders(root: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(root)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// Folders that are classes, each with its class.
type ClassFolders = Vec<(usize, PathBuf)>;

/// The folders that are named after a class, and the names of the others. Underscores in a folder's name may stand for
/// spaces.
fn classes(folders: Vec<PathBuf>, labels: &Labels) -> Result<(ClassFolders, Vec<String>)> {
    let (mut found, mut unmatched) = (Vec::new(), Vec::new());
    for path in folders {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let spaced = || labels.look_up(&name.replace('_', " "));
        let class = labels.look_up(&name).and_then(|class| class.map_or_else(spaced, |class| Ok(Some(class))));
        match class
            .map_err(|error| Error::Usage(format!("the folder {} names no one class: {error}", path.display())))?
        {
            Some(index) => found.push((index, path)),
            None => unmatched.push(name),
        }
    }
    Ok((found, unmatched))
}

/// The files below a folder that may be pictures.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            // A link may lead back up.
            if !path.is_symlink() {
                files.extend(pictures(&path)?);
            }
        } else if !is_text(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

/// The entries of a folder, sorted, without hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io("read", folder, &error);
    let mut paths = fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    paths.sort();
    Ok(paths)
}

/// Names what was left out.
fn tell(console: &Console, unreadable: &[String], unmatched: &[String]) {
    for reason in unreadable.iter().take(NAMED) {
        console.note(&format!("left out: {reason}"));
    }
    if unreadable.len() > NAMED {
        console.note(&format!("left out: {} more pictures that cannot be read", unreadable.len() - NAMED));
    }
    if !unmatched.is_empty() {
        let shown = unmatched.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if unmatched.len() > NAMED { ", ..." } else { "" };
        console.note(&format!("left out: {} folders that name no class: {shown}{more}", unmatched.len()));
    }
}

fn text(result: &Evaluation) -> String {
    let mut table = Table::new(&["class", "folder", ">pictures", ">top-1 %", ">top-5 %"]);
    let mut classes: Vec<&ClassScore> = result.classes.iter().collect();
    classes.sort_by(|a, b| b.top1.total_cmp(&a.top1).then(b.top5.total_cmp(&a.top5)));
    let row = |class: String, folder: String, pictures: usize, top1: f64, top5: f64| {
        [class, folder, thousands(pictures as u64), format!("{top1:.2}"), format!("{top5:.2}")]
    };
    for class in classes {
        let folder = if class.folder == class.label { String::new() } else { class.folder.clone() };
        table.row(row(class.label.clone(), folder, class.pictures, class.top1, class.top5));
    }
    table.rule();
    table.row(row(
        format!("{} classes", result.classes.len()),
        String::new(),
        result.pictures,
        result.top1,
        result.top5,
    ));
    let unreadable = match result.unreadable.len() {
        0 => String::new(),
        count => format!(", {count} unreadable"),
    };
    format!(
        "{}\n{} on {}: top-1 {:.2}%, top-5 {:.2}% of {} pictures in {:.1} s{unreadable}\n",
        table.render(),
        result.facts.network,
        result.folder.display(),
        result.top1,
        result.top5,
        thousands(result.pictures as u64),
        result.seconds
    )
}
