//! The component in a runtime, and what it is lent there.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::spool::files::files_below;
use crate::spool::wrapper::{HOST, KEY, SECRET, Wrapper};
use crate::support::{Ending, Invocation, skipped};

/// The component: what `DOGWRAP_REPORT` names, or else the one that `make report` builds.
pub fn component() -> PathBuf {
    std::env::var_os("DOGWRAP_REPORT").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components/dogwrap-report.wasm"),
        PathBuf::from,
    )
}

/// Wasmtime, as `DOGWRAP_WASMTIME` names it. Where it is absent that is said, and nothing is tested.
pub fn wasmtime() -> Option<PathBuf> {
    let program = std::env::var_os("DOGWRAP_WASMTIME").filter(|program| !program.is_empty()).map(PathBuf::from);
    if program.is_none() {
        skipped("DOGWRAP_WASMTIME names no program, so the reporter is not run in a stock runtime");
    }
    program
}

/// What runs components.
#[derive(Clone)]
enum Runtime {
    Wasmtime {
        program: PathBuf,
    },
    /// Node.js, and a script that takes a component, a directory to lend, and the arguments.
    Jco {
        runner: PathBuf,
    },
}

/// The component, compiled once for all tests: that takes longer than to run it.
fn compiled(wasmtime: &Path) -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (unfinished, path) =
            (directory.join(format!("{}.cwasm", std::process::id())), directory.join("dogwrap-report.cwasm"));
        let compile = Command::new(wasmtime).arg("compile").arg("-o").arg(&unfinished).arg(component()).status();
        assert!(compile.expect("wasmtime can be started").success(), "wasmtime compiles the component");
        fs::rename(&unfinished, &path).expect("both are in one directory");
        path
    })
}

/// How a report ended, and all that it showed.
#[derive(Debug)]
pub struct Told {
    pub status: i32,
    pub printed: String,
    pub said: String,
}

impl Told {
    /// Checks that it ended so, and returns what it said.
    pub fn with(self, status: i32) -> String {
        assert_eq!(self.status, status, "{self:?}");
        self.said
    }

    /// Checks that it ended well and had nothing to say.
    pub fn quietly(self) {
        assert_eq!((self.status, self.said.as_str()), (0, ""), "{self:?}");
    }
}

/// The reporter, as somebody calls it after a job.
#[derive(Clone)]
pub struct Reporter {
    runtime: Runtime,
    site: String,
    key: &'static str,
    /// The wrapper whose state directory is lent.
    beside: Option<Wrapper>,
    /// What else is lent.
    lent: Vec<PathBuf>,
    limits: Vec<String>,
    options: Vec<OsString>,
    input: Vec<u8>,
    fed_by: Option<&'static str>,
}

impl Reporter {
    /// In Wasmtime, without a state directory.
    pub fn to(site: impl Into<String>) -> Option<Self> {
        Some(Self::new(Runtime::Wasmtime { program: wasmtime()? }, site.into()))
    }

    /// In Node.js, as `DOGWRAP_JCO_RUNNER` runs it. Where that is not set, it is said.
    pub fn in_jco(site: impl Into<String>) -> Option<Self> {
        let runner = std::env::var_os("DOGWRAP_JCO_RUNNER").filter(|runner| !runner.is_empty()).map(PathBuf::from);
        if runner.is_none() {
            skipped("DOGWRAP_JCO_RUNNER names no script, so the reporter is not run in Node.js");
        }
        Some(Self::new(Runtime::Jco { runner: runner? }, site.into()))
    }

    fn new(runtime: Runtime, site: String) -> Self {
        let (limits, lent, options) = (Vec::new(), Vec::new(), Vec::new());
        Self { runtime, site, key: KEY, beside: None, lent, limits, options, input: Vec::new(), fed_by: None }
    }

    /// The same with the state directory of `wrapper`, which is made if it is not there.
    pub fn beside(&self, wrapper: &Wrapper) -> Self {
        fs::create_dir_all(wrapper.state()).expect("a directory can be made");
        Self { beside: Some(wrapper.clone()), ..self.clone() }
    }

    fn state(&self) -> Option<PathBuf> {
        self.beside.as_ref().map(Wrapper::state)
    }

    /// The same with a directory more.
    pub fn lent(&self, directory: impl Into<PathBuf>) -> Self {
        let mut reporter = self.clone();
        reporter.lent.push(directory.into());
        reporter
    }

    pub fn key(&self, key: &'static str) -> Self {
        Self { key, ..self.clone() }
    }

    /// The same with options of the runtime.
    pub fn limited<const N: usize>(&self, limits: [&str; N]) -> Self {
        Self { limits: limits.map(str::to_owned).to_vec(), ..self.clone() }
    }

    pub fn options<const N: usize>(&self, options: [&str; N]) -> Self {
        let mut reporter = self.clone();
        reporter.options.extend(options.map(OsString::from));
        reporter
    }

    /// The same with something on its standard input.
    pub fn input(&self, input: impl Into<Vec<u8>>) -> Self {
        Self { input: input.into(), ..self.clone() }
    }

    /// The same with what a command prints on its standard input.
    pub fn fed_by(&self, command: &'static str) -> Self {
        Self { fed_by: Some(command), ..self.clone() }
    }

    /// Reports that `job` ended with this status.
    pub fn report(&self, job: &str, status: i32) -> Told {
        self.options(["-n", job, "--exit_code", &status.to_string()]).run([])
    }

    /// Delivers what waits.
    pub fn flush(&self) -> Told {
        self.run(["--flush"])
    }

    /// Runs the component to its end, with these arguments after all others.
    pub fn run<const N: usize>(&self, arguments: [&str; N]) -> Told {
        let outcome = self.invocation(arguments).run();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("messages are UTF-8");
        let Ending::Exited(status) = outcome.ending else { panic!("{outcome:?}") };
        let told = Told { status, printed: text(outcome.stdout), said: text(outcome.stderr) };
        assert!(!told.said.contains(SECRET) && !told.printed.contains(SECRET), "{told:?}");
        for file in self.state().iter().flat_map(|state| files_below(state)) {
            // Another report may have delivered it.
            let content = fs::read(&file).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&content).contains(SECRET), "{}", file.display());
        }
        told
    }

    /// The component with its arguments and surroundings, to be run.
    pub fn invocation<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        let mut words: Vec<OsString> = Vec::new();
        match &self.runtime {
            Runtime::Wasmtime { program } => {
                words.extend([program.into(), "run".into(), "--allow-precompiled".into(), "-S".into(), "http".into()]);
                words.extend(["DD_API_KEY", "DD_HOSTNAME"].into_iter().flat_map(|name| ["--env".into(), name.into()]));
                for directory in self.state().iter().chain(&self.lent) {
                    let path = directory.to_str().expect("temporary paths are UTF-8");
                    words.extend(["--dir".into(), format!("{path}::{path}").into()]);
                }
                words.extend(self.limits.iter().map(OsString::from));
                words.push(compiled(program).into());
            }
            Runtime::Jco { runner } => {
                let lent = self.state().or_else(|| self.lent.first().cloned()).unwrap_or_default();
                words.extend(["node".into(), runner.into(), component().into(), lent.into()]);
            }
        }
        words.extend(["-s".into(), self.site.clone().into()]);
        if let Some(state) = self.state() {
            words.extend(["--spool_dir".into(), state.into()]);
        }
        words.extend(self.options.iter().cloned().chain(arguments.map(OsString::from)));
        if let Some(command) = self.fed_by {
            let script = format!("{{ {command}; }} | \"$@\"");
            words.splice(0..0, ["/bin/sh".into(), "-c".into(), script.into(), "sh".into()]);
        }
        let program = words.remove(0);
        Invocation::new(program, words)
            .variable("DD_API_KEY", self.key)
            .variable("DD_HOSTNAME", HOST)
            .input(self.input.clone())
    }
}
