use super::value::{bytes_of, is_well_escaped};

/// The value of the query parameter `name`, as it came, where every reader would find the same one: it is there once, no
/// parameter beside it is spelled almost like it, and nothing in it means different things to different readers.
///
/// Frameworks disagree about the rest: which of two counts, whether `Org` is `org`, whether `org[]` and `org.` are, whether
/// `;` separates, whether `+` is a space. Where any of that could matter, there is no value, and so no condition holds.
pub fn query_value<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    if query.contains(';') {
        return None;
    }
    let mut found = None;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !is_well_escaped(key) {
            return None;
        }
        if !is_like(key, name) {
            continue;
        }
        if found.is_some() || !bytes_of(key).eq(name.bytes()) || value.contains('+') {
            return None;
        }
        found = Some(value);
    }
    found
}

/// Whether some reader takes `key` for `name`: cut at the first bracket, without case, with all punctuation alike.
fn is_like(key: &str, name: &str) -> bool {
    let folded = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || byte >= 0x80 => byte.to_ascii_lowercase(),
        _ => b'_',
    };
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'+';
    let mut key = bytes_of(key).skip_while(is_space).take_while(|byte| *byte != b'[' && *byte != 0);
    let mut name = name.bytes();
    loop {
        match (key.next(), name.next()) {
            (None, None) => return true,
            // `org.x` and `org ` are read as (parts of) `org` here and there.
            (Some(next), None) => return next == b'.' || is_space(&next),
            (Some(of_key), Some(of_name)) if folded(of_key) == folded(of_name) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_has_a_value_where_every_reader_finds_the_same() {
        for (query, value) in [
            ("org=acme", Some("acme")),
            ("view=summary&org=acme&x", Some("acme")),
            ("%6frg=acme", Some("acme")),
            ("organisation=globex&org_name=x&org=acme", Some("acme")),
            ("org=ac%2Bme", Some("ac%2Bme")),
            ("org=", Some("")),
            ("org", Some("")),
            ("", None),
            ("view=org", None),
        ] {
            assert_eq!(query_value(query, "org"), value, "{query}");
        }
    }

    #[test]
    fn a_parameter_that_could_be_read_in_two_ways_has_none() {
        for query in [
            "org=acme&org=globex",
            "org=acme&org=acme",
            "org=acme&Org=globex",
            "org=acme&%4Frg=globex",
            "org=acme&org[]=globex",
            "org=acme&org%5B0%5D=globex",
            "org=acme&org.=globex",
            "org=acme&org%00=globex",
            "org=acme&+org=globex",
            "org=acme&%20org=globex",
            "org=acme;org=globex",
            "org=acme&x=1;org=globex",
            "org=ac+me",
            "org=acme&%zz=1",
            "Org=acme",
        ] {
            assert_eq!(query_value(query, "org"), None, "{query}");
        }
    }
}
