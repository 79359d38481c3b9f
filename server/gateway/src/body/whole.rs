use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

/// What reading a body to its end came to.
pub(crate) enum Whole<B, E> {
    /// All of it.
    Read(Bytes),
    /// It is longer than the limit, or takes longer: what was read, and the rest.
    Longer(Bytes, B),
    /// It broke off.
    Broken(E),
}

/// Reads `body` as long as it stays within `limit` bytes and `time`.
pub(crate) async fn read_within<B>(mut body: B, limit: usize, time: Duration) -> Whole<B, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let until = Instant::now() + time;
    let declared = body.size_hint().lower();
    if declared > limit as u64 {
        return Whole::Longer(Bytes::new(), body);
    }
    let mut held = BytesMut::new();
    loop {
        match timeout_at(until, body.frame()).await {
            Err(_) => return Whole::Longer(held.freeze(), body),
            Ok(None) => return Whole::Read(held.freeze()),
            Ok(Some(Err(error))) => return Whole::Broken(error),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    held.extend_from_slice(&data);
                }
                if held.len() > limit {
                    return Whole::Longer(held.freeze(), body);
                }
            }
        }
    }
}
