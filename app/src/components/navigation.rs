use portico_contracts::Application;

use crate::routing::{Page, is_path};
use crate::state::ShellState;

/// One entry of the side bar and the palette.
pub(crate) struct NavigationItem<'a> {
    pub(crate) application: &'a Application,
    pub(crate) title: &'a str,
    pub(crate) path: &'a str,
    pub(crate) page: Page,
    order: i32,
}

/// A heading of the side bar with its entries.
pub(crate) struct Section<'a> {
    pub(crate) title: &'a str,
    pub(crate) items: Vec<NavigationItem<'a>>,
}

/// The navigation of a session: sections by their first entry's order, then as the registry lists them; entries by
/// order, then title.
pub(crate) fn sections(state: &ShellState) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (index, application) in state.applications.iter().enumerate() {
        for (route_index, route) in application.routes.iter().enumerate() {
            let Some(nav) = route.nav.as_ref().filter(|_| is_path(&route.path)) else { continue };
            let item = NavigationItem {
                application,
                title: &route.title,
                path: &route.path,
                page: Page::Remote { application: index, route: route_index },
                order: nav.order,
            };
            match sections.iter_mut().find(|section| section.title == nav.section) {
                Some(section) => section.items.push(item),
                None => sections.push(Section { title: &nav.section, items: vec![item] }),
            }
        }
    }
    for section in &mut sections {
        section.items.sort_by(|a, b| (a.order, a.title).cmp(&(b.order, b.title)));
    }
    sections.sort_by_key(|section| section.items.first().map(|item| item.order));
    sections
}
