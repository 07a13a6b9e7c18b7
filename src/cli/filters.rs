//! `striate filters`: what a layer has learned to look for.

use super::{
    args::{self, NetworkArgs, PaintArgs},
    console::Console,
    facts::Facts,
    output::OutputArgs,
    pictures::{Scale, gap},
};
use crate::{
    Error, Result,
    kernels::to_vec,
    net::{Graph, Network, NodeId, Op},
    paint::{ColourMap, Layout, Maps, Plane, Range, Scaling, Style, mosaic, paint_plane, rgb_filters},
};
use image::RgbaImage;

/// Paint a layer's filters
///
/// Filters that read the picture's three colours are shown in colour, zero grey, each at its own full scale. Beyond:
/// with --unit, the unit's filter for each of its inputs, side by side. Without --unit, a row for each of the 32 units
/// with the largest filters (by L2 norm) with the filters of its 32 largest inputs, largest first, a row at its own
/// full scale; or, where filters have no extent (1x1, fully connected), the matrix of weights, a row a unit. A fully
/// connected unit that reads flattened maps is shown as maps. Red is positive, blue negative, white zero. --raw writes
/// (units, inputs, height, width), or (inputs, height, width) with --unit.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// One unit of it
    #[arg(long, value_name = "K")]
    unit: Option<usize>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    paint: PaintArgs,
}

/// Units and inputs in the overview of a layer beyond the first.
const SHOWN: usize = 32;

/// Rows and columns of a matrix of weights that are drawn one by one.
const MATRIX: usize = 1024;

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check(false)?;
    let graph = args.network.graph()?;
    let layer = graph.find(&args.layer)?;
    let unit = args.unit.map(|unit| args::unit(unit, layer, &graph)).transpose()?;
    if !has_filters(&graph, layer) {
        return Err(refusal(&graph, layer));
    }
    let model = args.network.open(console)?;
    let Some(filters) = Filters::of(&model.network, layer)? else { return Err(refusal(&graph, layer)) };
    let weights = filters.tensor.clone();
    let weights = unit.map_or(Ok(weights.clone()), |unit| weights.get(unit))?;
    let range = Range::of(&to_vec(&weights)?);
    let facts = Facts { unit, ..Facts::of(&model).layer(&model, layer).values(weights.dims(), range) };
    let style = args.paint.style(ColourMap::RedBlue);
    let scaling = args.paint.scaling(&style, filters.extent[1] * filters.extent[2]);
    let paint = || {
        Ok(match unit {
            None => filters.overview(args.output.scale(), &style).0,
            Some(unit) => filters.unit(unit, args.output.scale(), scaling, &style),
        })
    };
    args.output.save(facts, paint, || Ok(weights))
}

fn has_filters(graph: &Graph, layer: NodeId) -> bool {
    matches!(graph.node(layer).op, Op::Conv(_) | Op::Linear { .. })
}

fn refusal(graph: &Graph, layer: NodeId) -> Error {
    let node = graph.node(layer);
    let with: Vec<&str> =
        (0..graph.nodes().len()).filter(|&id| has_filters(graph, id)).map(|id| graph.node(id).name.as_str()).collect();
    let shown = with.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let more = if with.len() > 5 { ", ..." } else { "" };
    Error::Usage(format!("layer {} ({}) has no filters; these have: {shown}{more}", node.name, node.op.kind()))
}

/// The filters of one layer as they are painted.
pub(super) struct Filters {
    /// As `--raw` writes them.
    tensor: candle_core::Tensor,
    values: Vec<f32>,
    units: usize,
    /// Inputs of a unit, their height and width.
    extent: [usize; 3],
    /// Whether the inputs are the picture's red, green and blue.
    rgb: bool,
}

impl Filters {
    pub fn of(network: &Network, layer: NodeId) -> Result<Option<Self>> {
        let Some(tensor) = network.filters(layer)? else { return Ok(None) };
        let graph = network.graph();
        let (units, inputs, height, width) = tensor.dims4()?;
        let rgb = inputs == 3 && graph.node(layer).inputs == [0] && height * width > 1;
        let extent = flattened(graph, layer).filter(|maps| maps.iter().product::<usize>() == inputs * height * width);
        let extent = extent.unwrap_or([inputs, height, width]);
        Ok(Some(Filters { values: to_vec(&tensor)?, tensor, units, extent, rgb }))
    }

    /// Smallest and largest weight.
    pub fn range(&self) -> Range {
        Range::of(&self.values)
    }

    fn of_unit(&self, unit: usize) -> &[f32] {
        let size = self.extent.iter().product::<usize>();
        &self.values[unit * size..][..size]
    }

    /// One unit's.
    pub fn unit(&self, unit: usize, scale: Scale, scaling: Scaling, style: &Style) -> RgbaImage {
        let [inputs, height, width] = self.extent;
        if self.rgb {
            let factor = scale.one(width, height);
            let layout = Layout { tile: (width as u32 * factor, height as u32 * factor), gap: 0, columns: 1 };
            return rgb_filters(self.of_unit(unit), height, width, &layout);
        }
        let maps = Maps { values: self.of_unit(unit), units: inputs, height, width };
        mosaic(&maps, &scale.mosaic(inputs, width, height), scaling, style)
    }

    /// All units', and what the picture shows.
    pub fn overview(&self, scale: Scale, style: &Style) -> (RgbaImage, String) {
        let [inputs, height, width] = self.extent;
        if self.rgb {
            let layout = scale.mosaic(self.units, width, height);
            let caption = format!("All {} filters of {height}x{width} in colour; zero is grey.", self.units);
            return (rgb_filters(&self.values, height, width, &layout), caption);
        }
        if height * width == 1 {
            return self.matrix(scale, style);
        }
        let (rows, columns) = (self.units.min(SHOWN), inputs.min(SHOWN));
        let area = height * width;
        let mut tiles = Vec::with_capacity(rows * columns * area);
        for unit in strongest(&self.values, inputs * area, rows) {
            let filters = self.of_unit(unit);
            let most = Range::of(filters).symmetric().high.max(f32::MIN_POSITIVE);
            for input in strongest(filters, area, columns) {
                tiles.extend(filters[input * area..][..area].iter().map(|value| value / most));
            }
        }
        let plain = (width.max(height) * columns.max(rows)) as u32;
        let factor = match scale {
            Scale::Pleasant => 1024_u32.div_ceil(plain),
            Scale::By(factor) => factor,
        };
        let tile = (width as u32 * factor, height as u32 * factor);
        let layout = Layout { tile, gap: gap(tile), columns: columns as u32 };
        let maps = Maps { values: &tiles, units: rows * columns, height, width };
        let caption = format!(
            "A row for each of the {rows} units with the largest filters, largest first; in it the {height}x{width} \
             filters of its {columns} largest inputs. Red positive, blue negative."
        );
        (mosaic(&maps, &layout, Scaling::Symmetric, style), caption)
    }

    /// Filters without extent: rows are units, columns inputs.
    fn matrix(&self, scale: Scale, style: &Style) -> (RgbaImage, String) {
        let inputs = self.extent[0];
        let plane = Plane { values: &self.values, width: inputs, height: self.units };
        let factor = scale.one(inputs.min(MATRIX), self.units.min(MATRIX));
        let [width, height] = [inputs, self.units].map(|side| side.min(MATRIX) as u32 * factor);
        let range = super::pictures::robust_range(&self.values, true);
        let caption =
            format!("The weights: {} units down, {inputs} inputs across. Red positive, blue negative.", self.units);
        (paint_plane(&plane, width, height, range, style), caption)
    }
}

/// The maps that a fully connected layer reads flattened, if it does.
fn flattened(graph: &Graph, layer: NodeId) -> Option<[usize; 3]> {
    let mut node = graph.node(*graph.node(layer).inputs.first()?);
    while matches!(node.op, Op::Dropout { .. }) {
        node = graph.node(*node.inputs.first()?);
    }
    matches!(node.op, Op::Flatten).then(|| graph.node(node.inputs[0]).extent())
}

/// The `count` chunks of `size` values with the largest L2 norms, largest first; equal ones by index.
fn strongest(values: &[f32], size: usize, count: usize) -> Vec<usize> {
    let norms: Vec<f32> = values.chunks_exact(size).map(|chunk| chunk.iter().map(|v| v * v).sum()).collect();
    let mut order: Vec<usize> = (0..norms.len()).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]));
    order.truncate(count);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strongest_filters_come_first() {
        assert_eq!(strongest(&[1.0, 1.0, -3.0, 0.0, 1.0, 1.0, 0.0, 0.0], 2, 3), [1, 0, 2]);
    }
}
