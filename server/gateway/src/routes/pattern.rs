use thiserror::Error;

use crate::path::{PathError, ProxyPath};

/// A declared path: literal segments, `*` for exactly one segment, `**` at the end for any number, none included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) segments: Vec<Segment>,
    /// Whether it ends in `/**`.
    pub(super) open: bool,
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
    #[error("a pattern is plain text: no escapes, no braces; * is the only placeholder")]
    NotPlain,
    /// `/todos/`.
    #[error("a pattern does not end in a slash: /todos stands for /todos/ as well")]
    TrailingSlash,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        if text.contains(['%', '{', '}', '<', '>']) {
            return Err(PatternError::NotPlain);
        }
        ProxyPath::parse(text)?;
        if text.len() > 1 && text.ends_with('/') {
            return Err(PatternError::TrailingSlash);
        }
        let (inner, open) = match text.strip_suffix("/**") {
            Some(before) => (before, true),
            None => (text, false),
        };
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        let segments = inner.split('/').filter(|segment| !segment.is_empty()).map(segment);
        Ok(Self { segments: segments.collect::<Result<_, _>>()?, open })
    }
}

fn segment(text: &str) -> Result<Segment, PatternError> {
    match text {
        "*" => Ok(Segment::Any),
        "**" => Err(PatternError::OpenInside),
        part if part.contains('*') => Err(PatternError::PartOfSegment),
        literal => Ok(Segment::Literal(literal.to_owned())),
    }
}
