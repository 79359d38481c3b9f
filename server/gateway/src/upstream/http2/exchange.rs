use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body::Body as _;

use super::error::Meaning;
use super::upload::Upload;
use super::{Http2Body, Slot, Target};
use crate::body::RequestBody;
use crate::upstream::{ExchangeError, SendError};

impl Slot {
    /// Sends `request` on a stream of its own and waits for the response's head. A body that is still being sent by then
    /// goes on; dropped before, this resets the stream.
    pub(crate) async fn send(
        &mut self,
        request: Box<Request<RequestBody>>,
        target: &Target,
    ) -> Result<Response<Http2Body>, SendError> {
        let mut sender = self.0.sender.clone();
        if poll_fn(|cx| sender.poll_ready(cx)).await.is_err() {
            self.0.close();
            return Err(SendError::Unsent(request));
        }
        let (mut head, body) = request.into_parts();
        target.put_in(&mut head);
        if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
            head.headers.insert(CONTENT_LENGTH, length.into());
        }
        let is_all = body.is_end_stream();
        let sent = sender.send_request(Request::from_parts(head, ()), is_all);
        let (mut response, stream) = sent.map_err(|error| self.failed(error))?;
        let mut upload = (!is_all).then(|| Upload::new(stream, body));
        let answered = poll_fn(|cx| {
            if let Some(sending) = &mut upload
                && let Poll::Ready(sent) = Pin::new(sending).poll(cx)
            {
                upload = None;
                if let Err(error) = sent {
                    return Poll::Ready(Err(SendError::Broken(ExchangeError::Caller(error))));
                }
            }
            Pin::new(&mut response).poll(cx).map_err(|error| self.failed(error))
        });
        let (head, stream) = answered.await?.into_parts();
        let body = Http2Body::new(stream, &head.headers, upload.map(Upload::go_on));
        Ok(Response::from_parts(head, body))
    }

    /// What an error means for the call, and for the connection.
    fn failed(&self, error: h2::Error) -> SendError {
        match Meaning::of(&error) {
            Meaning::Unprocessed { connection_ends } => {
                if connection_ends {
                    self.0.close();
                }
                let error = ExchangeError::from(error);
                let refused = !connection_ends && !error.wants_http1();
                SendError::Unprocessed { error, refused }
            }
            Meaning::ConnectionBroke => {
                self.0.close();
                match self.0.tell() {
                    true => SendError::Broken(error.into()),
                    false => SendError::BrokenTogether(error.into()),
                }
            }
            Meaning::StreamBroke => SendError::Broken(error.into()),
        }
    }
}
