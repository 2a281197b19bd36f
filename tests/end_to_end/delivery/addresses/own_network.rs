//! A network of a test's own, with names of its own, where addresses lead nowhere as the test needs them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::Ipv4Addr;

use super::skipped;
use crate::sandbox::guests;
use crate::support::{Ending, Invocation, dogwrap_path};

/// Tells a test that it is in a network of its own.
const INSIDE: &str = "DOGWRAP_TEST_OWN_NETWORK";

/// An address that servers in the network can have beside the loopback's.
pub const OURS: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// One of a private network.
pub const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// One of the Internet.
pub const PUBLIC: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 1);
/// The one at which clouds give out the secrets of a machine.
pub const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// The names. A resolver puts what is close by before what is far away (RFC 6724, section 6, rule 8), and so the addresses
/// of the loopback before ours.
const HOSTS: &str = "
127.0.0.1 localhost
127.0.0.2 refusing-first.test
198.51.100.1 refusing-first.test
127.7.7.2 silent-first.test
127.7.7.3 silent-first.test
127.7.7.4 silent-first.test
127.7.7.5 silent-first.test
198.51.100.1 silent-first.test
2001:db8::2 silent-ipv6-first.test
198.51.100.1 silent-ipv6-first.test
127.7.7.2 silent.test
127.7.7.3 silent.test
127.0.0.1 api.datadoghq.com
10.0.0.1 api.us3.datadoghq.com
::ffff:10.0.0.1 api.us5.datadoghq.com
169.254.169.254 api.datadoghq.eu
10.0.0.1 api.ap1.datadoghq.com
11.0.0.1 api.ap1.datadoghq.com
169.254.169.254 metadata.test
";

/// The services that look names up where a test has none of its own.
const SERVICES: &str = "hosts: files dns\n";

/// Where names are asked for that are not above. There is nobody, but where a test has somebody.
const RESOLVER: &str = "nameserver 127.0.0.1\n";

/// Sets up a network of which all is behind the loopback, and runs a program in it. What is sent there to an address that
/// is not ours is dropped without a word.
const SET_UP: &str = r#"
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up
for address in 198.51.100.1 10.0.0.1 11.0.0.1 169.254.169.254; do ip address add $address/32 dev lo; done
ip route add 127.7.7.0/24 dev lo src 127.0.0.1 table local
ip -6 address add 2001:db8::1/128 dev lo nodad
ip -6 route add 2001:db8::/64 dev lo
for file in hosts nsswitch.conf resolv.conf; do test ! -e /etc/$file || mount --bind "$1/$file" /etc/$file; done
: > "$1/set-up"
shift
exec "$@"
"#;

/// Does `body` in a network of its own, which is that of a process: the test called `name` is run once more, by itself.
pub fn in_own_network(name: &str, body: impl FnOnce()) {
    in_own_network_with(name, SERVICES, body);
}

/// The same, where names are looked up by `services`, as nsswitch.conf(5) has them.
pub fn in_own_network_with(name: &str, services: &str, body: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        return body();
    }
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for (file, content) in [("hosts", HOSTS), ("nsswitch.conf", services), ("resolv.conf", RESOLVER)] {
        fs::write(directory.path().join(file), content).expect("the directory can be written to");
    }
    let this_program = env::current_exe().expect("a program knows where it is");
    let arguments: [OsString; 12] = [
        "--map-root-user".into(),
        "--net".into(),
        "--mount".into(),
        "sh".into(),
        "-euc".into(),
        SET_UP.into(),
        "sh".into(),
        directory.path().into(),
        this_program.into(),
        "--exact".into(),
        name.into(),
        "--nocapture".into(),
    ];
    let run = Invocation::new("unshare", arguments)
        .variable(INSIDE, "1")
        .variable("DOGWRAP", dogwrap_path())
        .variable("DOGWRAP_GUESTS", guests())
        .run();
    let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    if !directory.path().join("set-up").exists() {
        return skipped(&format!("{name}, because no network can be made here: {}", stderr.trim()));
    }
    assert!(run.ending == Ending::Exited(0) && stdout.contains("1 passed"), "{name}:\n{stdout}\n{stderr}");
}
