//! A guest, run by the host in the place of the built-in rules, and what has to hold whatever it does.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::server::{Answer, Server};
use crate::spool::files::content;
use crate::spool::run::{Run, Told};
use crate::spool::sent::events;
use crate::spool::wrapper::Wrapper;
use crate::support::Ending;
use crate::watched::eventually;

/// The command of most of these runs.
pub const COMMAND: &str = "echo out; echo err >&2; exit 3";

/// What it prints, and the status that it ends with.
pub const PRINTED: &str = "out\n";
pub const SAID: &str = "err\n";
pub const STATUS: u8 = 3;

/// What is said when the event is kept.
pub const KEPT: &str = "dogwrap: its result is kept: the next run delivers it, or 'dogwrap --flush'\n";

/// Where the compiled guests are: what `DOGWRAP_GUESTS` names, or else where they are built.
pub fn guests() -> PathBuf {
    std::env::var_os("DOGWRAP_GUESTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wasm32-wasip2/release"), PathBuf::from)
}

/// The file of the guest called `name`.
pub fn file_of(name: &str) -> String {
    let file = guests().join(name).with_extension("cwasm");
    assert!(
        file.is_file(),
        "{} does not exist: run `make guests` first, or name them in DOGWRAP_GUESTS",
        file.display()
    );
    file.into_os_string().into_string().expect("the path is UTF-8")
}

/// The line that says that a guest has failed while there was something left to do.
pub fn failure(reason: &str, outlook: &str) -> String {
    format!("dogwrap: the component failed: {reason}{outlook}\n")
}

/// The end of that line, by how far the command had come.
pub const NOT_STARTED: &str = "; the command runs without it";
pub const RUNNING: &str = "; the command runs on without it";
pub const OVER: &str = "";

/// A guest as the component of a job, with a server to report to.
pub struct Guest {
    pub server: Server,
    /// The same job with the built-in rules.
    pub honest: Wrapper,
    hostile: Wrapper,
}

impl Guest {
    pub fn new(name: &str) -> Self {
        let server = Server::start(Answer::default());
        let honest = Wrapper::to(server.url());
        let hostile = honest.options(["--component", &file_of(name)]);
        Self { server, honest, hostile }
    }

    pub fn variable(self, name: &'static str, value: impl Into<String>) -> Self {
        Self { hostile: self.hostile.variable(name, value), ..self }
    }

    pub fn options<const N: usize>(self, options: [&str; N]) -> Self {
        Self { hostile: self.hostile.options(options), ..self }
    }

    /// Has the job report to another site.
    pub fn at(self, site: impl Into<String>) -> Self {
        Self { hostile: self.hostile.at(site), ..self }
    }

    pub fn home(&self) -> &Path {
        self.honest.home()
    }

    pub fn start(&self, command: &str) -> Run {
        self.hostile.start(command)
    }

    /// Runs the command, which ends as it does by itself.
    pub fn run(&self) -> Told {
        let told = self.start(COMMAND).finish();
        assert_eq!(told.ending, Ending::Exited(STATUS.into()), "{told:?}");
        told
    }

    /// Runs the command, and returns what the guest has said before the command's output came through.
    pub fn seen(&self) -> String {
        let told = self.run();
        assert_eq!(told.said, SAID, "{told:?}");
        let seen = told.printed.strip_suffix(PRINTED);
        seen.unwrap_or_else(|| panic!("{told:?} lacks the output of the command")).to_owned()
    }

    /// Checks that all that the guest tries is denied, and the command is not disturbed.
    pub fn assert_denied(&self) {
        let seen = self.seen();
        assert!(!seen.is_empty() && seen.lines().all(|line| line == "denied"), "{seen}");
    }

    /// Checks that the guest fails for `reason` when the command has come as far as `outlook` says, that the command runs
    /// to its end, and that its event is kept.
    pub fn assert_failed(&self, reason: &str, outlook: &str) {
        let told = self.run();
        let said = if outlook == OVER {
            format!("{SAID}{}{KEPT}", failure(reason, outlook))
        } else {
            format!("{}{SAID}{KEPT}", failure(reason, outlook))
        };
        assert_eq!((told.printed.as_str(), told.said), (PRINTED, said));
        self.assert_kept(reason, COMMAND, STATUS);
    }

    /// Checks that the guest fails for `reason` while the command goes on, which runs to its end, and that its event is
    /// kept. Returns what the guest has said before.
    pub fn assert_failed_while_running(&self, reason: &str) -> String {
        let command = format!("until test -e go; do sleep 0.01; done; {COMMAND}");
        let run = self.start(&command);
        let line = failure(reason, RUNNING);
        eventually("the failure of the guest", || run.said_so_far().ends_with(&line).then_some(()));
        fs::write(self.home().join("go"), "").expect("it can be written");
        let told = run.finish();
        assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(STATUS.into()), PRINTED), "{}", told.said);
        let before = told.said.strip_suffix(&format!("{line}{SAID}{KEPT}"));
        let before = before.unwrap_or_else(|| panic!("{:?} ends otherwise", told.said)).to_owned();
        self.assert_kept(reason, &command, STATUS);
        before
    }

    /// Checks that the event of the run is kept, as it is when the guest has failed for `reason`, and that a run of the
    /// built-in rules delivers it.
    pub fn assert_kept(&self, reason: &str, command: &str, status: u8) {
        let listed = self.honest.list(["--json"]);
        let listed: Value = serde_json::from_str(&listed.printed).expect("one line of JSON is listed");
        let fields = ["state", "job", "kind", "reason"].map(|field| listed[field].as_str().expect("it is text"));
        assert_eq!(fields, ["waiting", "job", "event", &format!("the component failed: {reason}")]);
        let [file] = self.honest.waiting().try_into().expect("one file waits");
        assert_event(&content(&file)["request"]["body"], reason, command, status);

        let sent_by_guest = self.server.requests().len();
        self.honest.run_quietly();
        let [event] = events(&self.server).split_off(sent_by_guest).try_into().expect("one event is delivered");
        assert_event(&event, reason, command, status);
        assert!(self.honest.waiting().is_empty());
    }
}

fn assert_event(event: &Value, reason: &str, command: &str, status: u8) {
    let text = |field: &str| event[field].as_str().unwrap_or_else(|| panic!("{event} lacks {field}")).to_owned();
    assert!(text("title").starts_with("[host] job failed in ") && text("title").ends_with('s'), "{event}");
    assert_eq!(text("alert_type"), "error");
    for part in [
        format!("**>>>> CMD <<<<**\n```\n{command} \n```\n"),
        format!("**>>>> EXIT CODE <<<<**\n\n {status}\n"),
        format!("*What it printed is not shown: dogwrap's component failed: {reason}.*\n"),
    ] {
        assert!(text("text").contains(&part), "{event} lacks {part}");
    }
}
