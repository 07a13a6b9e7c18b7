//! The pictures that ship inside the program, so that it shows something before a file is opened.

/// A picture inside the program, opened as `sample:NAME`.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The name after `sample:`.
    pub name: &'static str,
    /// The subject of the picture.
    pub title: &'static str,
    /// The author, and the licence.
    pub credit: &'static str,
    /// The file, PNG or JPEG.
    pub bytes: &'static [u8],
}

/// Every sample picture; the first is the one shown at start.
pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "chelsea",
        title: "Chelsea the cat",
        credit: "Stefan van der Walt, CC0",
        bytes: include_bytes!("../../assets/samples/chelsea.png"),
    },
    Sample {
        name: "coffee",
        title: "A cup of espresso",
        credit: "Rachel Michetti, CC0",
        bytes: include_bytes!("../../assets/samples/coffee.png"),
    },
    Sample {
        name: "rocket",
        title: "A Falcon 9 launch",
        credit: "SpaceX photos, CC0",
        bytes: include_bytes!("../../assets/samples/rocket.jpg"),
    },
    Sample {
        name: "astronaut",
        title: "Eileen Collins",
        credit: "NASA, public domain",
        bytes: include_bytes!("../../assets/samples/astronaut.png"),
    },
];
