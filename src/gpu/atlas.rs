//! One layer's maps as one texture.

use super::pipeline::{self, Pipeline};
use crate::{Error, Result, paint::Range};
use eframe::egui_wgpu::{RenderState, wgpu};
use std::{
    pin::pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

/// One layer's maps on the GPU, and the range of each. A clone is another handle; the last one dropped frees the memory.
///
/// Unit `i` stands in column `i / rows`, row `i % rows`, so a column is a contiguous run of the values and goes up
/// without any repacking. There are as few columns as the device's texture size allows.
#[derive(Clone, Debug)]
pub struct Atlas(Arc<Inner>);

/// Tells an atlas from others, dropped ones too.
#[derive(Clone)]
pub(super) struct WeakAtlas(Weak<Inner>);

#[derive(Debug)]
struct Inner {
    units: u32,
    width: u32,
    height: u32,
    rows: u32,
    range: Range,
    bytes: u64,
    group: wgpu::BindGroup,
}

impl Atlas {
    /// Uploads `units` maps of `height` x `width`, row-major and one after the other, with the range of each,
    /// which the caller's worker thread has at hand. Callable from any thread, after [`install`](super::install).
    ///
    /// Fails, with a sentence for the user, where the layer does not fit the device.
    pub fn upload(
        render_state: &RenderState,
        values: &[f32],
        units: usize,
        height: usize,
        width: usize,
        ranges: &[Range],
    ) -> Result<Self> {
        let failed = |why: &str| Error::Failed(format!("cannot show {units} maps of {height} x {width}: {why}"));
        let device = &render_state.device;
        let max = device.limits().max_texture_dimension_2d as usize;
        if units == 0 || height == 0 || width == 0 {
            return Err(failed("there is nothing in them"));
        }
        let columns = if height <= max { units.div_ceil(max / height) } else { max + 1 };
        if columns.saturating_mul(width) > max {
            return Err(failed(&format!("the graphics device takes textures up to {max} x {max}")));
        }
        if units.checked_mul(height * width) != Some(values.len()) || ranges.len() != units {
            return Err(failed(&format!("got {} values and {} ranges", values.len(), ranges.len())));
        }
        let rows = units.div_ceil(columns);

        // Out of memory is for the user to read, not for wgpu's default handler, which panics.
        let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let size = [(columns * width) as u32, (rows * height) as u32];
        let maps = pipeline::texture(device, "maps", wgpu::TextureFormat::R32Float, size[0], size[1]);
        let [list_width, list_height] = pipeline::wrapped(units);
        let list = pipeline::texture(device, "ranges", wgpu::TextureFormat::Rg32Float, list_width, list_height);
        if let Some(Some(_)) = now(scope.pop()) {
            return Err(failed("the graphics device is out of memory"));
        }
        for (column, run) in values.chunks(rows * height * width).enumerate() {
            let extent = [width as u32, (run.len() / width) as u32];
            pipeline::write(
                &render_state.queue,
                &maps,
                [(column * width) as u32, 0],
                extent,
                bytemuck::cast_slice(run),
            );
        }
        let pairs: Vec<[f32; 2]> = ranges.iter().map(|range| [range.low, range.high]).collect();
        pipeline::write_list(&render_state.queue, &list, &pairs);
        // Starts the copy now, instead of with the window's next frame.
        render_state.queue.submit([]);

        let views = [&maps, &list].map(pipeline::view);
        let resources = views.each_ref().map(wgpu::BindingResource::TextureView);
        let renderer = render_state.renderer.read();
        let Some(shared) = renderer.callback_resources.get::<Pipeline>() else {
            return Err(failed("the tile pipeline is not installed"));
        };
        let group = pipeline::bind(device, &shared.atlas_layout, &resources);
        let range = ranges.iter().copied().reduce(Range::union).unwrap_or_default();
        let bytes = 4 * u64::from(size[0]) * u64::from(size[1]) + 8 * u64::from(list_width) * u64::from(list_height);
        let [units, height, width, rows] = [units, height, width, rows].map(|n| n as u32);
        Ok(Self(Arc::new(Inner { units, width, height, rows, range, bytes, group })))
    }

    /// Number of maps.
    pub fn units(&self) -> u32 {
        self.0.units
    }

    /// A map's width in values.
    pub fn width(&self) -> u32 {
        self.0.width
    }

    /// A map's height in values.
    pub fn height(&self) -> u32 {
        self.0.height
    }

    /// The lowest and the highest value of all units.
    pub fn range(&self) -> Range {
        self.0.range
    }

    /// GPU memory taken.
    pub fn bytes(&self) -> u64 {
        self.0.bytes
    }

    /// Units a column of the texture.
    pub(super) fn rows(&self) -> u32 {
        self.0.rows
    }

    /// Whether this is the atlas that a handle which keeps no memory was made from.
    pub(super) fn is(&self, weak: &WeakAtlas) -> bool {
        weak.0.as_ptr() == Arc::as_ptr(&self.0)
    }

    /// A handle that keeps no memory.
    pub(super) fn downgrade(&self) -> WeakAtlas {
        WeakAtlas(Arc::downgrade(&self.0))
    }

    /// Number of clones.
    #[cfg(test)]
    pub(super) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// The maps and their ranges, as the shader's group 1.
    pub(super) fn group(&self) -> &wgpu::BindGroup {
        &self.0.group
    }
}

/// The value of a future that is ready; wgpu's are ready at once on every native backend.
pub(super) fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
