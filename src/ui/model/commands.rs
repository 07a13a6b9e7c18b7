//! The commands of the window. An [`Action`] stands in menus and on keys; its label, hint and key are listed here, once. A
//! [`Command`] is an action, or a request of a pane.

use crate::{
    engine::{AnyInquiry, Control, Opening, PictureSource},
    net::{NodeId, surgery::Surgery},
    picture::{Alteration, Picture, Preparation},
    train::ShippedRun,
    ui::{
        background::training::TrainingOrder,
        model::{
            arrangement::Arrangement,
            export::Texts,
            pin::Pinned,
            state::{Colouring, Hover, UnitGrid},
            viewport::Viewport,
        },
    },
};
use eframe::egui::{Key, KeyboardShortcut, Modifiers};
use egui_tiles::TileId;
use std::path::PathBuf;

/// Something with a name and perhaps a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Choose a picture file.
    OpenPicture,
    /// Choose a folder of pictures.
    OpenFolder,
    /// The picture before, in its folder.
    PreviousPicture,
    /// The picture after, in its folder.
    NextPicture,
    /// Turn the webcam on or off.
    Webcam,
    /// Choose a file of weights, or one that holds a network.
    OpenWeights,
    /// Choose the file with the names of the classes.
    OpenLabels,
    /// Choose a network that stands beside the one on screen.
    Beside,
    /// Save what the active pane shows.
    Export,
    /// Put what the active pane shows on the clipboard.
    Copy,
    /// Save everything about the picture as a folder that a browser opens.
    Tour,
    /// Close the window.
    Quit,
    /// Cancel the running work.
    Cancel,
    /// The selection before.
    Back,
    /// The selection after.
    Forward,
    /// The layer before.
    PreviousLayer,
    /// The layer after.
    NextLayer,
    /// The unit to the left.
    UnitLeft,
    /// The unit to the right.
    UnitRight,
    /// The unit above.
    UnitUp,
    /// The unit below.
    UnitDown,
    /// Explain the predicted class.
    PredictedClass,
    /// The picture as it was before it was altered.
    Unalter,
    /// Zoom into the picture.
    Nearer,
    /// Zoom out of the picture.
    Farther,
    /// All of the picture.
    Whole,
    /// Dark or light.
    ToggleTheme,
    /// The panes of a purpose.
    Arrange(Arrangement),
    /// The panes of the present arrangement where they were at first.
    ResetArrangement,
    /// Everything larger.
    ZoomIn,
    /// Everything smaller.
    ZoomOut,
    /// Everything at its usual size.
    ZoomReset,
    /// Any action, by its name.
    Find,
    /// The guided tour.
    Guide,
    /// The pane of terms.
    Glossary,
    /// The page of keys.
    Keys,
    /// The name and version of the program.
    About,
}

/// An action in words.
pub struct Info {
    /// In menus.
    pub label: &'static str,
    /// When the pointer rests on it.
    pub hint: &'static str,
    /// Its key.
    pub shortcut: Option<KeyboardShortcut>,
}

const fn key(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::NONE, key))
}

const fn ctrl(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND, key))
}

const fn alt(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::ALT, key))
}

const BESIDE: &str =
    "Keep this network in a twin of the active pane, and go on with the one you choose: layers are matched by depth";

impl Action {
    /// All of them, as the page of keys lists them.
    pub const ALL: [Action; 42] = [
        Action::OpenPicture,
        Action::OpenFolder,
        Action::PreviousPicture,
        Action::NextPicture,
        Action::Webcam,
        Action::OpenWeights,
        Action::OpenLabels,
        Action::Beside,
        Action::Export,
        Action::Copy,
        Action::Tour,
        Action::Back,
        Action::Forward,
        Action::PreviousLayer,
        Action::NextLayer,
        Action::UnitLeft,
        Action::UnitRight,
        Action::UnitUp,
        Action::UnitDown,
        Action::PredictedClass,
        Action::Unalter,
        Action::Nearer,
        Action::Farther,
        Action::Whole,
        Action::Cancel,
        Action::ToggleTheme,
        Action::Arrange(Arrangement::Explore),
        Action::Arrange(Arrangement::Explain),
        Action::Arrange(Arrangement::Compare),
        Action::Arrange(Arrangement::Unit),
        Action::Arrange(Arrangement::Lecture),
        Action::Arrange(Arrangement::Everything),
        Action::ResetArrangement,
        Action::ZoomIn,
        Action::ZoomOut,
        Action::ZoomReset,
        Action::Find,
        Action::Guide,
        Action::Glossary,
        Action::Keys,
        Action::About,
        Action::Quit,
    ];

    /// Its words and its key.
    pub fn info(self) -> Info {
        let (label, hint, shortcut) = match self {
            Action::OpenPicture => {
                ("Open picture…", "Run a picture of your own; dropping or pasting one does too", { ctrl(Key::O) })
            }
            Action::OpenFolder => {
                ("Open folder…", "Run its first picture; then go through it picture by picture", None)
            }
            Action::PreviousPicture => {
                ("Previous picture", "The picture before in the folder, or the sample before", key(Key::PageUp))
            }
            Action::NextPicture => {
                ("Next picture", "The picture after in the folder, or the next sample", key(Key::PageDown))
            }
            Action::Webcam => {
                let hint = "Run what the camera films, mirrored, until this is chosen again or a picture is opened";
                ("Webcam", hint, None)
            }
            Action::Back => ("Back", "To the layer, unit and class selected before", alt(Key::ArrowLeft)),
            Action::Forward => ("Forward", "Undo going back", alt(Key::ArrowRight)),
            Action::OpenWeights => {
                let key = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O);
                let hint = "A checkpoint, which finds its network, or a network as a file: ONNX, torch.export, Keras";
                ("Open network or weights…", hint, Some(key))
            }
            Action::OpenLabels => {
                ("Open labels…", "Name the classes by a file: a label a line, or JSON; dropping one does too", None)
            }
            Action::Beside => ("Compare with another network…", BESIDE, ctrl(Key::B)),
            Action::Export => (
                "Save pane…",
                "Save what the active pane shows: its picture, its numbers, or as it looks",
                ctrl(Key::S),
            ),
            Action::Copy => {
                let key = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::C);
                ("Copy pane", "Put what the active pane shows on the clipboard: its picture, or its table", Some(key))
            }
            Action::Tour => {
                ("Save report…", "Save everything about this picture, layer by layer, as a folder for a browser", None)
            }
            Action::Quit => ("Quit", "Close the window", ctrl(Key::Q)),
            Action::Cancel => ("Cancel", "Stop what is being computed", key(Key::Escape)),
            Action::PreviousLayer => ("Previous layer", "One layer towards the picture", key(Key::OpenBracket)),
            Action::NextLayer => ("Next layer", "One layer towards the classes", key(Key::CloseBracket)),
            Action::UnitLeft => ("Unit to the left", "The unit before in the grid", key(Key::ArrowLeft)),
            Action::UnitRight => ("Unit to the right", "The unit after in the grid", key(Key::ArrowRight)),
            Action::UnitUp => ("Unit above", "One row up in the grid", key(Key::ArrowUp)),
            Action::UnitDown => ("Unit below", "One row down in the grid", key(Key::ArrowDown)),
            Action::PredictedClass => ("Explain the predicted class", "Back from a chosen class", key(Key::P)),
            Action::Unalter => ("Unaltered picture", "Undo whatever was done to it in the Picture pane", key(Key::U)),
            Action::Nearer => {
                ("Zoom into the picture", "In every pane that shows it; the wheel does the same", key(Key::Plus))
            }
            Action::Farther => ("Zoom out of the picture", "In every pane that shows it", key(Key::Minus)),
            Action::Whole => ("Whole picture", "All of the picture in every pane that shows it", key(Key::Num0)),
            Action::ToggleTheme => ("Dark or light", "Switch between the dark and the light theme", { ctrl(Key::D) }),
            Action::Arrange(arrangement) => (arrangement.label(), arrangement.hint(), arrangement_key(arrangement)),
            Action::ResetArrangement => {
                ("Reset arrangement", "Put the panes of this arrangement where they were at first", None)
            }
            Action::ZoomIn => ("Larger", "Make everything larger", ctrl(Key::Plus)),
            Action::ZoomOut => ("Smaller", "Make everything smaller", ctrl(Key::Minus)),
            Action::ZoomReset => ("Usual size", "Show everything at its usual size", ctrl(Key::Num0)),
            Action::Find => ("Find a command…", "Type a part of its name", ctrl(Key::P)),
            Action::Guide => ("Guided tour", "Eight steps through what the window shows", None),
            Action::Glossary => ("Glossary of terms", "Every term with its meaning", None),
            Action::Keys => ("Keys", "Every key and what it does", key(Key::F1)),
            Action::About => ("About Striate", "What this program is", None),
        };
        Info { label, hint, shortcut }
    }
}

/// Ctrl and a number.
fn arrangement_key(arrangement: Arrangement) -> Option<KeyboardShortcut> {
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];
    let place = Arrangement::ALL.iter().position(|other| *other == arrangement)?;
    keys.get(place).and_then(|&key| ctrl(key))
}

/// The second picture of a comparison.
#[derive(Clone)]
pub enum With {
    /// None: the comparison ends.
    Nothing,
    /// The picture as it is now, so that later alterations show.
    Present,
    /// The picture before it was altered.
    Original,
    /// The picture that was open before it.
    Before,
    /// A file that is asked for.
    File,
    /// Another picture.
    Picture(PictureSource),
}

/// A file that a changed network is saved in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveChanged {
    /// The names of the network and of its changes: it opens like a network.
    Variant,
    /// Weights of the unchanged network with which it computes the same.
    Weights,
}

/// A command about the run of training.
pub enum TrainingCommand {
    /// Start a run, or go on with the one in its folder.
    Start(Box<TrainingOrder>),
    /// Pause, or resume.
    Pause(bool),
    /// End the run; its checkpoints stay.
    Stop,
    /// Choose the folder of the pictures.
    ChooseData,
    /// Choose the folder of the run.
    ChooseFolder,
}

/// A request of a pane, a menu or a key. Commands are applied when everything is drawn.
pub enum Command {
    /// An action.
    Do(Action),
    /// Run another picture.
    Open(PictureSource),
    /// Open a file or folder by what it is: a picture, a folder of pictures, weights, a network.
    OpenPath(PathBuf),
    /// Open the finder with the start of a path.
    FindPath(String),
    /// Open a picture file, and go to a place of a unit's map there.
    OpenAt {
        /// The file.
        file: PathBuf,
        /// The layer.
        layer: NodeId,
        /// The unit.
        unit: usize,
        /// Row and column.
        position: [usize; 2],
    },
    /// Choose a folder to index.
    ChooseIndex,
    /// Index a folder, or go on with it.
    Index(PathBuf),
    /// Stop indexing.
    StopIndex,
    /// Run the pictures of the index for their features, for the map.
    Embed,
    /// Compare the picture with another.
    Compare(With),
    /// Open another network.
    OpenNetwork(Opening),
    /// Prepare pictures another way, and name the classes by a file, or by the network.
    Prepare(Preparation, Option<PathBuf>),
    /// Make these changes to the network, in place of those made before.
    Operate(Surgery),
    /// Save the changed network.
    SaveChanged(SaveChanged),
    /// Open another network, and keep the present one in a twin of the active pane.
    OpenBeside(Opening),
    /// Choose a network that stands beside the one in this pane.
    ChooseBeside(TileId),
    /// Download the published weights of a network and open it with them.
    Fetch(Opening),
    /// Go to a layer.
    SelectLayer(NodeId),
    /// Go to a unit of the layer, and to a row and a column of it.
    SelectUnit(usize, Option<[usize; 2]>),
    /// Alter the picture.
    Alter(Alteration),
    /// Run the drawing: the newest state of it, once the run before is on screen.
    Draw(Picture),
    /// Explain a class; the predicted one where `None`.
    SelectClass(Option<usize>),
    /// Set the colours of feature maps.
    SetLook(Colouring),
    /// Show this part of the picture.
    Show(Viewport),
    /// The pointer is over something.
    Hover(Hover),
    /// This grid is on screen.
    ShowGrid(UnitGrid),
    /// A pane shows the answer to a question in this frame; the engine is asked where it is missing.
    Need(AnyInquiry),
    /// The user pressed the button that asks a question which takes long.
    Ask(AnyInquiry),
    /// Ask again for what was cancelled.
    AskAgain,
    /// Open the dialog that saves or copies what a pane shows.
    ExportPane(TileId),
    /// Put what a pane shows on the clipboard.
    CopyPane(TileId),
    /// Save what the live synthesis keeps, in a folder of this name, with these texts in each picture.
    SaveFrames(String, Texts),
    /// Pin a part of the selection to a pane, or let the pane follow again.
    Pin(TileId, Pinned),
    /// Bring the pane of the panel with this name to the front; open one where there is none.
    ShowPane(&'static str),
    /// Open a second pane of the same panel beside a pane.
    Duplicate(TileId),
    /// Open a second pane of the same panel beside a pane, pinned to the class: another can be chosen in it.
    BesideClass(TileId),
    /// Close a pane.
    ClosePane(TileId),
    /// Control the live synthesis.
    Synthesise(Control),
    /// Open the checkpoints of a run.
    OpenRun(PathBuf),
    /// Open the checkpoints of a run that ships, with a picture of its kind.
    OpenShippedRun(&'static ShippedRun),
    /// Go to a checkpoint of the open run, by its place.
    GoToEpoch(usize),
    /// Start, pause, resume or stop training, or choose its folders.
    Train(TrainingCommand),
    /// Close the message.
    Dismiss,
}

impl From<Action> for Command {
    fn from(action: Action) -> Self {
        Command::Do(action)
    }
}
