use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network an address belongs to (IANA's special-purpose registries, RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Anywhere on the internet.
    Public,
    /// This machine.
    Loopback,
    /// An organization's own network: RFC 1918, RFC 6598 (carrier NAT) and RFC 4193 (unique local).
    Private,
    /// The next wire only: 169.254.0.0/16, fe80::/10. Cloud metadata services answer here.
    LinkLocal,
    /// A cloud's service for its virtual machines at a public-looking address.
    Metadata,
    /// Reserved for documentation, benchmarks, tunnels or the future.
    Reserved,
    /// No single host: unspecified, multicast, broadcast. Never an upstream, listed or not.
    NoHost,
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "metadata",
            Self::Reserved => "reserved",
            Self::NoHost => "no single host",
        })
    }
}

impl AddressClass {
    /// The class of `address`. An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) is classed as the
    /// IPv4 address that packets would reach.
    pub fn of(address: IpAddr) -> Self {
        match unwrapped(address) {
            IpAddr::V4(address) => v4(address),
            IpAddr::V6(address) => v6(address),
        }
    }
}

/// The IPv4 address that an IPv6 address carries, where it carries one.
pub(super) fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let s = v6.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // ::ffff:0:0/96, mapped (RFC 4291); ::ffff:0:0:0/96, translated (RFC 2765).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => embedded(high, low),
        // ::/96, compatible, but for :: and ::1.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => embedded(high, low),
        // 64:ff9b::/96, NAT64 (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 2002::/16, 6to4 (RFC 3056).
        [0x2002, high, low, ..] => embedded(high, low),
        _ => address,
    }
}

fn v4(address: Ipv4Addr) -> AddressClass {
    match address.octets() {
        [0, ..] | [224..=239, ..] | [255, 255, 255, 255] => AddressClass::NoHost,
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressClass::Private,
        // Alibaba Cloud's metadata service lives inside the carrier NAT range.
        [100, 100, 100, 200] | [168, 63, 129, 16] => AddressClass::Metadata,
        [100, 64..=127, ..] => AddressClass::Private,
        [169, 254, ..] => AddressClass::LinkLocal,
        [192, 0, 0, _] | [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => AddressClass::Reserved,
        [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

fn v6(address: Ipv6Addr) -> AddressClass {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xff00..=0xffff, ..] => AddressClass::NoHost,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        [0xfc00..=0xfdff, ..] => AddressClass::Private,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        // Global unicast is 2000::/3; inside it Teredo, benchmarks, ORCHID (2001::/23) and documentation are not.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressClass::Reserved,
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> AddressClass {
        AddressClass::of(text.parse().expect("an address"))
    }

    #[test]
    fn case_45_an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address() {
        for metadata in
            ["::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"]
        {
            assert_eq!(class(metadata), AddressClass::LinkLocal, "{metadata}");
        }
        for loopback in ["::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"] {
            assert_eq!(class(loopback), AddressClass::Loopback, "{loopback}");
        }
    }

    #[test]
    fn every_special_range_is_known() {
        let expected = [
            ("8.8.8.8", AddressClass::Public),
            ("2606:4700::1111", AddressClass::Public),
            ("127.8.8.8", AddressClass::Loopback),
            ("::1", AddressClass::Loopback),
            ("10.1.2.3", AddressClass::Private),
            ("172.31.255.255", AddressClass::Private),
            ("172.32.0.1", AddressClass::Public),
            ("192.168.0.1", AddressClass::Private),
            ("100.64.0.1", AddressClass::Private),
            ("fd00:ec2::254", AddressClass::Private),
            ("169.254.169.254", AddressClass::LinkLocal),
            ("fe80::1", AddressClass::LinkLocal),
            ("100.100.100.200", AddressClass::Metadata),
            ("168.63.129.16", AddressClass::Metadata),
            ("192.0.2.1", AddressClass::Reserved),
            ("198.18.0.1", AddressClass::Reserved),
            ("2001:db8::1", AddressClass::Reserved),
            ("2001::1", AddressClass::Reserved),
            ("fec0::1", AddressClass::Reserved),
            ("0.0.0.0", AddressClass::NoHost),
            ("0.1.2.3", AddressClass::NoHost),
            ("::", AddressClass::NoHost),
            ("224.0.0.1", AddressClass::NoHost),
            ("255.255.255.255", AddressClass::NoHost),
            ("ff02::1", AddressClass::NoHost),
        ];
        for (text, expected) in expected {
            assert_eq!(class(text), expected, "{text}");
        }
    }
}
