use semver::{Prerelease, Version};

use super::LARGEST_NUMBER;

/// A version of which the end may be missing: `1`, `1.2`, `1.x`, `1.2.3-beta.1`.
pub(super) struct Partial {
    /// Absent: any version.
    pub(super) major: Option<u64>,
    pub(super) minor: Option<u64>,
    pub(super) patch: Option<u64>,
    /// Only with a patch.
    pub(super) pre: Prerelease,
}

impl Partial {
    /// Reads a partial version, with or without a leading `v`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (numbers, qualifier) =
            text.find(['-', '+']).map_or((text, None), |at| (&text[..at], Some(&text[at..])));
        let parts: Vec<Option<u64>> = numbers.split('.').map(number).collect::<Option<_>>()?;
        let [major, minor, patch] = match parts[..] {
            [major] => [major, None, None],
            [major, minor] => [major, minor, None],
            [major, minor, patch] => [major, minor, patch],
            _ => return None,
        };
        let pre = match qualifier {
            // A qualifier follows a third part, be it a number or a wildcard; with a wildcard it means nothing.
            Some(_) if parts.len() < 3 => return None,
            Some(qualifier) => Version::parse(&format!("0.0.0{qualifier}")).ok()?.pre,
            None => Prerelease::EMPTY,
        };
        let wildcard_then_number =
            (major.is_none() && minor.is_some()) || (minor.is_none() && patch.is_some());
        let pre = if patch.is_some() { pre } else { Prerelease::EMPTY };
        (!wildcard_then_number).then_some(Self { major, minor, patch, pre })
    }
}

/// `Some(None)` is a wildcard, `None` neither a number nor a wildcard.
fn number(text: &str) -> Option<Option<u64>> {
    if matches!(text, "x" | "X" | "*") {
        return Some(None);
    }
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = text.parse::<u64>().ok().filter(|number| plain && *number <= LARGEST_NUMBER)?;
    Some(Some(number))
}
