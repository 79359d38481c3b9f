/// The indices of the entries, label and hint, that hold every word of the query; those whose label begins with the
/// query first.
pub(crate) fn matching(entries: &[(&str, &str)], query: &str) -> Vec<usize> {
    let query = fold(query.trim());
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for (index, (label, hint)) in entries.iter().enumerate() {
        let label = fold(label);
        let both = [&label, " ", &fold(hint)].concat();
        if query.split(' ').all(|word| both.contains(word)) {
            if label.starts_with(&query) { &mut first } else { &mut others }.push(index);
        }
    }
    first.append(&mut others);
    first
}

/// Lower case for Latin letters. The full tables of Unicode would be a noticeable part of the download.
fn fold(text: &str) -> String {
    let fold = |c: char| match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        'À'..='Ö' | 'Ø'..='Þ' => char::from_u32(u32::from(c) + 32).unwrap_or(c),
        _ => c,
    };
    text.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::matching;

    const ENTRIES: [(&str, &str); 4] =
        [("My Todos", "Work"), ("Todos", "Work"), ("Übersicht", "Berichte"), ("Straße", "Karten")];

    #[test]
    fn what_begins_with_the_query_comes_first() {
        assert_eq!(matching(&ENTRIES, "todo"), [1, 0]);
    }

    #[test]
    fn every_word_must_match_in_label_or_hint() {
        assert_eq!(matching(&ENTRIES, "work my"), [0]);
        assert_eq!(matching(&ENTRIES, "work  my"), [0]);
        assert_eq!(matching(&ENTRIES, "work nothing"), [0_usize; 0]);
    }

    #[test]
    fn letters_match_in_either_case() {
        assert_eq!(matching(&ENTRIES, "ÜBER"), [2]);
        assert_eq!(matching(&ENTRIES, "STRAß"), [3]);
    }

    #[test]
    fn an_empty_query_shows_everything_in_order() {
        assert_eq!(matching(&ENTRIES, "  "), [0, 1, 2, 3]);
    }
}
