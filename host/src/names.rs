//! What names stand for: addresses, and a canonical name.
//!
//! The program has the C library in it, and with that what looks into the files of the machine and asks DNS. What else
//! `/etc/nsswitch.conf` may name (multicast DNS, systemd's resolver, a directory service) are libraries that are made for
//! the system's own C library. They are not loaded here: where one of them is to be asked, it is `getent` that asks, and
//! names mean the same as everywhere on the machine.

use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};

use dns_lookup::{AddrInfoHints, getaddrinfo};
use tokio::net::lookup_host;
use tokio::task::spawn_blocking;

use crate::words;

/// Which services are asked for what: see nsswitch.conf(5).
const CONFIGURATION: &str = "/etc/nsswitch.conf";

/// The services that are part of the C library (glibc since 2.34).
const BUILT_IN: [&str; 2] = ["files", "dns"];

/// How much of an answer is read, in bytes: some thousand addresses.
const MAXIMUM_ANSWER: u64 = 128 * 1024;

/// Ask the resolver for the canonical name. Of no type in libc's binding that is the same everywhere.
const AI_CANONNAME: i32 = 2;

/// Why a name stands for nothing.
#[derive(Debug)]
pub enum Error {
    /// No service knows the name, or none answers.
    Unknown,
    /// The services cannot be asked, for a reason in words.
    NotAsked(String),
}

/// The addresses of `host`, a name or an address itself, in the order in which they are to be tried.
pub async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    if host.parse::<IpAddr>().is_ok() || !needs_getent() {
        return Ok(lookup_host((host, port)).await.map_err(|_| Error::Unknown)?.collect());
    }
    let answer = ask_getent(host.to_owned()).await.map_err(|error| Error::NotAsked(reason(&error)))?;
    let addresses: Vec<_> = answered_addresses(&answer).map(|address| SocketAddr::new(address, port)).collect();
    if addresses.is_empty() { Err(Error::Unknown) } else { Ok(addresses) }
}

/// The canonical name of `host`, if it has one.
pub async fn canonical_name(host: String) -> Option<String> {
    if needs_getent() {
        return answered_canonical_name(&ask_getent(host).await.ok()?);
    }
    let look_up = move || {
        let hints = AddrInfoHints { flags: AI_CANONNAME, ..AddrInfoHints::default() };
        getaddrinfo(Some(&host), None, Some(hints)).ok()?.flatten().find_map(|address| address.canonname)
    };
    spawn_blocking(look_up).await.ok()?
}

/// Whether hosts are looked up by services that are not built in. A machine without the file has none.
fn needs_getent() -> bool {
    fs::read(CONFIGURATION).is_ok_and(|text| names_others(&String::from_utf8_lossy(&text)))
}

/// Whether a configuration like nsswitch.conf(5) has hosts looked up by services that are not built in.
fn names_others(configuration: &str) -> bool {
    configuration
        .lines()
        .filter_map(|line| line.split('#').next()?.split_once(':'))
        .filter(|(database, _)| database.trim() == "hosts")
        // What stands in brackets, after a service, says what its answer leads to.
        .flat_map(|(_, services)| services.split('[').enumerate())
        .filter_map(|(count, part)| if count == 0 { Some(part) } else { Some(part.split_once(']')?.1) })
        .flat_map(str::split_whitespace)
        .any(|service| !BUILT_IN.contains(&service))
}

/// What `getent ahosts` prints of `host`. Like the resolver it cannot be interrupted: who waits no longer leaves a thread, and
/// a process, to their own end.
async fn ask_getent(host: String) -> io::Result<String> {
    let ask = move || {
        let mut command = Command::new("getent");
        command.args(["ahosts", "--", &host]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut getent = command.spawn()?;
        let mut answer = Vec::new();
        let read = getent.stdout.take().map(|stdout| stdout.take(MAXIMUM_ANSWER).read_to_end(&mut answer));
        // How it ends adds nothing to what it prints. Where a program ignores SIGCHLD, nobody is told.
        let _ = getent.wait();
        read.transpose()?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    spawn_blocking(ask).await.map_err(io::Error::other)?
}

fn reason(error: &io::Error) -> String {
    format!("getent cannot be run, which {CONFIGURATION} makes us ask for names: {}", words::of(error))
}

/// The addresses in what `getent ahosts` prints: each once, although it has a line for each type of socket.
fn answered_addresses(answer: &str) -> impl Iterator<Item = IpAddr> {
    let mut addresses: Vec<IpAddr> =
        answer.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    addresses.dedup();
    addresses.into_iter()
}

/// The canonical name in what `getent ahosts` prints: it stands in the first line, after the type of socket.
fn answered_canonical_name(answer: &str) -> Option<String> {
    answer.lines().next()?.split_whitespace().nth(2).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_that_are_not_built_in_are_seen() {
        for built_in in [
            "",
            "hosts: files dns",
            "hosts:dns files\n",
            "passwd: files systemd\nhosts:\tfiles dns # mdns4 was here\nnetworks: nis",
            "hosts: files [NOTFOUND=return success=merge] dns [!UNAVAIL=return]",
            "# hosts: files resolve",
            "hosts: files [cut off",
        ] {
            assert!(!names_others(built_in), "{built_in}");
        }
        for others in [
            "hosts: files mdns4_minimal [NOTFOUND=return] dns",
            " hosts : files myhostname resolve [!UNAVAIL=return] dns",
            "hosts: ldap",
            "hosts: files [NOTFOUND=continue]nis",
            "hosts: files dns\nhosts: files dns wins",
        ] {
            assert!(names_others(others), "{others}");
        }
    }

    #[test]
    fn an_answer_is_read() {
        let answer = "2001:db8::1    STREAM api.example.test\n2001:db8::1    DGRAM  \n2001:db8::1    RAW    \n\
                      fe80::1%eth0   STREAM \n192.0.2.7      STREAM \n192.0.2.7      DGRAM  \n";
        let addresses: Vec<_> = answered_addresses(answer).map(|address| address.to_string()).collect();
        assert_eq!(addresses, ["2001:db8::1", "192.0.2.7"]);
        assert_eq!(answered_canonical_name(answer).as_deref(), Some("api.example.test"));
        assert_eq!(answered_addresses("").count(), 0);
        assert_eq!(answered_canonical_name(""), None);
        assert_eq!(answered_canonical_name("192.0.2.7 STREAM"), None);
    }
}
