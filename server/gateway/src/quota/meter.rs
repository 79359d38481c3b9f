use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, Response};
use tokio::time::Instant;

use super::limits::QuotaExceeded;
use super::usage::{Charge, RemoteQuota, Ticket};

/// Holds one answer to its remote's quota: how long it may take, how long it may be. While it lives, the call counts.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    ticket: Option<Ticket>,
    charge: Option<Charge>,
    /// What may still come, of how much.
    bytes: Option<(u64, u64)>,
    /// When the answer must be over, and how long that is.
    deadline: Option<(Instant, Duration)>,
}

impl Meter {
    /// Begins to measure an answer that has begun; refuses one that says it is longer than it may be.
    pub(crate) fn begin<B>(
        remote: &RemoteQuota,
        ticket: Ticket,
        began: Option<Instant>,
        method: &Method,
        response: &Response<B>,
    ) -> Result<Self, QuotaExceeded> {
        let (quota, headers) = (&remote.quota, response.headers());
        // Open for as long as the session is: neither its time nor its length says anything.
        let is_stream = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/event-stream");
        let endless = headers.get(CONTENT_TYPE).is_some_and(is_stream);
        let bytes = quota.answer_bytes.filter(|_| !endless);
        let declared = || headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok();
        if let Some(most) = bytes
            && *method != Method::HEAD
            && declared().is_some_and(|length| length > most)
        {
            return Err(remote.exceeded(QuotaExceeded::AnswerBytes(most)));
        }
        let deadline = quota.answer_time.zip(began).filter(|_| !endless);
        Ok(Self {
            ticket: Some(ticket),
            charge: remote.charge(),
            bytes: bytes.map(|most| (most, most)),
            deadline: deadline.map(|(time, began)| (began + time, time)),
        })
    }

    /// Counts a piece of the body; `last` where nothing follows it.
    pub(crate) fn count(&mut self, length: usize, last: bool) -> Result<(), QuotaExceeded> {
        self.within(length, last).inspect_err(|exceeded| self.tell(*exceeded))
    }

    fn within(&mut self, length: usize, last: bool) -> Result<(), QuotaExceeded> {
        if let Some((left, most)) = &mut self.bytes {
            *left = left.checked_sub(length as u64).ok_or(QuotaExceeded::AnswerBytes(*most))?;
        }
        if let Some(charge) = &self.charge {
            charge.add(length);
        }
        // What has arrived as a whole is late for nobody.
        match self.deadline {
            Some((deadline, time)) if !last && Instant::now() >= deadline => {
                Err(QuotaExceeded::AnswerTime(time))
            }
            _ => Ok(()),
        }
    }

    /// When the answer must be over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.map(|(deadline, _)| deadline)
    }

    /// Whether the time is up.
    pub(crate) fn overdue(&self) -> Result<(), QuotaExceeded> {
        match self.deadline {
            Some((deadline, time)) if Instant::now() >= deadline => {
                let exceeded = QuotaExceeded::AnswerTime(time);
                self.tell(exceeded);
                Err(exceeded)
            }
            _ => Ok(()),
        }
    }

    fn tell(&self, exceeded: QuotaExceeded) {
        if let Some(ticket) = &self.ticket {
            ticket.exceeded(exceeded);
        }
    }

    /// The answer is over: the call counts no longer, whoever still holds its body.
    pub(crate) fn end(&mut self) {
        self.ticket = None;
    }
}
