use std::cell::RefCell;

use js_sys::{JSON, Object};
use wasm_bindgen::JsCast;

use crate::{dom, js};

/// The integrity of every module on this page, in import maps (HTML, section 8.1.6.4): the browser refuses a module
/// whose bytes have another hash, and, under `Integrity-Policy`, one that no map lists.
pub(crate) struct ImportMaps {
    /// The page's CSP nonce. It lives only here: in the DOM every remote could read it.
    nonce: String,
    /// Absolute URLs that some map on this page lists already; a second entry would be ignored with a warning.
    listed: RefCell<Vec<String>>,
}

/// What a map adds: absolute URLs with their hashes, and the URLs that a fresh copy of a remote uses in place of its
/// first ones.
pub(crate) struct Entries {
    /// `(URL, integrity)`.
    pub(crate) integrity: Vec<(String, String)>,
    /// Which copy of the module graph this is: 0 is the first, every other has URLs that the browser has not met.
    pub(crate) copy: u32,
}

impl Entries {
    /// The URL of a module in this copy. The server serves the same file whatever the query.
    pub(crate) fn at(&self, url: &str) -> String {
        let mark = if url.contains('?') { "&retry=" } else { "?retry=" };
        if self.copy == 0 { url.to_owned() } else { [url, mark, &self.copy.to_string()].concat() }
    }
}

impl ImportMaps {
    /// Notes what the server's own map lists.
    pub(crate) fn new(nonce: String) -> Self {
        Self { nonce, listed: RefCell::new(listed_in_page().unwrap_or_default()) }
    }

    /// Lists modules before they are first imported.
    pub(crate) fn add(&self, entries: &Entries) {
        let Some(map) = render(entries, &mut self.listed.borrow_mut()) else { return };
        let script = dom::element("script");
        let _ = script.set_attribute("type", "importmap");
        // As a property and not an attribute, the nonce never stands in the markup.
        js::set(&script, "nonce", self.nonce.as_str());
        script.set_text_content(Some(&map));
        // The browser registers an inline map while it is appended. Nothing of a remote runs between these lines.
        if let Some(head) = dom::document().head() {
            let _ = head.append_child(&script);
        }
        js::set(&script, "nonce", "");
        script.remove();
    }
}

/// The map as JSON; nothing when every module is listed already.
fn render(entries: &Entries, listed: &mut Vec<String>) -> Option<String> {
    let integrity = Object::new();
    let fresh = Object::new();
    for (url, hash) in &entries.integrity {
        let copy = entries.at(url);
        js::set(&fresh, url, copy.as_str());
        if !listed.contains(&copy) {
            js::set(&integrity, &copy, hash.as_str());
            listed.push(copy);
        }
    }
    if Object::keys(&integrity).length() == 0 {
        return None;
    }
    let map = Object::new();
    js::set(&map, "integrity", integrity);
    if entries.copy > 0 {
        // Inside the copy, an import of a chunk resolves to the copy of that chunk: a chunk that failed to load stays
        // failed at its URL just as an entry does.
        let scopes = Object::new();
        for (url, _) in &entries.integrity {
            js::set(&scopes, &entries.at(url), &fresh);
        }
        js::set(&map, "scopes", scopes);
    }
    JSON::stringify(&map).ok().and_then(|json| json.as_string())
}

/// The URLs in the map that the server rendered.
fn listed_in_page() -> Option<Vec<String>> {
    let script = dom::document().query_selector("script[type=importmap]").ok()??;
    let map = JSON::parse(&script.text_content()?).ok()?;
    let integrity = js::get(&map, "integrity");
    let urls = Object::keys(integrity.dyn_ref::<Object>()?);
    Some(urls.iter().filter_map(|url| js::absolute(&url.as_string()?)).collect())
}
