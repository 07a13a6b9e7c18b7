//! Stones on a board: groups, liberties, captures.

/// Points of a side.
pub const SIDE: usize = 19;
/// Points of a board, row by row from the top left.
pub const POINTS: usize = SIDE * SIDE;

/// The colour of a stone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stone {
    /// Black, who moves first.
    Black,
    /// White.
    White,
}

impl Stone {
    /// The other colour.
    pub fn other(self) -> Self {
        match self {
            Stone::Black => Stone::White,
            Stone::White => Stone::Black,
        }
    }
}

/// Stones on a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Board {
    points: [Option<Stone>; POINTS],
}

/// Stones that are connected along the lines, and the empty points beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub stones: Vec<usize>,
    pub liberties: Vec<usize>,
}

impl Board {
    pub fn new() -> Self {
        Board { points: [None; POINTS] }
    }

    pub fn at(&self, point: usize) -> Option<Stone> {
        self.points[point]
    }

    pub fn set(&mut self, point: usize, stone: Option<Stone>) {
        self.points[point] = stone;
    }

    /// The group that the stone at `point` belongs to; an empty point has none.
    pub fn group(&self, point: usize) -> Group {
        let mut group = Group::default();
        let Some(own) = self.points[point] else { return group };
        let mut seen = [false; POINTS];
        let mut open = vec![point];
        seen[point] = true;
        while let Some(at) = open.pop() {
            group.stones.push(at);
            for next in neighbours(at).filter(|&next| !std::mem::replace(&mut seen[next], true)) {
                match self.points[next] {
                    None => group.liberties.push(next),
                    Some(stone) if stone == own => open.push(next),
                    Some(_) => {}
                }
            }
        }
        group
    }

    /// Sets a stone on an empty point, takes groups of the other colour without liberties off and returns their stones;
    /// `None`, and nothing changed, where the stone's own group would then have no liberty.
    pub fn play(&mut self, point: usize, stone: Stone) -> Option<Vec<usize>> {
        if self.points[point].is_some() {
            return None;
        }
        self.points[point] = Some(stone);
        let mut taken = Vec::new();
        for next in neighbours(point).filter(|&next| self.points[next] == Some(stone.other())) {
            // A group that touches twice is counted once.
            if !taken.contains(&next) {
                let group = self.group(next);
                if group.liberties.is_empty() {
                    taken.extend(group.stones);
                }
            }
        }
        taken.iter().for_each(|&taken| self.points[taken] = None);
        if taken.is_empty() && self.group(point).liberties.is_empty() {
            self.points[point] = None;
            return None;
        }
        Some(taken)
    }
}

/// The points beside a point along the lines.
pub(super) fn neighbours(point: usize) -> impl Iterator<Item = usize> {
    let (row, column) = (point / SIDE, point % SIDE);
    let beside = [
        (row > 0).then(|| point - SIDE),
        (row + 1 < SIDE).then(|| point + SIDE),
        (column > 0).then(|| point - 1),
        (column + 1 < SIDE).then(|| point + 1),
    ];
    beside.into_iter().flatten()
}

/// The points beside a point across the lines.
pub(super) fn diagonals(point: usize) -> impl Iterator<Item = usize> {
    let (row, column) = ((point / SIDE) as isize, (point % SIDE) as isize);
    let side = SIDE as isize;
    let inside = move |&(row, column): &(isize, isize)| (0..side).contains(&row) && (0..side).contains(&column);
    let corners = [(row - 1, column - 1), (row - 1, column + 1), (row + 1, column - 1), (row + 1, column + 1)];
    corners.into_iter().filter(inside).map(move |(row, column)| (row * side + column) as usize)
}
