use wasm_bindgen::JsCast;

use crate::browser::dom;

/// Something to go to or to do.
pub(super) struct Entry {
    pub(super) label: String,
    /// The section of a link; empty for commands.
    pub(super) hint: String,
    /// The link or button of the frame that does it.
    pub(super) control: web_sys::HtmlElement,
}

/// The links of the side bar, then every control that names itself as a command.
pub(super) fn all() -> Vec<Entry> {
    let links = dom::find_all(".nav-link").into_iter().filter_map(link);
    let commands = dom::find_all("[data-command]").into_iter().filter_map(command);
    links.chain(commands).collect()
}

fn link(element: web_sys::Element) -> Option<Entry> {
    let list = element.closest("ul").ok()??;
    let heading = list.get_attribute("aria-labelledby").and_then(|id| dom::by_id(&id));
    Some(Entry {
        label: element.get_attribute("title")?,
        hint: heading.and_then(|heading| heading.text_content()).unwrap_or_default(),
        control: element.dyn_into().ok()?,
    })
}

fn command(element: web_sys::Element) -> Option<Entry> {
    Some(Entry {
        label: element.get_attribute("data-command")?,
        hint: String::new(),
        control: element.dyn_into().ok()?,
    })
}
