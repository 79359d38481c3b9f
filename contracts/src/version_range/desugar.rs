use semver::{Prerelease, Version};

use super::partial::Partial;
use super::{Comparator, LARGEST_NUMBER, Operator};

const OPERATORS: [char; 5] = ['<', '>', '=', '~', '^'];

/// What must hold for every part of one alternative of a range.
pub(super) fn comparators(alternative: &str) -> Option<Vec<Comparator>> {
    if let Some((from, to)) = alternative.split_once(" - ") {
        return hyphen(&end_of_hyphen(from)?, &end_of_hyphen(to)?);
    }
    let mut all = Vec::new();
    for simple in simples(alternative) {
        all.extend(comparators_of(&simple)?);
    }
    Some(all)
}

/// Either end of a hyphen range: it may have an equals sign, no other operator.
fn end_of_hyphen(text: &str) -> Option<Partial> {
    let text = text.trim();
    Partial::parse(text.strip_prefix('=').unwrap_or(text))
}

/// Splits at spaces, except those that follow an operator: `>= 1.2 < 2` has two parts.
fn simples(alternative: &str) -> Vec<String> {
    let mut simples: Vec<String> = Vec::new();
    for word in alternative.split_ascii_whitespace() {
        match simples.last_mut() {
            Some(last) if last.ends_with(OPERATORS) && !word.starts_with(OPERATORS) => last.push_str(word),
            _ => simples.push(word.to_owned()),
        }
    }
    simples
}

fn comparators_of(simple: &str) -> Option<Vec<Comparator>> {
    let split = simple.find(|c| !OPERATORS.contains(&c)).unwrap_or(simple.len());
    let (operator, rest) = simple.split_at(split);
    let partial = Partial::parse(rest)?;
    match operator {
        "^" | "^=" => caret(&partial),
        "~" | "~=" | "~>" | "~>=" => tilde(&partial),
        "" | "=" => exactly(&partial),
        ">" => Some(vec![above(&partial)?]),
        ">=" => Some(from(&partial).into_iter().collect()),
        "<" => Some(vec![below(&partial)]),
        "<=" => Some(up_to(&partial)?.into_iter().collect()),
        _ => None,
    }
}

fn hyphen(first: &Partial, last: &Partial) -> Option<Vec<Comparator>> {
    Some(from(first).into_iter().chain(up_to(last)?).collect())
}

/// Changes that keep the left-most number that is not zero.
fn caret(partial: &Partial) -> Option<Vec<Comparator>> {
    let Some(major) = partial.major else { return Some(Vec::new()) };
    let end = match (major, partial.minor, partial.patch) {
        (0, Some(0), Some(patch)) => before(0, 0, after(patch)?),
        (0, Some(minor), _) => before(0, after(minor)?, 0),
        (major, _, _) => before(after(major)?, 0, 0),
    };
    Some(from(partial).into_iter().chain([end]).collect())
}

/// Changes of the patch, or of the minor where that is all that is missing.
fn tilde(partial: &Partial) -> Option<Vec<Comparator>> {
    Some(from(partial).into_iter().chain(end_of(partial)?).collect())
}

fn exactly(partial: &Partial) -> Option<Vec<Comparator>> {
    match (partial.major, partial.minor, partial.patch) {
        (Some(major), Some(minor), Some(patch)) => Some(vec![Comparator {
            operator: Operator::Equal,
            version: version(major, minor, patch, &partial.pre),
        }]),
        _ => tilde(partial),
    }
}

/// `>=`, with what is missing taken as zero; nothing to ask where any version will do.
fn from(partial: &Partial) -> Option<Comparator> {
    let version = version(
        partial.major?,
        partial.minor.unwrap_or_default(),
        partial.patch.unwrap_or_default(),
        &partial.pre,
    );
    Some(Comparator { operator: Operator::GreaterOrEqual, version })
}

/// `<=`: the whole of what a partial version covers.
fn up_to(partial: &Partial) -> Option<Option<Comparator>> {
    match (partial.major, partial.minor, partial.patch) {
        (Some(major), Some(minor), Some(patch)) => {
            let version = version(major, minor, patch, &partial.pre);
            Some(Some(Comparator { operator: Operator::LessOrEqual, version }))
        }
        _ => end_of(partial),
    }
}

/// `>`: beyond the whole of what a partial version covers.
fn above(partial: &Partial) -> Option<Comparator> {
    Some(match (partial.major, partial.minor, partial.patch) {
        (Some(major), Some(minor), Some(patch)) => {
            Comparator { operator: Operator::Greater, version: version(major, minor, patch, &partial.pre) }
        }
        (Some(major), Some(minor), None) => starting(major, after(minor)?),
        (Some(major), None, _) => starting(after(major)?, 0),
        (None, _, _) => nothing(),
    })
}

/// `<`: before anything that a partial version covers, its prereleases included.
fn below(partial: &Partial) -> Comparator {
    match (partial.major, partial.minor, partial.patch) {
        (Some(major), Some(minor), Some(patch)) => {
            Comparator { operator: Operator::Less, version: version(major, minor, patch, &partial.pre) }
        }
        (Some(major), minor, _) => before(major, minor.unwrap_or_default(), 0),
        (None, _, _) => nothing(),
    }
}

/// Where what a partial version covers ends; nothing where any version will do.
fn end_of(partial: &Partial) -> Option<Option<Comparator>> {
    Some(match (partial.major, partial.minor) {
        (Some(major), Some(minor)) => Some(before(major, after(minor)?, 0)),
        (Some(major), None) => Some(before(after(major)?, 0, 0)),
        (None, _) => None,
    })
}

fn starting(major: u64, minor: u64) -> Comparator {
    Comparator { operator: Operator::GreaterOrEqual, version: Version::new(major, minor, 0) }
}

/// Below a version and its prereleases: `-0` sorts before all of those.
fn before(major: u64, minor: u64, patch: u64) -> Comparator {
    let lowest = Prerelease::new("0").unwrap_or_default();
    Comparator { operator: Operator::Less, version: version(major, minor, patch, &lowest) }
}

fn nothing() -> Comparator {
    before(0, 0, 0)
}

fn version(major: u64, minor: u64, patch: u64, pre: &Prerelease) -> Version {
    Version { pre: pre.clone(), ..Version::new(major, minor, patch) }
}

fn after(number: u64) -> Option<u64> {
    (number < LARGEST_NUMBER).then_some(number + 1)
}
