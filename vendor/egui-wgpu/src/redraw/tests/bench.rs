//! Draws frames in full and in parts, on whichever adapter there is.

use super::{Redraw, ScreenDescriptor};
use crate::{RenderState, RendererOptions, WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};
use core::{
    pin::pin,
    task::{Context, Poll, Waker},
};
use epaint::{ClippedPrimitive, textures::TexturesDelta};

/// A window without a display.
pub struct Bench {
    state: RenderState,
    redraw: Redraw,

    /// Number of frames that were drawn in parts.
    pub parts: usize,
}

/// A frame's pixels.
pub struct Pictures {
    pub full: Vec<u8>,
    pub part: Vec<u8>,
}

/// The value of a future that is ready at once, as wgpu's are outside browsers.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a future that is not ready"),
    }
}

impl Bench {
    /// `None` where there is no adapter, not even in software.
    pub fn new() -> Option<Self> {
        let mut setup = WgpuSetupCreateNew::without_display_handle();
        setup.native_adapter_selector = Some(std::sync::Arc::new(|adapters, _| {
            let mut adapters = adapters.to_vec();
            adapters.sort_by_key(|adapter| adapter.get_info().device_type != wgpu::DeviceType::Cpu);
            adapters.into_iter().next().ok_or_else(|| "no adapter".to_owned())
        }));
        let wgpu_setup = WgpuSetup::CreateNew(setup);
        let instance = now(wgpu_setup.new_instance());
        let configuration = WgpuConfiguration { wgpu_setup, ..Default::default() };
        let options = RendererOptions { dithering: false, ..Default::default() };
        let state = now(RenderState::create(&configuration, &instance, None, options)).ok()?;
        Some(Self { state, redraw: Redraw::default(), parts: 0 })
    }

    /// Paints a frame twice.
    pub fn paint(
        &mut self,
        primitives: &[ClippedPrimitive],
        screen: &ScreenDescriptor,
        clear: [f32; 4],
        delta: &mut TexturesDelta,
    ) -> Pictures {
        let (device, queue) = (&self.state.device, &self.state.queue);
        self.redraw.fit(device, wgpu::TextureFormat::Rgba8Unorm, screen.size_in_pixels);
        self.redraw.note(delta);
        #[expect(clippy::iter_over_hash_type)] // Order doesn't matter here
        for (id, images) in &delta.set {
            for image in images {
                self.state.renderer.write().update_texture(device, queue, *id, image);
            }
        }
        let mut whole = Redraw::default();
        whole.fit(device, wgpu::TextureFormat::Rgba8Unorm, screen.size_in_pixels);
        let dirty = self.redraw.plan(primitives, screen, clear, |_| false);
        self.parts += usize::from(dirty.is_part());
        let part = self.draw(&self.redraw, dirty.primitives(), screen, (!dirty.is_part()).then_some(clear));
        let full = self.draw(&whole, primitives, screen, Some(clear));
        for id in &delta.free {
            self.state.renderer.write().free_texture(id);
        }
        delta.clear();
        Pictures { full, part }
    }

    /// Draws over what a texture holds, or over a colour, and reads the texture.
    fn draw(
        &self,
        into: &Redraw,
        primitives: &[ClippedPrimitive],
        screen: &ScreenDescriptor,
        clear: Option<[f32; 4]>,
    ) -> Vec<u8> {
        let (device, queue) = (&self.state.device, &self.state.queue);
        let texture = into.texture().unwrap();
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.state.renderer.write().update_buffers(device, queue, &mut encoder, primitives, screen);
        let load = clear.map_or(wgpu::LoadOp::Load, |color| {
            let [r, g, b, a] = color.map(f64::from);
            wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a })
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                resolve_target: None,
                ops: wgpu::Operations { load, store: wgpu::StoreOp::Store },
                depth_slice: None,
            })],
            ..Default::default()
        });
        self.state.renderer.read().render(&mut pass.forget_lifetime(), primitives, screen);
        let (width, height) = (texture.width(), texture.height());
        let row = (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(row * height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
        let target = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
        encoder.copy_texture_to_buffer(texture.as_image_copy(), target, texture.size());
        queue.submit([encoder.finish()]);
        buffer.slice(..).map_async(wgpu::MapMode::Read, |result| result.unwrap());
        device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let bytes = buffer.slice(..).get_mapped_range().unwrap();
        bytes.chunks(row as usize).flat_map(|bytes| &bytes[..4 * width as usize]).copied().collect()
    }
}
