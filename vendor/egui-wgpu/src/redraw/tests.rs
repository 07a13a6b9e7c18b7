//! What counts as changed; `pictures` compares the pixels.
#![expect(clippy::unwrap_used)]

mod bench;
mod pictures;

use super::{Redraw, area::Pixels, area::TILE, area::rectangles, frame::Changes, frame::Frame};
use crate::renderer::ScreenDescriptor;
use epaint::{
    ClippedPrimitive, Color32, ColorImage, ImageDelta, Mesh, PaintCallback, Primitive, Rect, TextureId, pos2,
    textures::{TextureOptions, TexturesDelta},
};
use std::sync::Arc;

const SCREEN: ScreenDescriptor = ScreenDescriptor { size_in_pixels: [320, 192], pixels_per_point: 1.0 };

fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
    Rect::from_min_size(pos2(x, y), epaint::vec2(width, height))
}

fn mesh(rects: &[Rect]) -> ClippedPrimitive {
    let mut mesh = Mesh::default();
    for rect in rects {
        mesh.add_colored_rect(*rect, Color32::RED);
    }
    ClippedPrimitive { clip_rect: rect(0.0, 0.0, 320.0, 192.0), primitive: Primitive::Mesh(mesh) }
}

fn image(id: TextureId, at: [f32; 2], uv: Rect) -> ClippedPrimitive {
    let mut mesh = Mesh::with_texture(id);
    mesh.add_rect_with_uv(rect(at[0], at[1], 20.0, 20.0), uv, Color32::WHITE);
    ClippedPrimitive { clip_rect: rect(0.0, 0.0, 320.0, 192.0), primitive: Primitive::Mesh(mesh) }
}

/// Columns and rows of the tiles in which two frames differ.
fn differing(before: &[ClippedPrimitive], after: &[ClippedPrimitive]) -> Vec<[usize; 2]> {
    let changes = Changes::default();
    let (before, _) = Frame::of(before, &SCREEN, &changes, |_| false);
    let (after, mut stale) = Frame::of(after, &SCREEN, &changes, |_| false);
    after.compare(&before, &mut stale);
    tiles(&stale)
}

fn tiles(stale: &[bool]) -> Vec<[usize; 2]> {
    let at = |(tile, stale): (usize, &bool)| stale.then_some([tile % 10, tile / 10]);
    stale.iter().enumerate().filter_map(at).collect()
}

#[test]
fn an_equal_frame_has_nothing_to_draw() {
    let frame = [mesh(&[rect(0.0, 0.0, 320.0, 192.0), rect(10.0, 10.0, 5.0, 5.0)])];
    assert_eq!(differing(&frame, &frame.clone()), Vec::<[usize; 2]>::new());
}

#[test]
fn an_inserted_shape_leaves_the_rest_of_its_mesh_alone() {
    let all = [rect(0.0, 0.0, 320.0, 192.0), rect(70.0, 5.0, 20.0, 20.0), rect(200.0, 100.0, 10.0, 10.0)];
    let without = [all[0], all[2]];
    assert_eq!(differing(&[mesh(&without)], &[mesh(&all)]), [[2, 0]]);
    assert_eq!(differing(&[mesh(&all)], &[mesh(&without)]), [[2, 0]]);
}

#[test]
fn what_moves_is_drawn_where_it_was_and_where_it_is() {
    let [before, after] = [[40.0, 40.0], [300.0, 170.0]].map(|[x, y]| [mesh(&[rect(x, y, 8.0, 8.0)])]);
    assert_eq!(differing(&before, &after), [[1, 1], [9, 5]]);
}

#[test]
fn the_order_of_what_overlaps_matters() {
    let (a, b) = (rect(0.0, 0.0, 40.0, 20.0), rect(20.0, 0.0, 40.0, 20.0));
    assert_eq!(differing(&[mesh(&[a, b])], &[mesh(&[b, a])]), [[0, 0], [1, 0]]);
    let apart = rect(100.0, 100.0, 20.0, 20.0);
    assert!(differing(&[mesh(&[a, apart])], &[mesh(&[apart, a])]).is_empty());
}

#[test]
fn a_clip_rectangle_matters_where_it_lets_something_through() {
    let clipped = |clip_rect| {
        let ClippedPrimitive { primitive, .. } = mesh(&[rect(0.0, 0.0, 40.0, 20.0)]);
        [ClippedPrimitive { clip_rect, primitive }]
    };
    let narrow = clipped(rect(0.0, 0.0, 20.0, 192.0));
    assert_eq!(differing(&narrow, &clipped(rect(0.0, 0.0, 30.0, 192.0))), [[0, 0]]);
    assert!(differing(&clipped(rect(0.0, 50.0, 9.0, 9.0)), &clipped(rect(0.0, 60.0, 9.0, 9.0))).is_empty());
}

#[test]
fn callbacks_are_the_same_where_their_pointers_are() {
    let callback = |callback: &Arc<u8>| {
        let (rect, callback) = (rect(64.0, 64.0, 32.0, 32.0), Arc::<u8>::clone(callback));
        [ClippedPrimitive { clip_rect: rect, primitive: Primitive::Callback(PaintCallback { rect, callback }) }]
    };
    let (one, other) = (Arc::new(1), Arc::new(1));
    assert!(differing(&callback(&one), &callback(&one)).is_empty());
    assert_eq!(differing(&callback(&one), &callback(&other)), [[2, 2]]);
}

#[test]
fn a_changed_texture_is_drawn_where_the_changed_part_shows() {
    let id = TextureId::Managed(3);
    let halves = [rect(0.0, 0.0, 0.4, 1.0), rect(0.6, 0.0, 0.4, 1.0)];
    let frame = [image(id, [0.0, 0.0], halves[0]), image(id, [100.0, 100.0], halves[1])];
    let note = |changes: &mut Changes, pos, size| {
        let image = ColorImage::filled(size, Color32::BLUE);
        let mut delta = TexturesDelta::default();
        let options = TextureOptions::LINEAR;
        delta.push(id, ImageDelta { image: image.into(), options, pos });
        changes.note(&delta);
        delta.clear();
    };
    let mut changes = Changes::default();
    let stale = |changes: &Changes| tiles(&Frame::of(&frame, &SCREEN, changes, |_| false).1);
    note(&mut changes, None, [100, 100]);
    assert_eq!(stale(&changes), [[0, 0], [3, 3]]);
    changes.were_drawn();
    assert!(stale(&changes).is_empty());
    note(&mut changes, Some([70, 10]), [5, 5]);
    assert_eq!(stale(&changes), [[3, 3]]);
    changes.were_drawn();
    let mut freed = TexturesDelta::default();
    freed.free.insert(id);
    changes.note(&freed);
    freed.clear();
    assert!(stale(&changes).is_empty(), "it is freed after the frame");
    changes.were_drawn();
    assert_eq!(stale(&changes), [[0, 0], [3, 3]]);
    assert_eq!(tiles(&Frame::of(&frame, &SCREEN, &Changes::default(), |_| true).1), [[0, 0], [3, 3]]);
}

#[test]
fn stale_tiles_become_few_rectangles_that_hold_them_all() {
    let size = [320, 180];
    let pixels = |min, max| Pixels { min, max };
    let of = |at: &[[usize; 2]]| {
        let mut stale = vec![false; 60];
        at.iter().for_each(|&[column, row]| stale[10 * row + column] = true);
        rectangles(&stale, size)
    };
    assert!(of(&[]).is_empty());
    assert_eq!(of(&[[1, 1], [2, 1], [1, 2], [2, 2]]), [pixels([32, 32], [96, 96])]);
    assert_eq!(of(&[[0, 0], [9, 5]]), [pixels([0, 0], [32, 32]), pixels([288, 160], [320, 180])]);
    let scattered: Vec<[usize; 2]> = (0..60).step_by(3).map(|tile| [tile % 10, tile / 10]).collect();
    let few = of(&scattered);
    assert!(few.len() <= 16, "{}", few.len());
    for [column, row] in scattered {
        let tile = [column as u32 * TILE, row as u32 * TILE];
        let holds = |r: &Pixels| (0..2).all(|axis| r.min[axis] <= tile[axis] && tile[axis] < r.max[axis]);
        assert!(few.iter().any(holds), "{column} {row}");
    }
}

#[test]
fn a_colour_that_is_not_opaque_is_never_drawn_over() {
    let mut redraw = Redraw::default();
    assert!(!redraw.plan(&[], &SCREEN, [0.0, 0.0, 0.0, 0.5], |_| false).is_part());
    assert!(super::opaque([0.1, 0.2, 0.3, 1.0]).is_none(), "no whole 8-bit values");
    assert_eq!(super::opaque([0.0, 1.0, 0.2, 1.0]), Some(Color32::from_rgb(0, 255, 51)));
}
