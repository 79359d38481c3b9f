use http::header::{CONNECTION, HeaderMap, HeaderName};

/// Fields besides the usual ones that a sender says concern its connection.
#[derive(Debug, Default)]
pub(crate) struct Nominated(Vec<HeaderName>);

/// Removes what the sender's `Connection` field nominates (RFC 9110, section 7.6.1), and says what that was: trailers of
/// these names concern the connection as well.
///
/// This runs before anything is added, so that a client cannot nominate a field that the proxy injects.
pub(super) fn remove_nominated(headers: &mut HeaderMap) -> Nominated {
    let nominated: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
        // `keep-alive` and `close`, what nearly every sender writes, name fields that fall anyway.
        .filter(|name| !is_hop_by_hop(name.as_str()) && name.as_str() != "close")
        .collect();
    for name in &nominated {
        headers.remove(name);
    }
    Nominated(nominated)
}

impl Nominated {
    /// Whether there are none, as nearly always.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, name: &HeaderName) -> bool {
        self.0.contains(name)
    }
}

/// Whether a field concerns one connection only, or frames a message and is therefore written anew on each.
pub(super) fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
    )
}

/// Removes every field whose name `drops` says yes to.
pub(super) fn remove_where(headers: &mut HeaderMap, drops: impl Fn(&str) -> bool) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| drops(name.as_str())).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
