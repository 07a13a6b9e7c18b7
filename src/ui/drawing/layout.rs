//! Where the boxes stand: a layered drawing from left to right (Sugiyama, Tagawa and Toda 1981). A box stands right of
//! all that it reads; long edges get places of their own in the ranks they cross, so that none runs through a box.

use super::fold::Folded;
use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Between ranks, from box to box.
const ACROSS: f32 = 34.0;
/// Between boxes of a rank.
const DOWN: f32 = 12.0;
/// What an edge takes of a rank that it crosses.
const LANE: f32 = 7.0;

/// A drawing, in points at its usual size.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Of every box.
    pub boxes: Vec<Rect>,
    /// Of every edge: the corners it goes through, from the right side of a box to the left side of another.
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

/// Lays out boxes of these sizes.
pub fn layout(folded: &Folded, sizes: &[Vec2]) -> Layout {
    let count = folded.boxes.len();
    let mut rank = vec![0usize; count];
    // Edges lead forward and are sorted by where they begin; a box's rank is settled before its edges are followed.
    for &(from, to) in &folded.edges {
        rank[to] = rank[to].max(rank[from] + 1);
    }
    let cell = |rank: usize, size: Vec2| Cell { rank, size, before: Vec::new(), after: Vec::new(), y: 0.0 };
    let mut cells: Vec<Cell> = (0..count).map(|index| cell(rank[index], sizes[index])).collect();
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
    let ranks = rank.iter().max().map_or(0, |last| last + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); ranks];
    (0..cells.len()).for_each(|index| rows[cells[index].rank].push(index));
    order(&mut rows, &mut cells);
    place(&rows, &mut cells);
    // A rank is as wide as its widest box.
    let mut left = Vec::with_capacity(ranks);
    let mut x = 0.0;
    for row in &rows {
        left.push(x);
        x += row.iter().map(|&index| cells[index].size.x).fold(0.0, f32::max) + ACROSS;
    }
    let width = |rank: usize| left.get(rank + 1).map_or(x, |next| *next) - ACROSS - left[rank];
    let boxes: Vec<Rect> = cells[..count]
        .iter()
        .map(|cell| Rect::from_center_size(pos2(left[cell.rank] + width(cell.rank) / 2.0, cell.y), cell.size))
        .collect();
    let edge = |path: &Vec<usize>| {
        let (first, last) = (path[0], path[path.len() - 1]);
        let mut points = vec![boxes[first].right_center()];
        for &index in &path[1..path.len() - 1] {
            let Cell { rank, y, .. } = cells[index];
            points.extend([pos2(left[rank], y), pos2(left[rank] + width(rank), y)]);
        }
        points.push(boxes[last].left_center());
        points
    };
    let edges: Vec<Vec<Pos2>> = paths.iter().map(edge).collect();
    let bounds = boxes.iter().fold(Rect::NOTHING, |bounds, rect| bounds.union(*rect));
    let bounds = edges.iter().flatten().fold(bounds, |bounds, point| bounds.union(Rect::from_pos(*point)));
    Layout { boxes, edges, bounds }
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
    use super::super::{blocks, fold};
    use super::*;
    use crate::zoo::ZOO;
    use std::collections::BTreeSet;

    #[test]
    fn no_boxes_overlap_and_every_edge_leads_right() {
        for card in ZOO {
            let graph = (card.build)(card.size()).unwrap();
            let blocks = blocks(&graph);
            let all: BTreeSet<String> = blocks.iter().map(|block| block.name.clone()).collect();
            for open in [BTreeSet::new(), all] {
                let folded = fold(&graph, &blocks, &open);
                let sizes = vec![vec2(100.0, 40.0); folded.boxes.len()];
                let start = std::time::Instant::now();
                let drawing = layout(&folded, &sizes);
                println!("{} {} boxes: {:?}", card.name, folded.boxes.len(), start.elapsed());
                for edge in &drawing.edges {
                    assert!(edge.windows(2).all(|pair| pair[0].x <= pair[1].x), "{}", card.name);
                }
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
