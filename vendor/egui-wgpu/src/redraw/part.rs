//! A frame cut down to rectangles.

use super::{
    area::Pixels,
    frame::{bounds, triangles},
};
use crate::renderer::ScreenDescriptor;
use epaint::{ClippedPrimitive, Color32, Mesh, Primitive, TextureId, WHITE_UV};

/// Pixels of a triangle of one colour from which on it is drawn apart, by a pipeline that reads no texture.
const LARGE: u64 = 64 * 64;

/// What to draw over the last frame, so that these rectangles are as in a new one: in each the clear colour first.
pub fn of(
    primitives: &[ClippedPrimitive],
    screen: &ScreenDescriptor,
    clear_color: Color32,
    rectangles: &[Pixels],
) -> Vec<ClippedPrimitive> {
    let mut part = Vec::new();
    for &rectangle in rectangles {
        let mut clear = Mesh::default();
        clear.add_colored_rect(rectangle.in_points(screen.pixels_per_point), clear_color);
        part.push(ClippedPrimitive {
            clip_rect: rectangle.in_points(screen.pixels_per_point),
            primitive: Primitive::Mesh(clear),
        });
        add_within(&mut part, primitives, screen, rectangle);
    }
    part
}

/// All of a frame, to be drawn over the clear colour.
pub fn all(primitives: &[ClippedPrimitive], screen: &ScreenDescriptor) -> Vec<ClippedPrimitive> {
    let mut part = Vec::new();
    add_within(&mut part, primitives, screen, Pixels::all(screen.size_in_pixels));
    part
}

/// Adds what of the primitives lies within a rectangle.
fn add_within(
    part: &mut Vec<ClippedPrimitive>,
    primitives: &[ClippedPrimitive],
    screen: &ScreenDescriptor,
    rectangle: Pixels,
) {
    let pixels_per_point = screen.pixels_per_point;
    for ClippedPrimitive { clip_rect, primitive } in primitives {
        let clip = Pixels::of_clip(*clip_rect, pixels_per_point).intersect(rectangle);
        if clip.is_empty() {
            continue;
        }
        let touched = |bounds| Pixels::around(bounds, pixels_per_point).intersect(clip);
        let clipped = |primitive| ClippedPrimitive { clip_rect: clip.in_points(pixels_per_point), primitive };
        match primitive {
            Primitive::Mesh(mesh) => {
                part.extend(runs(mesh, touched).into_iter().map(|run| clipped(Primitive::Mesh(run))));
            }
            Primitive::Callback(callback) if touched(callback.rect).is_empty() => {}
            Primitive::Callback(_) => part.push(clipped(primitive.clone())),
        }
    }
}

/// The triangles of a mesh that touch something, in their order; large ones of one colour apart from textured ones.
fn runs(mesh: &Mesh, touched: impl Fn(epaint::Rect) -> Pixels) -> Vec<Mesh> {
    let mut runs = Vec::new();
    let mut is_solid = false;
    for triangle in triangles(mesh) {
        let pixels = touched(bounds(&triangle));
        if pixels.is_empty() {
            continue;
        }
        let solid = mesh.texture_id == TextureId::default() && triangle.iter().all(|vertex| vertex.uv == WHITE_UV);
        let goes_on = if is_solid { solid } else { !solid || pixels.area() < LARGE };
        if runs.is_empty() || !goes_on {
            is_solid = solid && pixels.area() >= LARGE;
            runs.push(Mesh::with_texture(mesh.texture_id));
        }
        if let Some(run) = runs.last_mut() {
            let first = run.vertices.len() as u32;
            run.indices.extend(first..first + 3);
            run.vertices.extend(triangle);
        }
    }
    runs
}
