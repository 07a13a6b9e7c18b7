//! The places of the boxes: a layered drawing from left to right (Sugiyama, Tagawa and Toda 1981), broken into lines like
//! text. A box stands right of all that it reads, or in a line below. A line never ends inside an unfolded block, and a
//! stage of several blocks begins a line; long edges get places of their own in the ranks
//! they cross, so that none runs through a box.

use crate::ui::panels::network::fold::Folded;
use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Between ranks, from box to box.
const ACROSS: f32 = 34.0;
/// Between boxes of a rank.
const DOWN: f32 = 12.0;
/// Between lines.
const BETWEEN: f32 = 46.0;
/// Height that an edge takes in a rank that it crosses.
const LANE: f32 = 7.0;

/// A drawing, in points at its usual size.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxLayout {
    /// The rectangle of every box.
    pub boxes: Vec<Rect>,
    /// The corners of every edge, from the right side of a box to the left side of another.
    pub edges: Vec<Vec<Pos2>>,
    /// Around everything.
    pub bounds: Rect,
}

/// A place in a rank: a box, or an edge that passes.
struct Cell {
    rank: usize,
    size: Vec2,
    before: Vec<usize>,
    after: Vec<usize>,
    y: f32,
}

/// Lays out boxes of these sizes, about `aspect` times as wide as high.
pub fn layout(folded: &Folded, sizes: &[Vec2], aspect: f32) -> BoxLayout {
    let count = folded.boxes.len();
    let mut rank = vec![0usize; count];
    // Edges lead forward and are sorted by where they begin; a box's rank is settled before its edges are followed.
    for &(from, to) in &folded.edges {
        rank[to] = rank[to].max(rank[from] + 1);
    }
    let (mut cells, paths) = cells(folded, sizes, &rank);
    let ranks = rank.iter().max().map_or(0, |last| last + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); ranks];
    (0..cells.len()).for_each(|index| rows[cells[index].rank].push(index));
    order(&mut rows, &mut cells);
    place(&rows, &mut cells);
    let lines = lines(&rows, &cells, &breaks(folded, &rank, ranks), aspect);
    let boxes: Vec<Rect> = cells[..count]
        .iter()
        .map(|cell| {
            let RankLine { left, down, width, .. } = lines[cell.rank];
            Rect::from_center_size(pos2(left + width / 2.0, cell.y + down), cell.size)
        })
        .collect();
    let edge = |path: &Vec<usize>| {
        let (first, last) = (path[0], path[path.len() - 1]);
        let mut points = vec![boxes[first].right_center()];
        for pair in path.windows(2) {
            let [from, to] = [pair[0], pair[1]].map(|index| &cells[index]);
            let (here, there) = (&lines[from.rank], &lines[to.rank]);
            if here.number != there.number {
                // Around the end of the line, back through the gap below it, and in from the left.
                let (right, left) = (here.left + here.width + ACROSS / 2.0, there.left - ACROSS / 2.0);
                let gap = there.top - BETWEEN / 2.0;
                let end = pos2(here.left + here.width, from.y + here.down);
                points.extend([end, pos2(right, gap), pos2(left, gap), pos2(there.left, to.y + there.down)]);
            }
            if pair[1] != last {
                let y = to.y + there.down;
                points.extend([pos2(there.left, y), pos2(there.left + there.width, y)]);
            }
        }
        points.push(boxes[last].left_center());
        points.dedup();
        points
    };
    let edges: Vec<Vec<Pos2>> = paths.iter().map(edge).collect();
    let bounds = boxes.iter().fold(Rect::NOTHING, |bounds, rect| bounds.union(*rect));
    let bounds = edges.iter().flatten().fold(bounds, |bounds, point| bounds.union(Rect::from_pos(*point)));
    BoxLayout { boxes, edges, bounds }
}

/// A cell for each box, then one for each rank that an edge crosses; and the cells that each edge passes.
fn cells(folded: &Folded, sizes: &[Vec2], rank: &[usize]) -> (Vec<Cell>, Vec<Vec<usize>>) {
    let cell = |rank: usize, size: Vec2| Cell { rank, size, before: Vec::new(), after: Vec::new(), y: 0.0 };
    let mut cells: Vec<Cell> = (0..folded.boxes.len()).map(|index| cell(rank[index], sizes[index])).collect();
    let mut paths: Vec<Vec<usize>> = Vec::with_capacity(folded.edges.len());
    for &(from, to) in &folded.edges {
        let mut path = vec![from];
        for between in rank[from] + 1..rank[to] {
            cells.push(cell(between, vec2(0.0, LANE)));
            path.push(cells.len() - 1);
        }
        path.push(to);
        for pair in path.windows(2) {
            cells[pair[0]].after.push(pair[1]);
            cells[pair[1]].before.push(pair[0]);
        }
        paths.push(path);
    }
    (cells, paths)
}

/// Whether a line may or must end after a rank.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Break {
    Never,
    May,
    Must,
}

/// The breaks after each rank: never inside an unfolded block, always around a stage of several blocks.
fn breaks(folded: &Folded, rank: &[usize], ranks: usize) -> Vec<Break> {
    let mut breaks = vec![Break::May; ranks];
    let span = |boxes: &Vec<usize>| {
        let first = boxes.iter().map(|&index| rank[index]).min().unwrap_or(0);
        let last = boxes.iter().map(|&index| rank[index]).max().unwrap_or(0);
        (first, last)
    };
    for (first, last) in folded.stages.iter().map(span) {
        for end in [first.checked_sub(1), Some(last)].into_iter().flatten() {
            breaks[end] = Break::Must;
        }
    }
    for (first, last) in folded.unbroken.iter().map(span) {
        breaks[first..last].fill(Break::Never);
    }
    breaks
}

/// The place of a rank in its line.
#[derive(Clone, Copy)]
struct RankLine {
    /// Which line it is in.
    number: usize,
    /// Its left side and its width: that of its widest box.
    left: f32,
    width: f32,
    /// The upper edge of the line, and what its cells' heights are moved by.
    top: f32,
    down: f32,
}

/// Breaks the ranks into lines: where that is allowed, and where few edges cross.
fn lines(rows: &[Vec<usize>], cells: &[Cell], breaks: &[Break], aspect: f32) -> Vec<RankLine> {
    let widths: Vec<f32> =
        rows.iter().map(|row| row.iter().map(|&index| cells[index].size.x).fold(0.0, f32::max)).collect();
    let span = |row: &[usize]| {
        let top = row.iter().map(|&index| cells[index].y - cells[index].size.y / 2.0).fold(f32::INFINITY, f32::min);
        let bottom =
            row.iter().map(|&index| cells[index].y + cells[index].size.y / 2.0).fold(f32::NEG_INFINITY, f32::max);
        [top, bottom]
    };
    let spans: Vec<[f32; 2]> = rows.iter().map(|row| span(row)).collect();
    let crossing = |rank: usize| rows[rank].iter().map(|&index| cells[index].after.len()).sum::<usize>();
    let total: f32 = widths.iter().map(|width| width + ACROSS).sum();
    let broken = |limit: f32| {
        let mut found = Vec::with_capacity(rows.len());
        let (mut first, mut number, mut top, mut widest) = (0, 0, 0.0, 0.0f32);
        while first < rows.len() {
            let end = line_end(first, limit, &widths, breaks, crossing);
            let line = &spans[first..end];
            let highest = line.iter().fold(f32::INFINITY, |highest, span| highest.min(span[0]));
            let lowest = line.iter().fold(f32::NEG_INFINITY, |lowest, span| lowest.max(span[1]));
            let mut left = 0.0;
            for &width in &widths[first..end] {
                found.push(RankLine { number, left, width, top, down: top - highest });
                left += width + ACROSS;
            }
            widest = widest.max(left);
            top += lowest - highest + BETWEEN;
            (first, number) = (end, number + 1);
        }
        // The scale at which it fits the page.
        (found, (aspect / widest).min(1.0 / top))
    };
    let all = (1..=24).map(|count| broken((total / count as f32).max(240.0)));
    let best = all.reduce(|best, other| if other.1 > best.1 { other } else { best });
    best.map_or_else(Vec::new, |(found, _)| found)
}

/// The end of the line that begins with a rank: the last allowed break within the limit, or one shortly before it that
/// fewer edges cross; the first allowed break where none is within the limit.
fn line_end(first: usize, limit: f32, widths: &[f32], breaks: &[Break], crossing: impl Fn(usize) -> usize) -> usize {
    let (mut width, mut allowed) = (0.0, Vec::new());
    for rank in first..widths.len() {
        if width + widths[rank] > limit && !allowed.is_empty() {
            break;
        }
        width += widths[rank] + ACROSS;
        match breaks[rank] {
            Break::Must => return rank + 1,
            Break::May => allowed.push(rank),
            Break::Never => {}
        }
        if rank + 1 == widths.len() {
            return widths.len();
        }
    }
    let last = allowed.last().copied().unwrap_or(first);
    let earliest = first + (last - first) * 2 / 3;
    let candidates = allowed.into_iter().rev().filter(|&rank| rank >= earliest);
    candidates.min_by_key(|&rank| crossing(rank)).unwrap_or(last) + 1
}

/// Fewer crossings: every rank by the mean place of what it is linked to, to and fro.
fn order(rows: &mut [Vec<usize>], cells: &mut [Cell]) {
    let number = |row: &[usize], cells: &mut [Cell]| {
        // In the middle, so that ranks of different lengths compare.
        let middle = (row.len() as f32 - 1.0) / 2.0;
        row.iter().enumerate().for_each(|(at, &index)| cells[index].y = at as f32 - middle);
    };
    rows.iter().for_each(|row| number(row, cells));
    let ranks = rows.len();
    for sweep in 0..6 {
        let forward = sweep % 2 == 0;
        for step in 0..ranks {
            let row = &mut rows[if forward { step } else { ranks - 1 - step }];
            row.sort_by(|&a, &b| {
                let wish = |index: usize| wish(cells, index, forward, !forward);
                wish(a).total_cmp(&wish(b))
            });
            number(row, cells);
        }
    }
}

/// The mean height of what a cell is linked to.
fn wish(cells: &[Cell], index: usize, before: bool, after: bool) -> f32 {
    let cell = &cells[index];
    let linked = || {
        let before = cell.before.iter().filter(|_| before);
        before.chain(cell.after.iter().filter(|_| after))
    };
    match linked().count() {
        0 => cell.y,
        count => linked().map(|&other| cells[other].y).sum::<f32>() / count as f32,
    }
}

/// Heights: near what a cell is linked to, in order, without overlap.
fn place(rows: &[Vec<usize>], cells: &mut [Cell]) {
    for sweep in 0..12 {
        let forward = sweep % 2 == 0;
        let last = sweep >= 10;
        for step in 0..rows.len() {
            let row = &rows[if forward { step } else { rows.len() - 1 - step }];
            let wishes: Vec<f32> =
                row.iter().map(|&index| wish(cells, index, forward || last, !forward || last)).collect();
            let mut bottom = f32::NEG_INFINITY;
            let mut pushed = 0.0;
            for (&index, &wish) in row.iter().zip(&wishes) {
                let half = cells[index].size.y / 2.0;
                let y = wish.max(bottom + half);
                bottom = y + half + DOWN;
                pushed += y - wish;
                cells[index].y = y;
            }
            // All the pushing went down: half of it is taken back.
            let back = pushed / row.len().max(1) as f32;
            row.iter().for_each(|&index| cells[index].y -= back);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::fold::{blocks, fold};
    use super::*;
    use crate::zoo::ZOO;
    use std::collections::BTreeSet;

    #[test]
    fn no_boxes_overlap_and_lines_fill_the_page() {
        for card in ZOO {
            let graph = (card.build)(card.size()).unwrap();
            let blocks = blocks(&graph);
            let all: BTreeSet<String> = blocks.iter().map(|block| block.name.clone()).collect();
            for open in [BTreeSet::new(), all] {
                let folded = fold(&graph, &blocks, &open);
                let sizes = vec![vec2(100.0, 40.0); folded.boxes.len()];
                let start = std::time::Instant::now();
                let drawing = layout(&folded, &sizes, 2.0);
                println!("{} {} boxes: {:?}", card.name, folded.boxes.len(), start.elapsed());
                let ends = |edge: &Vec<Pos2>| (edge[0], edge[edge.len() - 1]);
                for (edge, points) in folded.edges.iter().zip(&drawing.edges) {
                    let (from, to) = (drawing.boxes[edge.0], drawing.boxes[edge.1]);
                    assert_eq!(ends(points), (from.right_center(), to.left_center()), "{}", card.name);
                    assert!(from.right() < to.left() || from.bottom() < to.top(), "{} {from} {to}", card.name);
                }
                // A block lies in one line: no box of it stands left of a box that it reads.
                for block in &folded.unbroken {
                    for (from, to) in &folded.edges {
                        if block.contains(from) && block.contains(to) {
                            assert!(drawing.boxes[*from].right() < drawing.boxes[*to].left(), "{}", card.name);
                        }
                    }
                }
                let aspect = drawing.bounds.width() / drawing.bounds.height();
                // With every block opened, EfficientNet-B7 and its 800 layers make a tall page.
                assert!((0.25..9.0).contains(&aspect), "{}: {aspect}", card.name);
                // Boxes that share a rank stand one below the other.
                let mut boxes = drawing.boxes.clone();
                boxes.sort_by(|a, b| (a.left(), a.top()).partial_cmp(&(b.left(), b.top())).unwrap());
                for pair in boxes.windows(2).filter(|pair| pair[0].left() == pair[1].left()) {
                    assert!(pair[0].bottom() <= pair[1].top(), "{}: {pair:?}", card.name);
                }
                assert!(boxes.iter().all(|rect| drawing.bounds.contains_rect(*rect)));
            }
        }
    }
}
