//! # Striate: see, layer by layer, what a convolutional network does with a picture
//!
//! A library and a thin binary. The library computes and paints; the binary is a window (feature `gui`, on by default)
//! and a command line over the same engine.
//!
//! ## The map
//! Data flows one way: a picture and weights come in at the top, pictures of what the network does come out below.
//!
//! | room | what it is | may know |
//! |---|---|---|
//! | [`error`], [`watch`], [`memory`], [`paths`] | the one error type; progress and cancelling; the memory that is left; file names as users give them | |
//! | [`kernels`] | what the CPU engine computes with; what candle's operators lack: pooling with switches, LRN | |
//! | [`net`] | a network as data, forward pass, reverse walk, costs | kernels |
//! | [`go`] | the game of Go: rules, records of games, the features that AlphaGo reads | |
//! | [`picture`] | a file becomes upright RGB, perhaps altered, becomes a normalised tensor | go |
//! | [`weights`] | weights files of four formats, downloads, made-up weights | net |
//! | [`zoo`] | the networks, one file a family | net, picture |
//! | [`formats`] | a file becomes a network: its graph, weights and description | net, picture, weights, zoo |
//! | [`methods`] | questions asked of a trace, one file a method | net, kernels |
//! | [`synthesis`] | pictures that excite what was asked for, step by step | net, picture, methods |
//! | [`paint`] | numbers become pixels; PNG and npy files | |
//! | [`html`] | the frame and style of pages, addresses of files, charts in pages | |
//! | [`dataset`] | the index of a folder of pictures, probes of its features, nearest pictures, where a network is wrong | kernels, net, paint |
//! | [`train`] | pictures with classes make better weights: data, batches, optimisers, runs | kernels, net, paint, picture, weights |
//! | [`engine`] | models, runs, the worker threads | all of the above |
//! | [`figures`] | an answer becomes a picture with its caption, number format and text chunks: once for all faces | engine and what it knows |
//! | [`atlas`] | units beside the pictures that excite them: sheets, and a page a unit | figures, dataset and what they know |
//! | [`tour`] | everything about one picture as a folder of HTML | figures and what they know |
//! | `gpu` | activation maps on the GPU, drawn by `shaders/` | paint |
//! | `ui` | the window, one file a panel | tour, gpu and what they know |
//! | [`cli`] | the command line | tour and what it knows |
//!
//! ## Invariants
//! - The arrows above are all there are; `tests/tidy/` enforces them. Nothing imports `ui` or `cli`; nothing that
//!   computes knows egui, so `--no-default-features` builds the headless tool.
//! - Shapes, costs and receptive fields are computed from the [`net::Graph`], never written beside it.
//! - A score is a class's value before softmax; everything that differentiates, differentiates it.
//! - One definition of how a value becomes a pixel ([`paint::tile_value`], [`paint::colour`]); the shader mirrors it
//!   and a test holds the two together.
//! - Nothing a user can cause panics: every error is an [`Error`] that reads as one sentence.
//! - Files are written beside and renamed: a failure leaves no half file.
//!
//! ## How to add ...
//! - **a network**: a file in `src/zoo` that builds its [`net::Graph`] and ends in a [`zoo::Card`]; a line in
//!   [`zoo::ZOO`]. Flags, pickers, tables and the tests that loop over all networks follow.
//! - **a method**: a file in `src/methods` that ends in a [`methods::Method`]; a line in [`methods::METHODS`]. It is
//!   then a `--method`, an entry in the window's picker and a section of the tour.
//! - **a preset of synthesis**: an entry of [`synthesis::PRESETS`]; a parameter of it is one of
//!   [`synthesis::PARAMETERS`], which are flags and sliders.
//! - **a panel**: a file in `src/ui/panels` that implements `Panel`; a line in `PANELS`.
//! - **an operator**: a file in `src/net/ops` with its shape, weights, forward and reverse, and a variant of [`net::Op`]; the
//!   compiler names the matches that need a line. Both back ends then run it. A line in `tests/operators.rs` checks its reverse.

pub mod atlas;
pub mod cli;
pub mod dataset;
pub mod engine;
pub mod error;
pub mod figures;
pub mod formats;
pub mod go;
#[cfg(feature = "gui")]
pub mod gpu;
pub mod html;
pub mod kernels;
pub mod memory;
pub mod methods;
pub mod net;
pub mod paint;
pub mod paths;
pub mod picture;
pub mod synthesis;
pub mod tour;
pub mod train;
#[cfg(feature = "gui")]
pub mod ui;
pub mod watch;
pub mod weights;
pub mod zoo;

pub use error::{Error, Result};

/// The example of the book compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/src/library.md")]
struct BookExample;
