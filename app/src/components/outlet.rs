use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos::either::{Either, EitherOf4};
use leptos::html;
use leptos::prelude::*;
use portico_contracts::Application;

use super::failure::failure_panel;
use super::skeleton::{card_skeleton, page_skeleton};
use super::{icon, reload};
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
    let is_card = matches!(place, Place::Card { .. });
    let request = MountRequest { application: application.clone(), mount, place };
    let mounted = mount_on_arrival(&shell, host, request, phase, slow);

    let slow_text = fill(text.slow, &title);
    let label = title.clone();
    let status = {
        let title = title.clone();
        let retry =
            move || mounted.with_value(|mounted| mounted.as_ref().map_or((), |mounted| mounted.retry()));
        move || match phase.get() {
            Phase::Failed(failure) => {
                EitherOf4::A(failure_panel(text, &application, &title, failure, Rc::new(retry)))
            }
            Phase::Updated => EitherOf4::B(update_note(&fill(text.updated, &title), text.reload)),
            Phase::Loading | Phase::Mounting if slow.get() => {
                EitherOf4::C(view! { <p class="slow-note">{slow_text.clone()}</p> })
            }
            _ => EitherOf4::D(()),
        }
    };
    view! {
        <div
            class="outlet"
            role="group"
            aria-label=label
            data-phase=move || phase.with(phase_code)
            aria-busy=move || if phase.with(is_waiting) { "true" } else { "false" }
        >
            {if is_card {
                Either::Left(card_skeleton(height.unwrap_or(DEFAULT_CARD_HEIGHT).min(MAX_CARD_HEIGHT)))
            } else {
                Either::Right(page_skeleton())
            }}
            // Not `<noscript>`: a browser with script keeps its content as text, which hydration would stumble over.
            <p class="slow-note without-script">{fill(text.needs_script, &title)}</p>
            <div class="outlet-host" node_ref=host></div>
            <div class="outlet-status">{status}</div>
        </div>
    }
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
        let on_phase = move |next: Phase| {
            slow.set(false);
            if is_waiting(&next) {
                set_timeout(move || slow.set(true), SLOW_AFTER);
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

fn update_note(sentence: &str, action: &'static str) -> impl IntoView + use<> {
    view! {
        <div class="update-note">
            {icon("info")}
            <p>{sentence.to_owned()}</p>
            <button class="button button-small" type="button" on:click=|_| reload()>{action}</button>
        </div>
    }
}

fn is_waiting(phase: &Phase) -> bool {
    matches!(phase, Phase::Loading | Phase::Mounting)
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
