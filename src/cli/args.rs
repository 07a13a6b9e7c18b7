//! The flags that subcommands share.

use super::{
    choice::NetworkChoice,
    console::Console,
    prepare::{PrepareArgs, extent},
};
use crate::{
    Error, Result,
    engine::{BY_FILE, DeviceChoice, Model, Opening, Run},
    net::{Backend, Graph, NodeId},
    paint::{ColourMap, Scaling, Style, read_npy},
    paths::from_user,
    picture::{Picture, Preparation, SAMPLES, is_game, is_tiff, planes},
    weights::Source,
    zoo::{Card, DEFAULT},
};
use candle_core::Tensor;
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Names separated by commas, for help texts that follow the registries.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Reads an argument that names a file or folder: any bytes, with `~` for the home folder.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(from_user)
}

/// The names of the sample pictures.
pub(super) fn samples() -> String {
    list(SAMPLES.iter().map(|sample| sample.name))
}

/// The device and the engine that compute.
#[derive(clap::Args)]
pub(super) struct ComputeArgs {
    /// Device: auto, cpu, cuda or metal
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = str::parse::<DeviceChoice>)]
    pub device: DeviceChoice,
    /// Engine on the CPU: fast (Striate's kernels) or candle (candle's operators, the reference)
    #[arg(long, value_name = "ENGINE", default_value = "fast", value_parser = str::parse::<Backend>)]
    engine: Backend,
    /// Keep the weights of large fully connected layers as float16: half their memory and time, scores to 1e-3
    #[arg(long)]
    half: bool,
    /// The input's size: a square's side, or HEIGHTxWIDTH; as much of the picture is in it as usual [default: the
    /// network's own]
    #[arg(long, value_name = "N|HxW", value_parser = extent)]
    pub size: Option<[usize; 2]>,
}

impl ComputeArgs {
    /// The same opening, computed and sized so.
    pub fn over(&self, opening: Opening) -> Opening {
        let preparation = Preparation { size: self.size, ..Preparation::default() };
        Opening { preparation, backend: self.engine, half: self.half, ..opening }
    }
}

/// The network and its weights.
#[derive(clap::Args)]
#[command(next_help_heading = "Network")]
pub(super) struct NetworkArgs {
    #[arg(long, value_name = "NETWORK|FILE", value_parser = NetworkChoice::from_user,
        help = format!("The network: a file (ONNX, torch.export, Keras), or a name; 'striate networks' lists them [default: the one that a weights file belongs to, else {}]",
        DEFAULT.name))]
    network: Option<NetworkChoice>,
    /// Weights from a file, or made up (untrained) from a seed [default: what ships, else what was fetched, else synthetic:0]
    #[arg(long, value_name = "FILE|synthetic:SEED", value_parser = OsStringValueParser::new().try_map(Source::from_user))]
    pub weights: Option<Source>,
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// The names of the classes: a label a line, or JSON (a list, id2label, class_to_idx). They must be as many as the
    /// network's classes [default: those in the weights file, else the network's own if their number fits]
    #[arg(long, value_name = "FILE", value_parser = path())]
    labels: Option<PathBuf>,
    #[command(flatten)]
    prepare: PrepareArgs,
}

impl NetworkArgs {
    /// The network that was named, or the one that opens first; `None` where the weights file decides.
    fn card(&self) -> Option<&'static Card> {
        match (&self.network, &self.weights) {
            (Some(NetworkChoice::Zoo(card)), _) => Some(card),
            (Some(NetworkChoice::File(_)), _) | (None, Some(Source::File(_))) => None,
            (None, _) => Some(DEFAULT),
        }
    }

    /// The name of the network that was named or opens first; where a weights file decides, that file.
    pub fn name(&self) -> String {
        match (&self.weights, &self.network) {
            (_, Some(choice)) => choice.name(),
            (Some(Source::File(path)), None) => path.display().to_string(),
            (_, None) => DEFAULT.name.to_owned(),
        }
    }

    /// The network to open.
    pub fn opening(&self) -> Opening {
        let weights = self.weights.clone().unwrap_or_default();
        let preparation = self.prepare.preparation(self.compute.size);
        let opening = match (&self.network, &weights) {
            (Some(choice), _) => choice.opening(weights),
            (None, Source::File(_)) => Opening { weights, ..Opening::of(BY_FILE) },
            (None, _) => Opening { weights, ..Opening::of(DEFAULT.name) },
        };
        Opening { preparation, labels: self.labels.clone(), ..self.compute.over(opening) }
    }

    /// The layers, where they are known before any weights are read: a weights file may have another classifier. Sizes are
    /// those of the network's own input.
    pub fn graph(&self) -> Result<Option<Graph>> {
        match (self.card(), &self.weights) {
            (Some(card), None | Some(Source::Shipped | Source::Synthetic(_))) => (card.build)(card.size()).map(Some),
            _ => Ok(None),
        }
    }

    /// Refuses a layer, or a unit of it, that does not exist, where the layers are known before anything is read.
    pub fn check_layer(&self, name: &str, unit: Option<usize>) -> Result<()> {
        let Some(graph) = self.graph()? else { return Ok(()) };
        let layer = graph.find(name)?;
        unit.map_or(Ok(()), |number| crate::cli::args::unit(number, layer, &graph).map(|_| ()))
    }

    /// Refuses a class that does not exist before anything runs. Labels from a file, and those of a network from a
    /// weights file, are known only when it is open.
    pub fn check_class(&self, text: &str) -> Result<()> {
        if let (None, false, Some(card)) = (&self.labels, matches!(self.weights, Some(Source::File(_))), self.card()) {
            card.labels.find(text)?;
        }
        Ok(())
    }

    /// Opens the network; says so when its weights are made up.
    pub fn open(&self, console: &Console) -> Result<Arc<Model>> {
        console.stage("reading weights");
        let device = self.compute.device.open()?;
        if self.compute.device == DeviceChoice::Auto
            && cfg!(any(feature = "cuda", feature = "metal"))
            && device.is_cpu()
        {
            console.note("this machine has no GPU that this build can use; running on the CPU");
        }
        let model = Model::open(&self.opening(), &device, console.watch())?;
        model.notes.iter().for_each(|note| console.note(note));
        if model.is_untrained() {
            console.note(&format!("{} runs on synthetic weights and is untrained", model.card.name));
        }
        Ok(Arc::new(model))
    }
}

/// The network's input: a picture or an array.
#[derive(clap::Args)]
pub(super) struct SubjectArgs {
    #[arg(required_unless_present = "input", help = format!("The picture: a file, sample:NAME ({}), or - for standard input", samples()))]
    pub image: Option<OsString>,
    /// In place of IMAGE: a float32 array (channels, height, width), or with a 1 before it, of any height and width that the network takes,
    /// already normalised, fed as it is; or a game of Go for AlphaGo's networks, after its last move or, as FILE.sgf#40, after
    /// move 40
    #[arg(long, value_name = "FILE.npy|FILE.sgf", conflicts_with = "image", value_parser = path())]
    input: Option<PathBuf>,
    #[command(flatten)]
    pub network: NetworkArgs,
}

impl SubjectArgs {
    /// Opens network and picture and runs the one on the other. The picture first: it is the likelier to be wrong.
    pub fn run(&self, console: &Console) -> Result<Run> {
        console.computing(|| self.run_watched(console))
    }

    fn run_watched(&self, console: &Console) -> Result<Run> {
        enum GivenInput {
            Picture(Picture),
            Tensor(Tensor),
            /// A TIFF for a network whose channels only the weights file knows.
            Tiff(PathBuf),
        }
        let by_file = matches!(self.network.weights, Some(Source::File(_)));
        let tiff = self.image.as_ref().map(from_user).filter(|path| by_file && is_tiff(path));
        let is_record = |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sgf"));
        let is_move = |path: &&PathBuf| path.to_string_lossy().to_lowercase().contains(".sgf#");
        let game = self.input.as_ref().filter(|path| is_game(path) || is_record(path) || is_move(path));
        let subject = match (&self.image, &self.input) {
            _ if game.is_some() => GivenInput::Picture(Picture::open(game.map_or(Path::new(""), |game| game))?),
            (_, Some(path)) => GivenInput::Tensor(read_npy(path)?),
            (Some(_), None) if tiff.is_some() => GivenInput::Tiff(tiff.unwrap_or_default()),
            (Some(image), None) => GivenInput::Picture(picture(image)?),
            (None, None) => return Err(Error::Usage("give a picture: a file or sample:NAME".into())),
        };
        let model = self.network.open(console)?;
        console.stage(&format!("running {}", model.card.name));
        match subject {
            GivenInput::Picture(picture) => Run::picture(&model, picture, console.watch()),
            GivenInput::Tiff(path) if model.preprocess.takes_pictures() => {
                Run::picture(&model, Picture::open(&path)?, console.watch())
            }
            GivenInput::Tiff(path) => {
                let (values, [count, height, width]) = planes(&path, model.preprocess.channels())?;
                let device = model.network.device();
                let planes = Tensor::from_vec(values, (1, count, height, width), device)?;
                let [mean, std] =
                    model.preprocess.statistics().map(|values| Tensor::from_vec(values, (1, count, 1, 1), device));
                let input = planes.broadcast_sub(&mean?)?.broadcast_div(&std?)?;
                Run::tensor(&model, input, console.watch())
            }
            GivenInput::Tensor(tensor) => {
                let channels = model.network.graph().input_shape()[0];
                let tensor = if tensor.rank() == 3 { tensor.unsqueeze(0)? } else { tensor };
                if !matches!(*tensor.dims(), [1, found, height, width] if found == channels && height * width > 0) {
                    let (path, found) = (self.input.clone().unwrap_or_default(), tensor.dims().to_vec());
                    let name = &model.card.name;
                    return Err(Error::Usage(format!(
                        "{} holds an array of shape {found:?} where {name} takes [1, {channels}, height, width]",
                        path.display()
                    )));
                }
                // The array is in the order of the weights' channels; the network has its first filters turned.
                let tensor = if model.preprocess.bgr { tensor.flip(&[1])?.contiguous()? } else { tensor };
                Run::tensor(&model, tensor, console.watch())
            }
        }
    }

    /// The picture's name in captions.
    pub fn name(&self) -> String {
        match (&self.image, &self.input) {
            (Some(image), _) => picture_name(image),
            (None, Some(path)) => path.display().to_string(),
            (None, None) => String::new(),
        }
    }
}

/// The colours of values.
#[derive(clap::Args)]
#[command(next_help_heading = "Colours")]
pub(super) struct PaintArgs {
    #[arg(long, value_name = "MAP", value_parser = ColourMap::from_name,
        help = format!("The colour map: {} [default: by what is shown]", list(ColourMap::ALL.map(ColourMap::name))))]
    pub map: Option<ColourMap>,
    #[arg(long, value_name = "SCALING", value_parser = Scaling::from_name,
        help = format!("Whose values the colours are relative to: {} [default: unit; layer for maps of one value; symmetric for a diverging map]",
            list(Scaling::ALL.map(Scaling::name))))]
    scaling: Option<Scaling>,
    /// The power that places in the colour map are raised to: below 1 lifts weak values, above 1 hides them
    #[arg(long, default_value_t = 1.0, value_parser = gamma)]
    pub gamma: f32,
}

fn gamma(text: &str) -> Result<f32> {
    let fits = |gamma: &f32| (0.01..=100.0).contains(gamma);
    text.parse().ok().filter(fits).ok_or_else(|| Error::Usage(format!("--gamma {text} is outside 0.01 to 100")))
}

impl PaintArgs {
    /// The style, with `usual` where no map was asked for.
    pub fn style(&self, usual: ColourMap) -> Style {
        Style { map: self.map.unwrap_or(usual), gamma: self.gamma }
    }

    /// The scaling for maps of `area` values. A diverging map means opposite signs only about zero, and a map of one
    /// value says nothing on its own scale.
    pub fn scaling(&self, style: &Style, area: usize) -> Scaling {
        let usual = match area {
            _ if style.map.is_diverging() => Scaling::Symmetric,
            1 => Scaling::Layer,
            _ => Scaling::Unit,
        };
        self.scaling.unwrap_or(usual)
    }
}

/// The name that stands for standard input.
const STDIN: &str = "-";

/// Opens a picture: a file, `sample:NAME`, or `-` for standard input.
pub(super) fn picture(source: impl AsRef<OsStr>) -> Result<Picture> {
    match source.as_ref() {
        source if source == STDIN => Picture::read(std::io::stdin().lock(), &picture_name(source)),
        source => Picture::from_source(source),
    }
}

/// The name that captions give a picture.
pub(super) fn picture_name(source: &OsStr) -> String {
    if source == STDIN { "standard input".to_owned() } else { source.to_string_lossy().into_owned() }
}

/// The class that `--class` names, else the predicted one.
pub(super) fn class(text: Option<&str>, run: &Run) -> Result<usize> {
    run.model.require_classes()?;
    text.map_or_else(|| Ok(run.predicted()), |text| run.model.labels.find(text))
}

/// A unit of a layer, checked.
pub(super) fn unit(unit: usize, layer: NodeId, graph: &Graph) -> Result<usize> {
    let node = graph.node(layer);
    match node.extent()[0] {
        units if unit < units => Ok(unit),
        1 => Err(Error::Usage(format!("layer {} has unit 0 only, not {unit}", node.name))),
        units => Err(Error::Usage(format!("layer {} has units 0 to {}, not {unit}", node.name, units - 1))),
    }
}
