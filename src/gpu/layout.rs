//! Positions of tiles in whole physical pixels: the one geometry that painting and hit testing share.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

/// A grid of tiles on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TileLayout {
    /// Top left corner; outside the window while scrolled.
    pub origin: [i32; 2],
    pub tile: [u32; 2],
    /// A tile's size were all of its map shown: a tile shows `tile` pixels of that, from `shift` on.
    pub whole: [u32; 2],
    pub shift: [u32; 2],
    /// Between tiles, and around them all.
    pub gap: u32,
    pub columns: u32,
    pub count: u32,
    pub pixels_per_point: f32,
}

impl TileLayout {
    /// Snaps sizes in points to whole pixels. The origin is set by [`Self::at`].
    pub fn new(tile: Vec2, gap: f32, columns: u32, count: u32, pixels_per_point: f32) -> Self {
        let pixels = |points: f32| (points * pixels_per_point).round().max(0.0) as u32;
        let tile = [pixels(tile.x).max(1), pixels(tile.y).max(1)];
        let (columns, gap) = (columns.max(1), pixels(gap));
        Self { origin: [0, 0], tile, whole: tile, shift: [0, 0], gap, columns, count, pixels_per_point }
    }

    /// The same grid with tiles that show a part of their maps, given as fractions of width and height.
    pub fn showing(self, part: Option<Rect>) -> Self {
        let Some(part) = part else { return self };
        let (size, from) = ([part.width(), part.height()], [part.left(), part.top()]);
        let whole = [0, 1].map(|axis| ((self.tile[axis] as f32 / size[axis]).round() as u32).max(self.tile[axis]));
        let shift =
            [0, 1].map(|axis| ((from[axis] * whole[axis] as f32).round() as u32).min(whole[axis] - self.tile[axis]));
        Self { whole, shift, ..self }
    }

    /// The pixel of a tile on which a place lies, given as fractions of the map's width and height.
    pub fn pixel_of(&self, place: [f32; 2]) -> Option<[i32; 2]> {
        let at = [0, 1].map(|axis| {
            let whole = self.whole[axis] as f32;
            (place[axis] * whole).clamp(0.0, whole - 1.0) as i32 - self.shift[axis] as i32
        });
        [0, 1].iter().all(|&axis| (0..self.tile[axis] as i32).contains(&at[axis])).then_some(at)
    }

    /// The same grid with its top left corner at a point, snapped.
    pub fn at(self, corner: Pos2) -> Self {
        let origin = [corner.x, corner.y].map(|c| (c * self.pixels_per_point).round() as i32);
        Self { origin, ..self }
    }

    /// Size of all tiles and gaps in points.
    pub fn size(&self) -> Vec2 {
        let rows = self.count.div_ceil(self.columns);
        let extent = |n: u32, tile: u32| (self.gap + n * (tile + self.gap)) as f32 / self.pixels_per_point;
        vec2(extent(self.columns, self.tile[0]), extent(rows, self.tile[1]))
    }

    /// Number of columns that fit a width in points.
    pub fn columns_in(&self, width: f32) -> u32 {
        let pixels = (width * self.pixels_per_point).floor().max(0.0) as u32;
        (pixels.saturating_sub(self.gap) / (self.tile[0] + self.gap)).max(1)
    }

    /// The slot under a point, and the pixel in its tile.
    pub fn hit(&self, point: Pos2) -> Option<(u32, [u32; 2])> {
        let along = |axis: usize, points: f32| {
            let pixel = (points * self.pixels_per_point).floor() as i32 - self.origin[axis] - self.gap as i32;
            let pixel = u32::try_from(pixel).ok()?;
            let stride = self.tile[axis] + self.gap;
            (pixel % stride < self.tile[axis]).then_some((pixel / stride, pixel % stride))
        };
        let ((column, x), (row, y)) = (along(0, point.x)?, along(1, point.y)?);
        let slot = row.checked_mul(self.columns)?.checked_add(column)?;
        (column < self.columns && slot < self.count).then_some((slot, [x, y]))
    }

    /// Top left corner of the tile in a slot, in pixels from the grid's.
    pub fn corner(&self, slot: u32) -> [u32; 2] {
        let cell = [slot % self.columns, slot / self.columns];
        [0, 1].map(|axis| self.gap + cell[axis] * (self.tile[axis] + self.gap))
    }

    /// The tile in a slot, in points.
    pub fn tile_rect(&self, slot: u32) -> Rect {
        let corner = self.corner(slot);
        let [x, y] = [0, 1].map(|axis| self.origin[axis] + corner[axis] as i32);
        let points = |pixels: f32| pixels / self.pixels_per_point;
        let size = vec2(points(self.tile[0] as f32), points(self.tile[1] as f32));
        Rect::from_min_size(pos2(points(x as f32), points(y as f32)), size)
    }
}
