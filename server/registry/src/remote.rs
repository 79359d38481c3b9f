use std::collections::BTreeMap;
use std::path::PathBuf;

use portico_contracts::manifest::{EventDeclaration, ManifestCard, ManifestRoute, origin_of};
use portico_contracts::{
    Application, ApplicationCard, ApplicationEvent, ApplicationRoute, Manifest, Nav, Style,
};
use semver::Version;

use crate::description::Description;
use crate::source::{Place, base_of};

/// One version of a remote whose manifest passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// `scope.name`, used in paths.
    pub id: String,
    /// Its version.
    pub version: Version,
    /// What its team published.
    pub manifest: Manifest,
    /// Where its manifest came from, as problems name it.
    pub source: String,
    /// Who serves its files.
    pub serving: Serving,
    /// What its OpenAPI document says, where its manifest names one.
    pub description: Option<Description>,
    /// What a person who holds every permission would get; the template of what others get.
    application: Application,
}

/// Who serves a remote's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serving {
    /// This portal, below `/remotes/{id}/{version}/`, from this directory.
    Portal {
        /// Where the files are.
        directory: PathBuf,
    },
    /// Another origin.
    Elsewhere {
        /// The URL of the manifest's directory, without a slash at the end.
        base: String,
    },
}

impl Remote {
    pub(crate) fn new(
        manifest: Manifest,
        version: Version,
        place: &Place,
        flags: &BTreeMap<String, bool>,
    ) -> Self {
        let serving = match place {
            Place::Directory(directory) => Serving::Portal { directory: directory.clone() },
            Place::Hosted(url) => Serving::Elsewhere { base: base_of(url).to_owned() },
        };
        let id = manifest.id();
        let base = match &serving {
            Serving::Portal { .. } => format!("/remotes/{id}/{}", manifest.version),
            Serving::Elsewhere { base } => base.clone(),
        };
        let flags = flags.iter().map(|(flag, on)| (flag.clone(), *on)).collect();
        let application = Application { flags, ..application(&manifest, &id, &base) };
        Self { id, version, manifest, source: place.manifest(), serving, description: None, application }
    }

    pub(crate) fn with_description(self, description: Option<Description>) -> Self {
        Self { description, ..self }
    }

    /// Every file the manifest lists, with its hash; the entry of a frame or fragment may have none.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let frontend = &self.manifest.frontend;
        let entry = (frontend.entry.as_str(), frontend.integrity.as_deref());
        let files = frontend.files.iter().map(|(path, integrity)| (path.as_str(), Some(integrity.as_str())));
        let styles =
            frontend.styles.iter().map(|style| (style.href.as_str(), Some(style.integrity.as_str())));
        [entry].into_iter().chain(files).chain(styles)
    }

    /// The origin that its files come from, where that is not this portal.
    pub fn foreign_origin(&self) -> Option<&str> {
        match &self.serving {
            Serving::Portal { .. } => None,
            Serving::Elsewhere { base } => origin_of(base),
        }
    }

    /// What it offers, each of which a session may have or not: itself, then its pages and events in the manifest's order.
    pub fn offers(&self) -> impl Iterator<Item = Offer<'_>> {
        let events = &self.manifest.events;
        let pages = self.manifest.frontend.routes.iter().map(|route| Offer::Page { path: &route.path });
        [Offer::Remote]
            .into_iter()
            .chain(pages)
            .chain(events.publish.iter().map(Offer::Publish))
            .chain(events.subscribe.iter().map(Offer::Subscribe))
    }

    /// What a session gets that may have of [`Remote::offers`] those that `allowed` says, in the same order; nothing
    /// without the remote itself. Who may have what is not decided here.
    pub fn application(&self, mut allowed: impl Iterator<Item = bool>) -> Option<Application> {
        let mut next = || allowed.next().unwrap_or(false);
        if !next() {
            return None;
        }
        let mut routes = self.application.routes.clone();
        routes.retain(|_| next());
        let events = &self.manifest.events;
        let mut those = |declared: &[EventDeclaration]| -> Vec<ApplicationEvent> {
            declared
                .iter()
                .filter(|_| next())
                .map(|event| ApplicationEvent { kind: event.kind.clone() })
                .collect()
        };
        let (publishes, subscribes) = (those(&events.publish), those(&events.subscribe));
        Some(Application { routes, publishes, subscribes, ..self.application.clone() })
    }
}

/// Something of a remote that a session may have or not.
#[derive(Clone, Copy, Debug)]
pub enum Offer<'r> {
    /// The remote itself.
    Remote,
    /// A page and everything below it.
    Page {
        /// Its path in the portal.
        path: &'r str,
    },
    /// An event that it may publish.
    Publish(&'r EventDeclaration),
    /// An event that it may subscribe to.
    Subscribe(&'r EventDeclaration),
}

/// The application without its events; paths become URLs below `base`.
fn application(manifest: &Manifest, id: &str, base: &str) -> Application {
    let frontend = &manifest.frontend;
    let url = |path: &str| format!("{base}/{path}");
    let is_script = |path: &str| [".js", ".mjs"].iter().any(|ending| path.ends_with(ending));
    let modules = frontend
        .files
        .iter()
        .filter(|(path, _)| is_script(path) && **path != frontend.entry)
        .map(|(path, integrity)| (url(path), integrity.clone()))
        .collect();
    let style = |href: &str, integrity: &str| Style { href: url(href), integrity: integrity.to_owned() };
    Application {
        name: manifest.name.clone(),
        id: id.to_owned(),
        version: manifest.version.clone(),
        display_name: manifest.display_name.clone(),
        owner: manifest.owner.clone(),
        entry: url(&frontend.entry),
        integrity: frontend.integrity.clone().unwrap_or_default(),
        format: frontend.format.as_str().to_owned(),
        isolation: frontend.isolation.as_str().to_owned(),
        routes: frontend.routes.iter().map(route).collect(),
        cards: frontend.cards.iter().map(card).collect(),
        styles: frontend.styles.iter().map(|sheet| style(&sheet.href, &sheet.integrity)).collect(),
        modules,
        direct: manifest.security.direct.iter().map(|direct| direct.origin.clone()).collect(),
        token_mode: manifest.backend.as_ref().is_some_and(|backend| backend.token_mode),
        publishes: Vec::new(),
        subscribes: Vec::new(),
        flags: Vec::new(),
    }
}

fn route(route: &ManifestRoute) -> ApplicationRoute {
    ApplicationRoute {
        path: route.path.clone(),
        title: route.title.clone(),
        mount: route.mount.clone(),
        nav: route.nav.as_ref().map(|nav| Nav { section: nav.section.clone(), order: nav.order }),
    }
}

fn card(card: &ManifestCard) -> ApplicationCard {
    ApplicationCard {
        slot: card.slot.clone(),
        mount: card.mount.clone(),
        title: card.title.clone(),
        height: card.height,
    }
}
