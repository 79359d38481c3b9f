use std::{sync::Arc, time::Duration};

use crate::{
    hub::ResetReason,
    log::{EventLog, LogError, LogRange, PartitionState, ReadLimit},
    position::{Anchor, TopicPosition},
};

/// How long the anchors may take to read.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a place in a topic can be continued from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Continues,
    Reset(ResetReason),
}

/// Checks a place in a topic against the log as it is now.
///
/// An anchor that retention has removed proves nothing; then the offsets have to do. They would mislead only if a
/// recreated topic's retention had come to rest exactly at the old place.
pub(crate) async fn verify(log: &dyn EventLog, topic: &TopicPosition) -> Result<Verdict, LogError> {
    const RECREATED: Verdict = Verdict::Reset(ResetReason::Recreated);
    if topic.next.is_empty() {
        // It did not exist then, so all it may hold by now comes after this place.
        return Ok(Verdict::Continues);
    }
    let states = log.partitions(&[Arc::clone(&topic.name)]).await?;
    let mut expired = false;
    for (partition, next) in topic.next.iter().enumerate() {
        match state_of(&states, partition) {
            // Deleted, and perhaps about to be recreated: what it held is gone either way.
            None => return Ok(RECREATED),
            Some(state) if *next > state.high => return Ok(RECREATED),
            Some(state) => expired |= *next < state.low,
        }
    }
    if let Some(anchor) = topic.anchor
        && let Some(state) = state_of(&states, anchor.partition)
        && anchor.offset >= state.low
        && !missing_anchors(log, &[(state.clone(), anchor)]).await?.is_empty()
    {
        return Ok(RECREATED);
    }
    Ok(if expired { Verdict::Reset(ResetReason::Expired) } else { Verdict::Continues })
}

/// The topics in which the anchored record is not where it was. Compaction has the same effect as recreation: topics
/// of events are not to be compacted.
pub(crate) async fn missing_anchors(
    log: &dyn EventLog,
    anchors: &[(PartitionState, Anchor)],
) -> Result<Vec<Arc<str>>, LogError> {
    let ranges: Vec<_> = anchors
        .iter()
        .map(|(state, anchor)| LogRange {
            topic: Arc::clone(&state.topic),
            partition: state.partition,
            from: anchor.offset,
            to: anchor.offset + 1,
        })
        .collect();
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    let limit = ReadLimit { records: usize::MAX, bytes: usize::MAX, patience: PATIENCE };
    let records = log.read(ranges, limit).await?.records;
    let stands = |state: &PartitionState, anchor: &Anchor| {
        records.iter().any(|record| {
            record.topic == state.topic
                && record.partition == state.partition
                && record.offset == anchor.offset
                && anchor.matches(record.timestamp)
        })
    };
    let gone = anchors.iter().filter(|(state, anchor)| !stands(state, anchor));
    Ok(gone.map(|(state, _)| Arc::clone(&state.topic)).collect())
}

fn state_of(states: &[PartitionState], partition: usize) -> Option<&PartitionState> {
    states.iter().find(|state| usize::try_from(state.partition) == Ok(partition))
}
