//! The pictures that ship inside the program, so that it shows something before a file is opened.

/// The bytes of a file. They lie in a `static`, which the program holds once: the compiler copies a `const` into every part of
/// the crate that uses it, and `include_bytes!` with it.
macro_rules! embedded {
    ($path:literal) => {{
        static BYTES: [u8; include_bytes!($path).len()] = *include_bytes!($path);
        &BYTES
    }};
}

/// A picture inside the program, opened as `sample:NAME`.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The name after `sample:`.
    pub name: &'static str,
    /// The subject of the picture.
    pub title: &'static str,
    /// The author, and the licence.
    pub credit: &'static str,
    /// The networks that ship and name its subject rightly. A window shows a network such a picture first.
    pub named_by: &'static [&'static str],
    /// The file, PNG or JPEG.
    pub bytes: &'static [u8],
}

/// Every sample picture.
pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "chelsea",
        title: "Chelsea the cat",
        credit: "Stefan van der Walt, CC0",
        named_by: &["efficientnet_lite0", "resnet20", "plain20"],
        bytes: embedded!("../../assets/samples/chelsea.png"),
    },
    Sample {
        name: "coffee",
        title: "A cup of espresso",
        credit: "Rachel Michetti, CC0",
        named_by: &["efficientnet_lite0", "photonet"],
        bytes: embedded!("../../assets/samples/coffee.png"),
    },
    Sample {
        name: "palace",
        title: "The Summer Palace in Beijing",
        credit: "danielbuechele (Flickr), CC BY 2.0",
        named_by: &["efficientnet_lite0"],
        bytes: embedded!("../../assets/samples/palace.jpg"),
    },
    Sample {
        name: "digit",
        title: "A five, drawn by hand",
        credit: "Drawn for Striate, CC0",
        named_by: &["lenet5", "lenet5_modern"],
        bytes: embedded!("../../assets/samples/digit.png"),
    },
    Sample {
        name: "rocket",
        title: "A Falcon 9 launch",
        credit: "SpaceX photos, CC0",
        named_by: &[],
        bytes: embedded!("../../assets/samples/rocket.jpg"),
    },
];

/// The sample that a network is shown first: one that it names rightly, where there is one.
pub fn first_sample(network: &str) -> &'static Sample {
    SAMPLES.iter().find(|sample| sample.named_by.contains(&network)).unwrap_or(&SAMPLES[0])
}

/// The samples that a window offers: those that a network that ships names rightly.
pub fn offered_samples() -> impl Iterator<Item = &'static Sample> {
    SAMPLES.iter().filter(|sample| !sample.named_by.is_empty())
}
