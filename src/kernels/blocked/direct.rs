//! Convolution of any shape by the micro-kernel, without transforms: 1x1, strided, dilated, 1xn and nx1, grouped, and
//! the first layer on its planar picture; and the input gradient of each.
//!
//! Layout. Source and output are blocked (the first layer's source planar). Weights lie as they are read: for each
//! panel of one or two output blocks `[input block][row][column][16 channels][16 or 32 outputs]`. A panel reads only
//! the input blocks its groups belong to, so a grouped convolution is block-diagonal at the granularity of sixteen
//! channels, and groups of fewer multiply some zeros.
//!
//! Border. Unless the filter fits inside everywhere, the source is first copied with zeros around it, and the loop has no
//! special case. In a batch each picture is copied right before it is convolved, and stays in the second-level cache
//! meanwhile: a copy of the whole batch would go through memory twice.
//!
//! Gradient. With stride s the input pixels fall into s x s phases by their position modulo s; each phase is a
//! convolution of stride 1 of the output's gradient with the flipped filter's taps that reach it, writing every s-th
//! pixel. Pixels that no tap reaches come out as zero (a phase without taps).
//!
//! Blocking. A task is a panel of one picture and as many rows as make a few million multiply-adds, so that two
//! threads or sixty have enough tasks to share, and a panel's weights stay in the second-level cache for a task.
#![allow(unsafe_code)] // The micro-kernel.

use super::{
    buffer::{Buffer, BufferPool},
    filters::{ConvFilters, ConvGeometry},
    finish::Epilogue,
    maps::{Maps, MapsMut, Owned, Placement},
    micro::{self, PixelStrip, SharedOutput},
    simd::{Isa, LANES},
};
use rayon::prelude::*;

/// Multiply-adds that make a task worth handing to another thread: about 20 microseconds.
const TASK: usize = 1 << 20;

/// Floats of a padded picture and of all weights up to which a task is a whole picture of a batch: half of a second-level
/// cache.
const PICTURE: usize = 1 << 18;

/// Prepared weights.
pub struct Direct {
    isa: Isa,
    /// Channels in a block of the source: 16, or 1 for planar.
    lanes: usize,
    /// Channels of a block that are multiplied: all, or the first half where the source has no more.
    depth: usize,
    /// Source pixels between neighbouring outputs of a phase, and output pixels between them.
    step: [usize; 2],
    out_step: [usize; 2],
    inputs: usize,
    output: [usize; 3],
    phases: Vec<Phase>,
}

/// The outputs at one position modulo the output's step.
struct Phase {
    /// The first of them.
    origin: [usize; 2],
    /// Their number along rows and columns.
    count: [usize; 2],
    /// Source rows that enter output row 0, and columns that enter output column 0; may be outside.
    rows: Vec<isize>,
    columns: Vec<isize>,
    panels: Vec<FilterPanel>,
    weights: Buffer,
}

/// One or two blocks of outputs.
struct FilterPanel {
    block: usize,
    vectors: usize,
    /// The source blocks it reads.
    first: usize,
    blocks: usize,
    /// The first of its weights.
    weights: usize,
}

impl Direct {
    /// Prepares a convolution; with `planar`, for a source that is.
    pub fn new(isa: Isa, filters: ConvFilters, planar: bool, pool: &BufferPool) -> Self {
        let ConvGeometry { input, output, kernel, stride, dilation, before, .. } = filters.geometry;
        let lanes = if planar { 1 } else { LANES };
        let depth = if !planar && filters.inputs() <= LANES / 2 { LANES / 2 } else { lanes };
        let outputs = filters.outputs();
        let axis = |axis: usize, phase: usize| -> (usize, usize, Vec<(usize, isize)>) {
            let (size, before) = (if filters.transposed { input } else { output }[axis + 1], before[axis]);
            let (stride, dilation) = (stride[axis], dilation[axis]);
            let taps = 0..kernel[axis];
            if !filters.transposed {
                let offset = |tap: usize| (tap * dilation) as isize - before as isize;
                return (0, size, taps.map(|tap| (tap, offset(tap))).collect());
            }
            // Input pixel i gets from output o through tap t where i + before = o stride + t dilation.
            let origin = (phase + stride - before % stride) % stride;
            let reach = taps.filter(|tap| tap * dilation % stride == phase);
            let offset = |tap: usize| ((origin + before) as isize - (tap * dilation) as isize) / stride as isize;
            (origin, size.saturating_sub(origin).div_ceil(stride), reach.map(|tap| (tap, offset(tap))).collect())
        };
        let (step, out_step) = if filters.transposed { ([1; 2], stride) } else { (stride, [1; 2]) };
        let mut phases = Vec::new();
        for row_phase in 0..out_step[0] {
            for column_phase in 0..out_step[1] {
                let (top, height, rows) = axis(0, row_phase);
                let (left, width, columns) = axis(1, column_phase);
                // Without taps along one axis there are none at all.
                let (rows, columns) = if columns.is_empty() { (Vec::new(), columns) } else { (rows, columns) };
                if height * width > 0 {
                    let (panels, weights) = pack(isa, &filters, depth, &rows, &columns, pool);
                    let offsets = |taps: Vec<(usize, isize)>| taps.into_iter().map(|(_, offset)| offset).collect();
                    let (rows, columns) = (offsets(rows), offsets(columns));
                    let (origin, count) = ([top, left], [height, width]);
                    phases.push(Phase { origin, count, rows, columns, panels, weights });
                }
            }
        }
        let size = if filters.transposed { input } else { output };
        let output = [outputs, size[1], size[2]];
        Direct { isa, lanes, depth, step, out_step, inputs: filters.inputs(), output, phases }
    }

    /// Convolves `source` into `out`.
    ///
    /// # Panics
    /// When the sizes are not those it was prepared for.
    pub fn run(&self, source: Maps, out: &mut MapsMut, epilogue: &Epilogue, pool: &BufferPool) {
        let place = out.place;
        assert_eq!((source.place.channels, source.place.lanes), (self.inputs, self.lanes));
        assert_eq!((place.shape(), place.batch, place.lanes), (self.output, source.place.batch, LANES));
        epilogue.check(&place);
        let border = self.border(&source.place);
        let is_padded = border != [[0; 2]; 2];
        let from = if is_padded { bordered(&source.place, border) } else { source.place };
        let before = [border[0][0], border[1][0]];
        let tasks: Vec<ConvTask> = (0..self.phases.len()).flat_map(|phase| self.tasks(phase, from, &place)).collect();
        let taps = self.phases.iter().map(|phase| phase.taps(&from, before)).collect();
        let job = ConvJob { direct: self, taps, place, out: SharedOutput(out.data.as_mut_ptr()), epilogue };
        let weights: usize = self.phases.iter().map(|phase| phase.weights.len()).sum();
        let is_small = weights + from.buffer_length() / from.batch.max(1) <= PICTURE;
        if is_padded && is_small && from.batch >= 2 * rayon::current_num_threads() {
            (0..from.batch).into_par_iter().for_each(|image| {
                let padded = pad(source.picture(image), border, pool);
                tasks.iter().for_each(|task| job.run(task, padded.view(), [0, image]));
            });
            return;
        }
        let padded = is_padded.then(|| pad(source, border, pool));
        let source = padded.as_ref().map_or(source, Owned::view);
        (0..tasks.len() * from.batch).into_par_iter().for_each(|index| {
            let image = index % from.batch;
            job.run(&tasks[index / from.batch], source, [image; 2]);
        });
    }

    /// Rows above and below, columns before and after that some tap reads outside of the source.
    fn border(&self, source: &Placement) -> [[usize; 2]; 2] {
        let along = |offsets: fn(&Phase) -> &[isize], axis: usize, size: usize| {
            let mut outside = [0isize; 2];
            for phase in &self.phases {
                let last = ((phase.count[axis] - 1) * self.step[axis]) as isize;
                for &offset in offsets(phase) {
                    outside[0] = outside[0].max(-offset);
                    outside[1] = outside[1].max(last + offset - (size as isize - 1));
                }
            }
            outside.map(|side| side as usize)
        };
        [along(|p| &p.rows, 0, source.height), along(|p| &p.columns, 1, source.width)]
    }

    /// The tasks of a phase on each picture.
    fn tasks(&self, index: usize, source: Placement, out: &Placement) -> Vec<ConvTask<'_>> {
        let phase = &self.phases[index];
        // A 1x1 convolution on whole maps sees one long row.
        let whole =
            self.step == [1; 2] && self.out_step == [1; 2] && source.width == out.width && source.height == out.height;
        let flat = whole && phase.rows.len() * phase.columns.len() == 1;
        let [rows, columns] = if flat { [1, phase.count[0] * phase.count[1]] } else { phase.count };
        let mut tasks = Vec::new();
        for panel in &phase.panels {
            let taps = (panel.blocks * phase.rows.len() * phase.columns.len()).max(1);
            let pixel = taps * self.depth * panel.vectors * LANES;
            let (row_step, column_step) = match flat {
                true => (1, (TASK / pixel).clamp(56, columns.max(56)).next_multiple_of(14)),
                false => ((TASK / (pixel * columns)).clamp(1, rows), columns),
            };
            for row in (0..rows).step_by(row_step) {
                for column in (0..columns).step_by(column_step) {
                    let rows = row..(row + row_step).min(rows);
                    let columns = column..(column + column_step).min(columns);
                    tasks.push(ConvTask { phase: index, panel, rows, columns, flat });
                }
            }
        }
        tasks
    }
}

struct ConvTask<'a> {
    phase: usize,
    panel: &'a FilterPanel,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    flat: bool,
}

/// One run.
struct ConvJob<'a> {
    direct: &'a Direct,
    /// By phase.
    taps: Vec<Vec<usize>>,
    place: Placement,
    out: SharedOutput,
    epilogue: &'a Epilogue<'a>,
}

impl ConvJob<'_> {
    /// One task on a picture of a source, into a picture of the output.
    fn run(&self, task: &ConvTask, source: Maps, [from_image, image]: [usize; 2]) {
        let (direct, place) = (self.direct, &self.place);
        let (phase, panel) = (&direct.phases[task.phase], task.panel);
        let taps = &self.taps[task.phase];
        let taps = &taps[..taps.len() / direct.inputs.div_ceil(direct.depth) * panel.blocks];
        let width = if task.flat { source.place.height * source.place.width } else { source.place.width };
        let out_width = if task.flat { place.height * place.width } else { place.width };
        for row in task.rows.clone() {
            let y = phase.origin[0] + row * direct.out_step[0];
            let x = phase.origin[1] + task.columns.start * direct.out_step[1];
            let offset = (y * out_width + x) * LANES;
            let from = (row * direct.step[0] * width + task.columns.start * direct.step[1]) * direct.lanes;
            // SAFETY: `border` and `pad` made the source large enough for every tap of every output; the weights
            // were packed for these taps; tasks divide panels, pictures, rows and columns among themselves, so no two
            // write the same outputs.
            unsafe {
                let strip = PixelStrip {
                    source: source.pointer(from_image, panel.first).add(from),
                    taps,
                    step: direct.step[1] * direct.lanes,
                    depth: direct.depth,
                    weights: phase.weights.as_ptr().add(panel.weights),
                    vectors: panel.vectors,
                    pixels: task.columns.len(),
                    out: self.out.at(place.start(image, panel.block) + offset),
                    out_step: direct.out_step[1] * LANES,
                    out_plane: place.plane(),
                    finish: self.epilogue.at(image, panel.block, offset),
                };
                micro::run(direct.isa, &strip);
            }
        }
    }
}

impl Phase {
    /// Floats from a pixel to each tap, for all blocks of the source.
    fn taps(&self, source: &Placement, before: [usize; 2]) -> Vec<usize> {
        let mut taps = Vec::new();
        for block in 0..source.blocks() {
            for row in &self.rows {
                for column in &self.columns {
                    let (y, x) = ((row + before[0] as isize) as usize, (column + before[1] as isize) as usize);
                    taps.push(block * source.plane() + (y * source.width + x) * source.lanes);
                }
            }
        }
        taps
    }
}

/// The weights of all panels for the taps (row and column of the filter) of one phase.
fn pack(
    isa: Isa,
    filters: &ConvFilters,
    depth: usize,
    rows: &[(usize, isize)],
    columns: &[(usize, isize)],
    pool: &BufferPool,
) -> (Vec<FilterPanel>, Buffer) {
    let outputs = filters.outputs();
    let mut panels: Vec<FilterPanel> = Vec::new();
    let (mut block, mut length) = (0, 0);
    while block * LANES < outputs {
        let vectors = isa.vectors().min(outputs.div_ceil(LANES) - block);
        let sources = filters.sources(block * LANES, ((block + vectors) * LANES).min(outputs));
        let (first, end) = (sources.start / depth, sources.end.div_ceil(depth));
        panels.push(FilterPanel { block, vectors, first, blocks: end - first, weights: length });
        length += (end - first) * rows.len() * columns.len() * depth * vectors * LANES;
        block += vectors;
    }
    let mut weights = pool.take(length);
    let mut rest = &mut weights[..];
    let mut parts = Vec::new();
    for panel in &panels {
        let part = panel.blocks * rows.len() * columns.len() * depth * panel.vectors * LANES;
        let (own, others) = rest.split_at_mut(part);
        parts.push((panel, own));
        rest = others;
    }
    parts.into_par_iter().for_each(|(panel, part)| {
        let width = panel.vectors * LANES;
        let mut matrices = part.chunks_exact_mut(depth * width);
        for source in panel.first..panel.first + panel.blocks {
            for &(row, _) in rows {
                for (&(column, _), matrix) in columns.iter().zip(&mut matrices) {
                    let mut put = |lane: usize, input: usize| {
                        let weight = filters.weight(panel.block * LANES + lane, source * depth + input, row, column);
                        matrix[input * width + lane] = weight;
                    };
                    // In the order in which the filters lie in memory.
                    match filters.transposed {
                        true => (0..depth).for_each(|input| (0..width).for_each(|lane| put(lane, input))),
                        false => (0..width).for_each(|lane| (0..depth).for_each(|input| put(lane, input))),
                    }
                }
            }
        }
    });
    (panels, weights)
}

/// The place of a copy with zeros around it.
pub(super) fn bordered(source: &Placement, [rows, columns]: [[usize; 2]; 2]) -> Placement {
    let (height, width) = (source.height + rows[0] + rows[1], source.width + columns[0] + columns[1]);
    Placement { height, width, ..source.own() }
}

/// A copy of `source` with zeros around it.
fn pad(source: Maps, border: [[usize; 2]; 2], pool: &BufferPool) -> Owned {
    let place = bordered(&source.place, border);
    let mut padded = Owned { buffer: pool.take(place.buffer_length()), place };
    padded.view_mut().for_each_block(|image, block, values| pad_block(source, [image, block], border, values));
    padded
}

/// A copy of one block of a picture with zeros around it.
pub(super) fn pad_block(source: Maps, [image, block]: [usize; 2], border: [[usize; 2]; 2], out: &mut [f32]) {
    let (inner, [rows, columns]) = (source.place, border);
    let lines = source.block(image, block);
    let line = inner.width * inner.lanes;
    let start = columns[0] * inner.lanes;
    for (y, out) in out.chunks_exact_mut((inner.width + columns[0] + columns[1]) * inner.lanes).enumerate() {
        let from = y.checked_sub(rows[0]).filter(|&from| from < inner.height);
        let Some(from) = from else {
            out.fill(0.0);
            continue;
        };
        out[..start].fill(0.0);
        out[start..start + line].copy_from_slice(&lines[from * line..][..line]);
        out[start + line..].fill(0.0);
    }
}
