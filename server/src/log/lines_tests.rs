use std::fmt;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that `work` leaves.
fn lines(form: Form, work: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::registry().with(Lines::new(move || writer.clone(), form));
    tracing::subscriber::with_default(subscriber, work);
    let text = String::from_utf8(kept.0.lock().clone()).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

const TEXT: Form = Form::Text { colour: false };

/// A line without its time.
fn untimed(line: &str) -> &str {
    &line["2026-01-31T12:00:00.000000Z".len()..]
}

fn parsed(line: &str) -> Value {
    let mut value: Value = serde_json::from_str(line).expect("JSON");
    let time = value.as_object_mut().and_then(|line| line.remove("timestamp")).expect("a time");
    assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
    value
}

fn everything() {
    let span = tracing::info_span!("request", trace_id = %"4bf9", later = tracing::field::Empty);
    span.record("later", 5);
    let _entered = span.enter();
    tracing::warn!(
        target: "audit",
        text = "a b",
        shown = %"GET /x",
        number = -3,
        truth = true,
        part = 0.5,
        nothing = None::<&str>,
        r#type = "t",
        "what happened"
    );
}

#[test]
fn a_line_for_people_has_its_fields_then_those_of_its_spans() {
    let lines = lines(TEXT, everything);
    let told = r#"what happened text="a b" shown=GET /x number=-3 truth=true part=0.5 type="t""#;
    assert_eq!(untimed(&lines[0]), format!("  WARN request: audit: {told} trace_id=4bf9 later=5"));
}

#[test]
fn a_line_for_machines_is_one_object() {
    let lines = lines(Form::Json, everything);
    let fields = json!({
        "message": "what happened", "text": "a b", "shown": "GET /x", "number": -3, "truth": true, "part": 0.5, "type": "t",
    });
    let span = json!({ "name": "request", "trace_id": "4bf9", "later": 5 });
    let line = json!({ "level": "WARN", "fields": fields, "target": "audit", "span": span });
    assert_eq!(parsed(&lines[0]), line);
}

#[test]
fn no_value_makes_a_line_of_its_own_or_ends_its_quotes() {
    const HOSTILE: &str = "a\"b\\c\nINFO forged\r\x1b[2J\u{202e}\u{2028}é\u{9b}";
    let forge = || {
        tracing::info!(text = HOSTILE, shown = %HOSTILE, debugged = ?HOSTILE, "{HOSTILE}");
        tracing::info!(message = HOSTILE);
    };
    let text = lines(TEXT, forge);
    assert_eq!(text.len(), 2, "{text:?}");
    for line in &text {
        let hidden = |char: char| char.is_control() || matches!(char, '\u{202e}' | '\u{2028}');
        assert!(!line.contains(hidden) && line.contains("é"), "{line}");
    }
    assert!(text[0].contains(r#"text="a\"b\\c\nINFO forged"#), "{}", text[0]);
    let machine = lines(Form::Json, forge);
    assert_eq!(machine.len(), 2);
    let first = parsed(&machine[0]);
    assert_eq!(first["fields"]["text"], HOSTILE);
    assert_eq!(first["fields"]["shown"], HOSTILE);
    assert_eq!(first["fields"]["message"], HOSTILE);
}

#[test]
fn a_value_that_logs_while_it_is_written_leaves_its_line_whole() {
    struct Talkative;
    impl fmt::Display for Talkative {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            tracing::info!("inner");
            f.write_str("outer")
        }
    }
    let lines = lines(TEXT, || tracing::info!(value = %Talkative, "said"));
    // Whether the inner one is a line depends on how the subscriber was set.
    assert!(lines.last().is_some_and(|line| line.ends_with(": said value=outer")), "{lines:?}");
}

#[test]
fn only_a_terminal_gets_colours() {
    let coloured = lines(Form::Text { colour: true }, everything);
    assert!(coloured[0].contains("\x1b[33m WARN \x1b[0mrequest: audit:"), "{}", coloured[0]);
}
