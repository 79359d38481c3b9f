use std::cell::RefCell;

use js_sys::{Object, Promise};
use portico_contracts::{Application, Style};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CssStyleSheet, RequestInit, Response};

use crate::table::Table;
use crate::{dom, js, task};

/// Style sheets of remotes, as constructable sheets: under the portal's CSP neither `style=` nor `<style>` works, and a
/// sheet that is adopted by two cards exists once.
#[derive(Default)]
pub(crate) struct Styles {
    sheets: RefCell<Table<Promise>>,
}

#[wasm_bindgen]
extern "C" {
    /// web-sys has no constructor with options; `baseURL` makes `url()` inside relative to the sheet and not the page.
    type BasedSheet;
    #[wasm_bindgen(constructor, catch, js_class = "CSSStyleSheet")]
    fn new(options: &Object) -> Result<BasedSheet, JsValue>;
}

impl Styles {
    /// The remote's sheets in order, each verified against its hash.
    ///
    /// # Errors
    /// What `fetch` rejected with, or the status that a sheet was answered with.
    pub(crate) async fn sheets(&self, application: &Application) -> Result<Vec<CssStyleSheet>, JsValue> {
        let promises: Vec<Promise> = application.styles.iter().map(|style| self.sheet(style)).collect();
        let mut sheets = Vec::with_capacity(promises.len());
        for (promise, style) in promises.into_iter().zip(&application.styles) {
            match JsFuture::from(promise).await {
                Ok(sheet) => sheets.push(sheet.unchecked_into()),
                Err(error) => {
                    self.sheets.borrow_mut().remove(&style.href);
                    return Err(error);
                }
            }
        }
        Ok(sheets)
    }

    fn sheet(&self, style: &Style) -> Promise {
        let mut sheets = self.sheets.borrow_mut();
        sheets.or_insert_with(&style.href, || task::promise(fetch(style.clone()))).clone()
    }
}

/// A sheet from text that is part of this program.
pub(crate) fn from_text(text: &str) -> Option<CssStyleSheet> {
    let sheet = CssStyleSheet::new().ok()?;
    sheet.replace_sync(text).ok()?;
    Some(sheet)
}

async fn fetch(style: Style) -> Result<JsValue, JsValue> {
    let init = RequestInit::new();
    js::set(&init, "integrity", style.integrity.as_str());
    let response = JsFuture::from(dom::window().fetch_with_str_and_init(&style.href, &init)).await?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        let message = ["style sheet ", &style.href, " answered ", &response.status().to_string()].concat();
        return Err(js::error("TypeError", &message));
    }
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let options = Object::new();
    js::set(&options, "baseURL", js::absolute(&style.href).unwrap_or_default());
    let sheet: CssStyleSheet = BasedSheet::new(&options)?.unchecked_into();
    sheet.replace_sync(&text)?;
    Ok(sheet.into())
}
