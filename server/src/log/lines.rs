use std::cell::RefCell;
use std::io::Write;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::{JsonFields, TextFields};
use super::stamp::push_now;

/// Formats each event as one line and hands it on in one piece.
///
/// Every call through the proxy leaves two lines, and general-purpose formatting costs more than deciding about the call:
/// here values go straight into one buffer, and what needs escaping is looked for before it is escaped.
#[derive(Debug)]
pub struct Lines<W> {
    writer: W,
    form: Form,
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people: `time LEVEL span: target: message name=value …`, with the spans' fields at the end.
    Text {
        /// Whether level and target are told apart by colour.
        colour: bool,
    },
    /// For machines: an object with `timestamp`, `level`, `fields`, `target` and the innermost `span`.
    Json,
}

/// The fields of a span, as they stand in lines: each with what separates it from the one before.
struct SpanFields(Vec<u8>);

impl<W> Lines<W> {
    /// Into `writer`.
    pub fn new(writer: W, form: Form) -> Self {
        Self { writer, form }
    }

    fn write_event<S>(&self, line: &mut Vec<u8>, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        match self.form {
            Form::Text { colour } => write_text(line, event, context, colour),
            Form::Json => write_json(line, event, context),
        }
        line.push(b'\n');
    }
}

thread_local! {
    static LINE: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(1024));
}

/// A line longer than this does not keep its memory, in bytes.
const KEPT: usize = 64 * 1024;

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Vec::new();
        match self.form {
            Form::Text { .. } => attributes.record(&mut TextFields::of_span(&mut fields)),
            Form::Json => attributes.record(&mut JsonFields::of_span(&mut fields)),
        }
        span.extensions_mut().insert(SpanFields(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(SpanFields(fields)) = extensions.get_mut() else { return };
        match self.form {
            Form::Text { .. } => values.record(&mut TextFields::of_span(fields)),
            Form::Json => values.record(&mut JsonFields::of_span(fields)),
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let write = |line: &mut Vec<u8>| {
            line.clear();
            self.write_event(line, event, &context);
            // There is nobody to tell that the log cannot be written.
            let _ = self.writer.make_writer_for(event.metadata()).write_all(line);
            line.shrink_to(KEPT);
        };
        LINE.with(|line| match line.try_borrow_mut() {
            Ok(mut line) => write(&mut line),
            // A value that logs while it is written.
            Err(_) => write(&mut Vec::new()),
        });
    }
}

fn write_text<S>(line: &mut Vec<u8>, event: &Event<'_>, context: &Context<'_, S>, colour: bool)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let metadata = event.metadata();
    write_head(line, metadata, colour);
    let current = context.event_span(event);
    for span in current.iter().flat_map(|span| span.scope().from_root()) {
        line.extend_from_slice(span.name().as_bytes());
        line.extend_from_slice(b": ");
    }
    line.extend_from_slice(metadata.target().as_bytes());
    line.push(b':');
    event.record(&mut TextFields::of_event(line));
    for span in current.iter().flat_map(|span| span.scope().from_root()) {
        if let Some(SpanFields(fields)) = span.extensions().get() {
            line.extend_from_slice(fields);
        }
    }
}

fn write_head(line: &mut Vec<u8>, metadata: &Metadata<'_>, colour: bool) {
    let level = match *metadata.level() {
        Level::ERROR => "ERROR ",
        Level::WARN => " WARN ",
        Level::INFO => " INFO ",
        Level::DEBUG => "DEBUG ",
        Level::TRACE => "TRACE ",
    };
    if !colour {
        push_now(line);
        line.push(b' ');
        return line.extend_from_slice(level.as_bytes());
    }
    let hue: &[u8] = match *metadata.level() {
        Level::ERROR => b"\x1b[31m",
        Level::WARN => b"\x1b[33m",
        Level::INFO => b"\x1b[32m",
        Level::DEBUG => b"\x1b[34m",
        Level::TRACE => b"\x1b[35m",
    };
    line.extend_from_slice(b"\x1b[2m");
    push_now(line);
    line.extend_from_slice(b"\x1b[0m ");
    line.extend_from_slice(hue);
    line.extend_from_slice(level.as_bytes());
    line.extend_from_slice(b"\x1b[0m");
}

fn write_json<S>(line: &mut Vec<u8>, event: &Event<'_>, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let metadata = event.metadata();
    line.extend_from_slice(b"{\"timestamp\":\"");
    push_now(line);
    line.extend_from_slice(b"\",\"level\":\"");
    line.extend_from_slice(metadata.level().as_str().as_bytes());
    line.extend_from_slice(b"\",\"fields\":{");
    event.record(&mut JsonFields::of_event(line));
    line.extend_from_slice(b"},\"target\":");
    super::fields::push_json(line, metadata.target());
    if let Some(span) = context.event_span(event) {
        line.extend_from_slice(b",\"span\":{\"name\":");
        super::fields::push_json(line, span.name());
        if let Some(SpanFields(fields)) = span.extensions().get() {
            line.extend_from_slice(fields);
        }
        line.push(b'}');
    }
    line.push(b'}');
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
