//! Heatmaps of many pictures: one each, a contact sheet, a page, and a table of which method to trust.

use super::{
    Drawing, ExplainArgs,
    facts::{BatchFacts, HeatmapFacts},
    pictures::Files,
    sheet::{contact_sheet, page, tile},
    trust::Trust,
};
use crate::{
    Error, Result,
    cli::{console::Console, table::Table},
    engine::{Model, Run},
    figures::{self, HeatStyle, to_json},
    methods::{Method, Question, Settings},
    paint::{FolderKind, NewFolder, write_atomically, write_png},
    picture::Picture,
    watch::Watch,
};
use image::RgbaImage;
use std::{
    path::{Path, absolute},
    sync::Arc,
};

/// The folder inside that holds the heatmaps.
const IMAGES: &str = "images";

/// The folder that a set of heatmaps is.
const HEATMAPS: FolderKind = FolderKind {
    what: "set of heatmaps",
    index: Some("index.html"),
    pictures: Some(IMAGES),
    others: &[".png", ".json"],
};

pub(super) fn run(
    args: &ExplainArgs,
    method: &'static Method,
    drawing: Drawing,
    files: &Files,
    console: &Console,
) -> Result<String> {
    let Some(out) = &args.output.out else {
        return Err(Error::Usage("say which folder the heatmaps go to with --out DIR".into()));
    };
    if args.output.raw.is_some() || args.check || args.object.wanted() {
        return Err(Error::Usage(
            "--raw, --check and the object are for one picture; --compare is for a folder".into(),
        ));
    }
    let (settings, mut trust) = (args.settings(method)?, Trust::of(&args.compare)?);
    args.layers.iter().try_for_each(|name| args.subject.network.check_layer(name, None))?;
    args.target.check(&args.subject.network)?;
    let here = absolute(out).map_err(|error| Error::io("write", out, &error))?;
    let new = NewFolder::create(out, HEATMAPS)?;
    let model = args.subject.network.open(console)?;
    console.stage(&format!("{} of {} pictures", method.title, files.files.len()));
    let mut facts = BatchFacts::of(&model, method);
    let batch = HeatmapBatch { args, method, drawing, settings: &settings, model: &model, new: &new };
    let mut tiles = Vec::new();
    for (index, (path, name)) in files.files.iter().enumerate() {
        match batch.one(path, name, &mut trust, &console.watch().part(index, files.files.len())) {
            Ok((own, image)) => {
                facts.pictures.push(own);
                tiles.push(tile(&image));
            }
            Err(Error::Failed(why)) if !why.starts_with("cannot write") => {
                let why = format!("{}: {why}", path.display());
                console.note(&format!("left out: {why}"));
                facts.left_out.push(why);
            }
            Err(error) => return Err(error),
        }
    }
    if tiles.is_empty() {
        let first = facts.left_out.first().cloned().unwrap_or_default();
        return Err(Error::Failed(format!(
            "there is no heatmap of any of the {} pictures: {first}",
            files.files.len()
        )));
    }
    facts.trust = trust.rows();
    write_png(&new.path("contact-sheet.png"), &contact_sheet(&tiles), &facts.facts.texts())?;
    let json = to_json(&facts)?;
    write_atomically(&new.path("heatmaps.json"), |file| file.write_all(json.as_bytes()))?;
    new.write_index(&page(&facts, &here))?;
    new.finish()?;
    if args.output.json { Ok(json) } else { Ok(text(&facts, out)) }
}

/// The common part of all pictures of a batch.
struct HeatmapBatch<'a> {
    args: &'a ExplainArgs,
    method: &'static Method,
    drawing: Drawing,
    settings: &'a Settings,
    model: &'a Arc<Model>,
    new: &'a NewFolder,
}

impl HeatmapBatch<'_> {
    /// The heatmap of one picture, written; and the methods to compare, tested.
    fn one(&self, path: &Path, name: &str, trust: &mut Trust, watch: &Watch) -> Result<(HeatmapFacts, RgbaImage)> {
        watch.at(0, 1)?;
        let quiet = watch.quiet();
        let run = Run::picture(self.model, Picture::open(path)?, &quiet)?;
        let graph = run.model.network.graph();
        let layers = self.args.layers.iter().map(|name| graph.find(name)).collect::<Result<Vec<_>>>()?;
        let aimed = self.args.target.aim(&run)?;
        let (target, settings) = (aimed.target, self.settings);
        let question = Question { trace: &run.trace, target, layers: &layers, settings, watch: &quiet };
        let answer = self.method.ask(&question)?;
        let facts = figures::attribution_facts(&run, self.method, target, settings, &answer)?;
        let [_, rows, columns] = graph.input_shape();
        let factor = self.args.output.scale().one(columns, rows);
        let paint = &self.args.paint;
        let style = HeatStyle { map: paint.map, gamma: paint.gamma, ..HeatStyle::default() };
        let image = match self.drawing {
            Drawing::Alone => figures::attribution_alone(&run, &answer, factor, &style),
            Drawing::Overlay => figures::attribution_over(&run, &answer, factor, &style)?,
        };
        let file = format!("{IMAGES}/{name}.png");
        let facts = facts.picture(path.display().to_string());
        write_png(&self.new.path(&file), &image, &facts.texts())?;
        if !trust.is_empty() {
            trust.test(&run, target, watch)?;
        }
        Ok((HeatmapFacts { picture: path.to_owned(), file, class: aimed.class, range: facts.range }, image))
    }
}

fn text(facts: &BatchFacts, out: &Path) -> String {
    let mut text = String::new();
    if !facts.trust.is_empty() {
        let mut table = Table::new(&["method", ">deletion", ">±", ">insertion", ">±", ">pictures"]);
        for row in &facts.trust {
            let numbers = [row.deletion, row.deletion_std, row.insertion, row.insertion_std];
            let numbers = numbers.map(|number| format!("{number:.3}"));
            let cells = [row.method.to_owned()].into_iter().chain(numbers).chain([row.pictures.to_string()]);
            table.row(cells);
        }
        text =
            table.render() + "small deletion and large insertion areas are good; the best difference stands first\n\n";
    }
    let (count, at) = (facts.pictures.len(), out.join("index.html"));
    text + &format!("wrote {count} heatmaps and a contact sheet: open {}\n", at.display())
}
