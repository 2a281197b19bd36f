//! How this program was called: its arguments, and what the host itself has to know of them.
//!
//! The rules read the command line; the host only looks for what it lends. Both do it with the same code.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use dogwrap::command_line::options::Program;
use dogwrap::command_line::spelling::{Spelled, spell};
use dogwrap::command_line::{self, Surroundings, UsageError, interpret};

use crate::words;

/// The largest file that is taken for a key, in bytes.
const MAXIMUM_KEY_FILE: u64 = 64 * 1024;

/// The arguments of this program.
pub struct Invocation {
    /// With the name it was called by as the first.
    pub arguments: Vec<Vec<u8>>,
    spelled: Spelled,
}

impl Invocation {
    /// Reads the arguments, once: what is secret in them is hidden afterwards.
    pub fn read() -> Self {
        Self::new(std::env::args_os().map(OsString::into_vec).collect())
    }

    /// Takes `arguments`, with the name that the program was called by as the first.
    pub fn new(arguments: Vec<Vec<u8>>) -> Self {
        let spelled = spell(Program::Wrapper, arguments.get(1..).unwrap_or_default());
        Self { arguments, spelled }
    }

    fn value_of(&self, option: &str) -> Option<&[u8]> {
        self.spelled.value_of(option, self.arguments.get(1..).unwrap_or_default())
    }

    /// The state directory that `--spool_dir` names.
    pub fn state_directory(&self) -> Option<PathBuf> {
        self.value_of("spool_dir").map(|path| std::ffi::OsStr::from_bytes(path).into())
    }

    /// What is asked for, by the rules; the error is for an invocation that makes no sense. `variable` and `key_file` are
    /// those of [`Surroundings`].
    pub fn asked_for(
        &self,
        variable: &dyn Fn(&str) -> Option<String>,
        key_file: &dyn Fn() -> Option<Result<Vec<u8>, String>>,
    ) -> Result<command_line::Invocation, UsageError> {
        if ["help", "version"].iter().any(|flag| self.spelled.has_flag(flag)) {
            return Ok(command_line::Invocation::Print(String::new()));
        }
        interpret(Program::Wrapper.name(), &self.spelled, Surroundings { variable, key_file })
    }

    /// The same with one more word, which is the command where there is none.
    pub fn with_a_command(&self) -> Self {
        Self::new(self.arguments.iter().cloned().chain([b"true".to_vec()]).collect())
    }

    /// Whether it is asked what the component would be lent.
    pub fn asks_for_capabilities(&self) -> bool {
        self.spelled.has_flag("capabilities")
    }

    /// Whether the answer is to be JSON.
    pub fn asks_for_json(&self) -> bool {
        self.spelled.has_flag("json")
    }

    /// The file that `--api_key_file` names.
    pub fn key_file(&self) -> Option<PathBuf> {
        self.value_of("api_key_file").map(|path| std::ffi::OsStr::from_bytes(path).into())
    }

    /// The file of the component that `--component` names.
    pub fn component(&self) -> Option<PathBuf> {
        self.value_of("component").map(|path| std::ffi::OsStr::from_bytes(path).into())
    }

    /// The site that `--site` names.
    pub fn site(&self) -> Option<String> {
        self.value_of("site").map(|site| String::from_utf8_lossy(site).into_owned())
    }

    /// Whether nothing of what is asked for needs a state directory.
    pub fn needs_no_state(&self) -> bool {
        let has = |option| self.spelled.has_flag(option);
        has("help") || has("version") || (has("no_spool") && !has("buffer_outs"))
    }

    /// What `--api_key_file` names, read. The error says why it cannot be, in words for people.
    pub fn read_key_file(&self) -> Option<Result<Vec<u8>, String>> {
        let path = self.value_of("api_key_file")?;
        let read = || {
            let mut content = Vec::new();
            File::open(std::ffi::OsStr::from_bytes(path))?.take(MAXIMUM_KEY_FILE + 1).read_to_end(&mut content)?;
            std::io::Result::Ok(content)
        };
        Some(match read() {
            Ok(content) if content.len() as u64 > MAXIMUM_KEY_FILE => Err("it is too large for a key".to_owned()),
            Ok(content) => Ok(content),
            Err(error) => Err(words::of(&error)),
        })
    }

    /// Where keys stand: the index of the argument, and from which byte on it is secret.
    pub fn keys(&self) -> impl Iterator<Item = (usize, usize)> {
        let keys = self.spelled.values.iter().filter(|place| place.option == "api_key");
        keys.map(|place| (place.word + 1, place.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(line: &[&str]) -> Invocation {
        Invocation::new(["dogwrap"].iter().chain(line).map(|word| word.as_bytes().to_vec()).collect())
    }

    #[test]
    fn the_state_directory_is_the_last_that_an_option_names() {
        let directory = |line: &[&str]| invocation(line).state_directory();
        assert_eq!(directory(&["--spool_dir", "/a", "--spool-dir=/b", "true"]), Some("/b".into()));
        assert_eq!(directory(&["--", "--spool_dir", "/a"]), None);
        assert_eq!(invocation(&[]).state_directory(), None);
    }

    #[test]
    fn every_key_is_found() {
        let keys = |line: &[&str]| invocation(line).keys().collect::<Vec<_>>();
        assert_eq!(keys(&["-k", "a", "-bkb", "--api=c", "true"]), [(2, 0), (3, 3), (4, 6)]);
        assert_eq!(keys(&["-n", "-k", "true", "--", "-k", "a"]), []);
    }

    #[test]
    fn help_needs_no_state() {
        assert!(invocation(&["--help"]).needs_no_state() && invocation(&["--no_spool", "true"]).needs_no_state());
        assert!(!invocation(&["true"]).needs_no_state() && !invocation(&["--no_spool", "-b", "true"]).needs_no_state());
    }
}
