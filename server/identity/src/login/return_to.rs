use std::fmt;

use url::Url;

/// Where a login ends: a path of this portal, never another origin, never an endpoint that would act or loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

/// Longer ones are not ours: the shell's own paths are short.
const MAX_BYTES: usize = 2048;

impl ReturnTo {
    /// The portal's home.
    pub fn home() -> Self {
        Self("/".into())
    }

    /// Parses what came with a request. Everything that is not plainly a path of `public_url` is refused: an absolute
    /// URL, `//host`, `/\host`, control characters, backslashes anywhere, the login and logout endpoints, the
    /// development IdP, APIs.
    pub fn parse(raw: &str, public_url: &Url) -> Option<Self> {
        let plain = raw.len() <= MAX_BYTES
            && raw.starts_with('/')
            && !raw.starts_with("//")
            && raw.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\');
        if !plain {
            return None;
        }
        // The browser's own parser has the last word: what it makes of the text must stay on this origin.
        let resolved = public_url.join(raw).ok()?;
        let path = resolved.path();
        // A path that becomes another host or an endpoint once something decodes it is refused as well.
        let decoded = percent_decoded(path);
        let suspicious = [path, decoded.as_str()].iter().any(|path| {
            path.starts_with("//")
                || path.contains('\\')
                || path.bytes().any(|byte| byte < 0x20 || byte == 0x7f)
                || ["/auth/", "/dev/", "/api/", "/bff/"].iter().any(|own| path.starts_with(own))
                || ["/auth", "/events", "/stream"].contains(path)
        });
        if suspicious || resolved.origin() != public_url.origin() {
            return None;
        }
        let query = resolved.query().map(|query| format!("?{query}")).unwrap_or_default();
        let fragment = resolved.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        Some(Self(format!("{path}{query}{fragment}")))
    }

    /// The path, with query and fragment, percent-encoded: safe in a `Location` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Decodes twice, since proxies in front of a portal have been seen to decode once.
fn percent_decoded(path: &str) -> String {
    let once = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    percent_encoding::percent_decode_str(&once).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Option<String> {
        let public_url = Url::parse("http://127.0.0.1:3000").expect("a valid URL");
        ReturnTo::parse(raw, &public_url).map(|path| path.to_string())
    }

    #[test]
    fn paths_of_the_portal_are_kept() {
        for path in ["/", "/todos", "/todos/7?filter=open#top", "/a%20b", "/authors"] {
            assert_eq!(parse(path).as_deref(), Some(path));
        }
    }

    #[test]
    fn case_31_every_known_trick_is_refused() {
        let tricks = [
            "https://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "\t//evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "http:evil.example",
            "/%2f/evil.example",
            "/%2fevil.example",
            "/%5cevil.example",
            "/%252fevil.example",
            "@evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/a/..//evil.example",
            "／／evil.example",
            "/／evil.example",
            "",
            "evil",
            "?x=1",
            "#x",
            "http://127.0.0.1:3000@evil.example/",
            "//127.0.0.1:3000@evil.example",
            "/\u{2028}/evil",
        ];
        for trick in tricks {
            assert_eq!(parse(trick), None, "{trick:?}");
        }
    }

    #[test]
    fn case_33_control_characters_and_own_endpoints_are_refused() {
        let own = [
            "/auth/logout",
            "/auth/login?return_to=/",
            "/auth/callback",
            "/x/../auth/logout",
            "/%61uth/logout",
            "/dev/idp/",
            "/api/platform/session",
            "/bff/a.b/c",
            "/events",
            "/stream",
        ];
        let control = ["/a\r\nSet-Cookie: x=1", "/a\0", "/a\nb", "/a%0d%0aSet-Cookie:x", "/a%00"];
        for raw in own.iter().chain(&control) {
            assert_eq!(parse(raw), None, "{raw:?}");
        }
    }
}
