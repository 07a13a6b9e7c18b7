//! Which part of the picture every pane shows that shows one: the one place where places on the picture become points on
//! the screen, and back. A place is given in shares of the network's input, from the left and from the top.

use eframe::egui::{PointerButton, Pos2, Rect, Response, Ui, Vec2, pos2, vec2};

/// The zoom, and the place in the middle of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    zoom: f32,
    middle: Vec2,
}

/// The whole; beyond the other end a value of a small map fills a pane.
const ZOOM: [f32; 2] = [1.0, 64.0];

impl Default for Viewport {
    fn default() -> Self {
        Viewport { zoom: ZOOM[0], middle: Vec2::splat(0.5) }
    }
}

impl Viewport {
    /// The magnification; 1 shows the whole picture.
    pub fn zoom(self) -> f32 {
        self.zoom
    }

    /// Screen rectangle of the whole picture at this zoom; `rest` is its rectangle at zoom 1.
    pub fn plane(self, rest: Rect) -> Rect {
        let size = rest.size() * self.zoom;
        Rect::from_min_size(rest.center() - size * self.middle, size)
    }

    /// The part that is shown.
    pub fn part(self) -> Rect {
        Rect::from_center_size(self.middle.to_pos2(), Vec2::splat(1.0 / self.zoom))
    }

    /// Zoomed by a factor about a place that stays where it is on the screen.
    pub fn zoomed(self, factor: f32, about: [f32; 2]) -> Self {
        let zoom = (self.zoom * factor).clamp(ZOOM[0], ZOOM[1]);
        let about = Vec2::from(about);
        Viewport { zoom, middle: about - (about - self.middle) * self.zoom / zoom }.held()
    }

    /// Shifted by shares of the picture.
    fn moved(self, by: Vec2) -> Self {
        Viewport { middle: self.middle + by, ..self }.held()
    }

    /// Never past the edge.
    fn held(self) -> Self {
        let margin = Vec2::splat(0.5 / self.zoom);
        Viewport { middle: self.middle.clamp(margin, Vec2::splat(1.0) - margin), ..self }
    }

    /// The viewport after this frame's wheel, pinch, drag or double click over a pane; `None` where nothing changed.
    /// `plane` is the screen rectangle of the whole input there. The middle button always drags; the first button drags
    /// where `first_drags`. A double click shows the whole input.
    pub fn navigate(self, ui: &Ui, response: &Response, plane: Rect, first_drags: bool) -> Option<Viewport> {
        self.gestures(ui, response, plane, first_drags, true)
    }

    /// The same over one of many tiles: the wheel zooms unless it `scrolls` the tiles; with Ctrl it always zooms.
    pub fn navigate_tiles(self, ui: &Ui, response: &Response, plane: Rect, scrolls: bool) -> Option<Viewport> {
        self.gestures(ui, response, plane, true, !scrolls)
    }

    fn gestures(
        self,
        ui: &Ui,
        response: &Response,
        plane: Rect,
        first_drags: bool,
        wheel_zooms: bool,
    ) -> Option<Viewport> {
        let mut next = self;
        let drags =
            response.dragged_by(PointerButton::Middle) || first_drags && response.dragged_by(PointerButton::Primary);
        if drags {
            next = next.moved(-response.drag_delta() / plane.size());
        }
        if let Some(at) = response.hover_pos() {
            let (pinched, scrolled) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
            let wheel = if wheel_zooms { (scrolled.y / 250.0).exp() } else { 1.0 };
            next = next.zoomed(pinched * wheel, place(plane, at));
        }
        if response.double_clicked() {
            next = Viewport::default();
        }
        (next != self).then_some(next)
    }
}

/// The row and the column of a map of this height and width on which a place lies.
pub fn cell([x, y]: [f32; 2], height: usize, width: usize) -> [usize; 2] {
    let along = |share: f32, count: usize| ((share * count as f32) as usize).min(count.saturating_sub(1));
    [along(y, height), along(x, width)]
}

/// The place under a point.
pub fn place(plane: Rect, at: Pos2) -> [f32; 2] {
    ((at - plane.min) / plane.size()).into()
}

/// The point on which a place lies.
pub fn point(plane: Rect, place: [f32; 2]) -> Pos2 {
    plane.min + plane.size() * Vec2::from(place)
}

/// Screen rectangle of a part of the picture.
pub fn rect(plane: Rect, part: Rect) -> Rect {
    Rect::from_min_max(point(plane, part.min.into()), point(plane, part.max.into()))
}

/// A part given by its left, top, right and bottom.
pub fn part([left, top, right, bottom]: [f32; 4]) -> Rect {
    Rect::from_min_max(pos2(left, top), pos2(right, bottom))
}

/// Screen rectangle of a whole picture whose crop for the network lies in `frame`.
pub fn around(frame: Rect, geometry: &crate::picture::Geometry) -> Rect {
    let seen = part(geometry.crop_rect());
    let scale = frame.size() / seen.size();
    let [width, height] = geometry.picture.map(|side| side as f32);
    Rect::from_min_size(frame.min - seen.min.to_vec2() * scale, vec2(width, height) * scale)
}

/// Screen rectangle of the network's crop on a picture that lies in `whole`: the inverse of [`around`].
pub fn within(whole: Rect, geometry: &crate::picture::Geometry) -> Rect {
    let [width, height] = geometry.picture.map(|side| side as f32);
    let [left, top, right, bottom] = geometry.crop_rect();
    rect(whole, part([left / width, top / height, right / width, bottom / height]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Rect = Rect { min: pos2(10.0, 20.0), max: pos2(110.0, 120.0) };

    #[test]
    fn what_the_pointer_is_over_stays_under_it() {
        let view = Viewport::default();
        assert_eq!(view.plane(REST), REST);
        let at = pos2(40.0, 100.0);
        let before = place(view.plane(REST), at);
        let view = view.zoomed(3.0, before);
        let plane = view.plane(REST);
        assert!((point(plane, before) - at).length() < 1e-3);
        assert!((place(plane, at)[0] - before[0]).abs() < 1e-5);
        // The part on screen is what lies in the window.
        assert!((rect(plane, view.part()).min - REST.min).length() < 1e-3);
        assert!((rect(plane, view.part()).max - REST.max).length() < 1e-3);
    }

    #[test]
    fn it_never_leaves_the_picture() {
        let view = Viewport::default().zoomed(4.0, [0.9, 0.9]).moved(vec2(9.0, -9.0));
        assert_eq!(view.part(), Rect::from_min_max(pos2(0.75, 0.0), pos2(1.0, 0.25)));
        assert_eq!(view.zoomed(1e-3, [0.5, 0.5]), Viewport::default());
        assert_eq!(view.zoomed(1e9, [1.0, 0.0]).zoom(), ZOOM[1]);
    }
}
