//! Reconstructions of single units (Zeiler and Fergus 2014): keep one activation of a layer, or one map of it, zero
//! the rest, and walk back to the picture under the deconvnet's rule.

use crate::{
    Error, Result,
    kernels::to_vec,
    net::{NodeId, Reverse, Rule, Trace},
    watch::Watch,
};
use candle_core::Tensor;
use std::str::FromStr;

/// The activations of the unit that are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keep {
    /// The largest one; the first in row-major order where several are equal.
    #[default]
    Strongest,
    /// The whole map.
    Map,
    /// The one at a row and a column.
    At(usize, usize),
}

impl FromStr for Keep {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let position = || row_and_column(text).map(|(row, column)| Keep::At(row, column));
        match text {
            "strongest" => Ok(Keep::Strongest),
            "map" => Ok(Keep::Map),
            _ => position().ok_or_else(|| {
                Error::Usage(format!("'{text}' is not what to keep: strongest, map, or ROW,COLUMN as in 3,5"))
            }),
        }
    }
}

/// The position that a text such as "3,5" names.
pub(crate) fn row_and_column(text: &str) -> Option<(usize, usize)> {
    let (row, column) = text.split_once(',')?;
    Some((row.trim().parse().ok()?, column.trim().parse().ok()?))
}

/// A unit's activation projected back to the picture.
#[derive(Clone, Debug)]
pub struct Reconstruction {
    /// The layer.
    pub layer: NodeId,
    /// The unit.
    pub unit: usize,
    /// Row and column of the activation that was kept; `None` for the whole map.
    pub position: Option<[usize; 2]>,
    /// The largest activation that was kept.
    pub activation: f32,
    /// Row-major `(channels, height, width)` over the network's input; signed.
    pub values: Vec<f32>,
    /// Channels, height and width.
    pub shape: [usize; 3],
}

/// Projects a unit of `layer` back to the picture. With `skip_lrn`, local response normalisation is passed by instead
/// of multiplied by its derivative.
///
/// # Errors
/// [`Error::Usage`] when the unit or position does not exist; [`Error::Failed`] when the unit is silent: there is
/// nothing to project.
pub fn deconvnet(
    trace: &Trace,
    layer: NodeId,
    unit: usize,
    keep: Keep,
    skip_lrn: bool,
    watch: &Watch,
) -> Result<Reconstruction> {
    let node = trace.network().graph().node(layer);
    let [_, height, width] = node.extent();
    // Refuses a wrong unit or position, with a reason.
    let probe = if let Keep::At(row, column) = keep { [unit, row, column] } else { [unit, 0, 0] };
    trace.seed(layer, probe, 1.0)?;
    let map = to_vec(&trace.maps(layer)?.get(unit)?)?;
    let largest = map.iter().enumerate().fold(0, |best, (at, &value)| if value > map[best] { at } else { best });
    let (position, activation) = match keep {
        Keep::Strongest => (Some([largest / width, largest % width]), map[largest]),
        Keep::At(row, column) => (Some([row, column]), map[row * width + column]),
        Keep::Map => (None, map[largest]),
    };
    if map.iter().all(|&value| value == 0.0) || (position.is_some() && activation == 0.0) {
        let place = if position.is_some() && map[largest] != 0.0 { "at this position " } else { "" };
        let name = &node.name;
        return Err(Error::Failed(format!("nothing to show: unit {unit} of {name} is silent {place}on this picture")));
    }
    let seed = match position {
        Some([row, column]) => trace.seed(layer, [unit, row, column], activation)?,
        None => {
            let mut seed = vec![0f32; trace.output(layer).elem_count()];
            seed[unit * height * width..][..height * width].copy_from_slice(&map);
            Tensor::from_vec(seed, trace.output(layer).shape(), trace.network().device())?
        }
    };
    let how = Reverse { rule: Rule::Deconvnet, skip_lrn, watch: watch.clone() };
    let back = trace.reverse(layer, &seed, 0, &how)?;
    let (_, channels, height, width) = back.dims4()?;
    Ok(Reconstruction { layer, unit, position, activation, values: to_vec(&back)?, shape: [channels, height, width] })
}
