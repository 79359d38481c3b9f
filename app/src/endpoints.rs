//! Where the server functions are, for the browser, which calls them by hand: the client that Leptos generates for each
//! would bring serde's readers and a second `fetch` into the download. A test holds these to the functions.

/// The remotes this session may load.
pub const APPLICATIONS: &str = "/api/fn/applications";
/// A token of a token-mode remote's own audience: `{remote}`.
pub const EXCHANGE_REMOTE_TOKEN: &str = "/api/fn/exchange_remote_token";
/// Events out: `{source, kind, data}`, where `data` is JSON text.
pub const PUBLISH_EVENT: &str = "/api/fn/publish_event";
/// Who is signed in.
pub const SESSION: &str = "/api/fn/session";
/// Events in: the stream's URL and types.
pub const SUBSCRIBE_EVENTS: &str = "/api/fn/subscribe_events";
