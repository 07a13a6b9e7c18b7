//! A convolution's filters and geometry as the kernels' preparation reads them, forward and for the input gradient.

/// A convolution on maps of a known size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvGeometry {
    /// Channels, rows and columns of the input.
    pub input: [usize; 3],
    /// Channels, rows and columns of the output.
    pub output: [usize; 3],
    /// Rows and columns of a filter.
    pub kernel: [usize; 2],
    /// Step between windows, along rows and along columns.
    pub stride: [usize; 2],
    /// Step between the taps of a window, along rows and along columns.
    pub dilation: [usize; 2],
    /// Independent groups of channels.
    pub groups: usize,
    /// Rows of zeros above and columns of zeros before the input.
    pub before: [usize; 2],
}

/// ConvFilters `(units, channels / groups, rows, columns)`, to be used as they are or, for the input gradient, with units
/// and channels changing places.
#[derive(Clone, Copy)]
pub struct ConvFilters<'a> {
    /// Row-major.
    pub values: &'a [f32],
    /// The convolution they belong to.
    pub geometry: ConvGeometry,
    /// For the input gradient.
    pub transposed: bool,
    /// A factor for every unit: what batch normalisation behind the convolution multiplies by.
    pub scale: Option<&'a [f32]>,
}

impl ConvFilters<'_> {
    /// Channels that a kernel with these filters reads.
    pub fn inputs(&self) -> usize {
        if self.transposed { self.geometry.output[0] } else { self.geometry.input[0] }
    }

    /// Channels that it writes.
    pub fn outputs(&self) -> usize {
        if self.transposed { self.geometry.input[0] } else { self.geometry.output[0] }
    }

    /// Channels it reads that can matter to written channels `start..end`.
    pub fn sources(&self, start: usize, end: usize) -> std::ops::Range<usize> {
        let (inputs, outputs) = (self.inputs() / self.geometry.groups, self.outputs() / self.geometry.groups);
        start / outputs * inputs..(end - 1) / outputs * inputs + inputs
    }

    /// The weight with which channel `input` at filter position (row, column) enters channel `output`; zero beyond the
    /// channels there are and across groups.
    pub fn weight(&self, output: usize, input: usize, row: usize, column: usize) -> f32 {
        let ConvGeometry { input: [channels, ..], output: [units, ..], kernel, groups, .. } = self.geometry;
        let (unit, channel) = if self.transposed { (input, output) } else { (output, input) };
        if unit >= units || channel >= channels {
            return 0.0;
        }
        let mut index = unit * channels + channel;
        if groups > 1 {
            let (group_units, group_channels) = (units / groups, channels / groups);
            if unit / group_units != channel / group_channels {
                return 0.0;
            }
            index = unit * group_channels + channel % group_channels;
        }
        index = index * kernel[0] + row;
        self.values[index * kernel[1] + column] * self.scale.map_or(1.0, |scale| scale[unit])
    }
}
