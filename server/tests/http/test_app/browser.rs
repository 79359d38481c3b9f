use bytes::Bytes;
use http::Method;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use parking_lot::Mutex;
use url::Url;

use super::{Answer, RequestBuilder};

/// The portal's one credential.
pub const SESSION_COOKIE: &str = "__Host-portico";

/// A client with a cookie jar that keeps what a browser would keep. It follows no redirect unless asked.
pub struct Browser {
    origin: String,
    jar: Mutex<Vec<Cookie>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

#[derive(Clone, Debug)]
struct Cookie {
    host: String,
    path: String,
    name: String,
    value: String,
}

impl Browser {
    /// For a portal that is not a [`TestApp`](super::TestApp).
    pub fn at(origin: &str) -> Self {
        Self::new(origin)
    }

    pub(super) fn new(origin: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { origin: origin.to_owned(), jar: Mutex::default(), client }
    }

    /// `GET` of a path of the portal, or of a whole URL.
    pub fn get(&self, url: &str) -> RequestBuilder<'_> {
        self.request(Method::GET, url)
    }

    /// `POST`, as from a page of the portal.
    pub fn post(&self, url: &str) -> RequestBuilder<'_> {
        self.request(Method::POST, url)
    }

    /// Any method.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder<'_> {
        RequestBuilder::new(self, method, url)
    }

    /// A call of a server function.
    pub fn function(&self, name: &str, arguments: &serde_json::Value) -> RequestBuilder<'_> {
        self.post(&format!("/api/fn/{name}")).header("accept", "application/json").json(arguments)
    }

    /// Signs a demo account in, from the first redirect to the page it ends on.
    pub async fn login(&self, account: &str) -> Answer {
        let page = self.get(&format!("/auth/login?login_hint={account}")).sent_from("none").follow().await;
        page.page(200);
        assert!(self.session().is_some(), "{account} is signed in");
        page
    }

    /// Goes to the provider and back, up to the callback's URL, which it returns without opening it.
    pub async fn up_to_callback(&self, login: &str) -> Url {
        self.up_to_callback_or_page(login).await.expect("the provider sends the browser back")
    }

    /// The same; none where the provider shows a page instead.
    pub async fn up_to_callback_or_page(&self, login: &str) -> Option<Url> {
        let begun = self.get(login).sent_from("none").send().await;
        let mut next = Url::parse(begun.location()).expect("the provider's URL");
        while next.path() != "/auth/callback" {
            let answer = self.get(next.as_str()).sent_from("none").send().await;
            if !answer.status.is_redirection() {
                return None;
            }
            next = next.join(answer.location()).expect("a redirect names a URL");
        }
        Some(next)
    }

    /// The session id in the jar.
    pub fn session(&self) -> Option<String> {
        self.cookie(SESSION_COOKIE)
    }

    /// A cookie's value, by name.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().iter().find(|cookie| cookie.name == name).map(|cookie| cookie.value.clone())
    }

    /// The names of the cookies in the jar that begin so.
    pub fn cookie_names(&self, prefix: &str) -> Vec<String> {
        let jar = self.jar.lock();
        jar.iter()
            .filter(|cookie| cookie.name.starts_with(prefix))
            .map(|cookie| cookie.name.clone())
            .collect()
    }

    /// Puts a cookie of the portal into the jar, as somebody with access to the machine could.
    pub fn plant(&self, name: &str, value: &str) {
        let host = Url::parse(&self.origin).expect("a URL").host_str().unwrap_or_default().to_owned();
        let mut jar = self.jar.lock();
        jar.retain(|cookie| cookie.name != name);
        jar.push(Cookie { host, path: "/".into(), name: name.to_owned(), value: value.to_owned() });
    }

    /// A browser with the same cookies, as if they had been copied.
    pub fn copy(&self) -> Self {
        let copy = Self::new(&self.origin);
        copy.jar.lock().clone_from(&self.jar.lock());
        copy
    }

    /// The portal's origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn client(&self) -> &Client<HttpConnector, Full<Bytes>> {
        &self.client
    }

    /// Cookies know hosts and paths but no ports (RFC 6265, section 8.5).
    pub(super) fn cookies_for(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap_or_default();
        let fits = |cookie: &&Cookie| {
            let below = url.path().strip_prefix(cookie.path.as_str());
            cookie.host == host
                && below.is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/')
                })
        };
        let jar = self.jar.lock();
        let pairs: Vec<_> =
            jar.iter().filter(fits).map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps an answer's cookies by the rules of RFC 6265bis, the `__Host-` prefix among them.
    pub(super) fn keep(&self, url: &Url, answer: &Answer) {
        let host = url.host_str().unwrap_or_default();
        let mut jar = self.jar.lock();
        for set in answer.set_cookies() {
            let mut parts = set.split(';').map(str::trim);
            let (name, value) =
                parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie is a pair");
            let attributes: Vec<_> = parts.collect();
            let path = attributes.iter().find_map(|a| a.strip_prefix("Path=")).unwrap_or("/");
            if name.starts_with("__Host-") {
                let has = |wanted: &str| attributes.contains(&wanted);
                let kept =
                    has("Secure") && path == "/" && !attributes.iter().any(|a| a.starts_with("Domain"));
                assert!(kept, "a browser refuses this cookie, or its removal: {set}");
            }
            jar.retain(|cookie| !(cookie.host == host && cookie.path == path && cookie.name == name));
            if !attributes.contains(&"Max-Age=0") {
                let (path, name, value) = (path.to_owned(), name.to_owned(), value.to_owned());
                jar.push(Cookie { host: host.to_owned(), path, name, value });
            }
        }
    }
}
