use semver::Version;

use crate::version_range::{LARGEST_NUMBER, VersionRange};

use super::{Rule, all};

/// The slots of the shell's pages.
pub const SLOTS: [&str; 3] = ["home:top", "home:left", "home:right"];

/// A remote's name.
pub const REMOTE_NAME: Rule = Rule {
    expected: "`@scope/name` in lower-case letters, digits and single hyphens, such as `@acme/todos`",
    holds: |text| {
        let parts = text.strip_prefix('@').and_then(|rest| rest.split_once('/'));
        parts.is_some_and(|(scope, name)| is_kebab(scope) && is_kebab(name))
    },
};

/// One version (SemVer 2.0). It has no leading `v`, since it becomes a part of URLs in this spelling.
pub const VERSION: Rule = Rule {
    expected: "a version as SemVer 2.0 writes it, such as `1.2.0`",
    holds: |text| {
        let in_reach =
            |version: Version| version.major.max(version.minor).max(version.patch) <= LARGEST_NUMBER;
        text.len() <= 64 && Version::parse(text).is_ok_and(in_reach)
    },
};

/// A range of versions as npm writes it.
pub const VERSION_RANGE: Rule = Rule {
    expected: "a range of versions as npm writes it, such as `^1.0.0`",
    holds: |text| !text.trim().is_empty() && text.parse::<VersionRange>().is_ok(),
};

/// A hash as in Subresource Integrity, exactly one.
pub const INTEGRITY: Rule = Rule {
    expected: "one hash as `sha256-`, `sha384-` or `sha512-` and base64",
    holds: |text| {
        let Some((algorithm, hash)) = text.split_once('-') else { return false };
        // The lengths of 32, 48 and 64 bytes in base64, and how much of it is padding.
        let (length, padding) = match algorithm {
            "sha256" => (44, "="),
            "sha384" => (64, ""),
            "sha512" => (88, "=="),
            _ => return false,
        };
        let digits = hash.strip_suffix(padding).unwrap_or_default();
        hash.len() == length && all(digits, length, |b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    },
};

/// A permission: at least two parts, so that it says of what.
pub const PERMISSION: Rule = Rule {
    expected: "a permission such as `todos.read`: lower-case letters, digits, `-` and `_`, in parts joined by dots",
    holds: |text| {
        let allowed: fn(u8) -> bool =
            |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        text.len() <= 128 && text.contains('.') && text.split('.').all(|part| all(part, 64, allowed))
    },
};

/// A scope (RFC 6749, section 3.3: `scope-token`).
pub const SCOPE: Rule = Rule {
    expected: "a scope as RFC 6749 writes it: printable characters without space, quote or backslash",
    holds: |text| all(text, 128, |b| b.is_ascii_graphic() && b != b'"' && b != b'\\'),
};

/// An event's type. The dot tells it from the stream's control events.
pub const EVENT_TYPE: Rule = Rule {
    expected: "an event type with a dot, such as `chat.message`: letters, digits, `-` and `_`, in parts joined by dots",
    holds: |text| {
        let allowed: fn(u8) -> bool = |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        text.len() <= 128 && text.contains('.') && text.split('.').all(|part| all(part, 64, allowed))
    },
};

/// A Kafka topic.
pub const TOPIC: Rule = Rule {
    expected: "a Kafka topic: 1 to 249 letters, digits, `.`, `_` and `-`",
    holds: |text| {
        text != "."
            && text != ".."
            && all(text, 249, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    },
};

/// A token's audience.
pub(in crate::manifest) const AUDIENCE: Rule = Rule {
    expected: "an audience: 1 to 256 printable ASCII characters without spaces",
    holds: |text| all(text, 256, |b| b.is_ascii_graphic()),
};

/// A slot of the shell's pages.
pub(in crate::manifest) const SLOT: Rule =
    Rule { expected: "a slot: `home:top`, `home:left` or `home:right`", holds: |text| SLOTS.contains(&text) };

/// A name, title or heading.
pub(in crate::manifest) const LABEL: Rule = Rule {
    expected: "1 to 80 characters, neither controls nor only spaces",
    holds: |text| {
        !text.trim().is_empty() && text.chars().count() <= 80 && !text.chars().any(char::is_control)
    },
};

/// Why something is asked for, in a sentence.
pub(in crate::manifest) const REASON: Rule = Rule {
    expected: "a reason of 10 to 300 characters, in words that somebody else understands",
    holds: |text| (10..=300).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control),
};

/// The name of an export.
pub(in crate::manifest) const EXPORT: Rule =
    Rule { expected: "the name of an export, such as `mount`", holds: is_identifier };

/// The name of a global.
pub(in crate::manifest) const GLOBAL: Rule =
    Rule { expected: "the name of a global, such as `acmeTodos`", holds: is_identifier };

/// A custom element's tag (HTML, section 4.13.3), in ASCII.
pub(in crate::manifest) const ELEMENT: Rule = Rule {
    expected: "a custom element's tag with a hyphen, such as `acme-todos`",
    holds: |text| {
        let allowed: fn(u8) -> bool =
            |b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_');
        text.starts_with(|c: char| c.is_ascii_lowercase()) && text.contains('-') && all(text, 64, allowed)
    },
};

/// A module that module federation exposes.
pub(in crate::manifest) const EXPOSE: Rule = Rule {
    expected: "an exposed module, such as `./App`",
    holds: |text| {
        all(text, 128, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'-' | b'_' | b'@'))
    },
};

/// The name of an npm package.
pub(in crate::manifest) const PACKAGE: Rule = Rule {
    expected: "the name of a package, such as `react` or `@scope/name`",
    holds: |text| {
        all(text, 214, |b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'@')
        })
    },
};

/// Lower-case letters and digits, in parts joined by single hyphens.
fn is_kebab(text: &str) -> bool {
    text.len() <= 64
        && text.split('-').all(|part| all(part, 64, |b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

fn is_identifier(text: &str) -> bool {
    let allowed: fn(u8) -> bool = |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
    !text.starts_with(|c: char| c.is_ascii_digit()) && all(text, 64, allowed)
}
