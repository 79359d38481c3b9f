use std::time::Duration;

use http::Method;
use thiserror::Error;
use url::form_urlencoded;

use super::template::{Parameters, Template};
use crate::path::ProxyPath;
use crate::routes::RouteTable;

/// A view as a manifest declares it in `backend.views`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewSpec {
    /// `/overview/{list}`: literal segments and parameters.
    pub path: String,
    /// The query parameters that it takes.
    pub query: Vec<String>,
    /// Permissions that are all needed.
    pub permissions: Vec<String>,
    /// How long all of it may take; without it as long as one call.
    pub timeout: Option<Duration>,
    /// The calls.
    pub legs: Vec<LegSpec>,
}

/// One call of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegSpec {
    /// What its answer is called.
    pub name: String,
    /// Path and query, parameters in braces.
    pub path: String,
    /// Whether the view fails with it.
    pub required: bool,
}

/// Why a view cannot be compiled; names the field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ViewError {
    /// Nobody could ever make the call.
    #[error("backend.views[{view}].legs[{leg}].path: no declared route answers GET {path}")]
    NoRoute {
        /// Position in `backend.views`.
        view: usize,
        /// Position in its `legs`.
        leg: usize,
        /// The path found there.
        path: String,
    },
    /// A leg that is a view.
    #[error("backend.views[{view}].legs[{leg}].path: {path} is a view itself")]
    Nested {
        /// Position in `backend.views`.
        view: usize,
        /// Position in its `legs`.
        leg: usize,
        /// The path found there.
        path: String,
    },
}

/// A compiled view.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) timeout: Duration,
    pub(crate) legs: Vec<Leg>,
    query: Vec<String>,
    /// Names of the path's parameters, with the segment of each.
    segments: Vec<(usize, String)>,
}

/// A compiled leg.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) template: Template,
}

impl View {
    /// Compiles a view; `timeout` is what one call may take.
    pub(crate) fn compile(spec: &ViewSpec, timeout: Duration) -> Self {
        let segments = spec.path.split('/').skip(1).enumerate();
        let parameter = |(at, segment): (usize, &str)| {
            Some((at, segment.strip_prefix('{')?.strip_suffix('}')?.to_owned()))
        };
        let leg = |leg: &LegSpec| Leg {
            name: leg.name.clone(),
            required: leg.required,
            template: Template::parse(&leg.path),
        };
        Self {
            timeout: spec.timeout.unwrap_or(timeout),
            legs: spec.legs.iter().map(leg).collect(),
            query: spec.query.clone(),
            segments: segments.filter_map(parameter).collect(),
        }
    }

    /// The pattern under which a view's path is found among the routes.
    pub(crate) fn pattern(path: &str) -> String {
        let segments = path.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Checks that every leg has a route.
    pub(crate) fn check(&self, view: usize, routes: &RouteTable) -> Result<(), ViewError> {
        for (leg, Leg { template, .. }) in self.legs.iter().enumerate() {
            let path = template.sample();
            let parsed = ProxyPath::parse(&path).ok();
            match parsed.and_then(|parsed| routes.find(&Method::GET, parsed).ok()) {
                None => return Err(ViewError::NoRoute { view, leg, path }),
                Some(route) if route.is_view() => return Err(ViewError::Nested { view, leg, path }),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What it was asked with.
    ///
    /// # Errors
    /// The name of a query parameter that is not declared, or stands there twice.
    pub(crate) fn parameters<'a>(
        &'a self,
        path: &'a str,
        query: Option<&'a str>,
    ) -> Result<Parameters<'a>, String> {
        let mut parameters = Parameters::default();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        for (at, name) in &self.segments {
            parameters.path.insert(name, segments.get(*at).copied().unwrap_or_default());
        }
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let twice = parameters.query.contains_key(&name);
            if twice || !self.query.iter().any(|known| *known == *name) {
                return Err(name.into_owned());
            }
            parameters.query.insert(name, value);
        }
        Ok(parameters)
    }
}
