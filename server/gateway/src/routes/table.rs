use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use portico_openapi::Document;
use portico_policy::{Attribute, Comparison, Condition, PathParameter};
use thiserror::Error;

use super::MethodSet;
use super::pattern::{Pattern, PatternError};
use super::tree::{Found, Tree};
use crate::cache::CacheRule;
use crate::metrics::RouteMetrics;
use crate::path::{PathError, ProxyPath};
use crate::resilience::{Breaker, BreakerSettings};
use crate::shape::Shape;
use crate::upgrade::{Protocol, ProtocolError};
use crate::view::{View, ViewError, ViewSpec};

/// A route as a manifest declares it in `backend.routes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteSpec {
    /// Method names, upper case.
    pub methods: Vec<String>,
    /// `/todos/**`: literal segments, `*` or `{name}` for one segment, `**` at the end for any number.
    pub path: String,
    /// Permissions that are all needed.
    pub permissions: Vec<String>,
    /// Conditions that all have to hold.
    pub conditions: Vec<Condition>,
    /// Whether the route is open to people without a session. Nothing about the caller is then sent upstream.
    pub public: bool,
    /// Protocols that a call may switch to, as `Upgrade` names them: `websocket`.
    pub upgrades: Vec<String>,
    /// How long until its answer must begin; the back end's time limit without.
    pub timeout: Option<Duration>,
    /// How answers to `GET` may be kept.
    pub cache: Option<CacheRule>,
}

/// A compiled route.
#[derive(Clone, Debug)]
pub struct Route {
    /// The declared pattern: what metrics and the audit log call the route.
    pub pattern: String,
    /// Its methods.
    pub methods: MethodSet,
    /// Permissions that are all needed.
    pub permissions: Vec<String>,
    /// Conditions that all have to hold.
    pub conditions: Vec<Condition>,
    /// The pattern's placeholders with names, which conditions may look at.
    pub parameters: Vec<PathParameter>,
    /// Whether it is open to people without a session.
    pub public: bool,
    /// Protocols that a call may switch to.
    pub upgrades: Vec<Protocol>,
    /// How long until its answer must begin; the back end's time limit without.
    pub timeout: Option<Duration>,
    /// Whether its calls are made while they keep timing out: what one route is slow at says nothing of the others.
    pub(crate) breaker: Arc<Breaker>,
    /// What is counted of its calls; shared by routes that declare the same path.
    pub metrics: Arc<RouteMetrics>,
    /// What is done about its calls besides forwarding them.
    pub(crate) shape: Option<Arc<Shape>>,
}

/// Why the routes of a manifest cannot be compiled; names the route.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RouteError {
    /// The path is no pattern.
    #[error("backend.routes[{index}].path {path:?}: {source}")]
    Pattern {
        /// Position in `backend.routes`.
        index: usize,
        /// The path found there.
        path: String,
        /// What is wrong with it.
        source: PatternError,
    },
    /// A condition on a placeholder that the path does not have: it could never hold.
    #[error("backend.routes[{index}].conditions: the path {path:?} has no {{{name}}}")]
    Condition {
        /// Position in `backend.routes`.
        index: usize,
        /// The placeholder's name.
        name: String,
        /// The path found there.
        path: String,
    },
    /// No method, or one that cannot be declared.
    #[error(
        "backend.routes[{index}].methods: {method:?} is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    )]
    Method {
        /// Position in `backend.routes`.
        index: usize,
        /// The method found there; empty when there is none.
        method: String,
    },
    /// The path of a view is no pattern, or a declared route has it already.
    #[error("backend.views[{index}].path {path:?}: {}", match .problem {
        Some(problem) => problem.to_string(),
        None => "declared already".to_owned(),
    })]
    View {
        /// Position in `backend.views`.
        index: usize,
        /// The path found there.
        path: String,
        /// What is wrong with it; none where it is declared already.
        problem: Option<PatternError>,
    },
    /// The same path and method twice: which permissions would count?
    #[error("backend.routes[{index}] declares {methods} {path} again")]
    Repeated {
        /// Position in `backend.routes` of the second.
        index: usize,
        /// The methods that both declare.
        methods: MethodSet,
        /// The path that both declare.
        path: String,
    },
    /// A protocol that cannot be passed through.
    #[error("backend.routes[{index}].upgrades: {protocol:?} cannot be declared: {source}")]
    Upgrade {
        /// Position in `backend.routes`.
        index: usize,
        /// The protocol found there.
        protocol: String,
        /// What is wrong with it.
        source: ProtocolError,
    },
    /// A connection without a session would have no end.
    #[error(
        "backend.routes[{index}].upgrades: a public route cannot leave HTTP, since no session ends its connections"
    )]
    PublicUpgrade {
        /// Position in `backend.routes`.
        index: usize,
    },
}

impl Route {
    /// The view that answers for it instead of an upstream.
    pub(crate) fn view(&self) -> Option<&View> {
        self.shape.as_ref()?.view.as_deref()
    }

    /// The document that its calls are held against.
    pub(crate) fn document(&self) -> Option<&Document> {
        self.shape.as_ref()?.document.as_deref()
    }

    pub(crate) fn is_view(&self) -> bool {
        self.view().is_some()
    }
}

/// Why no declared route answers for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// No declared path matches.
    NotDeclared,
    /// A path matches, for these methods only.
    MethodNotAllowed(MethodSet),
    /// The path would be understood in two ways.
    Ambiguous(PathError),
}

/// All routes of one remote. The most specific pattern that declares the request's method wins: a literal segment
/// before `*`, `*` before `**`.
#[derive(Clone, Debug)]
pub struct RouteTable {
    tree: Tree,
    routes: Vec<Route>,
    has_views: bool,
}

impl RouteTable {
    /// Compiles declared routes.
    pub fn compile(specs: &[RouteSpec]) -> Result<Self, RouteError> {
        let mut table = Self { tree: Tree::new(), routes: Vec::with_capacity(specs.len()), has_views: false };
        // Several routes may declare one path, each for other methods.
        let mut metrics: HashMap<&str, Arc<RouteMetrics>> = HashMap::new();
        for (index, spec) in specs.iter().enumerate() {
            let metrics = metrics.entry(&spec.path).or_insert_with(|| RouteMetrics::new(&spec.path)).clone();
            table.add(index, spec, metrics)?;
        }
        Ok(table)
    }

    /// The route that answers for `method` on `path`.
    pub fn find(&self, method: &Method, path: ProxyPath<'_>) -> Result<&Route, Unmatched> {
        match self.tree.find(method, path.rest()) {
            Found::Route(index) => self.routes.get(index).ok_or(Unmatched::NotDeclared),
            Found::Nothing(methods) if methods.is_empty() => Err(Unmatched::NotDeclared),
            Found::Nothing(methods) => Err(Unmatched::MethodNotAllowed(methods)),
            Found::LetterCase => Err(Unmatched::Ambiguous(PathError::LetterCase)),
        }
    }

    /// The same routes, each with a breaker of these numbers.
    pub(crate) fn guarded(mut self, settings: &BreakerSettings) -> Self {
        for route in &mut self.routes {
            route.breaker = Arc::new(Breaker::new(settings.clone()));
        }
        self
    }

    /// Goes on counting where `earlier` left off, for the paths that both declare.
    pub(crate) fn continue_from(&mut self, earlier: &Self) {
        let known: HashMap<&str, &Arc<RouteMetrics>> =
            earlier.routes.iter().map(|route| (route.pattern.as_str(), &route.metrics)).collect();
        for route in &mut self.routes {
            if let Some(metrics) = known.get(route.pattern.as_str()) {
                route.metrics = Arc::clone(metrics);
            }
        }
    }

    /// The compiled routes in the order of the manifest.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether any of them is a view.
    pub(crate) fn has_views(&self) -> bool {
        self.has_views
    }

    /// Adds a view under its path, for `GET`.
    pub(crate) fn add_view(&mut self, index: usize, spec: &ViewSpec, view: View) -> Result<(), RouteError> {
        let path = View::pattern(&spec.path);
        let error = |problem| RouteError::View { index, path: spec.path.clone(), problem };
        let pattern = Pattern::parse(&path).map_err(|problem| error(Some(problem)))?;
        let methods = MethodSet::named("GET").unwrap_or_default();
        self.tree.insert(&pattern, methods, self.routes.len()).map_err(|_| error(None))?;
        self.has_views = true;
        self.routes.push(Route {
            metrics: RouteMetrics::new(&spec.path),
            pattern: spec.path.clone(),
            methods,
            permissions: spec.permissions.clone(),
            // Each leg is decided by its own route, conditions included.
            conditions: Vec::new(),
            parameters: PathParameter::all_in(&spec.path),
            public: false,
            upgrades: Vec::new(),
            timeout: None,
            breaker: Arc::new(Breaker::new(BreakerSettings::default())),
            shape: Some(Arc::new(Shape { view: Some(Arc::new(view)), ..Shape::default() })),
        });
        Ok(())
    }

    /// Checks that every leg of every view has a route.
    pub(crate) fn check_views(&self) -> Result<(), ViewError> {
        self.routes
            .iter()
            .filter_map(Route::view)
            .enumerate()
            .try_for_each(|(index, view)| view.check(index, self))
    }

    /// Gives every route what concerns all of them: the document, and that some of them keep answers.
    pub(crate) fn shape(&mut self, document: Option<&Arc<Document>>) {
        let keeps = |route: &Route| route.shape.as_ref().is_some_and(|shape| shape.cache.is_some());
        let remote_keeps = self.routes.iter().any(keeps);
        for route in &mut self.routes {
            let (cache, view) = match &route.shape {
                Some(shape) => (shape.cache.clone(), shape.view.clone()),
                None => (None, None),
            };
            // A view is the portal's: its legs are what the document describes.
            let document = document.filter(|_| view.is_none()).cloned();
            let shape = Shape { document, cache, remote_keeps, view };
            route.shape = (!shape.is_nothing()).then(|| Arc::new(shape));
        }
    }

    fn add(&mut self, index: usize, spec: &RouteSpec, metrics: Arc<RouteMetrics>) -> Result<(), RouteError> {
        let methods = methods(index, &spec.methods)?;
        let pattern = Pattern::parse(&spec.path).map_err(|source| RouteError::Pattern {
            index,
            path: spec.path.clone(),
            source,
        })?;
        self.tree.insert(&pattern, methods, index).map_err(|methods| RouteError::Repeated {
            index,
            methods,
            path: spec.path.clone(),
        })?;
        let known = |name: &str| pattern.parameters.iter().any(|parameter| parameter.name == name);
        if let Some(name) = spec.conditions.iter().flat_map(placeholders).find(|name| !known(name)) {
            return Err(RouteError::Condition { index, name: name.to_owned(), path: spec.path.clone() });
        }
        self.routes.push(Route {
            metrics,
            pattern: spec.path.clone(),
            methods,
            permissions: spec.permissions.clone(),
            conditions: spec.conditions.clone(),
            parameters: pattern.parameters,
            public: spec.public,
            upgrades: protocols(index, spec)?,
            timeout: spec.timeout,
            breaker: Arc::new(Breaker::new(BreakerSettings::default())),
            shape: spec.cache.clone().map(|cache| Arc::new(Shape { cache: Some(cache), ..Shape::default() })),
        });
        Ok(())
    }
}

/// The placeholders that a condition looks at.
fn placeholders(condition: &Condition) -> impl Iterator<Item = &str> {
    let other = match &condition.comparison {
        Comparison::EqualsAttribute(other) => Some(other),
        _ => None,
    };
    [Some(&condition.attribute), other].into_iter().flatten().filter_map(|attribute| match attribute {
        Attribute::Path(name) => Some(name.as_str()),
        _ => None,
    })
}

fn methods(index: usize, names: &[String]) -> Result<MethodSet, RouteError> {
    let unknown = |method: &str| RouteError::Method { index, method: method.to_owned() };
    let set = names.iter().try_fold(MethodSet::default(), |set, name| {
        MethodSet::named(name).map(|method| set.union(method)).ok_or_else(|| unknown(name))
    })?;
    if set.is_empty() { Err(unknown("")) } else { Ok(set) }
}

fn protocols(index: usize, spec: &RouteSpec) -> Result<Vec<Protocol>, RouteError> {
    if spec.public && !spec.upgrades.is_empty() {
        return Err(RouteError::PublicUpgrade { index });
    }
    let parse = |name: &String| {
        Protocol::parse(name).map_err(|source| RouteError::Upgrade { index, protocol: name.clone(), source })
    };
    spec.upgrades.iter().map(parse).collect()
}
