//! Components that are as good as the built-in one.

use std::ffi::OsStr;
use std::path::Path;

use super::{built_in_component, compiled, compiler};
use crate::server::{Answer, Server};
use crate::support::{Ending, Invocation, Outcome, dogwrap_path};

/// What `program` does with `arguments`, the component of which is in `file`; with the built-in one, if none is named.
fn run<A: AsRef<OsStr>>(program: &Path, file: Option<&Path>, arguments: &[A]) -> Outcome {
    let option = file.map(|file| [OsStr::new("--component"), file.as_os_str()]);
    let arguments = option.iter().flatten().copied().chain(arguments.iter().map(AsRef::as_ref));
    Invocation::new(program, arguments).variable("DD_HOSTNAME", "host").run()
}

/// Checks that `program` with the component in `file` does what the built-in one does.
fn assert_does_the_same(program: &Path, file: &Path) {
    for arguments in [&["--help"][..], &["--version"], &["-t", "soon", "true"], &["-h", "--capabilities"]] {
        let [other, built_in] = [Some(file), None].map(|file| run(program, file, arguments));
        assert_eq!((other.ending, &other.stdout, &other.stderr), (built_in.ending, &built_in.stdout, &built_in.stderr));
    }
    let events = [Some(file), None].map(|file| {
        let server = Server::start(Answer::default());
        let url = server.url();
        let arguments = ["-n", "job", "-k", "key", "-s", &url, "echo out; echo error >&2; exit 3"];
        let outcome = run(program, file, &arguments);
        assert_eq!(outcome.ending, Ending::Exited(3), "{outcome:?}");
        assert_eq!((outcome.stdout.as_slice(), outcome.stderr.as_slice()), (&b"out\n"[..], &b"error\n"[..]));
        let [request] = server.requests().try_into().expect("one event is sent");
        let mut event: serde_json::Value = serde_json::from_slice(&request.body).expect("an event is JSON");
        let title = event["title"].take();
        assert!(title.as_str().is_some_and(|title| title.starts_with("[host] job failed in ")), "{title}");
        event
    });
    assert_eq!(events[0], events[1]);
}

#[test]
fn the_built_in_component_compiled_does_what_it_does_built_in() {
    let Some(compiler) = compiler("a compiled component") else { return };
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let file = compiled(&compiler, directory.path());
    assert_does_the_same(&dogwrap_path(), &file);
    assert_does_the_same(&compiler.join("dogwrap"), &file);
}

#[test]
fn a_program_with_a_compiler_takes_plain_components() {
    let Some(compiler) = compiler("a program with a compiler in it") else { return };
    assert_does_the_same(&compiler.join("dogwrap"), &built_in_component());
}
