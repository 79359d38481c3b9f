/// Unpredictable bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes` from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port that everything else takes randomness from"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        // Without entropy no session id may be issued: stopping is the only safe answer.
        getrandom::fill(bytes).expect("the operating system must supply randomness");
    }
}

/// An unguessable string of `N` random bytes in base64url without padding (RFC 4648, section 5).
pub fn token<const N: usize>(random: &dyn Random) -> String {
    use base64::Engine as _;
    let mut bytes = [0_u8; N];
    random.fill(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
