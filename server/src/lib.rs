//! The portal server: shell, BFF, proxy and stream on one axum router.
