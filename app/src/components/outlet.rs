use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos::html;
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use portico_contracts::Application;
use wasm_bindgen::JsCast;

use super::Markup;
use super::status::status;
use crate::bridge::{MountRequest, Mounted, Phase, Place};
use crate::shell::Shell;
use crate::text::fill;

/// When waiting stops being normal and the outlet says so.
const SLOW_AFTER: Duration = Duration::from_secs(3);
/// What a card reserves that declared no height, in CSS pixels.
const DEFAULT_CARD_HEIGHT: u32 = 160;
/// The tallest skeleton a card may ask for, in CSS pixels: about two screens.
const MAX_CARD_HEIGHT: u32 = 1600;

/// The place one remote is mounted into, and everything it may show instead of the remote.
#[component]
pub(crate) fn Outlet(
    shell: Shell,
    application: Arc<Application>,
    /// The export with the `mount` signature.
    mount: String,
    place: Place,
    /// What people call what is shown here.
    title: String,
    /// The declared height in CSS pixels, for cards.
    height: Option<u32>,
) -> impl IntoView {
    let text = shell.text;
    let phase = RwSignal::new(Phase::Loading);
    let slow = RwSignal::new(false);
    let host = NodeRef::<html::Div>::new();
    let space = space(&place, height);
    let request = MountRequest { application: application.clone(), mount, place };
    let mounted = mount_on_arrival(&shell, host, request, phase, slow);
    let without_script = Markup::new("<p class=\"slow-note without-script\">")
        .text(&fill(text.needs_script, &title))
        .html("</p>")
        .element();
    let label = title.clone();
    let shown = move || phase.with(|phase| status(text, phase, slow.get(), &application, &title));
    view! {
        <div
            class="outlet"
            role="group"
            aria-label=label
            data-phase=move || phase.with(phase_code)
            on:click=move |event| act(&event, mounted)
        >
            {space}
            <div class="skeleton" aria-hidden="true"></div>
            // Not `<noscript>`: a browser with script keeps its content as text, which hydration would stumble over.
            {without_script}
            <div class="outlet-host" node_ref=host></div>
            <div class="outlet-status">{shown}</div>
        </div>
    }
}

/// What keeps the outlet's height until its remote is there. An image with a height attribute, because the page's
/// policy forbids style attributes and the height must be known before any script runs.
fn space(place: &Place, height: Option<u32>) -> impl IntoView + use<> {
    let height = match place {
        Place::Page { .. } => 0,
        Place::Card { .. } => height.unwrap_or(DEFAULT_CARD_HEIGHT).min(MAX_CARD_HEIGHT),
    };
    Markup::new("<svg class=\"spacer\" width=\"1\" height=\"")
        .text(&height.to_string())
        .html("\" aria-hidden=\"true\"></svg>")
        .element()
}

type Handle = StoredValue<Option<Box<dyn Mounted>>, LocalStorage>;

/// Hands the host to the bridge once it is on the page, and takes it back when the outlet leaves.
fn mount_on_arrival(
    shell: &Shell,
    host: NodeRef<html::Div>,
    request: MountRequest,
    phase: RwSignal<Phase>,
    slow: RwSignal<bool>,
) -> Handle {
    let mounted: Handle = StoredValue::new_local(None);
    let shell = shell.clone();
    Effect::new(move || {
        let (Some(bridge), Some(host)) = (shell.bridge(), host.get()) else { return };
        let timer = Cell::new(None::<TimeoutHandle>);
        let on_phase = move |next: Phase| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
            slow.set(false);
            if matches!(next, Phase::Loading | Phase::Mounting) {
                timer.set(set_timeout_with_handle(move || slow.set(true), SLOW_AFTER).ok());
            }
            phase.set(next);
        };
        on_phase(Phase::Loading);
        let handle = bridge.mount(host.into(), request.clone(), Rc::new(on_phase));
        mounted.set_value(Some(handle));
    });
    on_cleanup(move || {
        if let Some(mounted) = mounted.try_update_value(Option::take).flatten() {
            mounted.unmount();
        }
    });
    mounted
}

/// A click on a button of the status.
fn act(event: &web_sys::MouseEvent, mounted: Handle) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let button = target.and_then(|target| target.closest("[data-outlet]").ok().flatten());
    match button.and_then(|button| button.get_attribute("data-outlet")).as_deref() {
        Some("retry") => mounted.with_value(|mounted| {
            if let Some(mounted) = mounted {
                mounted.retry();
            }
        }),
        Some(_) => {
            // A navigation that the browser refuses leaves the person where they are.
            let _ = window().location().reload();
        }
        None => {}
    }
}

fn phase_code(phase: &Phase) -> &'static str {
    match phase {
        Phase::Loading => "loading",
        Phase::Mounting => "mounting",
        Phase::Ready => "ready",
        Phase::Failed(_) => "failed",
        Phase::Updated => "updated",
    }
}
