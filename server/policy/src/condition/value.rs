/// What an attribute is for one call: one text, or several of which any counts.
#[derive(Clone, Copy)]
pub(super) enum Value<'q> {
    One(Text<'q>),
    Several(&'q [String]),
}

/// A text, its percent-escapes read while it is compared, so that nothing is copied.
#[derive(Clone, Copy)]
pub(super) struct Text<'q> {
    raw: &'q str,
    escaped: bool,
}

impl<'q> Value<'q> {
    pub(super) fn plain(raw: &'q str) -> Self {
        Self::One(Text { raw, escaped: false })
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::One(text) => text.raw.is_empty(),
            Self::Several(texts) => texts.iter().all(String::is_empty),
        }
    }

    /// Whether one of its texts is `text`.
    pub(super) fn is(&self, text: &str) -> bool {
        self.any(|own| own.is(Text { raw: text, escaped: false }))
    }

    /// Whether one of its texts is one of the other's.
    pub(super) fn meets(&self, other: Self) -> bool {
        self.any(|own| other.any(|text| own.is(text)))
    }

    fn any(&self, holds: impl Fn(Text<'q>) -> bool) -> bool {
        match self {
            Self::One(text) => holds(*text),
            Self::Several(texts) => {
                texts.iter().filter(|raw| !raw.is_empty()).any(|raw| holds(Text { raw, escaped: false }))
            }
        }
    }
}

impl<'q> Text<'q> {
    /// A text with percent-escapes; none where one of them is broken.
    pub(super) fn escaped(raw: &'q str) -> Option<Self> {
        is_well_escaped(raw).then_some(Self { raw, escaped: raw.contains('%') })
    }

    fn is(self, other: Self) -> bool {
        match self.escaped || other.escaped {
            true => self.bytes().eq(other.bytes()),
            false => self.raw == other.raw,
        }
    }

    fn bytes(self) -> Bytes<'q> {
        Bytes { left: self.raw.as_bytes(), escaped: self.escaped }
    }
}

struct Bytes<'q> {
    left: &'q [u8],
    escaped: bool,
}

impl Iterator for Bytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.left.split_first()?;
        if self.escaped && first == b'%' {
            let value = hex_pair(rest)?;
            self.left = rest.get(2..)?;
            return Some(value);
        }
        self.left = rest;
        Some(first)
    }
}

pub(super) fn is_well_escaped(raw: &str) -> bool {
    raw.bytes().enumerate().all(|(at, byte)| byte != b'%' || hex_pair(&raw.as_bytes()[at + 1..]).is_some())
}

/// The bytes that a text with percent-escapes stands for.
pub(super) fn bytes_of(raw: &str) -> impl Iterator<Item = u8> + '_ {
    Bytes { left: raw.as_bytes(), escaped: true }
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(*bytes.first()?)? * 16 + digit(*bytes.get(1)?)?)
}
