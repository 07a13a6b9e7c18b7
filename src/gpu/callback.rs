//! The paint callback: a grid's uniforms and order go up in `prepare`, one triangle is drawn in `paint`.

use super::{
    atlas::Atlas,
    pipeline::{self, Pipeline},
};
use eframe::{
    egui::{Id, PaintCallbackInfo},
    egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor, wgpu},
};
use std::{collections::HashMap, sync::Arc};

/// `Grid` of `tiles.wgsl`, field by field.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Uniforms {
    pub origin: [i32; 2],
    pub tile: [u32; 2],
    pub map_size: [u32; 2],
    pub whole: [u32; 2],
    pub shift: [u32; 2],
    pub taps: [u32; 2],
    pub gap: u32,
    pub columns: u32,
    pub count: u32,
    pub units: u32,
    pub atlas_rows: u32,
    pub table: u32,
    pub own_ranges: u32,
    pub diverging: u32,
    pub gamma: f32,
    pub arm: u32,
    pub range: [f32; 2],
    pub cross: [i32; 2],
    pub selected: [u32; 2],
    pub hovered: [u32; 2],
    pub selected_width: u32,
    pub hovered_width: u32,
    pub selected_colour: [f32; 4],
    pub hovered_colour: [f32; 4],
}

/// One grid of one frame, and of those after it that show the same. It holds the atlas until a frame shows another, so
/// that a dropped layer is freed.
pub(super) struct TilesCallback {
    /// The widget's: tells apart grids in one window.
    pub id: Id,
    pub atlas: Atlas,
    pub order: Arc<[u32]>,
    pub uniforms: Uniforms,
}

/// GPU state of each grid on screen between frames. egui runs all `prepare` before all `paint`, so grids cannot
/// share one uniform buffer.
#[derive(Default)]
pub(super) struct Instances {
    by_id: HashMap<Id, Instance>,
    clock: u64,
}

struct Instance {
    uniforms: wgpu::Buffer,
    order: Arc<[u32]>,
    order_texture: wgpu::Texture,
    group: wgpu::BindGroup,
    used_at: u64,
}

/// A grid not drawn for this many `prepare` calls is gone; far more than there are grids in a window.
const FORGET_AFTER: u64 = 4096;

impl CallbackTrait for TilesCallback {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _: &ScreenDescriptor,
        _: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(mut instances) = resources.remove::<Instances>() else { return Vec::new() };
        if let Some(shared) = resources.get::<Pipeline>() {
            instances.update(self, device, queue, shared);
        }
        resources.insert(instances);
        Vec::new()
    }

    fn paint(&self, _: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let (Some(shared), Some(instances)) = (resources.get::<Pipeline>(), resources.get::<Instances>()) else {
            return;
        };
        let Some(instance) = instances.by_id.get(&self.id) else { return };
        pass.set_pipeline(if self.uniforms.gamma == 1.0 { &shared.plain } else { &shared.curved });
        pass.set_bind_group(0, &instance.group, &[]);
        pass.set_bind_group(1, self.atlas.group(), &[]);
        pass.set_bind_group(2, &shared.tables, &[]);
        pass.draw(0..3, 0..1);
    }
}

impl Instances {
    fn update(&mut self, callback: &TilesCallback, device: &wgpu::Device, queue: &wgpu::Queue, shared: &Pipeline) {
        self.clock += 1;
        let clock = self.clock;
        if clock.is_multiple_of(FORGET_AFTER) {
            self.by_id.retain(|_, instance| clock - instance.used_at < FORGET_AFTER);
        }
        let order = &callback.order;
        let instance = match self.by_id.entry(callback.id) {
            std::collections::hash_map::Entry::Occupied(entry) => {
                let instance = entry.into_mut();
                if !Arc::ptr_eq(&instance.order, order) && instance.order != *order {
                    if pipeline::wrapped(order.len())
                        == [instance.order_texture.width(), instance.order_texture.height()]
                    {
                        pipeline::write_list(queue, &instance.order_texture, order);
                    } else {
                        *instance = Instance::new(order, device, queue, shared);
                    }
                }
                instance.order = order.clone();
                instance
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Instance::new(order, device, queue, shared))
            }
        };
        instance.used_at = clock;
        queue.write_buffer(&instance.uniforms, 0, bytemuck::bytes_of(&callback.uniforms));
    }
}

impl Instance {
    fn new(order: &Arc<[u32]>, device: &wgpu::Device, queue: &wgpu::Queue, shared: &Pipeline) -> Self {
        let uniforms = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("tiles"),
            size: size_of::<Uniforms>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let [width, height] = pipeline::wrapped(order.len());
        let order_texture = pipeline::texture(device, "order", wgpu::TextureFormat::R32Uint, width, height);
        pipeline::write_list(queue, &order_texture, order);
        let view = pipeline::view(&order_texture);
        let resources = [uniforms.as_entire_binding(), wgpu::BindingResource::TextureView(&view)];
        let group = pipeline::bind(device, &shared.grid_layout, &resources);
        Self { uniforms, order: order.clone(), order_texture, group, used_at: 0 }
    }
}
