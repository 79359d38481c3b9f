use std::fmt::{Display, Write as _};

use crate::{Counter, Gauge, Histogram};

/// What kind of number a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows; the name ends in `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It is spread over buckets.
    Histogram,
}

/// The numbers of one moment in Prometheus' text format, version 0.0.4. Samples of one family stand together, whoever
/// adds them.
#[derive(Debug, Default)]
pub struct Exposition(Vec<Family>);

/// One metric with all its series.
#[derive(Debug)]
pub struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    samples: String,
}

impl Exposition {
    /// The media type of what [`Exposition::render`] returns.
    pub const MEDIA_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// The family of this name, begun if it is not there. `help` is one line.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> &mut Family {
        let at = self.0.iter().position(|family| family.name == name).unwrap_or_else(|| {
            self.0.push(Family { name, kind, help, samples: String::new() });
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// A counter without labels.
    pub fn counter(&mut self, name: &'static str, help: &'static str, value: &Counter) {
        self.family(name, Kind::Counter, help).sample(&[], value.get());
    }

    /// A gauge without labels.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: impl Display) {
        self.family(name, Kind::Gauge, help).sample(&[], value);
    }

    /// The gauge of things that are there now, without labels.
    pub fn level(&mut self, name: &'static str, help: &'static str, value: &Gauge) {
        self.gauge(name, help, value.get());
    }

    /// All of it. A family without a sample is left out.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            let Family { name, help, samples, .. } = family;
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}");
        }
        text
    }
}

impl Family {
    /// One series of a counter or gauge.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, None, value);
    }

    /// One series of a histogram.
    pub fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let mut count = 0;
        let bounds = Histogram::BOUNDS.iter().map(|(_, bound)| *bound).chain(["+Inf"]);
        for (bucket, bound) in histogram.buckets().into_iter().zip(bounds) {
            count += bucket;
            self.line("_bucket", labels, Some(bound), count);
        }
        self.line("_sum", labels, None, histogram.sum().as_secs_f64());
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], bound: Option<&str>, value: impl Display) {
        self.samples.push_str(self.name);
        self.samples.push_str(suffix);
        let bound = bound.map(|bound| ("le", bound));
        for (at, (name, value)) in labels.iter().copied().chain(bound).enumerate() {
            self.samples.push(if at == 0 { '{' } else { ',' });
            self.samples.push_str(name);
            self.samples.push_str("=\"");
            escape(&mut self.samples, value);
            self.samples.push('"');
        }
        if bound.is_some() || !labels.is_empty() {
            self.samples.push('}');
        }
        let _ = writeln!(self.samples, " {value}");
    }
}

/// A label's value: backslash, quote and line feed are escaped.
fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn samples_of_one_family_stand_together_under_its_help_and_type() {
        let mut exposition = Exposition::default();
        exposition.family("a_total", Kind::Counter, "As.").sample(&[("of", "one")], 1);
        exposition.gauge("b", "Bs.", 2);
        exposition.family("a_total", Kind::Counter, "As.").sample(&[("of", "q\"\\\n")], 3);
        exposition.family("empty", Kind::Gauge, "None.");
        assert_eq!(
            exposition.render(),
            "# HELP a_total As.\n# TYPE a_total counter\na_total{of=\"one\"} 1\na_total{of=\"q\\\"\\\\\\n\"} 3\n\
             # HELP b Bs.\n# TYPE b gauge\nb 2\n"
        );
    }

    #[test]
    fn a_histogram_is_cumulative_and_ends_with_all_of_them() {
        let histogram = Histogram::default();
        histogram.observe(Duration::from_millis(2));
        histogram.observe(Duration::from_secs(60));
        let mut exposition = Exposition::default();
        exposition.family("d_seconds", Kind::Histogram, "Ds.").histogram(&[("of", "x")], &histogram);
        let text = exposition.render();
        assert!(text.contains("d_seconds_bucket{of=\"x\",le=\"0.001\"} 0\n"), "{text}");
        assert!(text.contains("d_seconds_bucket{of=\"x\",le=\"0.0025\"} 1\n"), "{text}");
        assert!(text.contains("d_seconds_bucket{of=\"x\",le=\"10.0\"} 1\n"), "{text}");
        assert!(text.contains("d_seconds_bucket{of=\"x\",le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.contains("d_seconds_sum{of=\"x\"} 60.002\nd_seconds_count{of=\"x\"} 2\n"), "{text}");
    }
}
