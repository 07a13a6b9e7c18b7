//! A picture shifted, scaled, turned, mirrored or partly covered before a network sees it.

use super::{Picture, Preprocess};
use image::{Rgb, RgbImage, imageops};
use rayon::prelude::*;
use std::sync::Arc;

/// The changes made to a picture. The frame is the part of the picture that the network sees; it stays where it is, and
/// its middle is the centre of every change. The picture is mirrored first, then turned, scaled and shifted under the
/// frame, and covered last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alteration {
    /// Left and right changed places.
    pub mirrored: bool,
    /// Clockwise, in degrees.
    pub turn: f32,
    /// A factor.
    pub scale: f32,
    /// To the right and down, in shares of the frame.
    pub shift: [f32; 2],
    /// Left, top, right and bottom of what is covered by the mean colour, in shares of the frame.
    pub cover: Option<[f32; 4]>,
}

/// An altered picture's short side has at most so many pixels, or twice those that the network resizes it to.
const SHORT: u32 = 768;

impl Default for Alteration {
    fn default() -> Self {
        Alteration { mirrored: false, turn: 0.0, scale: 1.0, shift: [0.0; 2], cover: None }
    }
}

impl Alteration {
    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        *self == Alteration::default()
    }

    /// In words; a cover in pixels of a frame of this width and height. Empty where nothing is altered.
    pub fn say(&self, frame: [usize; 2]) -> String {
        let mut parts = Vec::new();
        if self.mirrored {
            parts.push("flipped".to_owned());
        }
        if self.turn != 0.0 {
            parts.push(format!("rotated {:.0}°", self.turn));
        }
        if self.scale != 1.0 {
            parts.push(format!("scaled {:.2} times", self.scale));
        }
        let [across, down] = self.shift.map(|share| (100.0 * share).round());
        if across != 0.0 {
            parts.push(format!("shifted {}% {}", across.abs(), if across > 0.0 { "right" } else { "left" }));
        }
        if down != 0.0 {
            parts.push(format!("shifted {}% {}", down.abs(), if down > 0.0 { "down" } else { "up" }));
        }
        if let Some([left, top, right, bottom]) = self.cover {
            let [width, height] = [(right - left) * frame[0] as f32, (bottom - top) * frame[1] as f32];
            parts.push(format!("occluded {width:.0}x{height:.0}"));
        }
        parts.join(", ")
    }

    /// With everything shifted by shares of the frame.
    pub fn shifted(self, by: [f32; 2]) -> Self {
        Alteration { shift: [self.shift[0] + by[0], self.shift[1] + by[1]], ..self }
    }

    /// With everything scaled about the middle.
    pub fn scaled(self, factor: f32) -> Self {
        Alteration { scale: self.scale * factor, shift: self.shift.map(|share| share * factor), ..self }
    }

    /// With everything turned about the middle, in degrees.
    pub fn turned(self, degrees: f32) -> Self {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let [x, y] = self.shift;
        let turn = (self.turn + degrees + 180.0).rem_euclid(360.0) - 180.0;
        Alteration { turn, shift: [x * cosine - y * sine, x * sine + y * cosine], ..self }
    }

    /// With left and right changed.
    pub fn flipped(self) -> Self {
        let [x, y] = self.shift;
        Alteration { mirrored: !self.mirrored, turn: -self.turn, shift: [-x, y], ..self }
    }

    /// With a square of the frame, in shares of it, filling the frame.
    pub fn cropped(self, [left, top, right, bottom]: [f32; 4]) -> Self {
        let middle = [(left + right) / 2.0 - 0.5, (top + bottom) / 2.0 - 0.5];
        self.shifted(middle.map(|share| -share)).scaled(1.0 / (right - left).max(bottom - top))
    }

    /// Where a place of the picture ends up, both from the middle and in the unit of the frame's width and height.
    pub fn forward(&self, [x, y]: [f32; 2], frame: [f32; 2]) -> [f32; 2] {
        let (sine, cosine) = self.turn.to_radians().sin_cos();
        let x = if self.mirrored { -x } else { x };
        [
            self.scale * (x * cosine - y * sine) + self.shift[0] * frame[0],
            self.scale * (x * sine + y * cosine) + self.shift[1] * frame[1],
        ]
    }

    /// Where what is seen at a place came from: the inverse of [`Alteration::forward`].
    pub fn back(&self, [x, y]: [f32; 2], frame: [f32; 2]) -> [f32; 2] {
        let (sine, cosine) = self.turn.to_radians().sin_cos();
        let [x, y] = [(x - self.shift[0] * frame[0]) / self.scale, (y - self.shift[1] * frame[1]) / self.scale];
        let [x, y] = [x * cosine + y * sine, y * cosine - x * sine];
        [if self.mirrored { -x } else { x }, y]
    }

    /// The altered picture as a network with this preprocessing is shown it: of the same shape, and of the mean colour
    /// where nothing of the picture is.
    pub fn apply(&self, picture: &Picture, preprocess: &Preprocess) -> Picture {
        if self.is_none() {
            return picture.clone();
        }
        let short = SHORT.max(2 * preprocess.resize as u32);
        let (width, height) = picture.pixels.dimensions();
        let [width, height] = reduced([width, height], f64::from(short) / f64::from(width.min(height)));
        // No finer than it will be shown, so that nothing shimmers.
        let share = f64::from(width) / f64::from(picture.pixels.width()) * f64::from(self.scale);
        let size = reduced([picture.pixels.width(), picture.pixels.height()], share);
        let shrunk = (size != [picture.pixels.width(), picture.pixels.height()])
            .then(|| imageops::thumbnail(&*picture.pixels, size[0], size[1]));
        let source = shrunk.as_ref().unwrap_or(&picture.pixels);
        let mean = preprocess.mean_colour();
        let frame = preprocess.frame([width as f32, height as f32]);
        let middle = [width, height].map(|side| side as f32 / 2.0);
        let finer = [source.width() as f32 / width as f32, source.height() as f32 / height as f32];
        let covered = self.cover.map(|cover| {
            let corner = [middle[0] - frame[0] / 2.0, middle[1] - frame[1] / 2.0];
            [0, 1, 2, 3].map(|edge| corner[edge % 2] + cover[edge] * frame[edge % 2])
        });
        let mut out = RgbImage::new(width, height);
        let row = 3 * width as usize;
        out.as_mut().par_chunks_exact_mut(row.max(1)).enumerate().for_each(|(y, pixels)| {
            for (x, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                let at = [x as f32 + 0.5, y as f32 + 0.5];
                let is_in = |[left, top, right, bottom]: [f32; 4]| {
                    (left..right).contains(&at[0]) && (top..bottom).contains(&at[1])
                };
                let colour = if covered.is_some_and(is_in) {
                    mean
                } else {
                    let [x, y] = self.back([at[0] - middle[0], at[1] - middle[1]], frame);
                    bilinear(source, (x + middle[0]) * finer[0] - 0.5, (y + middle[1]) * finer[1] - 0.5, mean)
                };
                pixel.copy_from_slice(&colour);
            }
        });
        Picture { pixels: Arc::new(out), position: None, ..picture.clone() }
    }
}

/// A size times a factor, where that makes it smaller.
fn reduced(size: [u32; 2], factor: f64) -> [u32; 2] {
    size.map(|side| if factor < 1.0 { ((f64::from(side) * factor).round() as u32).max(1) } else { side })
}

/// The colour between four pixels; `beyond` past the edge.
fn bilinear(image: &RgbImage, x: f32, y: f32, beyond: [u8; 3]) -> [u8; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (x - left, y - top);
    let pixel = |column: f32, row: f32| {
        let inside = column >= 0.0 && row >= 0.0;
        let found = inside.then(|| image.get_pixel_checked(column as u32, row as u32)).flatten();
        found.map_or(beyond, |Rgb(colour)| *colour).map(f32::from)
    };
    let [a, b, c, d] = [pixel(left, top), pixel(left + 1.0, top), pixel(left, top + 1.0), pixel(left + 1.0, top + 1.0)];
    [0, 1, 2].map(|i| {
        let (above, below) = (a[i] + (b[i] - a[i]) * across, c[i] + (d[i] - c[i]) * across);
        (above + (below - above) * down).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [f32; 2] = [1.0, 1.0];

    fn close(a: [f32; 2], b: [f32; 2]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    fn busy() -> Alteration {
        Alteration { mirrored: true, turn: 33.0, scale: 1.7, shift: [0.2, -0.1], cover: None }
    }

    #[test]
    fn there_and_back() {
        for at in [[0.3, 0.1], [-0.5, 0.5]] {
            assert!(close(busy().back(busy().forward(at, FRAME), FRAME), at));
        }
    }

    /// Each change acts on what is seen, whatever was done before.
    #[test]
    fn changes_act_on_what_is_seen() {
        let at = [0.25, -0.125];
        let seen = busy().forward(at, FRAME);
        let after = |altered: Alteration| altered.forward(at, FRAME);
        assert!(close(after(busy().shifted([0.1, 0.2])), [seen[0] + 0.1, seen[1] + 0.2]));
        assert!(close(after(busy().scaled(2.0)), seen.map(|side| 2.0 * side)));
        assert!(close(after(busy().turned(90.0)), [-seen[1], seen[0]]));
        assert!(close(after(busy().flipped()), [-seen[0], seen[1]]));
        // The middle of what is cropped comes to the middle, its corner to the frame's.
        let corner = [0.7 - 0.5, 0.9 - 0.5];
        let crop = Alteration::default().cropped([0.3, 0.5, 0.7, 0.9]);
        assert!(close(crop.forward([0.0, 0.2], FRAME), [0.0, 0.0]) && close(crop.forward(corner, FRAME), [0.5, 0.5]));
        assert!((busy().turned(200.0).turn - (233.0 - 360.0)).abs() < 1e-4);
    }

    #[test]
    fn it_says_what_is_done() {
        assert_eq!(Alteration::default().say([64, 64]), "");
        let all = Alteration { turn: 12.0, shift: [0.1, -0.052], cover: Some([0.0, 0.25, 0.625, 0.75]), ..busy() };
        let said = "flipped, rotated 12°, scaled 1.70 times, shifted 10% right, shifted 5% up, occluded 40x32";
        assert_eq!(all.say([64, 64]), said);
    }

    /// The pixel that is at (2, 1) of 5x5 goes where it should; what comes in is the mean colour.
    #[test]
    fn pixels_move() {
        let mut image = RgbImage::new(5, 5);
        image.put_pixel(2, 1, Rgb([255; 3]));
        let picture = Picture::from_rgb("dot", image);
        let preprocess = Preprocess { mean: vec![0.0; 3], ..Preprocess::imagenet(5, 5) };
        let place = |altered: Alteration| {
            let out = altered.apply(&picture, &preprocess);
            out.pixels.enumerate_pixels().find(|(.., pixel)| pixel[0] > 250).map(|(x, y, _)| (x, y))
        };
        let none = Alteration::default();
        assert_eq!(place(none), Some((2, 1)));
        assert_eq!(place(none.shifted([0.2, 0.4])), Some((3, 3)));
        assert_eq!(place(none.turned(90.0)), Some((3, 2)));
        assert_eq!(place(none.scaled(2.0)), Some((2, 0)));
        assert_eq!(place(none.shifted([0.2, 0.0]).flipped()), Some((1, 1)));
        assert_eq!(place(Alteration { cover: Some([0.2, 0.0, 0.8, 0.5]), ..none }), None);
        let grey = Preprocess::new(5, 5, &[0.5], &[1.0]);
        let shifted = none.shifted([0.4, 0.0]).apply(&picture, &grey);
        assert_eq!((shifted.pixels.get_pixel(0, 2).0, shifted.pixels.get_pixel(4, 2).0), ([128; 3], [0; 3]));
    }

    #[test]
    fn large_pictures_come_out_smaller_but_of_the_same_shape() {
        let picture = Picture::from_rgb("large", RgbImage::from_pixel(4000, 2000, Rgb([9, 80, 200])));
        let out = Alteration::default().turned(180.0).apply(&picture, &Preprocess::imagenet(256, 224));
        assert_eq!(out.pixels.dimensions(), (1536, 768));
        assert_eq!(out.pixels.get_pixel(700, 300).0, [9, 80, 200]);
    }
}
