use portico_contracts::Application;

use crate::routing::is_path;
use crate::state::ShellState;

/// One entry of the side bar.
pub(crate) struct NavigationItem<'a> {
    pub(crate) application: &'a Application,
    pub(crate) title: &'a str,
    pub(crate) path: &'a str,
    order: i32,
}

/// A heading of the side bar with its entries.
pub(crate) struct Section<'a> {
    pub(crate) title: &'a str,
    pub(crate) items: Vec<NavigationItem<'a>>,
}

impl Section<'_> {
    fn order(&self) -> i32 {
        self.items.first().map_or(i32::MAX, |item| item.order)
    }
}

/// The navigation of a session: sections by their first entry's order, then as the registry lists them; entries by
/// order, then title.
pub(crate) fn sections(state: &ShellState) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for application in &state.applications {
        for route in application.routes.iter().filter(|route| is_path(&route.path)) {
            let Some(nav) = &route.nav else { continue };
            let item =
                NavigationItem { application, title: &route.title, path: &route.path, order: nav.order };
            match sections.iter_mut().find(|section| section.title == nav.section) {
                Some(section) => insert(&mut section.items, item, |item| (item.order, item.title)),
                None => sections.push(Section { title: &nav.section, items: vec![item] }),
            }
        }
    }
    let mut sorted = Vec::with_capacity(sections.len());
    for section in sections {
        insert(&mut sorted, section, Section::order);
    }
    sorted
}

/// Puts an item behind everything that is not greater. The lists are short, and the library's sort, one copy for each
/// type, would be a noticeable part of the download.
fn insert<T, K: PartialOrd>(sorted: &mut Vec<T>, item: T, key: impl Fn(&T) -> K) {
    let place = sorted.iter().position(|other| key(other) > key(&item)).unwrap_or(sorted.len());
    sorted.insert(place, item);
}
