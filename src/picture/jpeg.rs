//! The check that a JPEG file is complete, which the decoder does not make.

/// Whether the scan data ends with an end-of-image marker, as Pillow demands. Segments (among them an EXIF thumbnail,
/// which is a JPEG of its own) are stepped over, so that only the picture's own marker counts.
pub fn is_complete(bytes: &[u8]) -> bool {
    let mut at = 2; // past the start-of-image marker
    while let Some(rest) = bytes.get(at..) {
        // In scan data 0xff stands before 0 (a stuffed byte), a restart marker, or the marker that ends the scan.
        let Some(skip) = rest.windows(2).position(|pair| pair[0] == 0xff && is_marker(pair[1])) else { return false };
        at += skip + 2;
        match (rest[skip + 1], bytes.get(at..at + 2)) {
            (0xd9, _) => return true,
            (_, Some(length)) => at += usize::from(u16::from_be_bytes([length[0], length[1]])).max(2),
            (_, None) => return false,
        }
    }
    false
}

/// Not a stuffed or fill byte, not TEM, not a restart or start-of-image marker: those carry no length.
fn is_marker(byte: u8) -> bool {
    !matches!(byte, 0x00 | 0x01 | 0xd0..=0xd8 | 0xff)
}
