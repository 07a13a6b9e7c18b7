//! A frame cut down to rectangles.

use super::{
    area::Pixels,
    frame::{bounds, triangles},
};
use crate::renderer::ScreenDescriptor;
use epaint::{ClippedPrimitive, Color32, Mesh, Primitive};

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
        part.extend(primitives.iter().filter_map(|primitive| within(primitive, screen, rectangle)));
    }
    part
}

/// What of a primitive lies within a rectangle; `None` where nothing does.
fn within(
    ClippedPrimitive { clip_rect, primitive }: &ClippedPrimitive,
    screen: &ScreenDescriptor,
    rectangle: Pixels,
) -> Option<ClippedPrimitive> {
    let pixels_per_point = screen.pixels_per_point;
    let clip = Pixels::of_clip(*clip_rect, pixels_per_point).intersect(rectangle);
    if clip.is_empty() {
        return None;
    }
    let touches = |bounds| !Pixels::around(bounds, pixels_per_point).intersect(clip).is_empty();
    let primitive = match primitive {
        Primitive::Mesh(mesh) => {
            let mut part = Mesh::with_texture(mesh.texture_id);
            part.vertices.extend(triangles(mesh).filter(|triangle| touches(bounds(triangle))).flatten());
            part.indices.extend(0..part.vertices.len() as u32);
            (!part.is_empty()).then_some(Primitive::Mesh(part))?
        }
        Primitive::Callback(callback) => touches(callback.rect).then(|| Primitive::Callback(callback.clone()))?,
    };
    Some(ClippedPrimitive { clip_rect: clip.in_points(pixels_per_point), primitive })
}
