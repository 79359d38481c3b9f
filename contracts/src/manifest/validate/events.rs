use super::super::rules::{EVENT_TYPE, PERMISSION, TOPIC};
use super::super::{EventDeclaration, Events};
use super::{LONGEST_LIST, Problems, quoted};

pub(super) fn validate(events: &Events, problems: &mut Problems) {
    declarations("/events/publish", &events.publish, problems);
    declarations("/events/subscribe", &events.subscribe, problems);
}

fn declarations(field: &str, declarations: &[EventDeclaration], problems: &mut Problems) {
    problems.length(field, declarations.len(), 0..=LONGEST_LIST);
    for (i, event) in declarations.iter().enumerate() {
        problems.text(format_args!("{field}/{i}/type"), &event.kind, EVENT_TYPE);
        problems.text(format_args!("{field}/{i}/topic"), &event.topic, TOPIC);
        problems.texts(&format!("{field}/{i}/permissions"), &event.permissions, PERMISSION);
        // One type goes to one topic, or a publisher would have to guess.
        if declarations.iter().take(i).any(|earlier| earlier.kind == event.kind) {
            let found = quoted(&event.kind);
            problems.add(
                format_args!("{field}/{i}/type"),
                format_args!("expected each type only once, found {found} again"),
            );
        }
    }
}
