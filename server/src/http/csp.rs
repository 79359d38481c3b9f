//! The Content Security Policy of pages (CSP Level 3) and the Integrity Policy beside it.

use portico_registry::CspSources;

/// The policy of everything that is not a page: nothing may be loaded, framed or sent from it.
pub const NOTHING: &str =
    "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// `Integrity-Policy`: a script, entry or nested chunk, whose hash the page does not list is refused by the browser.
pub const INTEGRITY_POLICY: &str = "blocked-destinations=(script), sources=(inline), endpoints=(portico)";

/// `Reporting-Endpoints` (Reporting API).
pub const REPORTING_ENDPOINTS: &str = "portico=\"/api/platform/reports\"";

/// What a page's policy is made of.
#[derive(Debug, Default)]
pub struct PageSources<'a> {
    /// Origins by directive that the registry granted to this session's remotes.
    pub granted: CspSources,
    /// Where a logout form may end up: the providers' end-session origins.
    pub form_targets: Vec<&'a str>,
}

/// The policy of a page. Without `strict-dynamic`, since a nonce is inherited by everything its script imports; the nonce
/// is for the import map alone, and `import()` obeys the host list.
pub fn page(nonce: &str, sources: &PageSources<'_>) -> String {
    let mut policy = String::with_capacity(512);
    let mut directive = |name: &str, fixed: &str, more: &mut dyn Iterator<Item = &str>| {
        policy.push_str(name);
        policy.push(' ');
        policy.push_str(fixed);
        for source in more {
            policy.push(' ');
            policy.push_str(source);
        }
        policy.push_str("; ");
    };
    let granted = |name: &str| sources.granted.get(name).into_iter().flatten().map(String::as_str);
    let nothing = &mut std::iter::empty();
    directive("default-src", "'none'", nothing);
    directive(
        "script-src",
        &format!("'self' 'wasm-unsafe-eval' 'nonce-{nonce}'"),
        &mut granted("script-src"),
    );
    directive("style-src", "'self'", nothing);
    directive("connect-src", "'self'", &mut granted("connect-src"));
    directive("img-src", "'self' data:", &mut granted("img-src"));
    directive("font-src", "'self'", &mut granted("font-src"));
    directive("media-src", "'self'", &mut granted("media-src"));
    directive("frame-src", "'self'", &mut granted("frame-src"));
    directive("worker-src", "'self'", nothing);
    directive("manifest-src", "'self'", nothing);
    directive("form-action", "'self'", &mut sources.form_targets.iter().copied());
    directive("frame-ancestors", "'none'", nothing);
    directive("base-uri", "'none'", nothing);
    directive("object-src", "'none'", nothing);
    policy.push_str("report-uri /api/platform/reports; report-to portico");
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_60_a_page_policy_has_no_unsafe_source_and_carries_its_nonce_once() {
        let policy = page("abc", &PageSources::default());
        assert!(
            !policy.contains("unsafe-inline")
                && !policy.contains("'unsafe-eval'")
                && !policy.contains("strict-dynamic")
        );
        assert_eq!(policy.matches("nonce-abc").count(), 1);
    }
}
