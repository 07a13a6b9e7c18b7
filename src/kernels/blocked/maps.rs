//! Feature maps in blocks of sixteen channels: `[batch][channels / 16][height][width][16]` (oneDNN's nChw16c). One
//! pixel of one block is one vector, so that a convolution reads a pixel and multiplies by weights for sixteen outputs
//! at once, and border, pooling and pointwise work never shuffles lanes. Lanes beyond the last channel are zero, or what a function makes of zero; no weight but zero ever meets them.
//!
//! A view may be a range of blocks inside a larger buffer: then a concatenation is its parts written side by side.
//! Pictures, of few channels, stay planar: blocks of one channel.

use super::{buffer::Buffer, simd::LANES};
use rayon::prelude::*;

/// The size of a batch of maps and their place in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Pictures.
    pub batch: usize,
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels in a block: [`LANES`], or 1 for planar.
    pub lanes: usize,
    /// First block inside the buffer.
    pub first: usize,
    /// Blocks of one picture in the buffer.
    pub total: usize,
}

impl Placement {
    /// Blocked maps that fill their buffer.
    pub fn alone(batch: usize, [channels, height, width]: [usize; 3]) -> Self {
        Placement { batch, channels, height, width, lanes: LANES, first: 0, total: channels.div_ceil(LANES) }
    }

    /// Planar maps that fill their buffer.
    pub fn planar(batch: usize, [channels, height, width]: [usize; 3]) -> Self {
        Placement { batch, channels, height, width, lanes: 1, first: 0, total: channels }
    }

    /// Blocks of one picture.
    pub fn blocks(&self) -> usize {
        self.channels.div_ceil(self.lanes)
    }

    /// Floats of one block of one picture.
    pub fn plane(&self) -> usize {
        self.height * self.width * self.lanes
    }

    /// Floats of the whole buffer.
    pub fn buffer_length(&self) -> usize {
        self.batch * self.total * self.plane()
    }

    /// The first float of a block of a picture.
    pub fn start(&self, image: usize, block: usize) -> usize {
        (image * self.total + self.first + block) * self.plane()
    }

    /// `[channels, height, width]`.
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// The same maps in a buffer of their own.
    pub fn own(&self) -> Self {
        Placement { first: 0, total: self.blocks(), ..*self }
    }

    /// `channels` of these from `start`, a multiple of the block.
    pub fn part(&self, start: usize, channels: usize) -> Self {
        Placement { first: self.first + start / self.lanes, channels, ..*self }
    }

    fn check(&self, length: usize) {
        assert!(self.first + self.blocks() <= self.total, "{self:?} lies outside its buffer");
        assert!(self.buffer_length() <= length, "{self:?} does not fit into {length} floats");
    }
}

/// Maps to read.
#[derive(Clone, Copy)]
pub struct Maps<'a> {
    pub(super) data: &'a [f32],
    /// Their place in `data`.
    pub place: Placement,
}

/// Maps to write.
pub struct MapsMut<'a> {
    pub(super) data: &'a mut [f32],
    /// Their place in `data`.
    pub place: Placement,
}

impl<'a> Maps<'a> {
    /// # Panics
    /// When the place is not inside the data.
    pub fn new(data: &'a [f32], place: Placement) -> Self {
        place.check(data.len());
        Maps { data, place }
    }

    /// The values of one block of one picture.
    pub fn block(&self, image: usize, block: usize) -> &'a [f32] {
        &self.data[self.place.start(image, block)..][..self.place.plane()]
    }

    /// One picture.
    pub(super) fn picture(&self, image: usize) -> Maps<'a> {
        let length = self.place.total * self.place.plane();
        Maps { data: &self.data[image * length..][..length], place: Placement { batch: 1, ..self.place } }
    }

    pub(super) fn pointer(&self, image: usize, block: usize) -> *const f32 {
        self.data[self.place.start(image, block)..].as_ptr()
    }

    /// The values as plain `(batch, channels, height, width)`.
    pub fn to_planar(&self) -> Vec<f32> {
        let place = self.place;
        let pixels = place.height * place.width;
        let mut planar = vec![0f32; place.batch * place.channels * pixels];
        // Eight planes of a block at a time would need the block twice; a whole block is read once, in strips that
        // stay in the first-level cache while they are written to their planes.
        let blocks = planar.par_chunks_mut(place.channels * pixels).enumerate().flat_map(|(image, planes)| {
            planes.par_chunks_mut(place.lanes * pixels).enumerate().map(move |(block, planes)| (image, block, planes))
        });
        blocks.for_each(|(image, block, planes)| {
            let source = self.block(image, block);
            for strip in (0..pixels).step_by(STRIP) {
                let end = (strip + STRIP).min(pixels);
                for (lane, plane) in planes.chunks_exact_mut(pixels).enumerate() {
                    let source = source[strip * place.lanes..end * place.lanes].chunks_exact(place.lanes);
                    for (value, pixel) in plane[strip..end].iter_mut().zip(source) {
                        *value = pixel[lane];
                    }
                }
            }
        });
        planar
    }
}

/// Pixels of a strip: sixteen lanes of them are 8 KiB, a quarter of the smallest first-level cache.
const STRIP: usize = 128;

impl<'a> MapsMut<'a> {
    /// # Panics
    /// When the place is not inside the data.
    pub fn new(data: &'a mut [f32], place: Placement) -> Self {
        place.check(data.len());
        MapsMut { data, place }
    }

    /// To read what was written.
    pub fn view(&self) -> Maps<'_> {
        Maps { data: self.data, place: self.place }
    }

    /// Calls `f(image, block, values)` for every block, on all cores.
    pub(super) fn for_each_block(&mut self, f: impl Fn(usize, usize, &mut [f32]) + Sync) {
        let place = self.place;
        let plane = place.plane();
        let images = self.data.par_chunks_mut((place.total * plane).max(1)).take(place.batch);
        images.enumerate().for_each(|(image, blocks)| {
            let own = &mut blocks[place.first * plane..(place.first + place.blocks()) * plane];
            own.par_chunks_mut(plane.max(1)).enumerate().for_each(|(block, values)| f(image, block, values));
        });
    }

    /// Fills the maps from plain `(batch, channels, height, width)`.
    ///
    /// # Panics
    /// When the number of values is another.
    pub fn fill_from_planar(&mut self, planar: &[f32]) {
        let place = self.place;
        let pixels = place.height * place.width;
        assert_eq!(planar.len(), place.batch * place.channels * pixels);
        self.for_each_block(|image, block, values| {
            let channels = (place.channels - block * place.lanes).min(place.lanes);
            let planes = &planar[(image * place.channels + block * place.lanes) * pixels..][..channels * pixels];
            for strip in (0..pixels).step_by(STRIP) {
                let end = (strip + STRIP).min(pixels);
                let values = &mut values[strip * place.lanes..end * place.lanes];
                for lane in 0..place.lanes {
                    let values = values.chunks_exact_mut(place.lanes);
                    match planes.chunks_exact(pixels).nth(lane) {
                        Some(plane) => {
                            values.zip(&plane[strip..end]).for_each(|(pixel, &value)| pixel[lane] = value);
                        }
                        None => values.for_each(|pixel| pixel[lane] = 0.0),
                    }
                }
            }
        });
    }

    /// Copies maps of the same size.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn copy_from(&mut self, source: Maps) {
        assert_eq!((self.place.batch, self.place.shape()), (source.place.batch, source.place.shape()));
        self.for_each_block(|image, block, values| values.copy_from_slice(source.block(image, block)));
    }
}

/// Maps together with the memory they lie in.
pub struct Owned {
    /// The memory.
    pub buffer: Buffer,
    /// The place of the maps in it.
    pub place: Placement,
}

impl Owned {
    /// To read.
    pub fn view(&self) -> Maps<'_> {
        Maps::new(&self.buffer, self.place)
    }

    /// To write.
    pub fn view_mut(&mut self) -> MapsMut<'_> {
        MapsMut::new(&mut self.buffer, self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::blocked::BufferPool;

    #[test]
    fn planar_and_back() {
        let pool = BufferPool::default();
        for (channels, height, width) in [(1, 1, 1), (16, 3, 5), (19, 12, 13), (48, 1, 200)] {
            let place = Placement { first: 2, total: 7, ..Placement::alone(2, [channels, height, width]) };
            let planar: Vec<f32> = (1..=2 * channels * height * width).map(|v| v as f32).collect();
            let mut buffer = pool.take(place.buffer_length());
            buffer.fill(f32::NAN);
            MapsMut::new(&mut buffer, place).fill_from_planar(&planar);
            let maps = Maps::new(&buffer, place);
            assert_eq!(maps.to_planar(), planar);
            let lanes_left = channels.div_ceil(LANES) * LANES - channels;
            let zeros = maps.block(1, place.blocks() - 1).iter().filter(|&&v| v == 0.0).count();
            assert_eq!(zeros, lanes_left * height * width);
        }
    }
}
