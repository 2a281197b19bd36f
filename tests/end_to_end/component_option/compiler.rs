//! The compiler: `dogwrap-compile`, and the one in a program that takes plain components.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{built_in_component, compiled, compiler};
use crate::support::{Ending, Invocation};

/// Runs `program` in `directory`, and returns its ending and what it said; it prints nothing.
fn said(program: &Path, directory: &Path, arguments: &[&str]) -> (Ending, String) {
    let outcome = Invocation::new(program, arguments).directory(directory).run();
    assert!(outcome.stdout.is_empty(), "{outcome:?}");
    (outcome.ending, String::from_utf8(outcome.stderr).expect("messages are UTF-8"))
}

#[test]
fn it_says_what_is_wrong_in_one_line() {
    let Some(compiler) = compiler("the compiler") else { return };
    let program = compiler.join("dogwrap-compile");
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let said = |arguments: &[&str]| said(&program, directory.path(), arguments);
    let usage = "dogwrap-compile: nothing to compile\nhint: dogwrap-compile FILE.wasm... makes FILE.cwasm\n";
    assert_eq!(said(&[]), (Ending::Exited(2), usage.to_owned()));
    let missing = "dogwrap-compile: none.wasm: no such file or directory\n";
    assert_eq!(said(&["none.wasm"]), (Ending::Exited(1), missing.to_owned()));
    for (name, content) in
        [("text.wasm", &b"text"[..]), ("module.wasm", b"\0asm\x01\0\0\0"), ("cut.wasm", b"\0asm\x0d\0\x01")]
    {
        fs::write(directory.path().join(name), content).expect("it can be written");
        let (ending, line) = said(&[name]);
        assert_eq!(ending, Ending::Exited(1), "{line}");
        assert!(line.starts_with(&format!("dogwrap-compile: {name}: no valid component: ")), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!directory.path().join(name).with_extension("cwasm").exists());
    }
    fs::copy(built_in_component(), directory.path().join("rules.wasm")).expect("it can be copied");
    fs::create_dir(directory.path().join("rules.cwasm")).expect("it can be made");
    let unwritable = "dogwrap-compile: rules.wasm: cannot write 'rules.cwasm': is a directory\n";
    assert_eq!(said(&["rules.wasm"]), (Ending::Exited(1), unwritable.to_owned()));
}

#[test]
fn what_it_makes_is_trusted_whatever_the_umask() {
    let Some(compiler) = compiler("the compiler") else { return };
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    fs::copy(built_in_component(), directory.path().join("rules.wasm")).expect("it can be copied");
    let program = compiler.join("dogwrap-compile");
    let program = program.to_str().expect("it is text");
    let arguments = ["-c", r#"umask 0; exec "$0" rules.wasm"#, program];
    assert_eq!(said(Path::new("/bin/sh"), directory.path(), &arguments), (Ending::Exited(0), String::new()));
    let mode = fs::metadata(directory.path().join("rules.cwasm")).expect("it is made").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_program_with_a_compiler_refuses_broken_components() {
    let Some(compiler) = compiler("a program with a compiler in it") else { return };
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let whole = fs::read(built_in_component()).expect("`make component` has built it");
    let path = directory.path().join("rules.wasm");
    for content in [&whole[..8], &whole[..whole.len() / 2], b"\0asm\x0d\0\x01\0text"] {
        fs::write(&path, content).expect("it can be written");
        let (ending, line) = said(&compiler.join("dogwrap"), directory.path(), &["--component", "rules.wasm", "true"]);
        assert_eq!(ending, Ending::Exited(0), "{line}");
        assert!(line.starts_with("dogwrap: the component failed: "), "{line}");
        assert!(line.ends_with("; the command runs without it\n") && line.lines().count() == 1, "{line}");
    }
    let file = compiled(&compiler, directory.path());
    fs::write(&file, &fs::read(&file).expect("it is there")[..4096]).expect("it can be written");
    let (ending, line) = said(&compiler.join("dogwrap"), directory.path(), &["--component", "rules.cwasm", "exit 3"]);
    assert_eq!(ending, Ending::Exited(3), "{line}");
}
