use leptos::tachys::html::InertElement;

/// One element that never changes once it is on the page, as HTML. All such elements are one type, where every `view!`
/// is a type of its own with its own code in the download; so what is static on pages that the browser builds is
/// written this way, and what lives is a `view!`.
///
/// Only literals go in as they are. Whatever comes from anywhere else is text, escaped.
pub(crate) struct Markup(String);

impl Markup {
    /// Begins with a literal.
    pub(crate) fn new(html: &'static str) -> Self {
        Self(html.to_owned())
    }

    /// Adds a literal.
    pub(crate) fn html(mut self, html: &'static str) -> Self {
        self.0.push_str(html);
        self
    }

    /// Adds text, between tags or in a quoted attribute (HTML, sections 13.1.2.3 and 13.2.5).
    pub(crate) fn text(mut self, text: &str) -> Self {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| escape(byte).is_some()) {
            self.0.push_str(&rest[..at]);
            self.0.push_str(escape(rest.as_bytes()[at]).unwrap_or_default());
            rest = &rest[at + 1..];
        }
        self.0.push_str(rest);
        self
    }

    /// Adds an icon of the sprite `icons.svg`. Decorative: the words beside it, or the control's label, carry the
    /// meaning.
    pub(crate) fn icon(self, name: &'static str) -> Self {
        self.html("<svg class=\"icon\" width=\"20\" height=\"20\" aria-hidden=\"true\"><use href=\"#i-")
            .html(name)
            .html("\"></use></svg>")
    }

    /// Adds a remote's mark: the first letter of its name, on a tint that stays the same wherever the remote shows up.
    pub(crate) fn tile(mut self, id: &str, name: &str) -> Self {
        self = self.html("<span class=\"tile tint-");
        self.0.push(char::from(b'0' + tint(id)));
        self = self.html("\" aria-hidden=\"true\">");
        // Letters and digits need no escaping.
        self.0.extend(name.chars().find(|c| c.is_alphanumeric()));
        self.html("</span>")
    }

    /// Adds what another function makes.
    pub(crate) fn with(self, more: impl FnOnce(Self) -> Self) -> Self {
        more(self)
    }

    /// The element.
    pub(crate) fn element(self) -> InertElement {
        InertElement::new(self.0)
    }
}

/// What stands for a byte that text may not hold; all of them are ASCII, and so never part of another character.
fn escape(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\'' => "&#39;",
        // The parser replaces it and reports an error; so does every other way it could be written.
        0 => "\u{fffd}",
        _ => return None,
    })
}

/// How many tints the style sheet has.
const TINTS: u32 = 8;

/// FNV-1a of the id: stable across versions and builds, unlike the standard library's hasher.
fn tint(id: &str) -> u8 {
    let hash =
        id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash % TINTS) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_between_tags_and_in_attributes() {
        let markup = Markup::new("<p title=\"").text("\"'&<>").html("\">").text("</p>&amp;\0").html("</p>");
        assert_eq!(markup.0, "<p title=\"&quot;&#39;&amp;&lt;&gt;\">&lt;/p&gt;&amp;amp;\u{fffd}</p>");
    }

    #[test]
    fn a_remote_keeps_its_tint() {
        assert_eq!(tint("portico.todos"), tint("portico.todos"));
        assert!((0..100).map(|n| tint(&n.to_string())).all(|tint| u32::from(tint) < TINTS));
    }
}
