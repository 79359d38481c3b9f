//! The command palette: a combobox with a list box in a modal dialog, after the ARIA Authoring Practices. The server
//! renders the dialog; its entries are the frame's own links and commands, and running one clicks it.

mod entry;
mod list;

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use self::list::List;
use super::{dom, menus};

/// The palette of a page; none without a session.
pub(super) struct Palette {
    dialog: web_sys::HtmlDialogElement,
    input: web_sys::HtmlInputElement,
    list: RefCell<List>,
}

impl Palette {
    /// Takes over the dialog that the server rendered.
    pub(super) fn start() -> Option<Rc<Self>> {
        let palette = Rc::new(Self {
            dialog: dom::by_id("palette")?.dyn_into().ok()?,
            input: dom::by_id("palette-input")?.dyn_into().ok()?,
            list: RefCell::new(List::new(dom::by_id("palette-results")?)),
        });
        palette.listen("input", |palette, _| palette.list.borrow_mut().search(&palette.input.value()));
        palette.listen("keydown", |palette, event| palette.key(event));
        palette.listen("click", |palette, event| palette.click(event));
        palette.listen("pointermove", |palette, event| {
            if let Some(index) = List::index(event) {
                palette.list.borrow_mut().select(index);
            }
        });
        Some(palette)
    }

    /// Opens it, with everything there is to choose from.
    pub(super) fn open(&self) {
        if self.dialog.open() {
            return;
        }
        menus::close_except(None);
        self.input.set_value("");
        self.list.borrow_mut().fill(entry::all());
        // Fails only for a dialog that has just left the document.
        let _ = self.dialog.show_modal();
    }

    fn key(&self, event: &web_sys::Event) {
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else { return };
        match event.key().as_str() {
            "ArrowDown" => self.list.borrow_mut().step(1),
            "ArrowUp" => self.list.borrow_mut().step(-1),
            "Enter" => self.run(),
            _ => return,
        }
        event.prevent_default();
    }

    fn click(&self, event: &web_sys::Event) {
        if let Some(index) = List::index(event) {
            self.list.borrow_mut().select(index);
            self.run();
        } else if event.target().as_ref() == Some(self.dialog.as_ref()) {
            // Only the backdrop belongs to the dialog itself; everything inside has an element of its own.
            self.dialog.close();
        }
    }

    fn run(&self) {
        let chosen = self.list.borrow().chosen();
        if let Some(control) = chosen {
            self.dialog.close();
            control.click();
        }
    }

    fn listen(self: &Rc<Self>, kind: &str, handle: fn(&Self, &web_sys::Event)) {
        let palette = Rc::clone(self);
        let handler = Closure::<dyn Fn(web_sys::Event)>::new(move |event| handle(&palette, &event));
        // Fails for no listener of this kind.
        let _ = self.dialog.add_event_listener_with_callback(kind, handler.as_ref().unchecked_ref());
        // The dialog stays as long as the document.
        handler.forget();
    }
}

/// An element of the list; creation fails only for invalid names.
fn create(name: &str, class: &str) -> Option<web_sys::Element> {
    let element = document().create_element(name).ok()?;
    element.set_class_name(class);
    Some(element)
}
