//! What a command has around it: everything that it would have without us.

use crate::support::{Ending, Invocation};
use crate::watched::Job;

/// Shows everything around a command: its directory, umask, limits, environment, open files, priority, what is done with
/// signals, and what is to be read.
const SHOW: &str = "pwd; umask; ulimit -a; env | grep -v '^_=' | sort; ls /proc/$$/fd; nice; \
    grep -E '^(Sig(Blk|Ign|Cgt)|Groups|NoNewPrivs)' /proc/self/status; cut -d' ' -f6 /proc/self/stat; cat <&9; cat";

/// Changes what can be changed of it, and runs what it is given.
const SURROUND: &str = r#"mkdir -p below; echo lent >nine; cd below; umask 027; ulimit -n 123; ulimit -c 0; trap '' USR2
    exec 9<../nine; exec nice -n 3 "$@""#;

#[test]
fn a_command_has_the_same_around_it_as_without_us() {
    let mut run = Job::new(SHOW).started_by(SURROUND).variable("DD_API_KEY", "inherited").input(b"read\n").start();
    let home = run.path("");
    let home = home.to_str().expect("the directory has a plain name").trim_end_matches('/').to_owned();
    assert_eq!(run.ending(), Ending::Exited(0), "{}", run.stderr.text_to_its_end());
    let shown = run.stdout.text_to_its_end();

    // The same home is there still, and the same test started both.
    let without_us = Invocation::new("sh", ["-c", SURROUND, "sh", "/bin/sh", "-c", SHOW])
        .variable("DD_API_KEY", "inherited")
        .variable("HOME", &home)
        .variable("XDG_STATE_HOME", format!("{home}/state"))
        .directory(&home)
        .input("read\n")
        .run();
    let expected = String::from_utf8_lossy(&without_us.stdout).into_owned();
    assert_eq!(without_internal_signals(&shown), without_internal_signals(&expected));
    for expected in [format!("{home}/below"), "0027".into(), "DD_API_KEY=inherited".into(), "lent\nread".into()] {
        assert!(format!("\n{shown}").contains(&format!("\n{expected}\n")), "{expected} is not in {shown}");
    }
}

/// Leaves out the signals over 31: GNU's C library keeps two for itself, and may have them ignored in what it starts.
fn without_internal_signals(shown: &str) -> String {
    let line = |line: &str| match line.split_once(":\t") {
        Some((field, mask)) if field.starts_with("Sig") => {
            let mask = u64::from_str_radix(mask, 16).expect("a set of signals is a hexadecimal number");
            format!("{field}: {:x}\n", mask & 0x7fff_ffff)
        }
        _ => format!("{line}\n"),
    };
    shown.lines().map(line).collect()
}

#[test]
fn a_command_reads_our_standard_input() {
    let input: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let mut run = Job::new("cat").input(&input).start();
    assert_eq!(run.ending(), Ending::Exited(0));
    assert!(run.stdout.to_its_end() == input);
}

#[test]
fn what_the_command_does_not_read_is_left_for_the_next() {
    let mut run = Job::new("read line; echo command: $line")
        .input(b"first\nsecond\n")
        .started_by(r#""$@"; read line; echo shell: $line"#)
        .start();
    assert_eq!(run.ending(), Ending::Exited(0));
    assert_eq!(run.stdout.text_to_its_end(), "command: first\nshell: second\n");
}

#[test]
fn a_closed_standard_input_is_no_obstacle() {
    let mut run = Job::new("echo out; exit 3").started_by(r#"exec "$@" <&-"#).start();
    assert_eq!(run.ending(), Ending::Exited(3));
    assert_eq!(run.stdout.text_to_its_end(), "out\n");
}
