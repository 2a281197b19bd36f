//! A run that is watched while it goes on: its output as it comes, signals to it, and what it reports.
//!
//! Nothing here waits for time to pass. It waits for what is to happen, and fails the test when that takes too long.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde::Deserialize;

use crate::processes;
use crate::server::{Answer, Server};
use crate::support::{Ending, Invocation, dogwrap_path};

/// How long anything may take that is to happen at once, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `look` finds something.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look)
}

/// The same for what takes its time: it may take as long as `patience`.
pub fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {patience:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until the file has at least one line, and returns what is in it.
fn lines_of(path: &Path) -> String {
    eventually(&format!("a line in {}", path.display()), || {
        fs::read_to_string(path).ok().filter(|content| content.ends_with('\n'))
    })
}

/// Waits until the number of a process has been written to the file, and returns it.
pub fn process_in(path: &Path) -> Pid {
    Pid::from_raw(lines_of(path).trim().parse().expect("the file holds the number of a process"))
}

/// A command to be run by the program under test, which reports every run to a server of its own.
///
/// In the working directory of the command, its home, there is a named pipe `gate`: a command that reads a line from it
/// waits until the test opens the gate. What else the command leaves there, the test can look at.
pub struct Job {
    command: Vec<OsString>,
    options: Vec<OsString>,
    script: Option<&'static str>,
    variables: Vec<(&'static str, &'static str)>,
    input: Vec<u8>,
}

impl Job {
    pub fn new(command: impl Into<OsString>) -> Self {
        Self {
            command: vec![command.into()],
            options: Vec::new(),
            script: None,
            variables: Vec::new(),
            input: Vec::new(),
        }
    }

    /// Adds words to the command.
    pub fn words<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.command.extend(words.map(OsString::from));
        self
    }

    pub fn options<const N: usize>(mut self, options: [&str; N]) -> Self {
        self.options.extend(options.map(OsString::from));
        self
    }

    /// Has the program started by a shell that runs `script`, where `"$@"` is the program with its arguments.
    pub fn started_by(mut self, script: &'static str) -> Self {
        self.script = Some(script);
        self
    }

    pub fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// What the command reads on its standard input.
    pub fn input(mut self, input: &[u8]) -> Self {
        self.input = input.to_vec();
        self
    }

    pub fn start(self) -> Watched {
        let server = Server::start(Answer::default());
        let mut words: Vec<OsString> = match self.script {
            Some(script) => ["sh", "-c", script, "sh"].map(OsString::from).into(),
            None => Vec::new(),
        };
        words.push(dogwrap_path().into());
        words.extend(["-n", "job", "-k", "key", "-m", "all", "-s", &server.url()].map(OsString::from));
        words.extend(self.options);
        words.push("--".into());
        words.extend(self.command);

        let variables = self.variables.into_iter();
        let invocation = variables
            .fold(Invocation::new(words.remove(0), words), |invocation, (name, value)| invocation.variable(name, value))
            .input(self.input.clone());
        let gate = Gate::new(invocation.home().join("gate"));
        let started = Instant::now();
        let mut child =
            invocation.command().spawn().unwrap_or_else(|error| panic!("{invocation} cannot be started: {error}"));
        if let Some(mut stdin) = child.stdin.take() {
            // A command need not read its input.
            thread::spawn(move || stdin.write_all(&self.input));
        }
        Watched {
            stdout: Output::of(child.stdout.take().expect("stdout is a pipe")),
            stderr: Output::of(child.stderr.take().expect("stderr is a pipe")),
            child,
            gate,
            server,
            invocation,
            started,
        }
    }
}

/// A named pipe, held open: a line read from it is one that was written here.
pub struct Gate(File);

impl Gate {
    pub fn new(path: PathBuf) -> Self {
        mkfifo(&path, Mode::S_IRWXU).expect("a named pipe can be made in a fresh directory");
        Self(OpenOptions::new().read(true).write(true).open(path).expect("the pipe can be opened"))
    }

    /// Lets one command on that waits here, now or later.
    pub fn open(&self) {
        (&self.0).write_all(b"\n").expect("the pipe is far from full");
    }
}

/// One stream of a program, read as it comes.
pub struct Output(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    ended: bool,
}

impl Output {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let content = Arc::<Mutex<Content>>::default();
        let read = Arc::clone(&content);
        thread::spawn(move || {
            let mut piece = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = stream.read(&mut piece) {
                read.lock().expect("no test panics while it looks").bytes.extend_from_slice(&piece[..length]);
            }
            read.lock().expect("no test panics while it looks").ended = true;
        });
        Self(content)
    }

    fn look<T>(&self, look: impl FnOnce(&Content) -> T) -> T {
        look(&self.0.lock().expect("no test panics while it looks"))
    }

    /// What has come so far.
    pub fn so_far(&self) -> Vec<u8> {
        self.look(|content| content.bytes.clone())
    }

    /// Waits until `text` has come.
    pub fn wait_for(&self, text: &str) {
        let has_come = |content: &Content| content.bytes.windows(text.len()).any(|window| window == text.as_bytes());
        eventually(&format!("{text:?} in the output"), || self.look(has_come).then_some(()));
    }

    /// Everything there is, once the stream has ended.
    pub fn to_its_end(&self) -> Vec<u8> {
        eventually("the end of the output", || self.look(|content| content.ended.then(|| content.bytes.clone())))
    }

    pub fn text_to_its_end(&self) -> String {
        String::from_utf8_lossy(&self.to_its_end()).into_owned()
    }
}

/// What is reported of a run.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    pub title: String,
    pub text: String,
    pub alert_type: String,
}

impl Event {
    /// Waits for the first event.
    pub fn first_sent_to(server: &Server) -> Self {
        let body = eventually("an event", || Some(server.requests().first()?.body.clone()));
        serde_json::from_slice(&body).expect("an event is JSON")
    }

    pub fn exit_code(&self) -> i32 {
        let behind = self.text.split("**>>>> EXIT CODE <<<<**").nth(1).expect("an event has an exit code");
        behind.split_whitespace().next().and_then(|code| code.parse().ok()).expect("the exit code is a number")
    }

    /// How long the command ran, in seconds.
    pub fn duration(&self) -> f64 {
        let last = self.title.rsplit(' ').next().and_then(|word| word.strip_suffix('s'));
        last.and_then(|seconds| seconds.parse().ok()).expect("a title ends with the duration")
    }
}

/// A run that was started. What it leaves behind ends with this value.
pub struct Watched {
    pub stdout: Output,
    pub stderr: Output,
    pub gate: Gate,
    child: Child,
    server: Server,
    invocation: Invocation,
    started: Instant,
}

impl Watched {
    /// The program under test, or the shell that starts it.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process number is positive"))
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("what was not waited for can be signalled");
    }

    /// Waits for the end of the program, and of nothing else.
    pub fn ending(&mut self) -> Ending {
        eventually("the end of the program", || self.child.try_wait().expect("a child can be waited for")).into()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// How long it has been since the program was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits for the report of the run.
    pub fn event(&self) -> Event {
        Event::first_sent_to(&self.server)
    }

    /// How many requests have been made so far.
    pub fn requests(&self) -> usize {
        self.server.requests().len()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.invocation.home().join(name)
    }

    /// Waits until the file has at least one line, and returns what is in it.
    pub fn file(&self, name: &str) -> String {
        lines_of(&self.path(name))
    }

    /// The number of a process, which the command writes to the file.
    pub fn process(&self, file: &str) -> Pid {
        process_in(&self.path(file))
    }

    /// Every process of the run that is alive.
    pub fn processes(&self) -> Vec<Pid> {
        processes::at_home(self.invocation.home())
    }

    /// Waits until no process of the run is alive.
    pub fn wait_until_nothing_is_left(&self) {
        eventually("the end of all processes", || self.processes().is_empty().then_some(()));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        processes::end_all_at_home(self.invocation.home());
        let _ = self.child.wait();
    }
}
