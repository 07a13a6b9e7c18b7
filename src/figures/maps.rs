//! Feature maps as pictures: a mosaic of units, or one unit.

use super::enlarge::Scale;
use crate::{
    Result,
    engine::LayerView,
    paint::{ColourMap, FeatureMaps, Layout, Scaling, Style, mosaic, paint_plane},
};
use image::RgbaImage;

/// The scaling that suits maps of `area` values: a diverging colour map needs zero in its middle, and a map of one value
/// has no range of its own.
pub fn usual_scaling(map: ColourMap, area: usize) -> Scaling {
    if map.is_diverging() { Scaling::Symmetric } else { suited_scaling(Scaling::Unit, area) }
}

/// A chosen scaling for maps of `area` values: a map of one value, which has no range of its own, takes the layer's.
pub fn suited_scaling(scaling: Scaling, area: usize) -> Scaling {
    if area == 1 && scaling == Scaling::Unit { Scaling::Layer } else { scaling }
}

/// Units of a layer side by side, in the order of `units`.
///
/// # Errors
/// When the layer's tensor is not what it should be: a defect here.
pub fn some_units(
    view: &LayerView,
    units: &[usize],
    layout: &Layout,
    scaling: Scaling,
    style: &Style,
) -> Result<RgbaImage> {
    let [_, height, width] = view.shape;
    let area = height * width;
    view.with_values(|values| {
        let chosen: Vec<f32> = units.iter().flat_map(|unit| &values[unit * area..][..area]).copied().collect();
        mosaic(&FeatureMaps { values: &chosen, units: units.len(), height, width }, layout, scaling, style)
    })
}

/// All units of a layer side by side.
///
/// # Errors
/// When the layer's tensor is not what it should be: a defect here.
pub fn all_units(view: &LayerView, layout: &Layout, scaling: Scaling, style: &Style) -> Result<RgbaImage> {
    let [units, height, width] = view.shape;
    view.with_values(|values| mosaic(&FeatureMaps { values, units, height, width }, layout, scaling, style))
}

/// One unit's map, enlarged.
///
/// # Errors
/// When the layer's tensor is not what it should be: a defect here.
pub fn one_unit(view: &LayerView, unit: usize, scale: Scale, scaling: Scaling, style: &Style) -> Result<RgbaImage> {
    let [units, height, width] = view.shape;
    let factor = scale.one(width, height);
    let range = scaling.range(view.ranges[unit], view.range());
    view.with_values(|values| {
        let plane = FeatureMaps { values, units, height, width }.plane(unit);
        paint_plane(&plane, width as u32 * factor, height as u32 * factor, range, style)
    })
}
