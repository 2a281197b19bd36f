//! Standard output and standard error that cannot be written: full, or closed.

use crate::support::Ending;
use crate::watched::Job;

/// Prints more than fits anywhere on the way, and leaves a file when it has got rid of it.
const COMMAND: &str = "seq 1 100000; echo error >&2; echo $? >printed; exit 3";

#[test]
fn a_full_device_is_said_once() {
    let mut run = Job::new(COMMAND).started_by(r#"exec "$@" >/dev/full"#).start();
    assert_eq!(run.ending(), Ending::Exited(3));
    assert_eq!(run.file("printed"), "0\n");
    assert!(run.event().text.contains("\n100000\n"));
    let said = run.stderr.text_to_its_end();
    let of_ours: Vec<_> = said.lines().filter(|line| *line != "error").collect();
    assert!(
        matches!(of_ours[..], [line] if line.contains("standard output") && line.contains("no space left")),
        "{said}"
    );
}

#[test]
fn a_full_device_of_which_nobody_can_be_told_is_no_matter() {
    let mut run = Job::new(COMMAND).started_by(r#"exec "$@" >/dev/full 2>&1"#).start();
    assert_eq!(run.ending(), Ending::Exited(3));
    assert_eq!(run.file("printed"), "0\n");
    assert!(run.event().text.contains("\n100000\n") && run.event().text.contains("error"));
}

#[test]
fn closed_streams_are_no_matter_to_the_command() {
    for script in [r#"exec "$@" >&-"#, r#"exec "$@" 2>&-"#, r#"exec "$@" >&- 2>&-"#, r#"exec "$@" <&- >&- 2>&-"#] {
        let mut run = Job::new(COMMAND).started_by(script).start();
        assert_eq!(run.ending(), Ending::Exited(3), "{script}");
        assert_eq!(run.file("printed"), "0\n");
        let text = run.event().text;
        assert!(text.contains("\n100000\n") && text.contains("error"), "{script}: {text}");
    }
}

#[test]
fn the_other_stream_arrives_when_one_is_closed() {
    let run = Job::new(COMMAND).started_by(r#"exec "$@" >&-"#).start();
    assert_eq!(run.stderr.text_to_its_end(), "error\n");
    let run = Job::new(COMMAND).started_by(r#"exec "$@" 2>&-"#).start();
    assert!(run.stdout.text_to_its_end().ends_with("\n100000\n"));
}
