//! Frames as clients and servers in the field write them: where the targets that read PDUs begin.

use std::sync::LazyLock;

use crate::hex;

/// Every frame of `seeds/frames.hex`.
pub(crate) fn frames() -> &'static [Vec<u8>] {
    static FRAMES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let lines = include_str!("../../seeds/frames.hex").lines();
        lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| hex::read(line).expect("the seeds are hex: a test reads them"))
            .collect()
    });
    &FRAMES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_golden_frame_is_one_frame() {
        for frame in frames() {
            let length = edgebind_smpp::frame::split(frame, 1 << 16);
            assert_eq!(length, Ok(Some(frame.len())), "{}", hex::write(frame));
        }
    }
}
