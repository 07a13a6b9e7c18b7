//! Reconstructions beside the part of the picture that their activation sees, as in Zeiler and Fergus's figures.

use super::{
    deconvnet::tile,
    pictures::{Scale, gap, grid, patch, seen, spaced},
};
use crate::{
    Result,
    engine::Run,
    methods::{PathStep, Reconstruction},
    net::{Field, NodeId},
};
use image::{DynamicImage, RgbaImage, imageops};

/// The picture, to be cut to what single activations of a layer see.
pub(super) struct Patches {
    picture: RgbaImage,
    /// Pixels of it for each of the network's input.
    fine: u32,
    field: [Field; 2],
    /// Height and width of the input.
    size: [usize; 2],
}

/// No picture is made larger than this to be cut.
const MOST: u32 = 2048;

impl Patches {
    /// For a layer, so fine that the patches are about `side` pixels long where that is possible.
    pub fn of(run: &Run, layer: NodeId, side: u32) -> Result<Self> {
        let graph = run.model.network.graph();
        let [_, height, width] = graph.input_shape();
        let field = graph.costs()[layer].field;
        let across = field[0].size.min(height).max(field[1].size.min(width)) as u32;
        let most = (MOST / height.max(width).max(1) as u32).max(1);
        let fine = side.div_ceil(across.max(1)).min(most);
        let picture = DynamicImage::from(seen(run, fine)?).into_rgba8();
        Ok(Patches { picture, fine, field, size: [height, width] })
    }

    /// What the activation at a position sees of the picture.
    pub fn picture(&self, position: [usize; 2]) -> RgbaImage {
        let [x, y, across, down] = patch(&self.field, position, self.size).map(|side| side * self.fine);
        imageops::crop_imm(&self.picture, x, y, across, down).to_image()
    }

    /// The same part of a reconstruction, a pixel a value.
    pub fn reconstruction(&self, one: &Reconstruction, position: [usize; 2]) -> RgbaImage {
        tile(one, Some((&self.field, position)))
    }
}

/// Pairs of patch and reconstruction of one layer, `columns` of them in a row.
pub(super) fn pairs(run: &Run, found: &[Reconstruction], scale: Scale, columns: u32) -> Result<RgbaImage> {
    let Some(first) = found.first() else { return Ok(RgbaImage::new(1, 1)) };
    let columns = columns.min(found.len() as u32);
    let tile = tile_size(run, first, scale, 2 * columns);
    let patches = Patches::of(run, first.layer, tile.0.max(tile.1))?;
    let pair = |one: &Reconstruction| {
        let position = one.position?;
        let pair = [smooth(&patches.picture(position), tile), squares(&patches.reconstruction(one, position), tile)];
        Some(grid(&pair, 2))
    };
    let pairs: Vec<RgbaImage> = found.iter().filter_map(pair).collect();
    // Pairs stand further apart than what belongs together.
    Ok(spaced(&pairs, columns, 3 * gap(tile)))
}

/// Steps of a path in a row.
const COLUMNS: u32 = 6;

/// The picture's patch, the reconstruction of `first`, and what of it passes through each later step.
pub(super) fn strip(run: &Run, first: &Reconstruction, steps: &[PathStep], scale: Scale) -> Result<RgbaImage> {
    let Some(position) = first.position else { return Ok(RgbaImage::new(1, 1)) };
    let columns = (steps.len() as u32 + 2).min(COLUMNS);
    let tile = tile_size(run, first, scale, columns);
    let patches = Patches::of(run, first.layer, tile.0.max(tile.1))?;
    let mut tiles = vec![smooth(&patches.picture(position), tile)];
    let all = std::iter::once(first).chain(steps.iter().map(|step| &step.through));
    tiles.extend(all.map(|one| squares(&patches.reconstruction(one, position), tile)));
    Ok(grid(&tiles, columns))
}

/// Width and height of a tile for what an activation sees, `across` of them in a row.
fn tile_size(run: &Run, one: &Reconstruction, scale: Scale, across: u32) -> (u32, u32) {
    let field = run.model.network.graph().costs()[one.layer].field;
    let [_, height, width] = one.shape;
    let [_, _, columns, rows] = patch(&field, [0, 0], [height, width]);
    let factor = scale.many((columns * across) as usize, rows as usize);
    (columns * factor, rows * factor)
}

fn smooth(picture: &RgbaImage, (width, height): (u32, u32)) -> RgbaImage {
    imageops::resize(picture, width, height, imageops::FilterType::CatmullRom)
}

/// Every value a square.
fn squares(values: &RgbaImage, (width, height): (u32, u32)) -> RgbaImage {
    imageops::resize(values, width, height, imageops::FilterType::Nearest)
}
