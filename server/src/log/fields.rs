use std::fmt::Debug;
use std::io::Write as _;

use tracing::field::{Field, Visit};

/// Writes fields as people read them: ` name=value`, the message without its name, texts in quotes.
pub struct TextFields<'a> {
    line: &'a mut Vec<u8>,
    is_span: bool,
}

/// Writes fields as members of a JSON object (RFC 8259).
pub struct JsonFields<'a> {
    line: &'a mut Vec<u8>,
    /// Whether a member stands before the next one.
    is_later: bool,
}

impl<'a> TextFields<'a> {
    /// Of an event.
    pub fn of_event(line: &'a mut Vec<u8>) -> Self {
        Self { line, is_span: false }
    }

    /// Of a span, each with the space before it.
    pub fn of_span(line: &'a mut Vec<u8>) -> Self {
        Self { line, is_span: true }
    }

    fn begin(&mut self, field: &Field) {
        self.line.push(b' ');
        if self.is_span || field.name() != MESSAGE {
            self.line.extend_from_slice(name(field).as_bytes());
            self.line.push(b'=');
        }
    }
}

impl<'a> JsonFields<'a> {
    /// Of an event, from its object's beginning.
    pub fn of_event(line: &'a mut Vec<u8>) -> Self {
        Self { line, is_later: false }
    }

    /// Of a span, each with the comma before it.
    pub fn of_span(line: &'a mut Vec<u8>) -> Self {
        Self { line, is_later: true }
    }

    fn begin(&mut self, field: &Field) {
        if std::mem::replace(&mut self.is_later, true) {
            self.line.push(b',');
        }
        push_json(self.line, name(field));
        self.line.push(b':');
    }
}

const MESSAGE: &str = "message";

/// A field may be called like a keyword, `r#type`.
fn name(field: &Field) -> &'static str {
    field.name().strip_prefix("r#").unwrap_or(field.name())
}

/// Writes a number or a boolean. Writing to memory does not fail.
macro_rules! plain {
    ($($method:ident: $kind:ty),*) => {
        $(fn $method(&mut self, field: &Field, value: $kind) {
            self.begin(field);
            let _ = write!(self.line, "{value}");
        })*
    };
}

impl Visit for TextFields<'_> {
    plain!(record_u64: u64, record_i64: i64, record_u128: u128, record_i128: i128, record_bool: bool, record_f64: f64);

    fn record_str(&mut self, field: &Field, value: &str) {
        self.begin(field);
        if !self.is_span && field.name() == MESSAGE {
            push_visible(self.line, value);
        } else if value.bytes().all(is_simple) {
            self.line.push(b'"');
            self.line.extend_from_slice(value.as_bytes());
            self.line.push(b'"');
        } else {
            let _ = write!(self.line, "{value:?}");
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.begin(field);
        let from = self.line.len();
        let _ = write!(self.line, "{value:?}");
        if !self.line[from..].iter().all(|byte| matches!(byte, b' '..=b'~')) {
            let written = self.line.split_off(from);
            push_visible(self.line, &String::from_utf8_lossy(&written));
        }
    }
}

impl Visit for JsonFields<'_> {
    plain!(record_u64: u64, record_i64: i64, record_u128: u128, record_i128: i128, record_bool: bool);

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.begin(field);
        // What is no number is `null`.
        let _ = serde_json::to_writer(&mut *self.line, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.begin(field);
        push_json(self.line, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.begin(field);
        self.line.push(b'"');
        let from = self.line.len();
        let _ = write!(self.line, "{value:?}");
        if self.line[from..].iter().all(|byte| is_simple(*byte)) {
            return self.line.push(b'"');
        }
        let written = self.line.split_off(from);
        self.line.pop();
        push_json(self.line, &String::from_utf8_lossy(&written));
    }
}

/// Visible ASCII and the space, but for what ends or escapes a quoted text.
fn is_simple(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// A text in quotes, as JSON.
pub fn push_json(line: &mut Vec<u8>, text: &str) {
    if !text.bytes().all(is_simple) {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(line, text);
        return;
    }
    line.push(b'"');
    line.extend_from_slice(text.as_bytes());
    line.push(b'"');
}

/// A text without quotes, in which nothing ends the line, moves the cursor or turns the direction of reading.
fn push_visible(line: &mut Vec<u8>, text: &str) {
    for char in text.chars() {
        let is_hidden =
            char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let mut bytes = [0; 4];
        match is_hidden {
            true => char
                .escape_default()
                .for_each(|char| line.extend_from_slice(char.encode_utf8(&mut bytes).as_bytes())),
            false => line.extend_from_slice(char.encode_utf8(&mut bytes).as_bytes()),
        }
    }
}
