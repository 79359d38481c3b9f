use js_sys::{Array, Object};
use portico_app::bridge::Scheme;
use portico_contracts::Application;
use wasm_bindgen::prelude::*;
use web_sys::{CssStyleSheet, Element, HtmlElement, ShadowRootInit, ShadowRootMode};

use crate::{dom, js, styles};

/// What a remote's element inherits from the shell: fonts, focus ring, sizing. Tokens are custom properties and come in
/// by themselves.
const BASE: &str = include_str!("../../../style/remote-base.css");

thread_local! {
    static BASE_SHEET: Option<CssStyleSheet> = styles::from_text(BASE);
}

/// The part of the page that one mounted remote owns. A fresh one for every attempt: a shadow root cannot be emptied of
/// what a failed attempt attached to it.
pub(crate) struct Root {
    outer: Element,
    inner: HtmlElement,
    /// Sheets in the document itself, for a remote without isolation.
    in_document: Vec<CssStyleSheet>,
}

impl Root {
    /// Puts an empty element for the remote into `host`.
    ///
    /// # Errors
    /// The browser refused, with its reason.
    pub(super) fn attach(
        host: &HtmlElement,
        application: &Application,
        scheme: Scheme,
        sheets: Vec<CssStyleSheet>,
    ) -> Result<Self, JsValue> {
        let outer = dom::element("div");
        outer.set_attribute("data-remote", &application.id)?;
        outer.set_attribute("data-theme", scheme.as_str())?;
        host.append_child(&outer)?;
        if application.isolation == "none" {
            // The list is replaced and not changed, because browsers differ in whether it can be changed.
            let document = dom::document();
            let adopted = document.adopted_style_sheets().concat(&sheets.iter().collect());
            document.set_adopted_style_sheets(&adopted);
            outer.set_class_name("remote");
            return Ok(Self { inner: outer.clone().unchecked_into(), outer, in_document: sheets });
        }
        let shadow = outer.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open))?;
        let base = BASE_SHEET.with(Clone::clone);
        let adopted: Array = base.iter().chain(&sheets).map(JsValue::from).collect();
        shadow.set_adopted_style_sheets(&adopted);
        let inner = dom::element("div");
        inner.set_class_name("remote");
        shadow.append_child(&inner)?;
        Ok(Self { outer, inner: inner.unchecked_into(), in_document: Vec::new() })
    }

    /// The element that the remote's `mount` is given.
    pub(super) fn element(&self) -> &HtmlElement {
        &self.inner
    }

    /// What carries the remote's marks in the page.
    pub(super) fn outer(&self) -> &Element {
        &self.outer
    }

    /// Takes it out of the page and keeps what the remote still does with it invisible.
    pub(super) fn hide(&self) {
        js::set(&self.outer, "hidden", true);
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        self.outer.remove();
        if self.in_document.is_empty() {
            return;
        }
        let document = dom::document();
        let mut adopted: Vec<JsValue> = document.adopted_style_sheets().iter().collect();
        for sheet in &self.in_document {
            // Another card of this remote may have adopted the same sheet: one goes for each that came.
            if let Some(at) = adopted.iter().rposition(|other| Object::is(other, sheet)) {
                adopted.remove(at);
            }
        }
        document.set_adopted_style_sheets(&adopted.into_iter().collect::<Array>());
    }
}
