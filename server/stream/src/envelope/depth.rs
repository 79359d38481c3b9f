/// Whether arrays and objects in `json` nest at most `limit` deep. Expects valid JSON; anything else is judged by its
/// brackets.
pub(super) fn is_within(json: &str, limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return false;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn brackets_count_and_brackets_in_strings_do_not() {
        assert!(is_within(r#"{"a":["b"]}"#, 2));
        assert!(!is_within(r#"{"a":["b"]}"#, 1));
        assert!(is_within(r#""[[[[\"[[[""#, 0));
        assert!(is_within(r#"[[],[],[]]"#, 2));
    }
}
