//! Fingerprints of a frame's tiles.

use super::area::{self, Pixels};
use crate::renderer::ScreenDescriptor;
use ahash::{AHasher, HashMap};
use core::{any::Any, hash::Hasher as _, mem::take};
use epaint::{ClippedPrimitive, Mesh, PaintCallback, Primitive, Rect, TextureId, Vertex, textures::TexturesDelta};
use std::sync::Arc;

/// What a frame draws in each tile, as hashes: of every triangle and callback that may touch the tile, in their order.
///
/// Two hashes of different content are equal with a probability of 2^-64.
pub struct Frame {
    /// Row by row.
    tiles: Vec<u64>,

    columns: usize,

    /// Callbacks are told apart by their addresses, which are taken again once a callback is dropped.
    callbacks: Vec<Arc<dyn Any + Send + Sync>>,
}

/// Textures that changed since the last frame.
#[derive(Default)]
pub struct Changes {
    /// Changed before this frame.
    now: HashMap<TextureId, Changed>,

    /// Freed after this frame.
    freed: Vec<TextureId>,

    /// Size in texels of every texture.
    sizes: HashMap<TextureId, [usize; 2]>,
}

/// The part of a texture that changed.
enum Changed {
    All,
    /// In texture coordinates, each a change of its own.
    Parts(Vec<Rect>),
}

impl Changes {
    pub fn note(&mut self, delta: &TexturesDelta) {
        #[expect(clippy::iter_over_hash_type)] // Order doesn't matter here
        for (&id, images) in &delta.set {
            for image in images {
                self.note_image(id, image);
            }
        }
        self.freed.extend(delta.free.iter());
    }

    fn note_image(&mut self, id: TextureId, delta: &epaint::ImageDelta) {
        let size = delta.image.size();
        let (Some(pos), Some(&[width, height])) = (delta.pos, self.sizes.get(&id)) else {
            if delta.pos.is_none() {
                self.sizes.insert(id, size);
            }
            self.now.insert(id, Changed::All);
            return;
        };
        // A texel more on every side: it takes part in the filtering of its neighbours.
        let texel =
            |x: usize, y: usize, by: f32| epaint::pos2((x as f32 + by) / width as f32, (y as f32 + by) / height as f32);
        let part = Rect::from_min_max(texel(pos[0], pos[1], -1.0), texel(pos[0] + size[0], pos[1] + size[1], 1.0));
        match self.now.entry(id).or_insert_with(|| Changed::Parts(Vec::new())) {
            Changed::All => {}
            Changed::Parts(parts) => parts.push(part),
        }
    }

    /// The changes are in the frame that is drawn; textures freed after it have changed for the next one.
    pub fn were_drawn(&mut self) {
        self.now.clear();
        for id in take(&mut self.freed) {
            self.sizes.remove(&id);
            self.now.insert(id, Changed::All);
        }
    }
}

impl Frame {
    /// A frame's fingerprints, and for every tile whether a texture in it changed.
    pub fn of(
        primitives: &[ClippedPrimitive],
        screen: &ScreenDescriptor,
        changes: &Changes,
        foreign: impl Fn(TextureId) -> bool,
    ) -> (Self, Vec<bool>) {
        let [columns, rows] = area::grid(screen.size_in_pixels);
        let mut stale = vec![false; columns * rows];
        let mut frame = Self { tiles: vec![0; columns * rows], columns, callbacks: Vec::new() };
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let clip =
                Pixels::of_clip(*clip_rect, screen.pixels_per_point).intersect(Pixels::all(screen.size_in_pixels));
            match primitive {
                _ if clip.is_empty() => {}
                Primitive::Mesh(mesh) => {
                    let changed = match foreign(mesh.texture_id) {
                        true => Some(&Changed::All),
                        false => changes.now.get(&mesh.texture_id),
                    };
                    frame.add_mesh(mesh, clip, screen.pixels_per_point, changed, &mut stale);
                }
                Primitive::Callback(callback) => frame.add_callback(callback, clip, screen.pixels_per_point),
            }
        }
        (frame, stale)
    }

    fn add_mesh(
        &mut self,
        mesh: &Mesh,
        clip: Pixels,
        pixels_per_point: f32,
        changed: Option<&Changed>,
        stale: &mut [bool],
    ) {
        let mut of_mesh = AHasher::default();
        of_mesh.write_u64(bytemuck::cast(clip.min));
        of_mesh.write_u64(bytemuck::cast(clip.max));
        core::hash::Hash::hash(&mesh.texture_id, &mut of_mesh);
        for triangle in triangles(mesh) {
            let touched = Pixels::around(bounds(&triangle), pixels_per_point).intersect(clip);
            if touched.is_empty() {
                continue;
            }
            let mut hasher = of_mesh.clone();
            for Vertex { pos, uv, color } in triangle {
                hasher.write_u64(bytemuck::cast([pos.x, pos.y]));
                hasher.write_u64(bytemuck::cast([uv.x, uv.y]));
                hasher.write_u32(bytemuck::cast(color));
            }
            self.add(touched, hasher.finish());
            if changed.is_some_and(|changed| changed.touches(&triangle)) {
                for tile in self.tiles_in(touched) {
                    stale[tile] = true;
                }
            }
        }
    }

    fn add_callback(&mut self, callback: &PaintCallback, clip: Pixels, pixels_per_point: f32) {
        let touched = Pixels::around(callback.rect, pixels_per_point).intersect(clip);
        if touched.is_empty() {
            return;
        }
        let mut hasher = AHasher::default();
        hasher.write_u64(bytemuck::cast(clip.min));
        hasher.write_u64(bytemuck::cast(clip.max));
        for corner in [callback.rect.min, callback.rect.max] {
            hasher.write_u64(bytemuck::cast([corner.x, corner.y]));
        }
        hasher.write_usize(Arc::as_ptr(&callback.callback).addr());
        self.callbacks.push(Arc::clone(&callback.callback));
        self.add(touched, hasher.finish());
    }

    fn tiles_in(&self, pixels: Pixels) -> impl Iterator<Item = usize> + use<> {
        let ([x, y], columns) = (pixels.tiles(), self.columns);
        y.flat_map(move |row| x.clone().map(move |column| row * columns + column))
    }

    fn add(&mut self, touched: Pixels, hash: u64) {
        for tile in self.tiles_in(touched) {
            let tile = &mut self.tiles[tile];
            // Order matters: what is drawn later lies above.
            *tile = (tile.rotate_left(23) ^ hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    /// Marks the tiles that are not as in the last frame, which had the same size.
    pub fn compare(&self, last: &Self, stale: &mut [bool]) {
        for ((stale, now), before) in stale.iter_mut().zip(&self.tiles).zip(&last.tiles) {
            *stale |= now != before;
        }
    }
}

impl Changed {
    fn touches(&self, triangle: &[Vertex; 3]) -> bool {
        match self {
            Self::All => true,
            Self::Parts(parts) => {
                let [a, b, c] = triangle.each_ref().map(|vertex| vertex.uv);
                let used = Rect::from_min_max(a.min(b).min(c), a.max(b).max(c));
                parts.iter().any(|part| part.intersects(used))
            }
        }
    }
}

/// The triangles of a mesh.
pub fn triangles(mesh: &Mesh) -> impl Iterator<Item = [Vertex; 3]> + '_ {
    let vertex = |index: &u32| mesh.vertices[*index as usize];
    mesh.indices.chunks_exact(3).map(move |corners| [vertex(&corners[0]), vertex(&corners[1]), vertex(&corners[2])])
}

/// The smallest rectangle around a triangle.
pub fn bounds(triangle: &[Vertex; 3]) -> Rect {
    let [a, b, c] = triangle.each_ref().map(|vertex| vertex.pos);
    Rect::from_min_max(a.min(b).min(c), a.max(b).max(c))
}
