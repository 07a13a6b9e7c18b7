//! Many synthesised pictures in one sheet. Every picture is kept in a folder beside the sheet until that is whole, so
//! that the same command goes on where it was broken off.

use super::{
    console::Console,
    output::OutputArgs,
    synthesis::{self, Wanted, canvas, class_facts},
};
use crate::{
    Error, Result,
    engine::Model,
    figures::{Facts, Scale, grid, synthesised},
    paint::write_png,
    synthesis::Recipe,
};
use image::RgbaImage;
use std::{fs, io::BufReader, path::Path, sync::Arc};

/// A tile's longer side should not be shorter.
const PLEASANT: u32 = 128;

pub(super) fn run(
    goals: Vec<Wanted>,
    recipe: &Recipe,
    model: &Arc<Model>,
    output: &OutputArgs,
    facts: Facts,
    console: &Console,
) -> Result<String> {
    let Some(out) = &output.out else {
        return Err(Error::Usage("say where the sheet goes with --out FILE.png".into()));
    };
    let folder = out.with_extension("tiles");
    let (count, mut tiles, mut reached) = (goals.len(), Vec::new(), Vec::new());
    let words = match &goals[..] {
        [first, .., last] => format!("{} to {}, {count} pictures row by row", first.words, last.words),
        _ => goals.iter().map(|goal| goal.words.clone()).collect(),
    };
    for (index, goal) in goals.into_iter().enumerate() {
        console.stage(&format!("{} ({} of {count})", goal.words, index + 1));
        let path = folder.join(format!("{index:05}.png"));
        let facts = Facts { goal: Some(goal.words), ..facts.clone() };
        // All that the picture depends on.
        let texts = facts.texts();
        if let Some((tile, probability)) = kept(&path, &texts) {
            console.watch().at(1, 1)?;
            tiles.push(tile);
            reached.extend(probability);
            continue;
        }
        let class = goal.terms.first().and_then(|term| term.goal.class());
        let mut canvas = canvas(model, Recipe { terms: goal.terms, ..recipe.clone() })?;
        let images = synthesis::run(&mut canvas, console, |_| Ok(()))?;
        let class = class.map(|class| class_facts(model, &images, class, console)).transpose()?;
        let probability = class.as_ref().and_then(|class| class.probability);
        let side = images.dims[2].max(images.dims[3]) as u32;
        let scale = match output.scale() {
            Scale::Pleasant => Scale::By(PLEASANT.div_ceil(side)),
            by => by,
        };
        let tile = synthesised(&images, model, scale)?;
        let mut texts = texts;
        texts.extend(probability.map(|probability| ("Probability", probability.to_string())));
        fs::create_dir_all(&folder).map_err(|error| Error::io("make", &folder, &error))?;
        write_png(&path, &tile, &texts)?;
        tiles.push(tile);
        reached.extend(probability);
    }
    let columns = (tiles.len() as f64).sqrt().ceil() as u32;
    let text = output.save(
        Facts { goal: Some(words), ..facts },
        || Ok(grid(&tiles, columns)),
        || Err(Error::Usage("a sheet has no --raw".into())),
    )?;
    // The sheet is whole: nobody needs the tiles any more.
    fs::remove_dir_all(&folder).map_err(|error| Error::io("remove", &folder, &error))?;
    let summary = reached.iter().copied().reduce(f32::min).filter(|_| !output.json);
    Ok(text + &summary.map_or_else(String::new, |least| format!("the least probability is {least:.4}\n")))
}

/// A tile that was made before from the same, with its probability.
fn kept(path: &Path, texts: &[(&str, String)]) -> Option<(RgbaImage, Option<f32>)> {
    let reader = png::Decoder::new(BufReader::new(fs::File::open(path).ok()?)).read_info().ok()?;
    let info = reader.info();
    let plain = info.uncompressed_latin1_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.text.clone()));
    let other = info.utf8_text.iter().filter_map(|chunk| Some((chunk.keyword.clone(), chunk.get_text().ok()?)));
    let found: Vec<(String, String)> = plain.chain(other).collect();
    let holds = |(keyword, text): &(&str, String)| found.iter().any(|(key, value)| key == keyword && value == text);
    let probability = found.iter().find(|(key, _)| key == "Probability").and_then(|(_, text)| text.parse().ok());
    texts.iter().all(holds).then_some(())?;
    Some((image::open(path).ok()?.into_rgba8(), probability))
}
