use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

use super::classes::{AddressClass, unwrapped};

/// Which addresses upstreams may have: public ones, and the ranges that the operator lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddressPolicy {
    listed: Vec<IpNet>,
}

/// An upstream's name led to an address that is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{address} is a {class} address, and no listed network contains it")]
pub struct AddressRefused {
    /// The address.
    pub address: IpAddr,
    /// What kind it is.
    pub class: AddressClass,
}

impl AddressPolicy {
    /// Public addresses, and those in `listed` networks.
    pub fn new(listed: Vec<IpNet>) -> Self {
        Self { listed }
    }

    /// Checks one address, as it will be connected to.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressRefused> {
        let class = AddressClass::of(address);
        let plain = unwrapped(address);
        let listed =
            || self.listed.iter().any(|network| network.contains(&plain) || network.contains(&address));
        match class {
            AddressClass::Public => Ok(()),
            AddressClass::NoHost => Err(AddressRefused { address, class }),
            _ if listed() => Ok(()),
            _ => Err(AddressRefused { address, class }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(listed: &[&str], address: &str) -> bool {
        let listed = listed.iter().map(|text| text.parse().expect("a network")).collect();
        AddressPolicy::new(listed).check(address.parse().expect("an address")).is_ok()
    }

    #[test]
    fn public_addresses_are_allowed_and_all_others_only_where_listed() {
        assert!(allowed(&[], "93.184.216.34"));
        assert!(!allowed(&[], "127.0.0.1"));
        assert!(allowed(&["127.0.0.0/8"], "127.0.0.1"));
        assert!(allowed(&["127.0.0.0/8"], "::ffff:127.0.0.1"));
        assert!(!allowed(&["127.0.0.0/8"], "::1"));
        assert!(!allowed(&["10.0.0.0/8", "127.0.0.0/8"], "169.254.169.254"));
        assert!(!allowed(&["0.0.0.0/0"], "0.0.0.0"), "no host, listed or not");
    }

    #[test]
    fn a_refusal_says_which_address_and_why() {
        let error = AddressPolicy::default().check("169.254.169.254".parse().expect("an address"));
        assert_eq!(
            error.map_err(|error| error.to_string()),
            Err("169.254.169.254 is a link-local address, and no listed network contains it".to_owned())
        );
    }
}
