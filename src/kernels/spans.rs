//! The windows of a pool along one axis.

/// The windows along one axis: the inputs that each output covers, and its divisor.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    /// For each output: first input, one past the last input, divisor.
    spans: Vec<(usize, usize, usize)>,
    input: usize,
}

impl Spans {
    /// Windows of `kernel` every `stride` over `input` values with `pad` before and after. With `count_padding` the
    /// divisor counts the padding too, but never what ceil mode adds behind it.
    pub fn sliding(
        input: usize,
        output: usize,
        kernel: usize,
        stride: usize,
        pad: [usize; 2],
        count_padding: bool,
    ) -> Self {
        let span = |i: usize| {
            let padded = i * stride;
            let (start, end) = (padded.saturating_sub(pad[0]).min(input), (padded + kernel).saturating_sub(pad[0]));
            let counted = (padded + kernel).min(input + pad[0] + pad[1]) - padded;
            let end = end.min(input);
            (start, end, if count_padding { counted } else { end - start })
        };
        Spans { spans: (0..output).map(span).collect(), input }
    }

    /// `output` nearly equal windows over `input` values: floor(i n / m) up to ceil((i + 1) n / m).
    pub fn adaptive(input: usize, output: usize) -> Self {
        let span = |i: usize| {
            let (start, end) = (i * input / output, ((i + 1) * input).div_ceil(output));
            (start, end, end - start)
        };
        Spans { spans: (0..output).map(span).collect(), input }
    }

    /// For each output: first input, one past the last input, divisor.
    pub(crate) fn windows(&self) -> &[(usize, usize, usize)] {
        &self.spans
    }

    /// The number of inputs.
    pub(crate) fn input(&self) -> usize {
        self.input
    }

    /// For each input the outputs that cover it: first, one past the last. Neither end of a window ever moves back,
    /// so they are neighbours.
    pub(crate) fn covering(&self) -> Vec<(usize, usize)> {
        let first = |at: usize| self.spans.partition_point(|&(_, end, _)| end <= at);
        let last = |at: usize| self.spans.partition_point(|&(start, ..)| start <= at);
        (0..self.input).map(|at| (first(at), last(at).max(first(at)))).collect()
    }
}
