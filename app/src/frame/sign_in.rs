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
