use std::sync::Arc;

/// A type of events, and the one topic that they come from: an event of this type in another topic is another one, since
/// other producers write there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType {
    /// The CloudEvents `type`, such as `chat.reply`.
    pub kind: Arc<str>,
    /// The topic.
    pub topic: Arc<str>,
}
