//! The cheapest way to cut a grid of pixels into two parts: maximal flow from source to sink by Dinic's algorithm on
//! the 8-connected grid.

/// Row and column steps to the eight neighbours; number d and 7 - d are opposite.
pub(super) const STEPS: [[isize; 2]; 8] = [[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];

const NOTHING: f64 = 1e-9;

/// A grid of pixels with the costs of cutting it.
pub(super) struct PixelGrid {
    pub height: usize,
    pub width: usize,
    /// For each pixel the cost of giving it to the sink less that of giving it to the source.
    pub terminal: Vec<f64>,
    /// For each pixel the cost of parting it from each neighbour, in the order of [`STEPS`]; 0 beyond the border.
    pub links: Vec<[f64; 8]>,
}

impl PixelGrid {
    /// The pixel's neighbour in a direction.
    fn neighbour(&self, pixel: usize, direction: usize) -> usize {
        let [down, right] = STEPS[direction];
        (pixel as isize + down * self.width as isize + right) as usize
    }

    /// For each pixel whether it stays with the source in the cheapest cut.
    pub fn cut(mut self) -> Vec<bool> {
        loop {
            let levels = self.levels();
            if !self.saturate(&levels) {
                return levels.into_iter().map(|level| level != usize::MAX).collect();
            }
        }
    }

    /// Each pixel's distance from the source along links with room left; `usize::MAX` where there is no way.
    fn levels(&self) -> Vec<usize> {
        let pixels = self.height * self.width;
        let mut levels = vec![usize::MAX; pixels];
        let mut queue: Vec<usize> = (0..pixels).filter(|&pixel| self.terminal[pixel] > NOTHING).collect();
        queue.iter().for_each(|&pixel| levels[pixel] = 0);
        let mut head = 0;
        while let Some(&pixel) = queue.get(head) {
            head += 1;
            for direction in 0..8 {
                if self.links[pixel][direction] > NOTHING {
                    let next = self.neighbour(pixel, direction);
                    if levels[next] == usize::MAX {
                        levels[next] = levels[pixel] + 1;
                        queue.push(next);
                    }
                }
            }
        }
        levels
    }

    /// Pushes flow along shortest ways until none is left; whether any was pushed.
    fn saturate(&mut self, levels: &[usize]) -> bool {
        let mut tried = vec![0u8; levels.len()];
        let mut pushed = false;
        let sources: Vec<usize> = (0..levels.len()).filter(|&pixel| self.terminal[pixel] > NOTHING).collect();
        for source in sources {
            let mut path: Vec<(usize, usize)> = Vec::new();
            let mut at = source;
            while self.terminal[source] > NOTHING {
                if self.terminal[at] < -NOTHING {
                    let room = path.iter().map(|&(pixel, direction)| self.links[pixel][direction]);
                    let flow = room.fold(self.terminal[source].min(-self.terminal[at]), f64::min);
                    self.terminal[source] -= flow;
                    self.terminal[at] += flow;
                    for &(pixel, direction) in &path {
                        self.links[pixel][direction] -= flow;
                        let next = self.neighbour(pixel, direction);
                        self.links[next][7 - direction] += flow;
                    }
                    pushed = true;
                    // Back to before the first link that is full.
                    let full = path.iter().position(|&(pixel, direction)| self.links[pixel][direction] <= NOTHING);
                    if let Some(full) = full {
                        at = path[full].0;
                        path.truncate(full);
                    }
                    continue;
                }
                let direction = tried[at] as usize;
                if direction == 8 {
                    // A dead end: one step back, and never here again.
                    let Some((before, _)) = path.pop() else { break };
                    tried[before] += 1;
                    at = before;
                } else if self.links[at][direction] > NOTHING && levels[self.neighbour(at, direction)] == levels[at] + 1
                {
                    path.push((at, direction));
                    at = self.neighbour(at, direction);
                } else {
                    tried[at] += 1;
                }
            }
        }
        pushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of pixels with links of the same cost between neighbours.
    fn row(terminal: &[f64], link: f64) -> PixelGrid {
        let width = terminal.len();
        let cost = |at: usize, d: usize| match STEPS[d] {
            [0, -1] if at > 0 => link,
            [0, 1] if at + 1 < width => link,
            _ => 0.0,
        };
        let links = (0..width).map(|at| [0, 1, 2, 3, 4, 5, 6, 7].map(|d| cost(at, d))).collect();
        PixelGrid { height: 1, width, terminal: terminal.to_vec(), links }
    }

    #[test]
    fn the_cut_weighs_borders_against_pixels() {
        // A pixel that would rather be with the sink, but not at the price of two borders.
        assert_eq!(row(&[9.0, -1.0, 9.0, -9.0], 2.0).cut(), [true, true, true, false]);
        assert_eq!(row(&[9.0, -5.0, 9.0, -9.0], 2.0).cut(), [true, false, true, false]);
        assert_eq!(row(&[-1.0, -1.0], 1.0).cut(), [false, false]);
    }

    #[test]
    fn the_cut_of_a_small_grid_is_the_cheapest_of_all() {
        let (height, width) = (3, 4);
        let mut noise = super::super::noise::Noise::new(3, 3);
        for _ in 0..20 {
            let terminal: Vec<f64> = (0..12).map(|_| noise.uniform() * 4.0 - 2.0).collect();
            let mut links = vec![[0.0; 8]; 12];
            for at in 0..12 {
                for d in 4..8 {
                    let (row, column) = ((at / width) as isize + STEPS[d][0], (at % width) as isize + STEPS[d][1]);
                    if (0..height as isize).contains(&row) && (0..width as isize).contains(&column) {
                        let cost = noise.uniform();
                        links[at][d] = cost;
                        links[row as usize * width + column as usize][7 - d] = cost;
                    }
                }
            }
            let grid = || PixelGrid { height, width, terminal: terminal.clone(), links: links.clone() };
            let cost = |side: &dyn Fn(usize) -> bool| -> f64 {
                let pixels = (0..12).map(|at| match (side(at), terminal[at] > 0.0) {
                    (true, false) => -terminal[at],
                    (false, true) => terminal[at],
                    _ => 0.0,
                });
                let parted = (0..12).flat_map(|at| (4..8).map(move |d| (at, d)));
                let parted = parted.filter(|&(at, d)| links[at][d] > 0.0 && side(at) != side(grid().neighbour(at, d)));
                pixels.sum::<f64>() + parted.map(|(at, d)| links[at][d]).sum::<f64>()
            };
            let found = grid().cut();
            let best = (0..1usize << 12).map(|bits| cost(&|at| bits >> at & 1 == 1)).fold(f64::INFINITY, f64::min);
            assert!((cost(&|at| found[at]) - best).abs() < 1e-9);
        }
    }
}
