//! The bytes inside an event id: positions as variable-length integers, topics as tags.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::vector::{Anchor, Position, TopicPosition};

/// Stands for a name in four bytes. A topic whose tag collides with another's is found out by its anchor.
pub(super) fn tag(name: &str) -> [u8; 4] {
    let digest = Sha256::digest(name.as_bytes());
    [digest[0], digest[1], digest[2], digest[3]]
}

pub(super) fn put_position(bytes: &mut Vec<u8>, position: &Position) {
    for topic in &position.topics {
        bytes.extend_from_slice(&tag(&topic.name));
        put_varint(bytes, topic.next.len() as u64);
        for next in &topic.next {
            put_varint(bytes, u64::try_from(*next).unwrap_or(0));
        }
        let Some(anchor) = topic.anchor else {
            put_varint(bytes, 0);
            continue;
        };
        let next = topic.next.get(anchor.partition).copied().unwrap_or(0);
        put_varint(bytes, anchor.partition as u64 + 1);
        // Nearly always zero: the anchor is the record just before the position.
        put_varint(bytes, u64::try_from(next - 1 - anchor.offset).unwrap_or(0));
        bytes.extend_from_slice(&anchor.stamp.to_be_bytes());
    }
}

/// Reads what [`put_position`] wrote. Topics that are not among `names` are skipped: they are no longer declared.
/// `None` for anything that it did not write.
pub(super) fn take_position(mut bytes: &[u8], names: &[Arc<str>]) -> Option<Position> {
    let mut position = Position::default();
    while !bytes.is_empty() {
        let tagged = bytes.split_off(..4)?;
        let topic = take_topic(&mut bytes)?;
        if let Some(name) = names.iter().find(|name| tag(name) == tagged) {
            position.topics.push(TopicPosition { name: Arc::clone(name), ..topic });
        }
    }
    Some(position)
}

fn take_topic(bytes: &mut &[u8]) -> Option<TopicPosition> {
    let count = usize::try_from(take_varint(bytes)?).ok()?;
    // Each takes at least a byte, so a count beyond what is left is nonsense and must not size an allocation.
    if count > bytes.len() {
        return None;
    }
    let next = (0..count).map(|_| i64::try_from(take_varint(bytes)?).ok()).collect::<Option<Vec<_>>>()?;
    let anchor = match usize::try_from(take_varint(bytes)?).ok()?.checked_sub(1) {
        None => None,
        Some(partition) => {
            let distance = i64::try_from(take_varint(bytes)?).ok()?;
            let offset = next.get(partition)?.checked_sub(1)?.checked_sub(distance)?;
            let stamp = u32::from_be_bytes(bytes.split_off(..4)?.try_into().ok()?);
            Some(Anchor { partition, offset, stamp })
        }
    };
    Some(TopicPosition { name: "".into(), next, anchor })
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_length_come_back() {
        for value in [0, 1, 127, 128, 300, 1 << 21, 1 << 35, i64::MAX as u64] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            assert_eq!(take_varint(&mut bytes.as_slice()), Some(value));
        }
    }

    #[test]
    fn a_count_beyond_the_bytes_is_refused_before_it_is_believed() {
        let mut bytes = b"abcd".to_vec();
        put_varint(&mut bytes, u64::MAX / 2);
        assert_eq!(take_position(&bytes, &[]), None);
    }
}
