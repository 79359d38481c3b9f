use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use serde::Serialize;

use super::{Answer, Browser, LiveStream};

/// There is nobody who answers, or not to the end.
#[derive(Debug)]
#[expect(dead_code, reason = "it is shown when a test fails")]
pub enum Gone {
    Unanswered(hyper_util::client::legacy::Error),
    Cut(hyper::Error),
}

/// A request of a [`Browser`], with what browsers add unless the test says otherwise.
pub struct RequestBuilder<'a> {
    browser: &'a Browser,
    request: Request<Bytes>,
    fetch_site: Option<&'static str>,
    cookies: bool,
}

impl<'a> RequestBuilder<'a> {
    pub(super) fn new(browser: &'a Browser, method: Method, url: &str) -> Self {
        let url = if url.starts_with('/') { format!("{}{url}", browser.origin()) } else { url.to_owned() };
        let request = Request::builder().method(method).uri(url).body(Bytes::new()).expect("a valid request");
        Self { browser, request, fetch_site: Some("same-origin"), cookies: true }
    }

    /// Adds a header; one of the same name stays.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        self.request.headers_mut().append(name, value);
        self
    }

    /// Says where the request comes from, as browsers do in `Sec-Fetch-Site`.
    pub fn sent_from(mut self, site: &'static str) -> Self {
        self.fetch_site = Some(site);
        self
    }

    /// Sends nothing that says where the request comes from.
    pub fn sent_from_nowhere(mut self) -> Self {
        self.fetch_site = None;
        self
    }

    /// Leaves the browser's cookies out.
    pub fn without_cookies(mut self) -> Self {
        self.cookies = false;
        self
    }

    /// A body as it is.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = body.into();
        self.header(CONTENT_TYPE.as_str(), media_type)
    }

    /// A JSON body.
    pub fn json(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("a value is JSON");
        self.body("application/json", body)
    }

    /// A form.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    /// Sends it and reads the whole answer. Redirects are not followed.
    pub async fn send(self) -> Answer {
        self.try_send().await.unwrap_or_else(|gone| panic!("the portal answers: {gone:?}"))
    }

    /// The same where the portal may be gone, or go in the middle of it.
    pub async fn try_send(self) -> Result<Answer, Gone> {
        let browser = self.browser;
        let (url, response) = self.start().await?;
        let answer = whole(response).await?;
        browser.keep(&url, &answer);
        Ok(answer)
    }

    /// Sends it and follows redirects, as a navigation does.
    pub async fn follow(self) -> Answer {
        let browser = self.browser;
        let mut url = url::Url::parse(&self.request.uri().to_string()).expect("a URL");
        let mut answer = self.send().await;
        for _ in 0..12 {
            if !answer.status.is_redirection() {
                return answer;
            }
            url = url.join(answer.location()).expect("a redirect names a URL");
            answer = browser.get(url.as_str()).sent_from("none").send().await;
        }
        panic!("redirected without end, at last to {url}");
    }

    /// Sends it and leaves the body open, as an event stream.
    pub async fn open(self) -> Result<LiveStream, Box<Answer>> {
        self.try_open().await.unwrap_or_else(|gone| panic!("the portal answers: {gone:?}"))
    }

    /// The same where the portal may be gone.
    pub async fn try_open(self) -> Result<Result<LiveStream, Box<Answer>>, Gone> {
        let (_, response) = self.start().await?;
        if response.status().is_success() {
            let (parts, body) = response.into_parts();
            return Ok(Ok(LiveStream::new(parts.headers, body)));
        }
        Ok(Err(Box::new(whole(response).await?)))
    }

    async fn start(mut self) -> Result<(url::Url, http::Response<Incoming>), Gone> {
        let url = url::Url::parse(&self.request.uri().to_string()).expect("a URL");
        let headers = self.request.headers_mut();
        if let Some(site) = self.fetch_site {
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        }
        if let Some(cookies) = self.browser.cookies_for(&url).filter(|_| self.cookies) {
            headers.append(COOKIE, HeaderValue::from_str(&cookies).expect("cookies are a header value"));
        }
        let response = self.browser.client().request(self.request.map(Full::new)).await;
        Ok((url, response.map_err(Gone::Unanswered)?))
    }
}

async fn whole(response: http::Response<Incoming>) -> Result<Answer, Gone> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(Gone::Cut)?.to_bytes();
    Ok(Answer { status: parts.status, headers: parts.headers, body })
}
