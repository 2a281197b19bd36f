//! Output arrives at once, in order, whole and unchanged.

use crate::support::{Ending, Invocation};
use crate::watched::Job;

#[test]
fn a_line_arrives_while_the_command_still_runs() {
    let mut run =
        Job::new("echo out; read line <gate; echo error >&2; read line <gate; printf more; read line <gate; exit 3")
            .start();
    run.stdout.wait_for("out\n");
    assert!(run.is_running());
    run.gate.open();
    run.stderr.wait_for("error\n");
    run.gate.open();
    run.stdout.wait_for("more");
    assert!(run.is_running());
    assert_eq!(run.requests(), 0);
    run.gate.open();
    assert_eq!(run.ending(), Ending::Exited(3));
}

#[test]
fn output_arrives_before_the_report_is_sent() {
    let run = Job::new("echo out; echo error >&2").started_by(r#"exec "$@" >out 2>error"#).start();
    run.event();
    let content = |name| std::fs::read_to_string(run.path(name)).expect("the shell has made it");
    assert_eq!((content("out"), content("error")), ("out\n".into(), "error\n".into()));
}

#[test]
fn a_hundred_thousand_lines_arrive_unchanged() {
    let mut run = Job::new("seq 1 100000; seq 100000 -1 1 >&2").start();
    assert_eq!(run.ending(), Ending::Exited(0));
    let lines =
        |numbers: &mut dyn Iterator<Item = u32>| numbers.map(|number| format!("{number}\n")).collect::<String>();
    assert!(run.stdout.text_to_its_end() == lines(&mut (1..=100_000)));
    assert!(run.stderr.text_to_its_end() == lines(&mut (1..=100_000).rev()));
}

#[test]
fn every_byte_arrives_unchanged_on_both_streams() {
    // Everything that is not UTF-8, not text, or cut in the middle of a character.
    let every_byte: Vec<u8> = (0..=255).chain((0..=255).rev()).chain(*b"\xe2\x82").collect();
    let mut run = Job::new("tee /dev/stderr").input(&every_byte).start();
    assert_eq!(run.ending(), Ending::Exited(0));
    assert_eq!(run.stdout.to_its_end(), every_byte);
    assert_eq!(run.stderr.to_its_end(), every_byte);
    assert!(run.event().text.contains("\u{fffd}"));
}

#[test]
fn output_without_a_newline_gets_none() {
    let run = Job::new("printf out; printf error >&2").start();
    assert_eq!((run.stdout.text_to_its_end(), run.stderr.text_to_its_end()), ("out".into(), "error".into()));
}

#[test]
fn fifty_megabytes_arrive_whole_and_in_order() {
    const PRINT: &str = "seq 1 6500000";
    let run = Job::new(PRINT).started_by(r#""$@" | cksum"#).start();
    let expected = Invocation::new("sh", ["-c".to_owned(), format!("{PRINT} | cksum")]).run();
    assert_eq!(run.stdout.to_its_end(), expected.stdout);
}

#[test]
fn both_streams_keep_their_order_when_they_are_one_file() {
    let mut run = Job::new("for i in 1 2 3; do echo out $i; read line <gate; echo error $i >&2; read line <gate; done")
        .started_by(r#"exec "$@" 2>&1"#)
        .start();
    for i in 1..=3 {
        run.stdout.wait_for(&format!("out {i}\n"));
        run.gate.open();
        run.stdout.wait_for(&format!("error {i}\n"));
        run.gate.open();
    }
    run.ending();
    assert_eq!(run.stdout.text_to_its_end(), "out 1\nerror 1\nout 2\nerror 2\nout 3\nerror 3\n");
}
