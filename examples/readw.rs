//! Reads weights files and says how long it took.
fn main() {
    for path in std::env::args().skip(1) {
        let start = std::time::Instant::now();
        match striate::weights::read_file(path.as_ref(), &striate::watch::Watch::default()) {
            Ok(file) => println!("{path}: {:?} {} tensors in {:?}", file.format, file.tensors.len(), start.elapsed()),
            Err(error) => println!("{error} in {:?}", start.elapsed()),
        }
    }
}
