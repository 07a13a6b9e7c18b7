//! The learned weights of a layer as pictures: in colour where they read the picture's colours, else red and blue.

use super::{
    enlarge::{Scale, gap},
    heatmap::robust_range,
};
use crate::{
    Result,
    kernels::to_vec,
    net::{Graph, Network, NodeId, Op},
    paint::{FeatureMaps, Layout, Plane, Range, Scaling, Style, mosaic, paint_plane, rgb_filters},
};
use candle_core::Tensor;
use image::{RgbaImage, imageops};
use std::sync::Arc;

/// Units and inputs in the overview of a layer beyond the first.
const SHOWN: usize = 32;

/// Rows and columns of a matrix of weights that are drawn one by one; a larger matrix is averaged.
const MATRIX: usize = 1024;

/// The filters of one layer, ready to be painted.
pub struct Filters {
    /// The weights as `--raw` writes them: `(units, inputs, height, width)`.
    pub tensor: Tensor,
    /// The same, row-major.
    pub values: Arc<Vec<f32>>,
    /// Units of the layer.
    pub units: usize,
    /// Inputs of a unit, and the height and width of the weights for each. A fully connected layer that reads flattened
    /// maps has the shape of those maps.
    pub extent: [usize; 3],
    /// Whether the inputs are the picture's red, green and blue.
    pub rgb: bool,
    /// For each unit the inputs that it is connected to, where a table says so (LeNet-5's C3).
    table: Option<Vec<Vec<usize>>>,
}

/// Whether a layer has filters.
pub fn has_filters(graph: &Graph, layer: NodeId) -> bool {
    matches!(graph.node(layer).op, Op::Conv(_) | Op::TableConv { .. } | Op::Linear { .. })
}

/// Whether a layer's filters read the picture's red, green and blue, and have an extent to show.
pub fn read_colours(graph: &Graph, layer: NodeId) -> bool {
    let node = graph.node(layer);
    let has_extent = matches!(&node.op, Op::Conv(conv) if conv.groups == 1 && conv.kernel != [1, 1]);
    has_extent && node.inputs == [0] && graph.node(0).extent()[0] == 3
}

impl Filters {
    /// The filters of a layer; `None` for a layer without any.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn of(network: &Network, layer: NodeId) -> Result<Option<Self>> {
        network.filters(layer)?.map(|tensor| Self::from(network, layer, tensor)).transpose()
    }

    /// The filter of one unit as the only one; `None` for a layer without filters. Cheaper than all of a fully connected
    /// layer's.
    ///
    /// # Errors
    /// When there is no such unit, or memory runs out.
    pub fn of_one(network: &Network, layer: NodeId, unit: usize) -> Result<Option<Self>> {
        let Some(tensor) = network.filters(layer)? else { return Ok(None) };
        let one = Self::from(network, layer, tensor.narrow(0, unit, 1)?)?;
        Ok(Some(Filters {
            table: one.table.and_then(|table| table.get(unit).cloned()).map(|inputs| vec![inputs]),
            ..one
        }))
    }

    fn from(network: &Network, layer: NodeId, tensor: Tensor) -> Result<Self> {
        let graph = network.graph();
        let node = graph.node(layer);
        let (units, inputs, height, width) = tensor.dims4()?;
        let rgb = read_colours(graph, layer);
        let extent = flattened(graph, layer).filter(|maps| maps.iter().product::<usize>() == inputs * height * width);
        let extent = extent.unwrap_or([inputs, height, width]);
        let table = match &node.op {
            Op::TableConv { table, .. } => Some(table.clone()),
            _ => None,
        };
        Ok(Filters { values: Arc::new(to_vec(&tensor)?), tensor, units, extent, rgb, table })
    }

    /// Smallest and largest weight.
    pub fn range(&self) -> Range {
        Range::of(&self.values)
    }

    /// The weights of one unit, `inputs * height * width` values.
    pub fn of_unit(&self, unit: usize) -> &[f32] {
        let size = self.extent.iter().product::<usize>();
        &self.values[unit * size..][..size]
    }

    /// The filter of one unit: in colour, or the weights for each input side by side.
    pub fn unit(&self, unit: usize, scale: Scale, scaling: Scaling, style: &Style) -> RgbaImage {
        let [inputs, height, width] = self.extent;
        if self.rgb {
            let factor = scale.one(width, height);
            let layout = Layout { tile: (width as u32 * factor, height as u32 * factor), gap: 0, columns: 1 };
            return rgb_filters(self.of_unit(unit), height, width, &layout);
        }
        let maps = FeatureMaps { values: self.of_unit(unit), units: inputs, height, width };
        mosaic(&maps, &scale.mosaic(inputs, width, height), scaling, style)
    }

    /// The filters of all units, and a sentence that says what the picture shows.
    pub fn overview(&self, scale: Scale, style: &Style) -> (RgbaImage, String) {
        let [inputs, height, width] = self.extent;
        if self.rgb {
            let layout = scale.mosaic(self.units, width, height);
            let caption = format!("All {} filters of {height}x{width} in colour; zero is grey.", self.units);
            return (rgb_filters(&self.values, height, width, &layout), caption);
        }
        if let Some(table) = &self.table {
            return self.connections(table, scale, style);
        }
        if height * width == 1 {
            return self.matrix(scale, style);
        }
        if inputs == 1 {
            let maps = FeatureMaps { values: &self.values, units: self.units, height, width };
            let caption = format!("All {} filters of {height}x{width}. Red positive, blue negative.", self.units);
            return (mosaic(&maps, &scale.mosaic(self.units, width, height), Scaling::Symmetric, style), caption);
        }
        let (rows, columns) = (self.units.min(SHOWN), inputs.min(SHOWN));
        let area = height * width;
        let cells: Vec<(usize, Vec<usize>)> = strongest(&self.values, inputs * area, rows)
            .into_iter()
            .map(|unit| (unit, strongest(self.of_unit(unit), area, columns)))
            .collect();
        let caption = format!(
            "A row for each of the {rows} units with the largest filters, largest first; in it the {height}x{width} \
             filters of its {columns} largest inputs. Red positive, blue negative."
        );
        (self.rows(&cells, columns, scale, style).0, caption)
    }

    /// A row a unit and a column an input; cells without a connection stay empty.
    fn connections(&self, table: &[Vec<usize>], scale: Scale, style: &Style) -> (RgbaImage, String) {
        let [inputs, height, width] = self.extent;
        let cells: Vec<(usize, Vec<usize>)> = (0..self.units).map(|unit| (unit, (0..inputs).collect())).collect();
        let (mut image, layout) = self.rows(&cells, inputs, scale, style);
        let empty = RgbaImage::new(layout.tile.0, layout.tile.1);
        for (unit, connected) in table.iter().enumerate() {
            for input in (0..inputs).filter(|input| !connected.contains(input)) {
                let (x, y) = layout.origin(unit * inputs + input);
                imageops::replace(&mut image, &empty, x.into(), y.into());
            }
        }
        let count: usize = table.iter().map(Vec::len).sum();
        let caption = format!(
            "The connection table: a row for each of the {} units, a column for each of the {inputs} inputs, and the \
             {count} filters of {height}x{width} where the two are connected. Red positive, blue negative.",
            self.units
        );
        (image, caption)
    }

    /// A row for each of some units with the filters of some of its inputs, each row on its own full scale.
    fn rows(&self, cells: &[(usize, Vec<usize>)], columns: usize, scale: Scale, style: &Style) -> (RgbaImage, Layout) {
        let [_, height, width] = self.extent;
        let area = height * width;
        let mut tiles = Vec::with_capacity(cells.len() * columns * area);
        for (unit, inputs) in cells {
            let filters = self.of_unit(*unit);
            let most = Range::of(filters).symmetric().high.max(f32::MIN_POSITIVE);
            for input in inputs {
                tiles.extend(filters[input * area..][..area].iter().map(|value| value / most));
            }
        }
        let factor = scale.many(width * columns, height * cells.len());
        let tile = (width as u32 * factor, height as u32 * factor);
        let layout = Layout { tile, gap: gap(tile), columns: columns as u32 };
        let maps = FeatureMaps { values: &tiles, units: cells.len() * columns, height, width };
        (mosaic(&maps, &layout, Scaling::Symmetric, style), layout)
    }

    /// Weights without extent: rows are units, columns inputs.
    fn matrix(&self, scale: Scale, style: &Style) -> (RgbaImage, String) {
        let inputs = self.extent[0];
        let plane = Plane { values: &self.values, width: inputs, height: self.units };
        let factor = scale.one(inputs.min(MATRIX), self.units.min(MATRIX));
        let [width, height] = [inputs, self.units].map(|side| side.min(MATRIX) as u32 * factor);
        let range = robust_range(&self.values, true);
        let caption =
            format!("The weights: {} units down, {inputs} inputs across. Red positive, blue negative.", self.units);
        (paint_plane(&plane, width, height, range, style), caption)
    }
}

/// Units, height and width of the maps that a fully connected layer reads flattened; `None` where it reads none.
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
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        engine::{Model, Opening},
        watch::Watch,
    };
    use candle_core::Device;

    #[test]
    fn strongest_filters_come_first() {
        assert_eq!(strongest(&[1.0, 1.0, -3.0, 0.0, 1.0, 1.0, 0.0, 0.0], 2, 3), [1, 0, 2]);
    }

    #[test]
    fn a_connection_table_leaves_unconnected_cells_empty() {
        let model = Model::open(&Opening::of("lenet5"), &Device::Cpu, &Watch::default()).unwrap();
        let layer = model.network.graph().find("C3").unwrap();
        let filters = Filters::of(&model.network, layer).unwrap().unwrap();
        let (image, caption) = filters.overview(Scale::By(1), &Style::SIGNED);
        assert!(caption.contains("16 units") && caption.contains("60 filters of 5x5"), "{caption}");
        assert_eq!(image.dimensions(), (6 * 6 - 1, 16 * 6 - 1));
        let drawn = |unit: u32, input: u32| image.get_pixel(input * 6 + 2, unit * 6 + 2)[3] == 255;
        // LeCun et al. 1998, table I: the first unit reads maps 0 to 2, the last one all six.
        assert_eq!([0, 1, 2, 3, 4, 5].map(|input| drawn(0, input)), [true, true, true, false, false, false]);
        assert!((0..6).all(|input| drawn(15, input)));
        assert_eq!(
            (0..16).flat_map(|unit| (0..6).map(move |input| (unit, input))).filter(|&(u, i)| drawn(u, i)).count(),
            60
        );
    }
}
