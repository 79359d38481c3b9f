//! A gateway in front of an upstream that writes down what it gets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use portico_gateway::{
    AnswerBody, BackendSpec, BearerToken, Call, CallError, CallerKey, Gateway, Outcome, PublicOrigin,
    RemoteBackend, Resilience, RouteSpec, SystemResolver, TokenError, TokenRequest, TokenSource,
    UpstreamProtocol,
};
use portico_policy::{PolicyConfig, Principal, RolePolicy};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// What an upstream does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Writes these bytes and waits for the next request.
    Bytes(String),
    /// Writes these bytes, waits, writes those.
    Slowly(String, Duration, String),
    /// Writes these bytes and closes.
    Last(String),
    /// Closes without an answer.
    Close,
    /// Resets the connection without an answer.
    Reset,
    /// Never answers.
    Hang,
    /// `200` with these fields, saying who asked, and the how manieth request it was.
    Echo(Vec<(&'static str, String)>),
    /// As the other, after a pause.
    After(Duration, Box<Reply>),
}

/// `200` with a small body.
pub(crate) fn ok() -> Reply {
    answer("200 OK", &[], "fine")
}

/// An answer with `content-length`.
pub(crate) fn answer(status: &str, fields: &[&str], body: &str) -> Reply {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    Reply::Bytes(format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n{body}", body.len()))
}

/// What arrived at an upstream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    /// The request line.
    pub(crate) line: String,
    /// The header lines, names in lower case.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Which connection brought it, counted from 0.
    pub(crate) connection: usize,
    /// The certificate that the connection was opened with (DER).
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Arrived {
    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The only value of a field; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} arrived {} times: {all:?}", all.len());
        all.first().copied().unwrap_or_default()
    }

    /// The request target.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}

/// A raw TCP server that records requests and answers as it is told.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    answers: Answers,
    serving: Mutex<AbortHandle>,
}

/// What the nth request gets, counted from 0.
type Answers = Arc<dyn Fn(usize, &Arrived) -> Reply + Send + Sync>;

impl Upstream {
    /// The nth request gets the nth reply, the last reply is repeated.
    pub(crate) async fn start(script: Vec<Reply>) -> Self {
        Self::listen(scripted(script), None).await
    }

    /// Every request gets what `answers` says.
    pub(crate) async fn answering(answers: impl Fn(&Arrived) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Arc::new(move |_, arrived| answers(arrived)), None).await
    }

    /// The same over TLS.
    pub(crate) async fn start_tls(script: Vec<Reply>, tls: ServerConfig) -> Self {
        Self::listen(scripted(script), Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn listen(answers: Answers, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let arrived = Arc::<Mutex<Vec<Arrived>>>::default();
        let serving = accept(listener, Arc::clone(&answers), Arc::clone(&arrived), tls);
        Self { address, arrived, answers, serving: Mutex::new(serving) }
    }

    /// Ends at once, with every connection that is open.
    pub(crate) fn kill(&self) {
        self.serving.lock().expect("no panic").abort();
    }

    /// Listens again where it did before it was killed.
    pub(crate) async fn revive(&self) {
        let listener = TcpListener::bind(self.address).await.expect("its port");
        *self.serving.lock().expect("no panic") =
            accept(listener, Arc::clone(&self.answers), Arc::clone(&self.arrived), None);
    }

    /// Everything that arrived so far.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().expect("no panic while recording").clone()
    }

    /// The one request that arrived.
    pub(crate) fn only(&self) -> Arrived {
        let arrived = self.arrived();
        assert_eq!(arrived.len(), 1, "one request: {arrived:?}");
        arrived[0].clone()
    }
}

fn scripted(script: Vec<Reply>) -> Answers {
    Arc::new(move |nth, _| script[nth.min(script.len() - 1)].clone())
}

/// Serves connections until it is aborted, which ends them too.
fn accept(
    listener: TcpListener,
    answers: Answers,
    record: Arc<Mutex<Vec<Arrived>>>,
    tls: Option<TlsAcceptor>,
) -> AbortHandle {
    let serving = async move {
        let mut connections = JoinSet::new();
        let mut connection = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let (answers, record, tls) = (Arc::clone(&answers), Arc::clone(&record), tls.clone());
            connections.spawn(async move {
                match tls {
                    Some(tls) => serve(tls.accept(stream).await?, connection, answers, record).await,
                    None => serve(stream, connection, answers, record).await,
                }
            });
            connection += 1;
        }
    };
    tokio::spawn(serving).abort_handle()
}

/// A connection that can be reset.
trait Io: AsyncRead + AsyncWrite + Unpin + Send {
    fn reset(self);

    fn certificate(&self) -> Option<Vec<u8>> {
        None
    }
}

impl Io for TcpStream {
    fn reset(self) {
        self.set_zero_linger().expect("an open socket");
    }
}

impl Io for TlsStream<TcpStream> {
    fn reset(self) {}

    fn certificate(&self) -> Option<Vec<u8>> {
        Some(self.get_ref().1.peer_certificates()?.first()?.to_vec())
    }
}

async fn serve(
    mut stream: impl Io,
    connection: usize,
    answers: Answers,
    record: Arc<Mutex<Vec<Arrived>>>,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(mut arrived) = read_request(&mut stream, &mut buffer).await? {
        (arrived.connection, arrived.certificate) = (connection, stream.certificate());
        let who = arrived.field("authorization").to_owned();
        let (mut reply, number) = {
            let mut record = record.lock().expect("no panic while recording");
            let reply = answers(record.len(), &arrived);
            record.push(arrived);
            (reply, record.len())
        };
        while let Reply::After(pause, next) = reply {
            tokio::time::sleep(pause).await;
            reply = *next;
        }
        match reply {
            Reply::Bytes(bytes) => stream.write_all(bytes.as_bytes()).await?,
            Reply::Slowly(first, pause, second) => {
                stream.write_all(first.as_bytes()).await?;
                tokio::time::sleep(pause).await;
                stream.write_all(second.as_bytes()).await?;
            }
            Reply::Last(bytes) => return stream.write_all(bytes.as_bytes()).await,
            Reply::Close => return Ok(()),
            Reply::Reset => {
                stream.reset();
                return Ok(());
            }
            Reply::Hang => std::future::pending().await,
            Reply::Echo(fields) => {
                let body = format!("{{\"who\":\"{who}\",\"number\":{number}}}");
                let fields: String =
                    fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{fields}\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await?;
            }
            Reply::After(..) => unreachable!("it was waited for"),
        }
    }
    Ok(())
}

async fn read_request(stream: &mut impl Io, buffer: &mut Vec<u8>) -> io::Result<Option<Arrived>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if !read_more(stream, buffer).await? {
            return Ok(None);
        }
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let fields: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut arrived = Arrived { line, fields, ..Arrived::default() };
    if arrived.field("transfer-encoding") == "chunked" {
        // The last chunk, and the trailers after it.
        let is_over = |buffer: &[u8]| {
            let last = buffer.windows(5).rposition(|window| window == b"\r\n0\r\n").map(|at| at + 2);
            let last = last.or_else(|| buffer.starts_with(b"0\r\n").then_some(0));
            last.is_some_and(|last| buffer[last..].windows(4).any(|window| window == b"\r\n\r\n"))
        };
        while !is_over(buffer) && read_more(stream, buffer).await? {}
        arrived.body = std::mem::take(buffer);
    } else {
        let length = arrived.field("content-length").parse().unwrap_or(0);
        while buffer.len() < length && read_more(stream, buffer).await? {}
        arrived.body = buffer.drain(..length.min(buffer.len())).collect();
    }
    Ok(Some(arrived))
}

async fn read_more(stream: &mut impl Io, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; 16 * 1024];
    let read = stream.read(&mut chunk).await?;
    buffer.extend_from_slice(&chunk[..read]);
    Ok(read > 0)
}

/// Tokens `t1`, `t2`, …: a new one for each fresh exchange.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) exchanged: AtomicUsize,
    pub(crate) error: Option<TokenError>,
}

impl Tokens {
    fn current(&self) -> Result<BearerToken, TokenError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(token(self.exchanged.load(Ordering::SeqCst))),
        }
    }
}

fn token(number: usize) -> BearerToken {
    BearerToken::new(&format!("t{number}")).expect("fits a header")
}

impl TokenSource for Tokens {
    async fn token(&self, request: TokenRequest<'_>) -> Result<BearerToken, TokenError> {
        assert_eq!(request.audience, "https://api.example/todos");
        self.current()
    }

    async fn fresh(&self, _: TokenRequest<'_>, rejected: &BearerToken) -> Result<BearerToken, TokenError> {
        assert_eq!(*rejected, token(self.exchanged.load(Ordering::SeqCst)));
        self.exchanged.fetch_add(1, Ordering::SeqCst);
        self.current()
    }
}

/// A gateway with one remote, `acme.todos`, and bob, a member of acme.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) remote: Arc<RemoteBackend>,
    pub(crate) bob: Option<Principal>,
    pub(crate) tokens: Tokens,
    pub(crate) client: IpAddr,
}

/// What a call came to, its body read.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) result: Result<Response<Bytes>, CallError>,
    pub(crate) attempts: u32,
    pub(crate) decision: &'static str,
    pub(crate) reason: String,
}

impl Seen {
    /// The status that the browser gets.
    pub(crate) fn status(&self) -> u16 {
        self.result.as_ref().map_or_else(|error| error.status(), Response::status).as_u16()
    }

    /// The response, which there must be.
    pub(crate) fn response(&self) -> &Response<Bytes> {
        self.result.as_ref().expect("an answer")
    }

    /// The problem's slug, which there must be.
    pub(crate) fn problem(&self) -> &'static str {
        self.result.as_ref().expect_err("no answer").slug()
    }
}

/// The back end that most tests use.
pub(crate) fn spec(url: &str) -> BackendSpec {
    let route = |methods: &[&str], path: &str, permission: &str| RouteSpec {
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        path: path.to_owned(),
        permissions: vec![permission.to_owned()],
        ..RouteSpec::default()
    };
    BackendSpec {
        id: "acme.todos".to_owned(),
        version: "1.2.0".to_owned(),
        url: url.to_owned(),
        audience: "https://api.example/todos".to_owned(),
        scopes: vec!["todos.read".to_owned()],
        timeout: Duration::from_millis(1500),
        retries: 2,
        routes: vec![
            route(&["GET"], "/todos/**", "todos.read"),
            route(&["POST", "PUT", "DELETE"], "/todos/**", "todos.write"),
            route(&["GET"], "/todos/admin/**", "org.admin"),
            RouteSpec { public: true, ..route(&["GET", "POST"], "/public/**", "org.admin") },
        ],
        views: Vec::new(),
        document: None,
        networks: vec!["127.0.0.0/8".parse().expect("a network")],
        addresses: Vec::new(),
        protocol: UpstreamProtocol::default(),
        resilience: Resilience::default(),
    }
}

impl World {
    pub(crate) fn before(upstream: &Upstream) -> Self {
        Self::with(spec(&format!("http://{}", upstream.address)))
    }

    pub(crate) fn with(spec: BackendSpec) -> Self {
        Self::of(RemoteBackend::compile(spec, Arc::new(SystemResolver)).expect("a good back end"))
    }

    pub(crate) fn of(remote: RemoteBackend) -> Self {
        let public = "https://portal.example".parse().expect("a URL");
        let origin = PublicOrigin::of(&public).expect("an origin");
        let entitlements = PolicyConfig::demo().entitlements("acme", ["member"]);
        let bob = Principal::new("https://idp.example", "bob", "acme").with_roles(vec![], entitlements);
        Self {
            gateway: Gateway::new(Arc::new(RolePolicy), origin),
            remote: Arc::new(remote),
            bob: Some(bob),
            tokens: Tokens { exchanged: AtomicUsize::new(1), error: None },
            client: "203.0.113.9".parse().expect("an address"),
        }
    }

    /// All that became of a call.
    pub(crate) async fn outcome<B>(&self, request: Request<B>) -> Outcome<'_>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.gateway.call(self.arguments(), request).await
    }

    /// A call whose answer's head has come.
    pub(crate) async fn begin<B>(&self, request: Request<B>) -> Result<Response<AnswerBody>, CallError>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.gateway.call(self.arguments(), request).await.result
    }

    /// A call to its end.
    pub(crate) async fn send<B>(&self, request: Request<B>) -> Seen
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let outcome = self.gateway.call(self.arguments(), request).await;
        let result = match outcome.result {
            Ok(response) => {
                let (head, body) = response.into_parts();
                let body = body.collect().await.expect("a whole body").to_bytes();
                Ok(Response::from_parts(head, body))
            }
            Err(error) => Err(error),
        };
        let decision = outcome.verdict.decision;
        Seen {
            result,
            attempts: outcome.attempts,
            decision: decision.effect.as_str(),
            reason: decision.reason.into_owned(),
        }
    }

    /// A call without a body.
    pub(crate) async fn call(&self, method: &str, path: &str) -> Seen {
        self.send(request(method, path, &[])).await
    }

    fn arguments(&self) -> Call<'_, Tokens> {
        Call {
            remote: &self.remote,
            principal: self.bob.as_ref(),
            tokens: &self.tokens,
            client: self.client,
            caller: CallerKey::default(),
            traceparent: None,
            trace: None,
            until: None,
        }
    }
}

/// A request without a body, as the server hands it over.
pub(crate) fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<Full<Bytes>> {
    with_body(method, path, fields, "")
}

/// A request with a body of known length.
pub(crate) fn with_body(
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let builder = Request::builder().method(method).uri(path);
    let builder = fields.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a request")
}
