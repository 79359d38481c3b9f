/// Where one WebSocket frame ends and the next begins (RFC 6455, section 5.2), told from the bytes that pass.
///
/// A close frame may stand between two frames only. Nothing of the frames is kept or read but their lengths.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The header of the frame that is passing, as far as it has come: 14 bytes at most.
    header: [u8; 14],
    known: usize,
    /// Bytes of payload that are still to come.
    payload: u64,
}

impl Frames {
    /// Takes notice of bytes that were written.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let step = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
                self.payload -= step as u64;
                bytes = &bytes[step..];
                continue;
            }
            self.header[self.known] = bytes[0];
            self.known += 1;
            bytes = &bytes[1..];
            if let Some(length) = self.length() {
                self.payload = length;
                self.known = 0;
            }
        }
    }

    /// Whether a frame of one's own may be written now.
    pub(super) fn at_boundary(&self) -> bool {
        self.known == 0 && self.payload == 0
    }

    /// The payload's length, once the header is whole.
    fn length(&self) -> Option<u64> {
        let second = *self.header[..self.known].get(1)?;
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if self.known < 2 + extended + mask {
            return None;
        }
        let long = self.header[2..2 + extended].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Some(if extended == 0 { u64::from(second & 0x7f) } else { long })
    }
}

/// A server's close frame (RFC 6455, section 5.5.1) with a short reason.
pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    let length = u8::try_from(2 + reason.len()).expect("a reason of ours is short");
    let mut frame = vec![0x88, length];
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(reason.as_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(length: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![0x82];
        match length {
            0..126 => frame.push(mask | length as u8),
            126..0x1_0000 => {
                frame.push(mask | 126);
                frame.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                frame.push(mask | 127);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[7; 4][..if masked { 4 } else { 0 }]);
        frame.resize(frame.len() + length, 0x88);
        frame
    }

    proptest! {
        #[test]
        fn a_boundary_is_exactly_where_a_frame_ends(
            frames in proptest::collection::vec(
                (prop_oneof![0_usize..200, Just(125), Just(126), Just(65_535), Just(65_536)], any::<bool>()), 1..5),
            piece in 1_usize..5_000,
        ) {
            let frames: Vec<Vec<u8>> = frames.into_iter().map(|(length, masked)| frame(length, masked)).collect();
            let all = frames.concat();
            let mut ends = vec![0];
            for one in &frames {
                ends.push(ends[ends.len() - 1] + one.len());
            }
            let (mut passing, mut at) = (Frames::default(), 0);
            for part in all.chunks(piece) {
                passing.pass(part);
                at += part.len();
                prop_assert_eq!(passing.at_boundary(), ends.contains(&at), "after {} bytes", at);
            }
        }
    }

    #[test]
    fn a_close_frame_is_one_frame() {
        let mut frames = Frames::default();
        let close = close(4401, "The session is over.");
        frames.pass(&close[..5]);
        assert!(!frames.at_boundary());
        frames.pass(&close[5..]);
        assert!(frames.at_boundary());
        assert_eq!(close[2..4], 4401_u16.to_be_bytes());
    }
}
