use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::{Family, Histogram};

/// How long requests of one route took, by method and status.
///
/// A histogram is made when its combination first occurs, and kept: it is found by two positions, whatever clients and
/// upstreams make up, since there are only so many of either.
#[derive(Debug, Default)]
pub struct HttpDurations([OnceLock<Box<ByStatus>>; METHODS.len()]);

type ByStatus = [OnceLock<Box<Histogram>>; STATUSES.len()];

/// The methods that the semantic conventions know; the last stands for any other.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER"];

/// The statuses that are told apart. Another one counts as its class's first, which is what it means to whoever does not
/// know it (RFC 9110, section 15).
pub const STATUSES: [u16; 51] = [
    100, 101, 103, 200, 201, 202, 203, 204, 205, 206, 207, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402,
    403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428,
    429, 431, 451, 500, 501, 502, 503, 504, 505,
];

impl HttpDurations {
    /// Counts one request.
    pub fn observe(&self, method: &Method, status: StatusCode, took: Duration) {
        let of_method =
            self.0[position(method)].get_or_init(|| Box::new([const { OnceLock::new() }; STATUSES.len()]));
        of_method[status_position(status)].get_or_init(Box::default).observe(took);
    }

    /// How many requests there were whose status passes `filter`.
    pub fn count(&self, filter: impl Fn(u16) -> bool) -> u64 {
        let counted = self.each().filter(|(_, status, _)| filter(*status));
        counted.map(|(_, _, histogram)| histogram.count()).sum()
    }

    /// Writes what there is, with `labels` before method and status.
    pub fn expose(&self, family: &mut Family, labels: &[(&str, &str)]) {
        for (method, status, histogram) in self.each() {
            let status = status.to_string();
            let own = [("http_request_method", method), ("http_response_status_code", status.as_str())];
            family.histogram(&[labels, &own].concat(), histogram);
        }
    }

    fn each(&self) -> impl Iterator<Item = (&'static str, u16, &Histogram)> {
        self.0.iter().zip(METHODS).flat_map(|(of_method, method)| {
            let statuses = of_method.get().into_iter().flat_map(|statuses| statuses.iter().zip(STATUSES));
            statuses.filter_map(move |(histogram, status)| Some((method, status, &**histogram.get()?)))
        })
    }
}

fn position(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::DELETE => 4,
        Method::CONNECT => 5,
        Method::OPTIONS => 6,
        Method::TRACE => 7,
        Method::PATCH => 8,
        _ => 9,
    }
}

fn status_position(status: StatusCode) -> usize {
    let code = status.as_u16();
    let first_of_class = || STATUSES.binary_search(&(code.clamp(100, 599) / 100 * 100));
    STATUSES.binary_search(&code).or_else(|_| first_of_class()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_methods_and_statuses_make_no_series_of_their_own() {
        let durations = HttpDurations::default();
        for code in 100..=999 {
            for method in ["GET", "get", "FROB", "PATCHY"] {
                let method = Method::from_bytes(method.as_bytes()).expect("a token");
                let status = StatusCode::from_u16(code).expect("a status");
                durations.observe(&method, status, Duration::ZERO);
            }
        }
        assert_eq!(durations.each().count(), 2 * STATUSES.len(), "GET and _OTHER");
        assert_eq!(durations.count(|_| true), 4 * 900);
        let status = |code| STATUSES[status_position(StatusCode::from_u16(code).expect("a status"))];
        assert_eq!([200, 418, 499, 511, 599, 700].map(status), [200, 400, 400, 500, 500, 500]);
    }

    #[test]
    fn every_known_method_has_its_own_place() {
        assert!(STATUSES.is_sorted());
        for (at, name) in METHODS[..9].iter().enumerate() {
            assert_eq!(position(&Method::from_bytes(name.as_bytes()).expect("a token")), at);
        }
    }
}
