use std::borrow::Cow;
use std::collections::HashMap;

use http::Method;

use super::MethodSet;
use super::pattern::{Pattern, Segment};
use crate::path::decoded;

/// Patterns as a tree of segments. A node is reached by one sequence of segments only, so a search visits each node at
/// most once; with literal segments it visits one per level.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// Lower-cased literal -> the spellings that are declared, and their nodes.
    literals: HashMap<Box<str>, Vec<(Box<str>, usize)>>,
    any: Option<usize>,
    /// Routes that end here.
    here: Leaf,
    /// Routes that take everything from here on.
    open: Leaf,
}

type Leaf = Vec<(MethodSet, usize)>;

/// What a search came to.
pub(super) enum Found {
    /// This route, by its index.
    Route(usize),
    /// No route, although these methods are declared for the path.
    Nothing(MethodSet),
    /// A segment that equals a declared one but for upper and lower case. An upstream that ignores case would serve
    /// another route than the one that was authorised.
    LetterCase,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    /// Adds a route; refused with the methods that the same pattern already declares.
    pub(super) fn insert(
        &mut self,
        pattern: &Pattern,
        methods: MethodSet,
        route: usize,
    ) -> Result<(), MethodSet> {
        let mut at = 0;
        for segment in &pattern.segments {
            at = match segment {
                Segment::Any => self.any_child(at),
                Segment::Literal(text) => self.literal_child(at, text),
            };
        }
        let node = &mut self.nodes[at];
        let leaf = if pattern.open { &mut node.open } else { &mut node.here };
        let declared = leaf.iter().fold(MethodSet::default(), |all, (set, _)| all.union(*set));
        let twice = declared.intersection(methods);
        if !twice.is_empty() {
            return Err(twice);
        }
        leaf.push((methods, route));
        Ok(())
    }

    /// Looks `rest` up: segments joined by slashes, none for the root.
    pub(super) fn find(&self, method: &Method, rest: Option<&str>) -> Found {
        let mut search = Search { tree: self, method, declared: MethodSet::default(), letter_case: false };
        match search.visit(0, rest) {
            _ if search.letter_case => Found::LetterCase,
            Some(route) => Found::Route(route),
            None => Found::Nothing(search.declared),
        }
    }

    fn any_child(&mut self, at: usize) -> usize {
        if let Some(child) = self.nodes[at].any {
            return child;
        }
        let child = self.push();
        self.nodes[at].any = Some(child);
        child
    }

    fn literal_child(&mut self, at: usize, text: &str) -> usize {
        let key = folded(text);
        let spellings = self.nodes[at].literals.get(key.as_ref());
        let known = spellings.and_then(|all| all.iter().find(|(spelling, _)| **spelling == *text));
        if let Some((_, child)) = known {
            return *child;
        }
        let child = self.push();
        self.nodes[at].literals.entry(key.into()).or_default().push((text.into(), child));
        child
    }

    fn push(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }
}

struct Search<'t> {
    tree: &'t Tree,
    method: &'t Method,
    declared: MethodSet,
    letter_case: bool,
}

impl Search<'_> {
    fn visit(&mut self, at: usize, rest: Option<&str>) -> Option<usize> {
        let tree = self.tree;
        let node = &tree.nodes[at];
        let Some(rest) = rest else {
            return self.leaf(&node.here).or_else(|| self.leaf(&node.open));
        };
        let (segment, rest) = match rest.split_once('/') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (rest, None),
        };
        let literal = self.literal(node, segment);
        if self.letter_case {
            return None;
        }
        literal
            .and_then(|child| self.visit(child, rest))
            .or_else(|| node.any.and_then(|child| self.visit(child, rest)))
            .or_else(|| self.leaf(&node.open))
    }

    fn literal(&mut self, node: &Node, segment: &str) -> Option<usize> {
        if node.literals.is_empty() {
            return None;
        }
        let segment = decoded(segment);
        let spellings = node.literals.get(folded(&segment).as_ref())?;
        let exact = spellings.iter().find(|(spelling, _)| **spelling == *segment);
        self.letter_case |= exact.is_none();
        exact.map(|(_, child)| *child)
    }

    fn leaf(&mut self, leaf: &Leaf) -> Option<usize> {
        if self.letter_case {
            return None;
        }
        let mut found = None;
        for (methods, route) in leaf {
            self.declared = self.declared.union(*methods);
            if methods.contains(self.method) {
                found = Some(*route);
            }
        }
        found
    }
}

fn folded(text: &str) -> Cow<'_, str> {
    let plain = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if plain { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}
