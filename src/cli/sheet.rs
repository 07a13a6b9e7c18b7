//! Many synthesised pictures in one sheet. Every picture is kept in a folder beside the sheet until that is whole, so
//! that the same command goes on where it was broken off.

use super::{
    console::Console,
    output::{OutputArgs, is_stdout},
    synthesis::{self, NamedGoal, canvas, class_facts},
    tiles::Tiles,
};
use crate::{
    Error, Result,
    engine::Model,
    figures::{Facts, Scale, grid, synthesised},
    paint::write_png,
    synthesis::Recipe,
};
use image::RgbaImage;
use std::sync::Arc;

/// A tile's longer side should not be shorter.
const PLEASANT: u32 = 128;

pub(super) fn run(
    goals: Vec<NamedGoal>,
    recipe: &Recipe,
    model: &Arc<Model>,
    output: &OutputArgs,
    facts: Facts,
    console: &Console,
) -> Result<String> {
    let Some(out) = output.picture() else {
        return Err(Error::Usage("say where the sheet goes with --out FILE.png".into()));
    };
    if is_stdout(out) {
        return Err(Error::Usage("a sheet is made beside its file: give --out a name".into()));
    }
    let kept = Tiles::open(out)?;
    let (count, mut tiles, mut reached) = (goals.len(), Vec::new(), Vec::new());
    let mut failed: Vec<String> = Vec::new();
    let words = match &goals[..] {
        [first, .., last] => format!("{} to {}, {count} pictures row by row", first.words, last.words),
        _ => goals.iter().map(|goal| goal.words.clone()).collect(),
    };
    for (index, goal) in goals.into_iter().enumerate() {
        console.stage(&format!("{} ({} of {count})", goal.words, index + 1));
        let path = kept.path(index);
        let facts = Facts { goal: Some(goal.words), ..facts.clone() };
        // All that the picture depends on.
        let mut texts = facts.texts();
        if let Scale::By(factor) = output.scale() {
            texts.push(("Scale", factor.to_string()));
        }
        if let Some((tile, probability)) = Tiles::read(&path, &texts) {
            console.watch().at(1, 1)?;
            tiles.push(Some(tile));
            reached.extend(probability);
            continue;
        }
        let class = goal.terms.first().and_then(|term| term.goal.class());
        let mut canvas = canvas(model, Recipe { terms: goal.terms, ..recipe.clone() })?;
        let images = match synthesis::run(&mut canvas, model, console, |_| Ok(())) {
            Ok(images) => images,
            Err(Error::Failed(why)) => {
                let why = format!("the cell of {} is empty: {why}", facts.goal.unwrap_or_default());
                console.note(&why);
                failed.push(why);
                tiles.push(None);
                continue;
            }
            Err(error) => return Err(error),
        };
        let class = class.map(|class| class_facts(model, &images, class, console)).transpose()?;
        let probability = class.as_ref().and_then(|class| class.probability);
        let side = images.dims[2].max(images.dims[3]) as u32;
        let scale = match output.scale() {
            Scale::Pleasant => Scale::By(PLEASANT.div_ceil(side)),
            by => by,
        };
        let tile = synthesised(&images, model, scale)?;
        texts.extend(probability.map(|probability| ("Probability", probability.to_string())));
        write_png(&path, &tile, &texts)?;
        tiles.push(Some(tile));
        reached.extend(probability);
    }
    let Some((width, height)) = tiles.iter().flatten().map(RgbaImage::dimensions).next() else {
        return Err(Error::Failed(format!("no picture of the sheet could be made: {}", failed.join("; "))));
    };
    let tiles: Vec<RgbaImage> =
        tiles.into_iter().map(|tile| tile.unwrap_or_else(|| RgbaImage::new(width, height))).collect();
    let note = (!failed.is_empty()).then(|| failed.join("; "));
    let columns = (tiles.len() as f64).sqrt().ceil() as u32;
    let text = output.save(
        Facts { goal: Some(words), note, ..facts },
        || Ok(grid(&tiles, columns)),
        || Err(Error::Usage("a sheet has no --raw".into())),
    )?;
    kept.remove()?;
    let summary = reached.iter().copied().reduce(f32::min).filter(|_| !output.json);
    Ok(text + &summary.map_or_else(String::new, |least| format!("the least probability is {least:.4}\n")))
}
