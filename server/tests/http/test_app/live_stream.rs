use std::collections::VecDeque;
use std::time::Duration;

use http::HeaderMap;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;

/// An open event stream, read as the HTML standard says (section 9.2.6).
pub struct LiveStream {
    pub headers: HeaderMap,
    /// The last `id:` that came, which a browser would send when it reconnects.
    pub last_id: String,
    body: Incoming,
    buffer: Vec<u8>,
    ready: VecDeque<StreamEvent>,
}

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    pub kind: String,
    pub data: String,
    pub id: String,
}

impl StreamEvent {
    /// The data as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.data))
    }
}

/// Longer than any answer should take, far shorter than a test run.
const PATIENCE: Duration = Duration::from_secs(10);

impl LiveStream {
    pub(super) fn new(headers: HeaderMap, body: Incoming) -> Self {
        Self { headers, last_id: String::new(), body, buffer: Vec::new(), ready: VecDeque::new() }
    }

    /// The next event of any type; none when the stream has ended.
    pub async fn next(&mut self) -> Option<StreamEvent> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("something comes in time")
    }

    /// The next event that is no `ping`.
    pub async fn next_event(&mut self) -> StreamEvent {
        loop {
            let event = self.next().await.expect("the stream is open");
            if event.kind != "ping" {
                return event;
            }
        }
    }

    /// Reads to the end; what came before it.
    pub async fn rest(&mut self) -> Vec<StreamEvent> {
        let mut rest = Vec::new();
        while let Some(event) = self.next().await {
            rest.push(event);
        }
        rest
    }

    /// Waits for the first `ping`, which says where the stream begins.
    pub async fn opened(&mut self) -> String {
        let first = self.next().await.expect("the stream is open");
        assert_eq!(first.kind, "ping", "{first:?}");
        assert!(!self.last_id.is_empty());
        self.last_id.clone()
    }

    /// Whether nothing but pings comes for a while.
    pub async fn is_quiet_for(&mut self, time: Duration) -> bool {
        let event = tokio::time::timeout(time, async {
            loop {
                match self.read().await {
                    Some(event) if event.kind == "ping" => {}
                    other => break other,
                }
            }
        });
        event.await.is_err()
    }

    /// The next event of any type, however long it takes; none when the stream has ended.
    pub async fn read(&mut self) -> Option<StreamEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let frame = self.body.frame().await?.ok()?;
            let bytes = frame.into_data().unwrap_or_default();
            self.buffer.extend_from_slice(&bytes);
            while let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                self.dispatch(std::str::from_utf8(&block).expect("a stream is UTF-8"));
            }
        }
    }

    fn dispatch(&mut self, block: &str) {
        let (mut kind, mut data) = (String::new(), Vec::new());
        // A browser ends a line at CR, LF or both.
        for line in block.split(['\r', '\n']) {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => kind = value.to_owned(),
                "data" => data.push(value.to_owned()),
                "id" if !value.contains('\0') => value.clone_into(&mut self.last_id),
                _ => {}
            }
        }
        if !data.is_empty() {
            self.ready.push_back(StreamEvent { kind, data: data.join("\n"), id: self.last_id.clone() });
        }
    }
}
