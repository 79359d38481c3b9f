use leptos::prelude::*;

use super::icon;
use crate::bridge::Connection;
use crate::shell::Shell;
use crate::state::Tone;

/// What concerns the whole page: the last action's result, being offline, having been signed out elsewhere.
#[component]
pub(crate) fn Banners(shell: Shell) -> impl IntoView {
    let text = shell.text;
    let (online, connection) = (shell.online, shell.connection);
    let notice = RwSignal::new(shell.state.notice.clone());
    let notice_view = move || {
        notice.get().map(|shown| {
            let role = if shown.tone == Tone::Danger { "alert" } else { "status" };
            view! {
                <div class="banner" data-tone=tone_name(shown.tone) role=role>
                    {icon(if shown.tone == Tone::Success { "#i-check" } else { "#i-info" })}
                    <p class="banner-text">{shown.text}</p>
                    <button
                        class="icon-button needs-script"
                        type="button"
                        aria-label=text.dismiss
                        on:click=move |_| notice.set(None)
                    >{icon("#i-close")}</button>
                </div>
            }
        })
    };
    let offline_view = move || {
        (!online.get()).then(|| {
            view! {
                <div class="banner" data-tone="warning">
                    {icon("#i-offline")}
                    <p class="banner-text">{text.offline_banner}</p>
                </div>
            }
        })
    };
    let ended_view = move || {
        (connection.get() == Connection::Ended).then(|| {
            view! {
                <div class="banner" data-tone="danger" role="alert">
                    {icon("#i-lock")}
                    <p class="banner-text">{text.ended_banner}</p>
                    <a class="button button-small" href=sign_in_path(&shell.path.get()) rel="external">{text.sign_in_again}</a>
                </div>
            }
        })
    };
    view! { <div class="banners">{notice_view}{offline_view}{ended_view}</div> }
}

fn tone_name(tone: Tone) -> &'static str {
    match tone {
        Tone::Success => "success",
        Tone::Info => "info",
        Tone::Danger => "danger",
    }
}

/// Where signing in starts, with the way back.
pub(crate) fn sign_in_path(return_to: &str) -> String {
    ["/auth/login?return_to=", &encode(return_to)].concat()
}

/// Percent-encodes a query value (RFC 3986, section 2.1): everything but unreserved characters and `/`.
fn encode(value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::sign_in_path;

    #[test]
    fn the_way_back_survives_signing_in_whatever_it_contains() {
        assert_eq!(
            sign_in_path("/todos/ä?done=1&x=\"#"),
            "/auth/login?return_to=/todos/%C3%A4%3Fdone%3D1%26x%3D%22%23"
        );
    }
}
