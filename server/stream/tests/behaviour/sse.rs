//! An EventSource as the HTML standard describes it, reading a stream of bytes.

use std::{pin::Pin, time::Duration};

use futures::StreamExt as _;
use portico_stream::EventStream;
use tokio::time::timeout;

/// Long enough for any answer on a busy machine; a test that waits it out has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) data: String,
    pub(crate) id: String,
}

/// The client's side of a stream.
pub(crate) struct Source {
    stream: Pin<Box<EventStream>>,
    buffer: Vec<u8>,
    id_buffer: String,
    /// What the browser would send as `Last-Event-ID`.
    pub(crate) last_event_id: String,
    /// How long it would wait before it opens another stream, in milliseconds.
    pub(crate) retry: u64,
    pub(crate) ended: bool,
}

impl Source {
    /// Reads the opening, so that the id is set.
    pub(crate) async fn open(stream: EventStream) -> Self {
        let mut source = Self {
            stream: Box::pin(stream),
            buffer: Vec::new(),
            id_buffer: String::new(),
            last_event_id: String::new(),
            retry: 0,
            ended: false,
        };
        let opening = source.next().await.expect("a stream opens with a ping");
        assert_eq!(opening.kind, "ping");
        assert!(!source.last_event_id.is_empty(), "a stream opens with an id");
        source
    }

    /// The next event of any type; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(block) = self.block() {
                if let Some(event) = self.dispatch(&block) {
                    return Some(event);
                }
                continue;
            }
            let chunk = timeout(PATIENCE, self.stream.next()).await.expect("nothing came in time");
            match chunk {
                Some(bytes) => self.buffer.extend_from_slice(&bytes),
                None => {
                    self.ended = true;
                    return None;
                }
            }
        }
    }

    /// The next event that is no ping.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.kind != "ping" {
                return event;
            }
        }
    }

    /// The `n` field of the data of the next `count` events.
    pub(crate) async fn numbers(&mut self, count: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        assert!(self.numbers_until_cut(count, &mut numbers).await, "the stream was cut");
        numbers
    }

    /// Adds the next `count` events' numbers; whether the stream was not cut before that.
    pub(crate) async fn numbers_until_cut(&mut self, count: usize, numbers: &mut Vec<u64>) -> bool {
        let wanted = numbers.len() + count;
        while numbers.len() < wanted {
            let event = self.event().await;
            if event.kind == "lagged" {
                return false;
            }
            numbers.push(number(&event));
        }
        true
    }

    /// Fails if any event but a ping comes within a moment.
    pub(crate) async fn assert_quiet(&mut self) {
        let deadline = tokio::time::Instant::now() + Duration::from_millis(300);
        loop {
            match tokio::time::timeout_at(deadline, self.next()).await {
                Err(_) => return,
                Ok(Some(event)) if event.kind == "ping" => {}
                Ok(other) => panic!("expected silence, got {other:?}"),
            }
        }
    }

    /// Cuts a block off the buffer: everything up to an empty line.
    fn block(&mut self) -> Option<Vec<String>> {
        let text = std::str::from_utf8(&self.buffer).expect("a stream is UTF-8").to_owned();
        let mut lines = Vec::new();
        let mut rest = text.as_str();
        loop {
            let end = rest.find(['\r', '\n'])?;
            let length = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
            let line = &rest[..end];
            rest = &rest[end + length..];
            if line.is_empty() {
                self.buffer.drain(..text.len() - rest.len());
                return Some(lines);
            }
            lines.push(line.to_owned());
        }
    }

    /// "Process the field" and "dispatch the event" of the standard.
    fn dispatch(&mut self, lines: &[String]) -> Option<Event> {
        let (mut kind, mut data) = (String::new(), String::new());
        for line in lines {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => kind = value.into(),
                "data" => {
                    data.push_str(value);
                    data.push('\n');
                }
                "retry" => self.retry = value.parse().expect("digits"),
                "id" if !value.contains('\0') => self.id_buffer = value.into(),
                _ => {}
            }
        }
        self.last_event_id.clone_from(&self.id_buffer);
        if data.is_empty() {
            return None;
        }
        data.pop();
        Some(Event { kind, data, id: self.last_event_id.clone() })
    }
}

/// The `n` of the event's data.
pub(crate) fn number(event: &Event) -> u64 {
    let json: serde_json::Value = serde_json::from_str(&event.data).expect("data is JSON");
    json["data"]["n"].as_u64().unwrap_or_else(|| panic!("no number in {event:?}"))
}
