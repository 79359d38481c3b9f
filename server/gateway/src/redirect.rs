use http::header::{HeaderMap, HeaderValue, LOCATION};
use http::{StatusCode, Uri};

use crate::path::{ProxyPath, check_query};
use crate::upstream::Origin;

/// An upstream sent the caller somewhere that is not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForeignRedirect;

/// Rewrites `Location` so that it leads through the proxy again. It is never followed here.
///
/// A target on the same upstream becomes a path below `mount` (`/bff/acme.todos`), where the next request is authorised
/// like any other. A redirect to anywhere else is an error; on another status (201 names what was created) the field
/// is dropped.
pub(crate) fn rewrite_location(
    status: StatusCode,
    headers: &mut HeaderMap,
    origin: &Origin,
    requested: &Uri,
    mount: &str,
) -> Result<(), ForeignRedirect> {
    let Some(location) = headers.get(LOCATION) else { return Ok(()) };
    let target = location.to_str().ok().and_then(|text| mounted(text, origin, requested, mount));
    match target.and_then(|path| HeaderValue::from_str(&path).ok()) {
        Some(path) => {
            headers.insert(LOCATION, path);
            Ok(())
        }
        None if status.is_redirection() => Err(ForeignRedirect),
        None => {
            headers.remove(LOCATION);
            Ok(())
        }
    }
}

/// `location` as a path of the portal, if it is on the same upstream.
fn mounted(location: &str, origin: &Origin, requested: &Uri, mount: &str) -> Option<String> {
    let base = origin.url.join(requested.path_and_query()?.as_str()).ok()?;
    let target = base.join(location).ok()?;
    if target.origin() != origin.url.origin() || !target.username().is_empty() || target.password().is_some()
    {
        return None;
    }
    let path = target.path().strip_prefix(origin.base.as_str()).filter(|path| path.starts_with('/'))?;
    ProxyPath::parse(path).ok()?;
    let mut mounted = format!("{mount}{path}");
    if let Some(query) = target.query() {
        check_query(query).ok()?;
        mounted.push('?');
        mounted.push_str(query);
    }
    if let Some(fragment) = target.fragment() {
        mounted.push('#');
        mounted.push_str(fragment);
    }
    Some(mounted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(status: u16, value: &'static str) -> Result<Option<String>, ForeignRedirect> {
        let origin = Origin::parse("http://api.example:8080/v1").expect("an origin");
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static(value));
        let status = StatusCode::from_u16(status).expect("a status");
        let requested = Uri::from_static("/v1/todos/7?x=1");
        rewrite_location(status, &mut headers, &origin, &requested, "/bff/acme.todos")?;
        Ok(headers.get(LOCATION).map(|value| value.to_str().expect("text").to_owned()))
    }

    #[test]
    fn a_target_on_the_same_upstream_leads_through_the_proxy_again() {
        let leads_to = |value, expected: &str| {
            assert_eq!(location(302, value), Ok(Some(expected.to_owned())), "{value}")
        };
        leads_to("/v1/todos/8?a=b#c", "/bff/acme.todos/todos/8?a=b#c");
        leads_to("http://api.example:8080/v1/login", "/bff/acme.todos/login");
        leads_to("8", "/bff/acme.todos/todos/8");
        leads_to("../lists", "/bff/acme.todos/lists");
        leads_to("?page=2", "/bff/acme.todos/todos/7?page=2");
        assert_eq!(location(201, "/v1/todos/9"), Ok(Some("/bff/acme.todos/todos/9".to_owned())));
    }

    #[test]
    fn case_45_a_redirect_to_anywhere_else_is_refused() {
        for foreign in [
            "http://169.254.169.254/latest/meta-data/",
            "http://api.example/v1/other-port",
            "https://api.example:8080/v1/other-scheme",
            "//evil.example/v1/",
            "/outside-the-base",
            "/v1/../admin",
            "/v1/a%2fb",
            "javascript:alert(1)",
            "http://user@api.example:8080/v1/",
            "http://[::ffff:169.254.169.254]/",
        ] {
            assert_eq!(location(302, foreign), Err(ForeignRedirect), "{foreign}");
            assert_eq!(location(201, foreign), Ok(None), "{foreign}");
        }
    }
}
