use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portico_contracts::Application;
use portico_contracts::manifest::{DirectOrigin, Format};

use super::Snapshot;
use crate::remote::Remote;

/// Origins to add to a page's Content-Security-Policy, by directive: `script-src`, `connect-src`, `img-src`,
/// `font-src`, `media-src`, `frame-src`.
pub type CspSources = BTreeMap<String, BTreeSet<String>>;

impl Snapshot {
    /// What a page with these applications needs: where their files come from, and what the operator granted them.
    pub fn csp_sources(&self, applications: &[Arc<Application>]) -> CspSources {
        let mut sources = CspSources::new();
        for remote in
            applications.iter().filter_map(|application| self.version(&application.id, &application.version))
        {
            for directive in file_directives(remote) {
                if let Some(origin) = remote.foreign_origin() {
                    sources.entry((*directive).to_owned()).or_default().insert(origin.to_owned());
                }
            }
            for (directive, granted) in &remote.manifest.security.csp {
                sources.entry(directive.clone()).or_default().extend(granted.iter().cloned());
            }
        }
        for direct in self.direct_of(applications) {
            sources.entry("connect-src".to_owned()).or_default().insert(direct.origin.clone());
        }
        sources.retain(|_, origins| !origins.is_empty());
        sources
    }

    fn direct_of(&self, applications: &[Arc<Application>]) -> impl Iterator<Item = &DirectOrigin> {
        let version = |application: &Arc<Application>| self.version(&application.id, &application.version);
        applications.iter().filter_map(version).flat_map(|remote| &remote.manifest.security.direct)
    }
}

/// What a remote's own files need. Style sheets are fetched with their hash and adopted, hence `connect-src`.
fn file_directives(remote: &Remote) -> &'static [&'static str] {
    match remote.manifest.frontend.format {
        Format::Iframe => &["frame-src"],
        Format::Fragment => &["connect-src", "img-src", "font-src"],
        _ => &["script-src", "connect-src", "img-src", "font-src"],
    }
}
