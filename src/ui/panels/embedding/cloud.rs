//! The points of a map: where they are while one map becomes another, and the triangles that draw them.

use super::align::{turn, turned};
use crate::ui::background::embedding::{MapKey, PlaneMap};
use eframe::egui::{Color32, Mesh, Pos2, Rect, Vec2, epaint::Vertex, vec2};
use std::sync::Arc;

/// Time in which one map becomes another, in seconds; places that settle follow faster.
const MORPH: f64 = 0.8;
const SETTLE: f64 = 0.12;

/// A part of the plane on screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneView {
    /// Points of the screen for one unit of the plane.
    pub zoom: f32,
    /// The place of the plane in the middle of the area.
    pub middle: [f32; 2],
    /// The area.
    pub area: Rect,
}

impl PlaneView {
    /// All of a map in an area: it lies about the origin, one unit far on average.
    pub fn whole(area: Rect) -> Self {
        PlaneView { zoom: area.width().min(area.height()) / 5.0, middle: [0.0; 2], area }
    }

    /// The point of the screen for a place.
    pub fn point(&self, [x, y]: [f32; 2]) -> Pos2 {
        self.area.center() + vec2(x - self.middle[0], self.middle[1] - y) * self.zoom
    }

    /// The place at a point of the screen.
    pub fn back(&self, at: Pos2) -> [f32; 2] {
        let apart = (at - self.area.center()) / self.zoom;
        [self.middle[0] + apart.x, self.middle[1] - apart.y]
    }
}

/// Points on their way from one map to another.
#[derive(Default)]
pub struct Cloud {
    from: Vec<[f32; 2]>,
    to: Vec<[f32; 2]>,
    shown: Vec<[f32; 2]>,
    /// The map that they go to.
    target: Option<(MapKey, usize)>,
    began: f64,
    lasts: f64,
    /// Grows whenever points have moved.
    pub moves: u64,
}

impl Cloud {
    /// The places on screen.
    pub fn places(&self) -> &[[f32; 2]] {
        &self.shown
    }

    /// Sets out for a map, turned onto the present one.
    pub fn set_out(&mut self, key: MapKey, map: &PlaneMap, now: f64) {
        if self.target == Some((key, map.version)) {
            return;
        }
        let first = self.shown.len() != map.places.len();
        self.to = match first {
            true => map.places.to_vec(),
            false => {
                let by = turn(&map.places, &self.shown);
                map.places.iter().map(|place| turned(by, *place)).collect()
            }
        };
        self.from = if first { self.to.clone() } else { self.shown.clone() };
        let same = self.target.is_some_and(|(of, _)| of == key);
        (self.target, self.began, self.lasts) = (Some((key, map.version)), now, if same { SETTLE } else { MORPH });
        self.moves += 1;
        if first {
            self.shown = self.to.clone();
        }
    }

    /// Moves the points; returns whether they are still on their way.
    pub fn advance(&mut self, now: f64) -> bool {
        if self.from.is_empty() {
            return false;
        }
        let share = ((now - self.began) / self.lasts.max(1e-6)).clamp(0.0, 1.0) as f32;
        // Slow at both ends.
        let share = share * share * (3.0 - 2.0 * share);
        for ((shown, from), to) in self.shown.iter_mut().zip(&self.from).zip(&self.to) {
            *shown = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
        }
        self.moves += 1;
        if share >= 1.0 {
            (self.from, self.to) = (Vec::new(), Vec::new());
        }
        share < 1.0
    }
}

/// The corners of a dot about its middle: a square, and a triangle of the same area.
const SQUARE: [Vec2; 4] = [vec2(-0.5, -0.5), vec2(0.5, -0.5), vec2(0.5, 0.5), vec2(-0.5, 0.5)];
const TRIANGLE: [Vec2; 3] = [vec2(0.0, -0.877), vec2(0.76, 0.439), vec2(-0.76, 0.439)];
/// Points from which on dots are triangles: too many and too small for the eye, and a third less for the graphics device.
const MANY: usize = 20_000;

/// Dots for all points within the area, as large as a square of so many points of the screen a side.
pub fn dots(view: PlaneView, places: &[[f32; 2]], colours: &[Color32], side: f32) -> Arc<Mesh> {
    let corners = if places.len() < MANY { &SQUARE[..] } else { &TRIANGLE[..] };
    let mut mesh = Mesh::default();
    let area = view.area.expand(side);
    let triangles = corners.len() - 2;
    mesh.vertices.reserve(corners.len() * places.len());
    mesh.indices.reserve(3 * triangles * places.len());
    for (place, &color) in places.iter().zip(colours) {
        let at = view.point(*place);
        if !area.contains(at) {
            continue;
        }
        let first = mesh.vertices.len() as u32;
        let uv = eframe::egui::epaint::WHITE_UV;
        mesh.vertices.extend(corners.iter().map(|&corner| Vertex { pos: at + corner * side, uv, color }));
        (1..=triangles as u32).for_each(|last| mesh.indices.extend([first, first + last, first + last + 1]));
    }
    Arc::new(mesh)
}

/// The row whose point is nearest to a place of the screen, within `reach` points of it.
pub(super) fn nearest(view: PlaneView, places: &[[f32; 2]], at: Pos2, reach: f32) -> Option<usize> {
    let wanted = view.back(at);
    let far = |place: &[f32; 2]| (place[0] - wanted[0]).powi(2) + (place[1] - wanted[1]).powi(2);
    let (row, square) = places.iter().map(far).enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (square.sqrt() * view.zoom <= reach).then_some(row)
}

/// The rows whose points lie in a polygon of the plane.
pub(super) fn inside(places: &[[f32; 2]], polygon: &[[f32; 2]]) -> Vec<usize> {
    let is_in = |place: &[f32; 2]| {
        let mut inside = false;
        for (at, a) in polygon.iter().enumerate() {
            let b = &polygon[(at + 1) % polygon.len()];
            let crosses = (a[1] > place[1]) != (b[1] > place[1]);
            if crosses && place[0] < a[0] + (b[0] - a[0]) * (place[1] - a[1]) / (b[1] - a[1]) {
                inside = !inside;
            }
        }
        inside
    };
    places.iter().enumerate().filter(|(_, place)| is_in(place)).map(|(row, _)| row).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ui::background::embedding::ProjectionWay;
    use eframe::egui::pos2;

    fn view() -> PlaneView {
        PlaneView::whole(Rect::from_min_size(pos2(10.0, 20.0), vec2(200.0, 100.0)))
    }

    #[test]
    fn places_and_points_of_the_screen_belong_together() {
        let view = PlaneView { middle: [1.0, -2.0], zoom: 30.0, ..view() };
        let [x, y] = view.back(view.point([0.3, 0.7]));
        assert!((x - 0.3).abs() < 1e-5 && (y - 0.7).abs() < 1e-5);
        assert_eq!(view.point([1.0, -2.0]), view.area.center());
    }

    #[test]
    fn points_go_from_one_map_to_the_next() {
        let map = |places: &[[f32; 2]], version| PlaneMap { places: Arc::new(places.to_vec()), version, settled: true };
        let mut cloud = Cloud::default();
        cloud.set_out((0, ProjectionWay::Pca), &map(&[[1.0, 0.0], [-1.0, 0.0]], 1), 0.0);
        cloud.advance(0.0);
        assert_eq!(cloud.places(), [[1.0, 0.0], [-1.0, 0.0]]);
        cloud.advance(10.0);
        // The next map is this one mirrored and larger: mirrored back, its points only move outwards.
        cloud.set_out((1, ProjectionWay::Pca), &map(&[[-2.0, 0.0], [2.0, 0.0]], 1), 10.0);
        assert!(cloud.advance(10.0 + MORPH / 2.0));
        assert!((cloud.places()[0][0] - 1.5).abs() < 1e-5, "{:?}", cloud.places());
        assert!(!cloud.advance(10.0 + MORPH));
        assert!((cloud.places()[0][0] - 2.0).abs() < 1e-5);
    }

    #[test]
    fn dots_are_drawn_within_the_area_and_found_under_the_pointer() {
        let view = view();
        let places = [[0.0, 0.0], [1.0, 0.5], [90.0, 0.0]];
        let mesh = dots(view, &places, &[Color32::RED; 3], 4.0);
        assert_eq!((mesh.vertices.len(), mesh.indices.len()), (8, 12), "one lies outside");
        let mesh = dots(view, &[[0.0, 0.0]; MANY], &[Color32::RED; MANY], 4.0);
        let [a, b, c] = [0, 1, 2].map(|corner| mesh.vertices[corner].pos);
        let area = ((b - a).x * (c - a).y - (b - a).y * (c - a).x).abs() / 2.0;
        assert!(mesh.indices.len() == 3 * MANY && (area - 16.0).abs() < 0.1, "triangles of the same area, not {area}");
        assert_eq!(nearest(view, &places, view.point([1.0, 0.45]), 8.0), Some(1));
        assert_eq!(nearest(view, &places, view.point([0.5, 0.25]), 2.0), None);
        let square = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]];
        assert_eq!(inside(&places, &square), [0]);
        assert!(inside(&places, &[]).is_empty());
    }
}
