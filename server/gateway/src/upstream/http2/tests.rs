//! How long a connection is kept, with limits that a test does not wait long for.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{Http2Connection, KeepAlive, Target};
use crate::body::RequestBody;
use crate::upstream::{Origin, Stream};

const INTERVAL: Duration = Duration::from_millis(10);

/// Never by itself; a test shortens what it is about.
const FOR_EVER: KeepAlive = KeepAlive {
    interval: INTERVAL,
    patience: Duration::from_secs(60),
    idle_intervals: u32::MAX,
    age_limit: Duration::from_secs(3600),
};

/// A connection to a server that answers each request when it is told to, and what ends when the connection has.
struct Served {
    connection: Arc<Http2Connection>,
    arrived: Arc<Notify>,
    answer: Arc<Notify>,
    server: JoinHandle<()>,
}

impl Served {
    async fn start(kept: KeepAlive) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (arrived, answer) = (Arc::<Notify>::default(), Arc::<Notify>::default());
        let (tells, waits) = (Arc::clone(&arrived), Arc::clone(&answer));
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let (tells, waits) = (Arc::clone(&tells), Arc::clone(&waits));
                tokio::spawn(async move {
                    tells.notify_one();
                    waits.notified().await;
                    respond.send_response(Response::new(()), true).expect("the stream is there");
                });
            }
        });
        let stream = Stream::Plain(TcpStream::connect(address).await.expect("it listens"));
        let limit = Duration::from_secs(60);
        let connection = Http2Connection::open(stream, limit, kept, Weak::new()).await.expect("HTTP/2");
        Self { connection, arrived, answer, server }
    }

    /// A call that has arrived and is not answered.
    async fn call(&self) -> JoinHandle<u16> {
        let mut slot = self.connection.enter().expect("a place");
        let call = tokio::spawn(async move {
            let target =
                Target::of(&Origin::parse("http://todos.example").expect("an origin")).expect("a target");
            let request = Box::new(Request::new(RequestBody::held(Bytes::new())));
            match slot.send(request, &target).await {
                Ok(response) => response.status().as_u16(),
                Err(_) => 0,
            }
        });
        self.arrived.notified().await;
        call
    }

    async fn closes(&self) {
        while self.connection.is_open() {
            sleep(INTERVAL).await;
        }
    }

    /// Both sides have ended once nobody holds the connection.
    async fn ends(self) {
        drop(self.connection);
        self.server.await.expect("no panic");
    }
}

#[tokio::test]
async fn a_connection_without_calls_is_closed_and_one_with_a_call_is_not() {
    let served = Served::start(KeepAlive { idle_intervals: 3, ..FOR_EVER }).await;
    let call = served.call().await;
    sleep(INTERVAL * 20).await;
    assert!(served.connection.is_open(), "a call is under way, however long");
    served.answer.notify_one();
    assert_eq!(call.await.expect("no panic"), 200);
    served.closes().await;
    assert!(served.connection.enter().is_none(), "it takes no call");
    served.ends().await;
}

#[tokio::test]
async fn an_old_connection_takes_no_further_call_and_finishes_those_it_has() {
    let served = Served::start(KeepAlive { age_limit: INTERVAL * 5, ..FOR_EVER }).await;
    let call = served.call().await;
    served.closes().await;
    assert!(served.connection.enter().is_none(), "it takes no further call");
    served.answer.notify_one();
    assert_eq!(call.await.expect("no panic"), 200, "what is under way is finished");
    served.ends().await;
}

#[test]
fn an_idle_connection_is_kept_for_a_minute_and_none_takes_calls_beyond_five() {
    let kept = KeepAlive::default();
    assert_eq!(kept.interval * kept.idle_intervals, Duration::from_secs(60));
    assert_eq!(kept.age_limit, Duration::from_secs(300));
}
