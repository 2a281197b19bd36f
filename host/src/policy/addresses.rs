//! Which addresses a name may lead to. Whoever controls a name's resolution must not be able to turn a request, which
//! carries a key, against this machine, its network, or the cloud it runs in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses that requests to an origin may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addresses {
    /// Those that are reachable from all of the Internet.
    Public,
    /// Those, and those of this machine and of private networks.
    AlsoPrivate,
}

impl Addresses {
    /// Whether `address` is one of these. An IPv6 address that stands for one of IPv4 is judged as that one.
    pub fn include(self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V6(v6) => carried(v6).map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        let is_in = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        !is_in(FORBIDDEN) && (self == Self::AlsoPrivate || !is_in(PRIVATE))
    }
}

/// All addresses that begin with the same bits.
struct Network {
    first: IpAddr,
    /// How many bits.
    prefix: u32,
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let in_common = match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => (first.to_bits() ^ address.to_bits()).leading_zeros(),
            (IpAddr::V6(first), IpAddr::V6(address)) => (first.to_bits() ^ address.to_bits()).leading_zeros(),
            _ => return false,
        };
        in_common >= self.prefix
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Network {
    Network { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
}

/// Of an IPv6 network the first 64 bits are enough.
const fn v6(a: u16, b: u16, c: u16, d: u16, prefix: u32) -> Network {
    Network { first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)), prefix }
}

/// One address.
const fn host(address: Ipv6Addr) -> Network {
    Network { first: IpAddr::V6(address), prefix: 128 }
}

/// Where no API can be, whatever anybody asks for: addresses of no host or of many, those of the link, and those at which
/// clouds give out the secrets of a machine.
const FORBIDDEN: &[Network] = &[
    v4(0, 0, 0, 0, 32),                                       // unspecified: RFC 1122
    v4(169, 254, 0, 0, 16),                                   // link-local: RFC 3927; the metadata of most clouds
    v4(224, 0, 0, 0, 4),                                      // multicast: RFC 5771
    v4(255, 255, 255, 255, 32),                               // broadcast: RFC 919
    v4(168, 63, 129, 16, 32),                                 // Azure's platform
    v4(192, 0, 0, 192, 32),                                   // Oracle Cloud's metadata
    v4(100, 100, 100, 200, 32),                               // Alibaba Cloud's metadata
    host(Ipv6Addr::UNSPECIFIED),                              // RFC 4291
    v6(0xfe80, 0, 0, 0, 10),                                  // link-local: RFC 4291
    v6(0xff00, 0, 0, 0, 8),                                   // multicast: RFC 4291
    host(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)), // AWS's metadata
    host(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),  // Google Cloud's metadata
];

/// What is not public, by IANA's registries of special-purpose addresses (RFC 6890).
const PRIVATE: &[Network] = &[
    v4(0, 0, 0, 0, 8),           // this network: RFC 791
    v4(10, 0, 0, 0, 8),          // private: RFC 1918
    v4(100, 64, 0, 0, 10),       // shared between a provider and its customers: RFC 6598
    v4(127, 0, 0, 0, 8),         // loopback: RFC 1122
    v4(172, 16, 0, 0, 12),       // private: RFC 1918
    v4(192, 0, 0, 0, 24),        // protocol assignments: RFC 6890
    v4(192, 0, 2, 0, 24),        // documentation: RFC 5737
    v4(192, 88, 99, 0, 24),      // relays of 6to4: RFC 7526
    v4(192, 168, 0, 0, 16),      // private: RFC 1918
    v4(198, 18, 0, 0, 15),       // benchmarks: RFC 2544
    v4(198, 51, 100, 0, 24),     // documentation: RFC 5737
    v4(203, 0, 113, 0, 24),      // documentation: RFC 5737
    v4(240, 0, 0, 0, 4),         // reserved: RFC 1112
    host(Ipv6Addr::LOCALHOST),   // RFC 4291
    v6(0x64, 0xff9b, 1, 0, 48),  // translation to IPv4 within a network: RFC 8215
    v6(0x100, 0, 0, 0, 63),      // discarded: RFC 6666, and a prefix that stands for none: RFC 9780
    v6(0x2001, 0, 0, 0, 23),     // protocol assignments, Teredo among them: RFC 2928
    v6(0x2001, 0xdb8, 0, 0, 32), // documentation: RFC 3849
    v6(0x3fff, 0, 0, 0, 20),     // documentation: RFC 9637
    v6(0x5f00, 0, 0, 0, 16),     // segment routing: RFC 9602
    v6(0xfc00, 0, 0, 0, 7),      // unique local: RFC 4193
    v6(0xfec0, 0, 0, 0, 10),     // site-local: RFC 3879
];

/// The IPv4 address that `address` stands for, in whichever way its packets get there.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        // These two are IPv6's own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // IPv4-compatible and IPv4-mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, _, _, _, _, _] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these may be gone to: by anybody, and by who named a URL.
    fn permitted(address: &str) -> [bool; 2] {
        let address = address.parse().expect("it is an address");
        [Addresses::Public, Addresses::AlsoPrivate].map(|addresses| addresses.include(address))
    }

    #[test]
    fn some_addresses_are_for_nobody() {
        let metadata = ["168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"];
        let link = ["169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf:ffff::1"];
        let none_or_many = ["0.0.0.0", "::", "224.0.0.1", "239.255.255.255", "255.255.255.255", "ff00::", "ff02::1"];
        for address in metadata.iter().chain(&link).chain(&none_or_many) {
            assert_eq!(permitted(address), [false, false], "{address}");
        }
    }

    #[test]
    fn private_addresses_are_for_who_named_a_url() {
        for range in [
            ["0.0.0.1", "0.255.255.255"],
            ["10.0.0.0", "10.255.255.255"],
            ["100.64.0.0", "100.127.255.255"],
            ["127.0.0.1", "127.255.255.255"],
            ["172.16.0.0", "172.31.255.255"],
            ["192.0.0.0", "192.0.0.255"],
            ["192.0.2.0", "192.0.2.255"],
            ["192.88.99.0", "192.88.99.255"],
            ["192.168.0.0", "192.168.255.255"],
            ["198.18.0.0", "198.19.255.255"],
            ["198.51.100.0", "198.51.100.255"],
            ["203.0.113.0", "203.0.113.255"],
            ["240.0.0.0", "255.255.255.254"],
            ["::1", "::1"],
            ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
            ["100::", "100::1:ffff:ffff:ffff:ffff"],
            ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        ] {
            assert_eq!(range.map(permitted), [[false, true]; 2], "{range:?}");
        }
    }

    #[test]
    fn all_others_are_for_everybody() {
        let beside_ipv4_networks = "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
            169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0
            192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
            223.255.255.255 168.63.129.15 168.63.129.17";
        let beside_ipv6_networks = "64:ff9b:0:1:: 64:ff9b:2:: 100:0:0:2:: 2000:ffff:: 2001:200:: 2001:db7:: 2001:db9::
            2001:ffff:: 2003:: 2600:1f18::1 3ffe:: 3fff:1000:: 5eff:: 5f01:: fbff:: fe00::";
        for address in beside_ipv4_networks.split_whitespace().chain(beside_ipv6_networks.split_whitespace()) {
            assert_eq!(permitted(address), [true, true], "{address}");
        }
    }

    #[test]
    fn an_address_that_carries_another_is_judged_by_it() {
        for (carried, [high, low]) in [
            ("11.0.0.1", ["b00", "1"]),
            ("10.0.0.1", ["a00", "1"]),
            ("127.0.0.1", ["7f00", "1"]),
            ("0.0.0.2", ["0", "2"]),
            ("169.254.169.254", ["a9fe", "a9fe"]),
            ("168.63.129.16", ["a83f", "8110"]),
        ] {
            for address in [
                format!("::{high}:{low}"),
                format!("::ffff:{high}:{low}"),
                format!("64:ff9b::{high}:{low}"),
                format!("2002:{high}:{low}::1"),
            ] {
                assert_eq!(permitted(&address), permitted(carried), "{address}");
            }
        }
    }
}
