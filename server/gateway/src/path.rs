use std::borrow::Cow;

use thiserror::Error;

/// The longest path that is forwarded, in bytes.
const MAX_PATH: usize = 4096;
/// The longest query that is forwarded, in bytes.
const MAX_QUERY: usize = 8192;

/// A path that means the same to everyone who reads it (RFC 3986, section 3.3).
///
/// The proxy matches, authorises and forwards exactly these bytes. What two readers could understand differently (an
/// encoded slash, a dot segment, a path parameter) is no `ProxyPath`: it is refused, never repaired, since a repaired
/// path is one that the upstream might still read in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyPath<'a>(&'a str);

/// Why a path or query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum PathError {
    /// The path lies outside the remote's prefix, or the prefix is spelled with escapes.
    #[error("the path does not begin with the remote's prefix, spelled plainly")]
    OutsidePrefix,
    /// No `/` at the beginning.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// Over 4,096 bytes of path or 8,192 bytes of query.
    #[error("the path or query is too long")]
    TooLong,
    /// `//`.
    #[error("the path contains an empty segment (//)")]
    EmptySegment,
    /// `.` or `..`.
    #[error("the path contains a dot segment")]
    DotSegment,
    /// `\` or `%5c`.
    #[error("the path contains a backslash")]
    Backslash,
    /// `;` or `%3b`: some servers cut a segment there.
    #[error("the path contains a semicolon")]
    PathParameter,
    /// `%2f`.
    #[error("the path contains an encoded slash")]
    EncodedSlash,
    /// `%23` or `%3f`: behind one more decoder the path would end there.
    #[error("the path contains an encoded # or ?")]
    EncodedDelimiter,
    /// `%25` before two hex digits: behind one more decoder it would be another escape.
    #[error("the path contains a doubly encoded character")]
    DoubleEncoding,
    /// An escaped letter, digit, `-`, `.`, `_` or `~`, which no encoder needs to escape (RFC 3986, section 2.3).
    #[error("the path contains an escape that nothing requires")]
    NeedlessEscape,
    /// A control character, plain or escaped, NUL among them.
    #[error("the path contains a control character")]
    Control,
    /// `%` without two hex digits, or escapes that are not UTF-8.
    #[error("the path contains a malformed escape")]
    BadEscape,
    /// A byte over 0x7f that is not escaped.
    #[error("the path contains a character that is not ASCII")]
    NotAscii,
    /// Another character that a path may not contain (RFC 3986, section 3.3).
    #[error("the path contains a character that must be escaped")]
    Forbidden,
    /// The query contains a control character or one that is not ASCII.
    #[error("the query contains a control character or one that is not ASCII")]
    Query,
    /// A segment differs from a declared one in upper and lower case only.
    #[error("the path differs from a declared one in upper and lower case only")]
    LetterCase,
}

impl<'a> ProxyPath<'a> {
    /// Reads `raw`, a path as it came in the request, escapes untouched.
    pub fn parse(raw: &'a str) -> Result<Self, PathError> {
        if raw.len() > MAX_PATH {
            return Err(PathError::TooLong);
        }
        if !raw.starts_with('/') {
            return Err(PathError::NotAbsolute);
        }
        let foreign = check_characters(raw.as_bytes())?;
        if foreign
            && std::str::from_utf8(&decode(raw)).map_or(true, |text| text.chars().any(char::is_control))
        {
            return Err(PathError::BadEscape);
        }
        check_segments(raw)?;
        Ok(Self(raw))
    }

    /// The bytes that came, which are the bytes that go.
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// The segments after the first slash; none for `/`. A trailing slash adds none, so that `/todos/` is never decided
    /// in another way than `/todos`.
    pub(crate) fn rest(&self) -> Option<&'a str> {
        let inner = &self.0[1..];
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        (!inner.is_empty()).then_some(inner)
    }
}

/// A segment as an upstream reads it: escapes decoded, which [`ProxyPath::parse`] has found to be UTF-8.
pub(crate) fn decoded(segment: &str) -> Cow<'_, str> {
    if segment.contains('%') {
        Cow::Owned(String::from_utf8_lossy(&decode(segment)).into_owned())
    } else {
        Cow::Borrowed(segment)
    }
}

/// Checks that a query can stand in a request line. It is forwarded byte for byte.
pub(crate) fn check_query(query: &str) -> Result<(), PathError> {
    if query.len() > MAX_QUERY {
        return Err(PathError::TooLong);
    }
    let fits = |byte: u8| (0x21..0x7f).contains(&byte) && byte != b'#';
    if query.bytes().all(fits) { Ok(()) } else { Err(PathError::Query) }
}

/// Checks every byte and escape; says whether there were escapes of bytes over 0x7f.
fn check_characters(bytes: &[u8]) -> Result<bool, PathError> {
    let mut foreign = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let value = escape(bytes, at).ok_or(PathError::BadEscape)?;
            check_escaped(value, hex_pair(bytes, at + 3).is_some())?;
            foreign |= value >= 0x80;
            at += 3;
        } else {
            check_plain(byte)?;
            at += 1;
        }
    }
    Ok(foreign)
}

fn check_plain(byte: u8) -> Result<(), PathError> {
    match byte {
        b'/' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => Ok(()),
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@' => Ok(()),
        b';' => Err(PathError::PathParameter),
        b'\\' => Err(PathError::Backslash),
        0..=0x1f | 0x7f => Err(PathError::Control),
        0x80.. => Err(PathError::NotAscii),
        _ => Err(PathError::Forbidden),
    }
}

fn check_escaped(value: u8, hex_follows: bool) -> Result<(), PathError> {
    match value {
        b'/' => Err(PathError::EncodedSlash),
        b'\\' => Err(PathError::Backslash),
        b';' => Err(PathError::PathParameter),
        b'#' | b'?' => Err(PathError::EncodedDelimiter),
        b'%' if hex_follows => Err(PathError::DoubleEncoding),
        0..=0x1f | 0x7f => Err(PathError::Control),
        b'.' => Err(PathError::DotSegment),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => Err(PathError::NeedlessEscape),
        _ => Ok(()),
    }
}

fn check_segments(raw: &str) -> Result<(), PathError> {
    let inner = &raw[1..];
    // One trailing slash is part of many APIs; every other empty segment is a `//`.
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return if raw.len() > 1 { Err(PathError::EmptySegment) } else { Ok(()) };
    }
    for segment in inner.split('/') {
        match segment {
            "" => return Err(PathError::EmptySegment),
            "." | ".." => return Err(PathError::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let value = if byte == b'%' { escape(bytes, at) } else { None };
        out.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    out
}

/// The byte that the escape at `at` stands for.
fn escape(bytes: &[u8], at: usize) -> Option<u8> {
    if bytes.get(at) == Some(&b'%') { hex_pair(bytes, at + 1) } else { None }
}

fn hex_pair(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(*bytes.get(at)?)? * 16 + digit(*bytes.get(at + 1)?)?)
}
