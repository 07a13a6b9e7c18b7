//! Deconvnet reconstructions, and beside each the part of the picture that its activation sees, as in the figures of
//! Zeiler and Fergus (2014).

use super::{
    enlarge::{Scale, enlarged, gap, grid, spaced},
    seen,
};
use crate::{
    Result,
    engine::Run,
    methods::{PathStep, Reconstruction},
    net::{Field, NodeId, Trace},
    paint::signed_picture,
    picture::Preprocess,
};
use image::{DynamicImage, RgbaImage, imageops};

/// The network's input, to be cut to the parts that single activations of a layer see.
pub struct Patches {
    input: RgbaImage,
    field: [Field; 2],
    /// Height and width of the input.
    size: [usize; 2],
}

impl Patches {
    /// For a layer of a run.
    ///
    /// # Errors
    /// Those of [`seen::input`].
    pub fn of(run: &Run, layer: NodeId) -> Result<Self> {
        Patches::new(&run.model.preprocess, &run.trace, layer)
    }

    /// For a layer of a trace, whose picture was prepared by `preprocess`.
    ///
    /// # Errors
    /// When the input's channels are no colours.
    pub fn new(preprocess: &Preprocess, trace: &Trace, layer: NodeId) -> Result<Self> {
        let graph = trace.network().graph();
        let [_, height, width] = graph.input_shape();
        let input = DynamicImage::from(preprocess.unapply(&trace.maps(0)?)?).into_rgba8();
        Ok(Patches { input, field: graph.costs()[layer].field, size: [height, width] })
    }

    fn cut(&self, image: &RgbaImage, position: [usize; 2]) -> RgbaImage {
        let [x, y, across, down] = seen::patch(&self.field, position, self.size);
        imageops::crop_imm(image, x, y, across, down).to_image()
    }

    /// The part of the input that the activation at a position sees, a pixel a position of the input.
    pub fn input(&self, position: [usize; 2]) -> RgbaImage {
        self.cut(&self.input, position)
    }

    /// The same part of a reconstruction.
    pub fn reconstruction(&self, one: &Reconstruction, position: [usize; 2]) -> RgbaImage {
        self.cut(&reconstruction(one), position)
    }
}

/// A reconstruction, a pixel a value; zero is mid grey.
pub fn reconstruction(one: &Reconstruction) -> RgbaImage {
    DynamicImage::from(signed_picture(&one.values, one.shape)).into_rgba8()
}

/// One reconstruction, enlarged, as it is saved alone.
pub fn large_reconstruction(one: &Reconstruction, scale: Scale) -> RgbaImage {
    let [_, height, width] = one.shape;
    enlarged(&reconstruction(one), scale.one(width, height))
}

/// Reconstructions of one layer, `columns` to a row; with `crop` each cut to the part that its activation sees.
///
/// # Errors
/// Those of [`Patches::of`].
pub fn tiles(run: &Run, found: &[Reconstruction], crop: bool, scale: Scale, columns: u32) -> Result<RgbaImage> {
    let Some(first) = found.first() else { return Ok(RgbaImage::new(1, 1)) };
    let patches = Patches::of(run, first.layer)?;
    let tile = |one: &Reconstruction| match one.position.filter(|_| crop) {
        Some(position) => patches.reconstruction(one, position),
        None => reconstruction(one),
    };
    let tiles: Vec<RgbaImage> = found.iter().map(tile).collect();
    let columns = (tiles.len() as u32).min(columns);
    let (across, down) = tiles[0].dimensions();
    let factor = scale.one((across * columns) as usize, (down * columns) as usize);
    let tiles: Vec<RgbaImage> = tiles.iter().map(|tile| enlarged(tile, factor)).collect();
    Ok(grid(&tiles, columns))
}

/// Pairs of patch and reconstruction of one layer, `columns` of them to a row.
///
/// # Errors
/// Those of [`Patches::of`].
pub fn pairs(run: &Run, found: &[Reconstruction], scale: Scale, columns: u32) -> Result<RgbaImage> {
    let Some(first) = found.first() else { return Ok(RgbaImage::new(1, 1)) };
    let columns = columns.min(found.len() as u32);
    let patches = Patches::of(run, first.layer)?;
    let factor = factor(&patches, scale, 2 * columns);
    let pair = |one: &Reconstruction| {
        let position = one.position?;
        let pair = [patches.input(position), patches.reconstruction(one, position)];
        Some(grid(&pair.map(|tile| enlarged(&tile, factor)), 2))
    };
    let pairs: Vec<RgbaImage> = found.iter().filter_map(pair).collect();
    let tile = patches.input([0, 0]).dimensions();
    // Pairs stand further apart than the two pictures of a pair.
    Ok(spaced(&pairs, columns, 3 * gap((tile.0 * factor, tile.1 * factor))))
}

/// Steps of a path in a row.
const COLUMNS: u32 = 6;

/// The patch of the picture, the reconstruction of `first`, and the part of it that passes through each later step.
///
/// # Errors
/// Those of [`Patches::of`].
pub fn strip(run: &Run, first: &Reconstruction, steps: &[PathStep], scale: Scale) -> Result<RgbaImage> {
    let Some(position) = first.position else { return Ok(RgbaImage::new(1, 1)) };
    let columns = (steps.len() as u32 + 2).min(COLUMNS);
    let patches = Patches::of(run, first.layer)?;
    let factor = factor(&patches, scale, columns);
    let all = std::iter::once(first).chain(steps.iter().map(|step| &step.through));
    let tiles = std::iter::once(patches.input(position)).chain(all.map(|one| patches.reconstruction(one, position)));
    let tiles: Vec<RgbaImage> = tiles.map(|tile| enlarged(&tile, factor)).collect();
    Ok(grid(&tiles, columns))
}

/// The factor that enlarges patches of which `columns` stand in a row.
fn factor(patches: &Patches, scale: Scale, columns: u32) -> u32 {
    let (across, down) = patches.input([0, 0]).dimensions();
    scale.many((across * columns) as usize, down as usize)
}
