use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{Action, Decision, Query, Resource};

/// Answers that are kept for one person at most. Pages, navigation and a remote's routes are a few dozen questions; with more, as with
/// an id in every path, all are forgotten.
const MOST: usize = 64;
/// Longer questions are not kept, in bytes.
const LONGEST: usize = 512;

/// What Cedar answered about one person. The same policies answer the same question the same: they see no clock, no address and
/// nothing else that is not in it.
#[derive(Default)]
pub(super) struct Known(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    /// The policies that gave them.
    generation: u64,
    by_question: HashMap<Box<[u8]>, Decision>,
}

impl Known {
    /// What these policies answer, by `decide` where it is not known.
    pub(super) fn answer(
        &self,
        generation: u64,
        query: &Query<'_>,
        decide: impl FnOnce() -> Decision,
    ) -> Decision {
        let question = question(query);
        if question.len() > LONGEST {
            return decide();
        }
        if let Some(known) = self.0.lock().of(generation).get(question.as_slice()) {
            return known.clone();
        }
        let decision = decide();
        if !decision.is_unavailable() {
            let mut answers = self.0.lock();
            let by_question = answers.of(generation);
            if by_question.len() >= MOST {
                by_question.clear();
            }
            by_question.insert(question.into(), decision.clone());
        }
        decision
    }
}

impl Answers {
    /// Those of these policies alone.
    fn of(&mut self, generation: u64) -> &mut HashMap<Box<[u8]>, Decision> {
        if self.generation != generation {
            (self.generation, self.by_question) = (generation, HashMap::new());
        }
        &mut self.by_question
    }
}

/// All that Cedar is told beside the person, every part with its length in front. What a pattern's placeholders stand for follows from
/// pattern and path.
fn question(query: &Query<'_>) -> Vec<u8> {
    let method = if let Action::Call(method) = query.action { method } else { "" };
    let (kind, parts) = match query.resource {
        Resource::Remote { id } => (0, [id, "", ""]),
        Resource::Page { path } => (1, [path, "", ""]),
        Resource::Route { remote, pattern, path } => (2, [remote, pattern, path]),
        Resource::Event { remote, kind } => (3, [remote, kind, ""]),
        Resource::Function { name } => (4, [name, "", ""]),
    };
    let mut bytes = Vec::with_capacity(192);
    bytes.extend([kind, u8::from(query.public)]);
    let required = query.required.iter().map(String::as_str);
    for part in [query.action.name(), method].into_iter().chain(parts).chain(required) {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(known: &Known, generation: u64, path: &str, answer: &'static str) -> String {
        let query = Query::new(None, Action::Open, Resource::Page { path });
        known.answer(generation, &query, || Decision::allow(answer)).reason.into_owned()
    }

    #[test]
    fn an_answer_is_one_question_s_and_one_generation_s() {
        let known = Known::default();
        assert_eq!(answered(&known, 1, "/a", "first"), "first");
        assert_eq!(answered(&known, 1, "/a", "again"), "first");
        assert_eq!(answered(&known, 1, "/b", "other"), "other");
        assert_eq!(answered(&known, 2, "/a", "by new policies"), "by new policies");
        assert_eq!(answered(&known, 1, "/a", "by the former ones"), "by the former ones");
    }

    #[test]
    fn what_was_no_decision_is_asked_again() {
        let known = Known::default();
        let query = Query::new(None, Action::Open, Resource::Page { path: "/a" });
        known.answer(1, &query, || Decision::unavailable("a policy cannot be evaluated"));
        assert_eq!(answered(&known, 1, "/a", "by now"), "by now");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let known = Known::default();
        for number in 0..10 * MOST {
            answered(&known, 1, &format!("/{number}"), "kept");
            assert!(known.0.lock().by_question.len() <= MOST);
        }
        answered(&known, 1, &"x".repeat(LONGEST), "too long");
        assert_eq!(answered(&known, 1, &"x".repeat(LONGEST), "asked again"), "asked again");
    }

    #[test]
    fn questions_that_differ_in_anything_are_different() {
        let (one, two) = (["a".to_owned(), "b".to_owned()], ["ab".to_owned()]);
        let page = Resource::Page { path: "/a" };
        let ask = |action, resource| Query::new(None, action, resource);
        let all = [
            ask(Action::Open, page),
            ask(Action::Invoke, page),
            ask(Action::Open, page).public(true),
            ask(Action::Open, page).requiring(&one),
            ask(Action::Open, page).requiring(&two),
            ask(Action::Open, Resource::Function { name: "/a" }),
            ask(Action::Call("GET"), Resource::Route { remote: "r", pattern: "/a", path: "/a" }),
            ask(Action::Call("PUT"), Resource::Route { remote: "r", pattern: "/a", path: "/a" }),
            ask(Action::Call("GET"), Resource::Route { remote: "r", pattern: "/*", path: "/a" }),
            ask(Action::Call("GET"), Resource::Route { remote: "r/", pattern: "a", path: "/a" }),
            ask(Action::Publish, Resource::Event { remote: "r", kind: "a.b" }),
            ask(Action::Subscribe, Resource::Event { remote: "r", kind: "a.b" }),
            ask(Action::Navigate, Resource::Remote { id: "r" }),
        ];
        let different: std::collections::HashSet<_> = all.iter().map(question).collect();
        assert_eq!(different.len(), all.len());
    }
}
