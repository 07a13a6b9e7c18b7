//! The constants of local response normalisation, which every back end takes alike.

/// The constants of the normalisation.
#[derive(Clone, Copy, Debug)]
pub struct Lrn {
    /// Channels in the window, n.
    pub size: usize,
    /// Weight of the mean square.
    pub alpha: f64,
    /// Exponent.
    pub beta: f64,
    /// Offset.
    pub k: f64,
}
