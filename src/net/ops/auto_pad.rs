//! Padding that follows from the size of the input: "same" padding as TensorFlow and ONNX mean it.

use super::Op;
use crate::net::shapes::Padding;
use serde::{Deserialize, Serialize};

/// Where the padding of a convolution or pool comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AutoPad {
    /// The layer states it.
    #[default]
    Stated,
    /// An input of n values has ceil(n / stride) outputs. Of an odd number of zeros the larger half lies below and behind:
    /// TensorFlow's and Keras's "same", ONNX's SAME_UPPER.
    SameUpper,
    /// As `SameUpper`, with the larger half above and before: ONNX's SAME_LOWER.
    SameLower,
}

impl AutoPad {
    /// The padding along one axis for `size` values and windows that reach over `span` values; `None` where it is stated.
    fn along(self, size: usize, span: usize, stride: usize) -> Option<[usize; 2]> {
        let outputs = size.div_ceil(stride.max(1));
        let zeros = (outputs.saturating_sub(1) * stride + span).saturating_sub(size);
        let (less, more) = (zeros / 2, zeros - zeros / 2);
        match self {
            AutoPad::Stated => None,
            AutoPad::SameUpper => Some([less, more]),
            AutoPad::SameLower => Some([more, less]),
        }
    }

    /// Sets `padding` for an input of some shape, where it is not stated.
    fn settle(self, padding: &mut Padding, input: &[usize], span: [usize; 2], stride: [usize; 2]) {
        let &[_, height, width] = input else { return };
        if let (Some([top, bottom]), Some([left, right])) =
            (self.along(height, span[0], stride[0]), self.along(width, span[1], stride[1]))
        {
            *padding = Padding { top, bottom, left, right };
        }
    }
}

impl Op {
    /// The operator with the padding that an input of this shape asks for.
    pub(in crate::net) fn settled(mut self, input: &[usize]) -> Op {
        match &mut self {
            Op::Conv(conv) => {
                let span = [0, 1].map(|axis| conv.dilation[axis] * conv.kernel[axis].saturating_sub(1) + 1);
                conv.auto_pad.settle(&mut conv.padding, input, span, conv.stride);
            }
            Op::MaxPool(window) | Op::AvgPool { window, .. } => {
                window.auto_pad.settle(&mut window.padding, input, window.kernel, window.stride);
            }
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::{Builder, Conv, Window};

    #[test]
    fn same_padding_follows_the_size() {
        // tf.nn.conv2d and max_pool2d with padding="SAME".
        let same = |size: usize, kernel: usize, stride: usize| AutoPad::SameUpper.along(size, kernel, stride).unwrap();
        assert_eq!(same(224, 3, 2), [0, 1]);
        assert_eq!(same(225, 3, 2), [1, 1]);
        assert_eq!(same(8, 5, 2), [1, 2]);
        assert_eq!(same(7, 5, 1), [2, 2]);
        assert_eq!(same(6, 2, 3), [0, 0]);
        assert_eq!(AutoPad::SameLower.along(224, 3, 2), Some([1, 0]));
        assert_eq!(AutoPad::Stated.along(224, 3, 2), None);
    }

    #[test]
    fn a_graph_of_another_size_has_other_padding() {
        let mut net = Builder::new([1, 8, 9]);
        net.then("conv", Op::Conv(Conv::new(2, 3).stride(2).auto_pad(AutoPad::SameUpper)));
        net.then("pool", Op::MaxPool(Window::new(2, 2).auto_pad(AutoPad::SameUpper)));
        let graph = net.finish().unwrap();
        assert_eq!((&graph.node(1).shape[1..], &graph.node(2).shape[1..]), (&[4, 5][..], &[2, 3][..]));
        let padding = |graph: &crate::net::Graph| match &graph.node(1).op {
            Op::Conv(conv) => conv.padding,
            _ => Padding::default(),
        };
        assert_eq!(padding(&graph), Padding { top: 0, bottom: 1, left: 1, right: 1 });
        let other = graph.resized([9, 8]).unwrap();
        assert_eq!(padding(&other), Padding { top: 1, bottom: 1, left: 0, right: 1 });
        assert_eq!(other.node(2).shape, [2, 3, 2]);
    }
}
