//! The proxy: which path, which headers, which upstream.
