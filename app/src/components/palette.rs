use leptos::html;
use leptos::prelude::*;

use super::theme_menu::theme_icon;
use super::{icon, sections};
use crate::browser;
use crate::preferences::Theme;
use crate::shell::Shell;
use crate::text::{Text, fill};

/// Search over every page of the session and the shell's commands (Ctrl-K): a combobox with a list box in a modal
/// dialog, after the ARIA Authoring Practices.
#[component]
pub(crate) fn Palette(shell: Shell) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let open = shell.palette;
    let text = shell.text;
    Effect::new(move || {
        let is_open = open.get();
        if let Some(dialog) = dialog.get() {
            browser::show_modal(&dialog, is_open);
        }
    });
    view! {
        <dialog
            class="palette"
            aria-label=text.search
            node_ref=dialog
            on:close=move |_| open.set(false)
            on:click=move |event| {
                // Only the backdrop belongs to the dialog itself; everything inside has an element of its own.
                if event.target() == event.current_target() {
                    open.set(false);
                }
            }
        >
            {move || open.get().then(|| search(shell.clone()))}
        </dialog>
    }
}

#[derive(Clone)]
struct Entry {
    label: String,
    hint: String,
    icon: &'static str,
    action: Action,
}

#[derive(Clone)]
enum Action {
    Go(String),
    Theme(Theme),
    ToggleNavigation,
}

fn search(shell: Shell) -> impl IntoView {
    let text = shell.text;
    let entries = StoredValue::new(entries(&shell));
    let query = RwSignal::new(String::new());
    let selected = RwSignal::new(0_usize);
    let found = move || entries.with_value(|entries| matching(entries, &query.get()));
    let run = {
        let shell = shell.clone();
        move |entry: &Entry| {
            shell.palette.set(false);
            match &entry.action {
                Action::Go(path) => browser::location::navigate(&shell, path),
                Action::Theme(theme) => shell.choose_theme(*theme),
                Action::ToggleNavigation => shell.toggle_navigation(),
            }
        }
    };
    let on_key = {
        let run = run.clone();
        move |event: web_sys::KeyboardEvent| {
            let count = found().len();
            match event.key().as_str() {
                "ArrowDown" if count > 0 => selected.update(|index| *index = (*index + 1) % count),
                "ArrowUp" if count > 0 => selected.update(|index| *index = (*index + count - 1) % count),
                "Home" if count > 0 => selected.set(0),
                "End" if count > 0 => selected.set(count - 1),
                "Enter" => found().get(selected.get_untracked()).into_iter().for_each(&run),
                _ => return,
            }
            event.prevent_default();
            browser::reveal_selected();
        }
    };
    let options = move || {
        let run = run.clone();
        let shown = found();
        if shown.is_empty() {
            return view! { <li class="palette-none">{fill(text.search_none, &query.get_untracked())}</li> }
                .into_any();
        }
        let rows = shown.into_iter().enumerate();
        rows.map(|(index, entry)| option(entry, index, selected, run.clone())).collect_view().into_any()
    };
    view! {
        <div class="palette-box">
            <div class="palette-field">
                {icon("#i-search")}
                <input
                    class="palette-input"
                    type="text"
                    role="combobox"
                    autofocus
                    autocomplete="off"
                    spellcheck="false"
                    aria-expanded="true"
                    aria-controls="palette-results"
                    aria-autocomplete="list"
                    aria-activedescendant=move || option_id(selected.get())
                    aria-label=text.search
                    placeholder=text.search_placeholder
                    on:input=move |event| {
                        query.set(event_target_value(&event));
                        selected.set(0);
                    }
                    on:keydown=on_key
                />
            </div>
            <ul class="palette-results" id="palette-results" role="listbox" aria-label=text.search_results>{options}</ul>
            <p class="visually-hidden" role="status">
                {move || fill(text.search_count, &found().len().to_string())}
            </p>
            {hints(text)}
        </div>
    }
}

fn option(
    entry: Entry,
    index: usize,
    selected: RwSignal<usize>,
    run: impl Fn(&Entry) + 'static,
) -> impl IntoView {
    let chosen = entry.clone();
    view! {
        <li
            class="palette-option"
            role="option"
            id=option_id(index)
            aria-selected=move || if selected.get() == index { "true" } else { "false" }
            on:pointermove=move |_| {
                if selected.get_untracked() != index {
                    selected.set(index);
                }
            }
            on:click=move |_| run(&chosen)
        >
            {icon(entry.icon)}
            <span class="palette-label">{entry.label}</span>
            <span class="palette-hint">{entry.hint}</span>
        </li>
    }
}

fn hints(text: &'static Text) -> impl IntoView {
    view! {
        <p class="palette-foot" aria-hidden="true">
            <span><kbd>"↑"</kbd><kbd>"↓"</kbd>{text.search_hint_move}</span>
            <span><kbd>"↵"</kbd>{text.search_hint_open}</span>
            <span><kbd>"Esc"</kbd>{text.search_hint_close}</span>
        </p>
    }
}

fn option_id(index: usize) -> String {
    ["palette-option-", &index.to_string()].concat()
}

/// Everything one can go to or do, in the order of the side bar.
fn entries(shell: &Shell) -> Vec<Entry> {
    let text = shell.text;
    let home = Entry {
        label: text.home.to_owned(),
        hint: text.search_page.to_owned(),
        icon: "#i-home",
        action: Action::Go("/".to_owned()),
    };
    let places = sections(&shell.state).into_iter().flat_map(|section| {
        section.items.into_iter().map(move |item| Entry {
            label: item.title.to_owned(),
            hint: section.title.to_owned(),
            icon: "#i-arrow",
            action: Action::Go(item.path.to_owned()),
        })
    });
    let themes = Theme::ALL.into_iter().map(|theme| Entry {
        label: [text.theme, ": ", text.theme_name(theme)].concat(),
        hint: text.search_action.to_owned(),
        icon: theme_icon(theme),
        action: Action::Theme(theme),
    });
    let collapse = Entry {
        label: text.collapse_navigation.to_owned(),
        hint: text.search_action.to_owned(),
        icon: "#i-sidebar",
        action: Action::ToggleNavigation,
    };
    std::iter::once(home).chain(places).chain(themes).chain([collapse]).collect()
}

/// The entries whose label holds every word of the query; those that begin with it first.
fn matching(entries: &[Entry], query: &str) -> Vec<Entry> {
    let query = query.trim().to_lowercase();
    let mut found: Vec<Entry> = entries
        .iter()
        .filter(|entry| {
            let haystack = [&entry.label, " ", &entry.hint].concat().to_lowercase();
            query.split_whitespace().all(|word| haystack.contains(word))
        })
        .cloned()
        .collect();
    found.sort_by_key(|entry| !entry.label.to_lowercase().starts_with(&query));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(query: &str) -> Vec<String> {
        let entry = |label: &str, hint: &str| Entry {
            label: label.to_owned(),
            hint: hint.to_owned(),
            icon: "",
            action: Action::ToggleNavigation,
        };
        let entries = [entry("My Todos", "Work"), entry("Todos", "Work"), entry("Straße", "Karten")];
        matching(&entries, query).into_iter().map(|entry| entry.label).collect()
    }

    #[test]
    fn what_begins_with_the_query_comes_first() {
        assert_eq!(labels("todo"), ["Todos", "My Todos"]);
    }

    #[test]
    fn every_word_must_match_in_label_or_section() {
        assert_eq!(labels("work my"), ["My Todos"]);
        assert_eq!(labels("STRASSE"), Vec::<String>::new());
        assert_eq!(labels("straß"), ["Straße"]);
    }

    #[test]
    fn an_empty_query_shows_everything_in_order() {
        assert_eq!(labels("  "), ["My Todos", "Todos", "Straße"]);
    }
}
