use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Alg};
use openidconnect::{JsonWebKey as _, JsonWebKeyAlgorithm, JsonWebKeyUse as _, JwsSigningAlgorithm as _};
use time::Duration;

/// Asymmetric algorithms only: a symmetric one would let whoever knows the client's secret, or the public key passed off
/// as a secret, sign in as anyone.
pub(super) const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// Clocks differ by this much at most.
pub(super) const SKEW: Duration = Duration::seconds(60);

/// Why a token failed, with a hint whether other keys could help.
pub(super) enum KeyFailure<E> {
    /// No key of the set fits: the provider may have rotated.
    UnknownKey(E),
    /// Nothing else will help.
    Final(E),
}

/// Which keys of a set may have signed a token, by what its header says.
pub(super) enum Fitting<'a> {
    None,
    One(&'a CoreJsonWebKey),
    Several,
}

/// The key named `kid`, or any where the header names none, if it may sign by `algorithm` (RFC 7517, section 4).
pub(super) fn fitting<'a>(keys: &'a [CoreJsonWebKey], kid: Option<&str>, algorithm: &Alg) -> Fitting<'a> {
    let mut fitting = keys.iter().filter(|key| {
        let named = kid.is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid));
        named && may_sign(key, algorithm)
    });
    match (fitting.next(), fitting.next()) {
        (None, _) => Fitting::None,
        (Some(key), None) => Fitting::One(key),
        (Some(_), Some(_)) => Fitting::Several,
    }
}

fn may_sign(key: &CoreJsonWebKey, algorithm: &Alg) -> bool {
    let algorithm_fits = match key.signing_alg() {
        JsonWebKeyAlgorithm::Unspecified => true,
        JsonWebKeyAlgorithm::Algorithm(only) => only == algorithm,
        JsonWebKeyAlgorithm::Unsupported => false,
    };
    let kind_fits = algorithm.key_type().as_ref() == Some(key.key_type());
    algorithm_fits && kind_fits && key.key_use().is_none_or(|used_for| used_for.allows_signature())
}
