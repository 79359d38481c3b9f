use super::create;
use super::entry::Entry;
use crate::browser::dom;
use crate::search::matching;

/// The list box: what the query finds, one of it selected.
pub(super) struct List {
    element: web_sys::Element,
    entries: Vec<Entry>,
    /// Indices of the entries shown.
    found: Vec<usize>,
    /// Which of `found` is selected.
    selected: usize,
}

impl List {
    pub(super) fn new(element: web_sys::Element) -> Self {
        Self { element, entries: Vec::new(), found: Vec::new(), selected: 0 }
    }

    /// Takes new entries, and shows them all.
    pub(super) fn fill(&mut self, entries: Vec<Entry>) {
        self.entries = entries;
        self.search("");
    }

    /// Shows what a query finds, the first of it selected.
    pub(super) fn search(&mut self, query: &str) {
        let words: Vec<_> =
            self.entries.iter().map(|entry| (entry.label.as_str(), entry.hint.as_str())).collect();
        self.found = matching(&words, query);
        self.element.set_text_content(None);
        for (position, &index) in self.found.iter().enumerate() {
            if let Some(option) = option(position, &self.entries[index]) {
                // Appending a new element to one on the page does not fail.
                let _ = self.element.append_child(&option);
            }
        }
        dom::show("palette-none", self.found.is_empty());
        self.select(0);
    }

    /// Moves the selection, around the ends.
    pub(super) fn step(&mut self, by: isize) {
        if !self.found.is_empty() {
            self.select(self.selected.wrapping_add_signed(by).min(self.found.len()) % self.found.len());
        }
    }

    /// Selects a position, and tells the input which it is.
    pub(super) fn select(&mut self, position: usize) {
        for (index, state) in [(self.selected, "false"), (position, "true")] {
            if let Some(option) = dom::by_id(&id(index)) {
                dom::set(&option, "aria-selected", Some(state));
            }
        }
        self.selected = position;
        if let Some(input) = dom::by_id("palette-input") {
            let active = (position < self.found.len()).then(|| id(position));
            dom::set(&input, "aria-activedescendant", active.as_deref());
        }
        dom::reveal(".palette [aria-selected=true]");
    }

    /// The control of the selected entry.
    pub(super) fn chosen(&self) -> Option<web_sys::HtmlElement> {
        let index = *self.found.get(self.selected)?;
        Some(self.entries.get(index)?.control.clone())
    }

    /// The position of the option an event happened in.
    pub(super) fn index(event: &web_sys::Event) -> Option<usize> {
        let target = crate::browser::actions::target(event)?;
        target.closest("[role=option]").ok()??.get_attribute("value")?.parse().ok()
    }
}

fn option(position: usize, entry: &Entry) -> Option<web_sys::Element> {
    let option = create("li", "palette-option")?;
    dom::set(&option, "role", Some("option"));
    dom::set(&option, "id", Some(&id(position)));
    dom::set(&option, "value", Some(&position.to_string()));
    dom::set(&option, "aria-selected", Some("false"));
    // The control's own mark: a remote's tile, or an icon.
    let mark = entry.control.query_selector(".tile, .icon").ok().flatten();
    let label = text("palette-label", &entry.label);
    let hint = text("palette-hint", &entry.hint);
    for part in
        [mark.and_then(|mark| mark.clone_node_with_deep(true).ok()), label, hint].into_iter().flatten()
    {
        // As above.
        let _ = option.append_child(&part);
    }
    Some(option)
}

fn text(class: &str, words: &str) -> Option<web_sys::Node> {
    let span = create("span", class)?;
    span.set_text_content(Some(words));
    Some(span.into())
}

fn id(position: usize) -> String {
    ["palette-option-", &position.to_string()].concat()
}
