//! Pooling of blocked maps, forward and reverse. One vector is one pixel of sixteen channels, so a window is a loop of
//! comparisons or sums without shuffles; a task is a block.
//!
//! A switch is the position `row * width + column` of the maximum inside its window, kept as a float32 beside the
//! output: it takes part in vector comparisons. The reverse gathers: every input pixel asks the windows that cover it
//! whether they chose it, so nothing has to be cleared first and no two threads add to the same place.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    finish::{Epilogue, Finish},
    maps::{Maps, MapsMut},
    simd::{Isa, LANES, Lanes, for_isa},
};
use crate::kernels::Spans;

/// One row of outputs (forward) or inputs (reverse) of one block.
struct PoolRow<'a> {
    /// Windows along rows and along columns.
    spans: [&'a Spans; 2],
    /// The row to compute.
    row: usize,
    /// Source block: maps forward, gradients reverse.
    source: &'a [f32],
    /// Marks of the output's block; reverse only.
    switches: &'a [f32],
    finish: Option<Finish>,
}

impl PoolRow<'_> {
    /// Switches count positions in windows of this width.
    fn window_width(&self) -> usize {
        self.spans[1].windows().iter().map(|&(start, end, _)| end - start).max().unwrap_or(1)
    }
}

fn check(source: &Maps, outside: [usize; 2], out: &MapsMut, expected: [usize; 2]) {
    let (from, to) = (source.place, out.place);
    assert_eq!((from.batch, from.channels, from.lanes, to.lanes), (to.batch, to.channels, LANES, LANES));
    assert_eq!([from.height, from.width], outside, "the windows are for maps of another size");
    assert_eq!([to.height, to.width], expected, "the windows give maps of another size");
}

fn sizes([rows, columns]: [&Spans; 2]) -> ([usize; 2], [usize; 2]) {
    ([rows.input(), columns.input()], [rows.windows().len(), columns.windows().len()])
}

/// The largest value of each window.
///
/// # Panics
/// When sizes do not fit.
pub fn max_pool(isa: Isa, source: Maps, out: &mut MapsMut, spans: [&Spans; 2]) {
    search(isa, source, out, spans, false);
}

/// The switch of each window, which only a reverse walk needs: the first of equal maxima.
///
/// # Panics
/// When sizes do not fit.
pub fn switches(isa: Isa, source: Maps, out: &mut MapsMut, spans: [&Spans; 2]) {
    search(isa, source, out, spans, true);
}

fn search(isa: Isa, source: Maps, out: &mut MapsMut, spans: [&Spans; 2], marks: bool) {
    let (input, output) = sizes(spans);
    check(&source, input, out, output);
    out.for_each_block(|image, block, values| {
        let pixels = source.block(image, block);
        for (index, values) in values.chunks_exact_mut(output[1] * LANES).enumerate() {
            let job = PoolRow { spans, row: index, source: pixels, switches: &[], finish: None };
            // SAFETY: windows lie inside the source (`check`), and `values` holds one row of outputs.
            unsafe { for_isa!(isa, largest(job: &PoolRow = &job, values: &mut [f32] = values, marks: bool = marks)) }
        }
    });
}

#[inline(always)]
unsafe fn largest<V: Lanes>(job: &PoolRow, values: &mut [f32], marks: bool) {
    let width = job.spans[1].input();
    let window = job.window_width();
    let (top, bottom, _) = job.spans[0].windows()[job.row];
    for (&(left, right, _), value) in job.spans[1].windows().iter().zip(values.chunks_exact_mut(LANES)) {
        // SAFETY: the caller's promise.
        unsafe {
            let pixel = |y: usize, x: usize| V::load(job.source[(y * width + x) * LANES..][..LANES].as_ptr());
            let (mut best, mut mark) = (pixel(top, left), V::splat(0.0));
            for y in top..bottom {
                for x in left..right {
                    let here = V::splat(((y - top) * window + x - left) as f32);
                    (best, mark) = best.challenged(mark, pixel(y, x), here);
                }
            }
            if marks { mark } else { best }.store(value.as_mut_ptr());
        }
    }
}

/// Sends each value of `grad` back to where its window's switch says the maximum was.
///
/// # Panics
/// When sizes do not fit.
pub fn max_pool_reverse(isa: Isa, grad: Maps, switches: Maps, out: &mut MapsMut, spans: [&Spans; 2], how: &Epilogue) {
    assert_eq!(grad.place.shape(), switches.place.shape());
    reverse(isa, grad, Some(switches), out, spans, how);
}

/// Spreads each value of `grad` evenly over its window.
///
/// # Panics
/// When sizes do not fit.
pub fn mean_pool_reverse(isa: Isa, grad: Maps, out: &mut MapsMut, spans: [&Spans; 2], how: &Epilogue) {
    reverse(isa, grad, None, out, spans, how);
}

fn reverse(isa: Isa, grad: Maps, switches: Option<Maps>, out: &mut MapsMut, spans: [&Spans; 2], how: &Epilogue) {
    let (input, output) = sizes(spans);
    check(&grad, output, out, input);
    how.check(&out.place);
    let covering = spans[0].covering();
    let row = input[1] * LANES;
    out.for_each_block(|image, block, values| {
        let switches = switches.map_or(&[][..], |switches| switches.block(image, block));
        for (index, values) in values.chunks_exact_mut(row).enumerate() {
            let source = grad.block(image, block);
            let finish = how.at(image, block, index * row);
            let job = PoolRow { spans, row: index, source, switches, finish };
            // SAFETY: the windows that cover an input pixel lie inside the gradient (`check`); the epilogue fits `out`.
            unsafe {
                for_isa!(isa, gathered(job: &PoolRow = &job, values: &mut [f32] = values, covering: &[(usize, usize)] = &covering));
            }
        }
    });
}

/// The values of the row gather what the windows over it send, window by window, so that each is read once a row.
#[inline(always)]
unsafe fn gathered<V: Lanes>(job: &PoolRow, values: &mut [f32], covering: &[(usize, usize)]) {
    let columns = job.spans[1].windows();
    let window = job.window_width();
    values.fill(0.0);
    let (first, end) = covering[job.row];
    for row in first..end {
        let (top, _, row_count) = job.spans[0].windows()[row];
        for (column, &(left, right, column_count)) in columns.iter().enumerate() {
            let at = (row * columns.len() + column) * LANES;
            let values = values[left * LANES..right * LANES].chunks_exact_mut(LANES);
            // SAFETY: the caller's promise.
            unsafe {
                let grad = V::load(job.source[at..][..LANES].as_ptr());
                if job.switches.is_empty() {
                    let share = V::splat(1.0 / (row_count * column_count) as f32);
                    values.for_each(|value| grad.mul_add(share, V::load(value.as_ptr())).store(value.as_mut_ptr()));
                    continue;
                }
                let switch = V::load(job.switches[at..][..LANES].as_ptr());
                for (place, value) in values.enumerate() {
                    let here = V::splat(((job.row - top) * window + place) as f32);
                    V::load(value.as_ptr()).add(grad.where_equal(switch, here)).store(value.as_mut_ptr());
                }
            }
        }
    }
    let Some(finish) = &job.finish else { return };
    for (x, value) in values.chunks_exact_mut(LANES).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { finish.apply(V::load(value.as_ptr()), finish.channel(0), x * LANES).store(value.as_mut_ptr()) }
    }
}

/// The sum over each window divided by the product of its spans' divisors.
///
/// # Panics
/// When sizes do not fit.
pub fn mean_pool(isa: Isa, source: Maps, out: &mut MapsMut, spans: [&Spans; 2]) {
    let (input, output) = sizes(spans);
    check(&source, input, out, output);
    out.for_each_block(|image, block, values| {
        for (index, values) in values.chunks_exact_mut(output[1] * LANES).enumerate() {
            let job = PoolRow { spans, row: index, source: source.block(image, block), switches: &[], finish: None };
            // SAFETY: windows lie inside the source (`check`), and `values` holds one row of outputs.
            unsafe { for_isa!(isa, mean(job: &PoolRow = &job, values: &mut [f32] = values)) }
        }
    });
}

#[inline(always)]
unsafe fn mean<V: Lanes>(job: &PoolRow, values: &mut [f32]) {
    let width = job.spans[1].input();
    let (top, bottom, row_count) = job.spans[0].windows()[job.row];
    for (&(left, right, count), value) in job.spans[1].windows().iter().zip(values.chunks_exact_mut(LANES)) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sum = V::splat(0.0);
            for y in top..bottom {
                // Row by row: a global average adds thousands of values, and partial sums round less.
                let mut line = V::splat(0.0);
                for x in left..right {
                    line = line.add(V::load(job.source[(y * width + x) * LANES..][..LANES].as_ptr()));
                }
                sum = sum.add(line);
            }
            sum.mul(V::splat(1.0 / (row_count * count) as f32)).store(value.as_mut_ptr());
        }
    }
}
