use portico_policy::PathParameter;
use thiserror::Error;

use crate::path::{PathError, ProxyPath};

/// A declared path: literal segments, `*` or `{name}` for exactly one segment, `**` at the end for any number, none
/// included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) segments: Vec<Segment>,
    /// Whether it ends in `/**`.
    pub(super) open: bool,
    /// Its placeholders with names.
    pub(super) parameters: Vec<PathParameter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Literal(String),
    Any,
}

/// Why a declared path cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It would be refused as a request's path as well.
    #[error(transparent)]
    Path(#[from] PathError),
    /// `**` elsewhere than at the end.
    #[error("** may stand at the end only")]
    OpenInside,
    /// `*` as part of a segment.
    #[error("* stands for a whole segment: write /todos/*/items, not /todos/a*")]
    PartOfSegment,
    /// Escapes or brackets: patterns are plain.
    #[error("a pattern is plain text: no escapes; * and {{name}} are the only placeholders")]
    NotPlain,
    /// `{org` or `{}` or `a{org}`.
    #[error("a placeholder is a whole segment, {{name}}, its name of letters, digits, - and _")]
    Placeholder,
    /// The same name twice.
    #[error("a placeholder's name stands there once")]
    RepeatedName,
    /// `/todos/`.
    #[error("a pattern does not end in a slash: /todos stands for /todos/ as well")]
    TrailingSlash,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        if text.contains(['%', '<', '>']) {
            return Err(PatternError::NotPlain);
        }
        let parameters = parameters(text)?;
        // Braces are no characters of a path; what they enclose is.
        ProxyPath::parse(&text.replace(['{', '}'], ""))?;
        if text.len() > 1 && text.ends_with('/') {
            return Err(PatternError::TrailingSlash);
        }
        let (inner, open) = match text.strip_suffix("/**") {
            Some(before) => (before, true),
            None => (text, false),
        };
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        let segments = inner.split('/').filter(|segment| !segment.is_empty()).map(segment);
        Ok(Self { segments: segments.collect::<Result<_, _>>()?, open, parameters })
    }
}

fn parameters(text: &str) -> Result<Vec<PathParameter>, PatternError> {
    let parameters = PathParameter::all_in(text);
    let named =
        |parameter: &PathParameter| !parameter.name.is_empty() && parameter.name.bytes().all(is_name_byte);
    let braced = text.split('/').filter(|part| part.contains(['{', '}'])).count();
    if braced != parameters.len() || !parameters.iter().all(named) {
        return Err(PatternError::Placeholder);
    }
    let is_again = |(at, parameter): (usize, &PathParameter)| {
        parameters.iter().take(at).any(|earlier| earlier.name == parameter.name)
    };
    if parameters.iter().enumerate().any(is_again) { Err(PatternError::RepeatedName) } else { Ok(parameters) }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn segment(text: &str) -> Result<Segment, PatternError> {
    match text {
        "*" => Ok(Segment::Any),
        part if part.starts_with('{') => Ok(Segment::Any),
        "**" => Err(PatternError::OpenInside),
        part if part.contains('*') => Err(PatternError::PartOfSegment),
        literal => Ok(Segment::Literal(literal.to_owned())),
    }
}
