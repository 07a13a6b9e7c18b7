//! Shared by all tiles: the pipeline, the layouts of its bindings and the colour tables.

use crate::paint::ColourMap;
use eframe::egui_wgpu::{RenderState, wgpu};

/// Lists wider than this are wrapped into rows of it: well below every device's texture size.
const LIST_WIDTH: usize = 1024;

/// Lives in the renderer's callback resources, where paint callbacks find it.
pub(super) struct Pipeline {
    /// For a gamma of 1.
    pub plain: wgpu::RenderPipeline,
    /// For every other gamma.
    pub curved: wgpu::RenderPipeline,
    /// Group 0: one grid's uniforms and order.
    pub grid_layout: wgpu::BindGroupLayout,
    /// Group 1: one atlas's maps and ranges.
    pub atlas_layout: wgpu::BindGroupLayout,
    /// Group 2: the colour tables.
    pub tables: wgpu::BindGroup,
}

impl Pipeline {
    /// Makes the pipeline and uploads the colour tables.
    pub fn new(render_state: &RenderState) -> Self {
        let device = &render_state.device;
        let shader = device.create_shader_module(wgpu::include_wgsl!("../../shaders/tiles.wgsl"));
        let uniforms = wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let floats = texture_binding(wgpu::TextureSampleType::Float { filterable: false });
        let grid_layout = layout(device, &[uniforms, texture_binding(wgpu::TextureSampleType::Uint)]);
        let atlas_layout = layout(device, &[floats, floats]);
        let tables_layout = layout(device, &[floats]);
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("tiles"),
            bind_group_layouts: &[Some(&grid_layout), Some(&atlas_layout), Some(&tables_layout)],
            immediate_size: 0,
        });
        let [plain, curved] = [false, true].map(|curved| pipeline(render_state, &shader, &pipeline_layout, curved));

        let tables = ColourMap::ALL.map(ColourMap::table);
        let texels: Vec<u8> =
            tables.iter().flat_map(|table| table.iter().flat_map(|&[r, g, b]| [r, g, b, 255])).collect();
        let rows = tables.len() as u32;
        let table_texture = texture(device, "colour tables", wgpu::TextureFormat::Rgba8Unorm, 256, rows);
        write(&render_state.queue, &table_texture, [0, 0], [256, rows], &texels);
        let tables_group = bind(device, &tables_layout, &[wgpu::BindingResource::TextureView(&view(&table_texture))]);

        Self { plain, curved, grid_layout, atlas_layout, tables: tables_group }
    }
}

/// The pipeline that draws tiles, with the gamma curve or without.
fn pipeline(
    render_state: &RenderState,
    shader: &wgpu::ShaderModule,
    pipeline_layout: &wgpu::PipelineLayout,
    curved: bool,
) -> wgpu::RenderPipeline {
    let fragment = if render_state.target_format.is_srgb() { "linear" } else { "encoded" };
    render_state.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("tiles"),
        layout: Some(pipeline_layout),
        vertex: wgpu::VertexState {
            module: shader,
            entry_point: Some("vertex"),
            buffers: &[],
            compilation_options: wgpu::PipelineCompilationOptions::default(),
        },
        fragment: Some(wgpu::FragmentState {
            module: shader,
            entry_point: Some(fragment),
            targets: &[Some(render_state.target_format.into())],
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[("curved", f64::from(u8::from(curved)))],
                ..Default::default()
            },
        }),
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        multiview_mask: None,
        cache: None,
    })
}

fn texture_binding(sample_type: wgpu::TextureSampleType) -> wgpu::BindingType {
    wgpu::BindingType::Texture { sample_type, view_dimension: wgpu::TextureViewDimension::D2, multisampled: false }
}

fn layout(device: &wgpu::Device, bindings: &[wgpu::BindingType]) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = (0..)
        .zip(bindings)
        .map(|(binding, &ty)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::FRAGMENT,
            ty,
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("tiles"), entries: &entries })
}

/// Binds `resources` at 0, 1, ...
pub(super) fn bind(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    resources: &[wgpu::BindingResource<'_>],
) -> wgpu::BindGroup {
    let entries: Vec<_> = (0..)
        .zip(resources)
        .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource: resource.clone() })
        .collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("tiles"), layout, entries: &entries })
}

/// A texture that shaders read and the CPU writes.
pub(super) fn texture(
    device: &wgpu::Device,
    label: &str,
    format: wgpu::TextureFormat,
    width: u32,
    height: u32,
) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width: width.max(1), height: height.max(1), depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// The whole texture, for binding.
pub(super) fn view(texture: &wgpu::Texture) -> wgpu::TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

/// Writes tightly packed texels at `at`.
pub(super) fn write(
    queue: &wgpu::Queue,
    texture: &wgpu::Texture,
    at: [u32; 2],
    [width, height]: [u32; 2],
    bytes: &[u8],
) {
    if bytes.is_empty() {
        return;
    }
    let origin = wgpu::Origin3d { x: at[0], y: at[1], z: 0 };
    queue.write_texture(
        wgpu::TexelCopyTextureInfo { origin, ..texture.as_image_copy() },
        bytes,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(bytes.len() as u32 / height),
            rows_per_image: None,
        },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
}

/// Width and height of the texture that holds a list of this length in rows.
pub(super) fn wrapped(length: usize) -> [u32; 2] {
    let width = length.clamp(1, LIST_WIDTH);
    [width as u32, length.div_ceil(width).max(1) as u32]
}

/// Writes a list in rows.
pub(super) fn write_list<T: bytemuck::NoUninit>(queue: &wgpu::Queue, texture: &wgpu::Texture, list: &[T]) {
    let width = texture.width() as usize;
    let (full, rest) = list.split_at(list.len() / width * width);
    let rows = (full.len() / width) as u32;
    write(queue, texture, [0, 0], [width as u32, rows], bytemuck::cast_slice(full));
    write(queue, texture, [0, rows], [rest.len() as u32, 1], bytemuck::cast_slice(rest));
}
