use std::io;
use std::sync::{Arc, Once};

use parking_lot::Mutex;
use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;

/// What the portal logs in this test, from now on: everything, as JSON lines. A test has one thread, and so its own log.
pub struct Log {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to keep the log.
    pub fn keep() -> Self {
        keep_places_on();
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || writer.clone())
            .finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines.0.lock()).into_owned()
    }

    /// The audit lines with this action, as their fields.
    pub fn audit(&self, action: &str) -> Vec<Value> {
        let lines = self.text();
        let fields = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let audit = fields.filter(|line| line["target"] == "audit").map(|line| line["fields"].clone());
        audit.filter(|fields| fields["audit.action"] == action).collect()
    }

    /// The lines that requests left, as their fields; but for those of the portal itself to its own provider.
    pub fn requests(&self) -> Vec<Value> {
        let lines = self.text();
        let fields = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let requests = fields.filter(|line| line["target"] == "request").map(|line| line["fields"].clone());
        requests.filter(|fields| fields["http.route"] != "/dev/idp/{*path}").collect()
    }

    /// Whether an action was denied, with a resource that contains this.
    pub fn denied(&self, action: &str, resource: &str) -> bool {
        let names =
            |fields: &Value| fields["audit.resource"].as_str().is_some_and(|text| text.contains(resource));
        self.audit(action).iter().any(|fields| fields["audit.decision"] == "deny" && names(fields))
    }
}

/// `tracing` remembers at each place that logs whether anybody listens. With subscribers that come and go with their tests, a
/// place that is asked just between two of them stays switched off; one that is always there and takes everything, without
/// keeping it, leaves all of them on.
fn keep_places_on() {
    static ON: Once = Once::new();
    ON.call_once(|| {
        let everything = tracing_subscriber::registry().with(LevelFilter::DEBUG);
        tracing::subscriber::set_global_default(everything).expect("no other test sets one");
    });
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
