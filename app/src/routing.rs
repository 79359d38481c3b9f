//! Which page a path shows.

use std::sync::Arc;

use portico_contracts::{Application, ApplicationRoute};

use crate::state::{Outcome, ShellState};
use crate::text::Text;

/// What a path shows. Server and browser decide it by the same function, so status code, title and markup agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/`: the slots, or how to mount the first remote.
    Home,
    /// A remote's route; the indices point into `ShellState::applications` and its `routes`.
    Remote {
        /// Which application.
        application: usize,
        /// Which of its routes.
        route: usize,
    },
    /// A page of the portal's own that only the server renders: what it shows is in `ShellState::platform`.
    #[cfg(feature = "ssr")]
    Platform,
    /// The remote exists, and this session's entitlements do not include it.
    Forbidden,
    /// Nothing is here.
    NotFound,
    /// There is no session.
    SignedOut {
        /// Whether a page behind the login was asked for, rather than the front door.
        asked: bool,
    },
    /// The request failed.
    Error {
        /// The HTTP status.
        status: u16,
    },
}

/// Names the page of a path (a query and a fragment are allowed and ignored).
pub fn resolve(path: &str, state: &ShellState) -> Page {
    let path = without_query(path);
    let signed_out = Page::SignedOut { asked: path != "/" };
    match &state.outcome {
        Some(Outcome::Error { status, .. }) => return Page::Error { status: *status },
        Some(Outcome::SignedOut) => return Page::SignedOut { asked: false },
        #[cfg(feature = "ssr")]
        None if state.platform.is_some() => return Page::Platform,
        _ if state.session.is_none() => return signed_out,
        Some(Outcome::Forbidden) => return Page::Forbidden,
        Some(Outcome::NotFound) => return Page::NotFound,
        None => {}
    }
    if path == "/" {
        return Page::Home;
    }
    let routes = state.applications.iter().enumerate().flat_map(|(application, found)| {
        found.routes.iter().enumerate().map(move |(route, r)| (application, route, r.path.as_str()))
    });
    // The most specific route wins: one remote's own may lie within each other. Those of two remotes never do, since the
    // registry refuses what overlaps.
    routes
        .filter(|(_, _, route)| is_path(route) && covers(route, path))
        .max_by_key(|(_, _, route)| route.len())
        .map_or(Page::NotFound, |(application, route, _)| Page::Remote { application, route })
}

impl Page {
    /// The HTTP status of a document that shows this page. The front door without a session is 200; any other page
    /// without one is 401.
    pub fn status(&self) -> u16 {
        match self {
            Self::Home | Self::Remote { .. } | Self::SignedOut { asked: false } => 200,
            #[cfg(feature = "ssr")]
            Self::Platform => 200,
            Self::SignedOut { asked: true } => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Error { status } => *status,
        }
    }

    /// The document's title: `Todos · Portico`.
    pub fn title(&self, state: &ShellState) -> String {
        #[cfg(feature = "ssr")]
        if *self == Self::Platform {
            return [&crate::pages::platform_heading(state), " · Portico"].concat();
        }
        let mut title = self.heading(state).to_owned();
        title.push_str(" · Portico");
        title
    }

    /// The page's name, as its heading, the live region and the title say it.
    pub(crate) fn heading<'a>(&self, state: &'a ShellState) -> &'a str {
        match self {
            Self::Home => Text::of(state.preferences.locale).home,
            Self::Remote { .. } => self.remote(state).map_or("", |(_, route)| route.title.as_str()),
            _ => self.decided_heading(state),
        }
    }

    #[cfg(feature = "ssr")]
    fn decided_heading<'a>(&self, state: &'a ShellState) -> &'a str {
        let frame = crate::text::FrameText::of(state.preferences.locale);
        match (self, &state.outcome) {
            (Self::Forbidden, _) => frame.forbidden_title,
            (Self::SignedOut { .. }, _) => frame.sign_in,
            (Self::Error { .. }, Some(Outcome::Error { title, .. })) if !title.is_empty() => title,
            (Self::Error { .. }, _) => frame.error_title,
            _ => frame.not_found_title,
        }
    }

    /// The browser has no words for pages that the server decides about; it never goes to one by itself.
    #[cfg(not(feature = "ssr"))]
    fn decided_heading<'a>(&self, _: &'a ShellState) -> &'a str {
        ""
    }

    /// The remote and route this page shows, where it shows one.
    pub(crate) fn remote<'a>(
        &self,
        state: &'a ShellState,
    ) -> Option<(&'a Arc<Application>, &'a ApplicationRoute)> {
        let Self::Remote { application, route } = *self else { return None };
        let application = state.applications.get(application)?;
        Some((application, application.routes.get(route)?))
    }

    /// Whether the browser can show this page by itself. The others it leaves as they arrived.
    pub(crate) fn is_local(&self, state: &ShellState) -> bool {
        match self {
            Self::Home => !state.applications.is_empty(),
            Self::Remote { .. } => true,
            _ => false,
        }
    }
}

fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

/// Whether a manifest's route can stand in a link: a path of this portal, not `//host` and not another scheme.
pub(crate) fn is_path(route: &str) -> bool {
    route.starts_with('/') && !route.starts_with("//") && !route.contains('\\')
}

/// Whether a route answers for a path: the path itself and everything below it.
fn covers(route: &str, path: &str) -> bool {
    let route = route.trim_end_matches('/');
    path.strip_prefix(route).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
