use super::{Rule, all};

/// Where the portal itself answers: no remote may claim these or anything below them (DESIGN.md, section 4).
pub const RESERVED_PATHS: [&str; 14] = [
    "/.well-known",
    "/api",
    "/assets",
    "/auth",
    "/bff",
    "/dev",
    "/events",
    "/favicon.ico",
    "/healthz",
    "/metrics",
    "/pkg",
    "/readyz",
    "/remotes",
    "/stream",
];

/// A page's path in the portal.
pub const ROUTE_PATH: Rule = Rule {
    expected: "a path such as `/todos`: segments of letters, digits, `-`, `_`, `.` and `~`, no slash at the end, \
               none of the portal's own paths",
    holds: |text| {
        let Some(rest) = text.strip_prefix('/') else { return false };
        text.len() <= 128
            && rest.split('/').all(is_segment)
            && !RESERVED_PATHS.iter().any(|own| is_at_or_below(text, own))
    },
};

/// A file's path, relative to the manifest. Neither the manifest nor its signatures are files of the remote.
pub const FILE_PATH: Rule = Rule {
    expected: "a path relative to the manifest, such as `chunks/index.3f2a91.js`: segments of letters, digits, `-`, `_`, \
               `.`, `~`, `@` and `+`, none beginning with a dot",
    holds: |text| {
        let allowed: fn(u8) -> bool = |b| is_segment_byte(b) || b == b'@' || b == b'+';
        let own =
            text.eq_ignore_ascii_case("remote.json") || text.to_ascii_lowercase().ends_with(".sig.json");
        text.len() <= 255
            && !own
            && text.split('/').all(|part| !part.starts_with('.') && all(part, 128, allowed))
    },
};

/// A pattern of paths below a back end.
pub const BACKEND_PATH: Rule = Rule {
    expected: "a path such as `/orgs/{org}/todos/**`: literal segments, `*` or `{name}` for one segment (each name once), \
               `**` only at the end",
    holds: |text| {
        let Some(rest) = text.strip_prefix('/') else { return false };
        if text.len() > 512 {
            return false;
        }
        let names = path_parameters(text);
        if names.clone().enumerate().any(|(i, name)| names.clone().take(i).any(|earlier| earlier == name)) {
            return false;
        }
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let fits = match segment {
                "*" => true,
                "**" => last,
                // The root itself: `/`.
                "" => last && rest.is_empty(),
                segment if segment.starts_with('{') => placeholder(segment).is_some(),
                literal => is_segment(literal),
            };
            if !fits {
                return false;
            }
        }
        true
    },
};

/// Whether every path that the pattern `asked` stands for is one that `granted` stands for. Both keep [`BACKEND_PATH`].
pub fn pattern_covers(granted: &str, asked: &str) -> bool {
    let mut asked = segments(asked);
    for segment in segments(granted) {
        match (segment, asked.next()) {
            ("**", _) => return true,
            (_, None | Some("**")) => return false,
            ("*", Some(_)) => {}
            (literal, Some(other)) if literal == other => {}
            _ => return false,
        }
    }
    asked.next().is_none()
}

fn segments(pattern: &str) -> impl Iterator<Item = &str> {
    // A placeholder stands for what `*` does, whatever its name.
    let plain = |segment| if placeholder(segment).is_some() { "*" } else { segment };
    pattern.split('/').filter(|segment| !segment.is_empty()).map(plain)
}

/// The names of a pattern's placeholders, in the order of its segments.
pub(in crate::manifest) fn path_parameters(pattern: &str) -> impl Iterator<Item = &str> + Clone {
    pattern.split('/').filter_map(placeholder)
}

/// The name of a segment such as `{org}`.
fn placeholder(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    all(name, 64, |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_').then_some(name)
}

pub(super) fn is_segment(segment: &str) -> bool {
    segment != "." && segment != ".." && all(segment, 128, is_segment_byte)
}

/// Unreserved characters (RFC 3986, section 2.3): no escapes, so a path has one spelling.
pub(super) fn is_segment_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Letter case is ignored: `/API` would be a trap for people even where it is another path.
fn is_at_or_below(path: &str, own: &str) -> bool {
    let head = path.get(..own.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(own))
        && matches!(path.as_bytes().get(own.len()), None | Some(b'/'))
}
