//! The development identity provider.
