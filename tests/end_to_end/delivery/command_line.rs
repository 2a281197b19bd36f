//! The command line while a command runs: what everybody on the machine can read of it is not the key.

use std::fs;

use nix::unistd::Pid;

use super::peer::{Peer, answer, field};
use super::reporter::{API_KEY, Reporter};
use crate::support::{Ending, dogwrap_path};
use crate::watched::{Gate, process_in};

const OTHER_KEY: &str = "s3cr3t-other-key";

/// What the system shows of the arguments of a process.
fn shown_arguments(process: Pid) -> Vec<String> {
    let shown = fs::read_to_string(format!("/proc/{process}/cmdline")).expect("the process is alive");
    let shown = shown.strip_suffix('\0').expect("each argument ends with a NUL");
    shown.split('\0').map(str::to_owned).collect()
}

#[test]
fn no_spelling_of_the_key_is_seen_while_the_command_runs() {
    let spellings: &[&[&str]] = &[
        &["-k", API_KEY],
        &["-ks3cr3t-api-key"],
        &["-bks3cr3t-api-key"],
        &["-bk", API_KEY],
        &["--api_key", API_KEY],
        &["--api-key", API_KEY],
        &["--api_key=s3cr3t-api-key"],
        &["--api-key=s3cr3t-api-key"],
        &["--api", API_KEY],
        &["--ap=s3cr3t-api-key"],
        &["-k", OTHER_KEY, "-k", API_KEY],
        &["--api_key=s3cr3t-other-key", "--tags", "a:b", "-ks3cr3t-api-key"],
        &["-k", API_KEY, "--notify_error", "-k"],
        &["-k", API_KEY, "--"],
    ];
    let server = Peer::answering(|_| answer("202 Accepted", "", ""));
    for (number, spelling) in spellings.iter().enumerate() {
        let reporter = spelling.iter().fold(Reporter::without_key(server.url()), |so_far, word| so_far.options([word]));
        let gate = Gate::new(reporter.directory().join("gate"));
        let command = "echo $PPID > started; read line < gate; exit 3";
        let reporting = reporter.start(command);
        let wrapper = process_in(&reporter.directory().join("started"));
        assert_eq!(wrapper, reporting.running.pid());

        let (program, url) = (dogwrap_path().display().to_string(), server.url());
        let words = [&[program.as_str(), "-n", "job", "-m", "all", "-s", &url], *spelling, &[command]].concat();
        let hide = |word: &str, key: &str| word.replace(key, &"x".repeat(key.len()));
        let expected: Vec<_> = words.iter().map(|word| hide(&hide(word, API_KEY), OTHER_KEY)).collect();
        assert_eq!(shown_arguments(wrapper), expected);

        gate.open();
        let told = reporting.finish();
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(3), ""), "{spelling:?}");
        assert_eq!(field(&server.heard()[number], "dd-api-key"), Some(API_KEY), "{spelling:?}");
    }
}
