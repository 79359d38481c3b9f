//! What is done about the calls of a route besides forwarding them: nothing, for most.

mod bounds;
mod conform;

use std::sync::Arc;

use portico_openapi::Document;

use crate::cache::CacheRule;
use crate::view::View;

pub use bounds::Bounds;
pub(crate) use conform::{Conforming, conform};

/// What a route asks for. A route that asks for nothing has no shape, and its calls pay one look.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// Calls are held against this document.
    pub(crate) document: Option<Arc<Document>>,
    /// Answers to `GET` may be kept.
    pub(crate) cache: Option<CacheRule>,
    /// Some route of this remote keeps answers, which calls that change something make old.
    pub(crate) remote_keeps: bool,
    /// There is no such call upstream: it is made of several.
    pub(crate) view: Option<Arc<View>>,
}

impl Shape {
    pub(crate) fn is_nothing(&self) -> bool {
        self.document.is_none() && self.cache.is_none() && !self.remote_keeps && self.view.is_none()
    }
}
