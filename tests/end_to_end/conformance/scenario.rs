//! A command line with placeholders for the server: run with any program, it gives an observation.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use crate::conformance::intended::Facts;
use crate::conformance::observation::Observation;
use crate::conformance::options::Options;
use crate::server::{Answer, Server};
use crate::support::Invocation;

#[derive(Default)]
pub struct Scenario {
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<(String, String)>,
    pub input: Vec<u8>,
}

/// A scenario as read for judging it.
pub struct Case {
    pub options: Options,
    pub environment: Vec<(String, String)>,
    /// What the command does by itself, if there is one to run.
    pub facts: Facts,
}

impl Scenario {
    /// Runs `program` in `directory` against a fresh server.
    pub fn observe(&self, program: &Path, directory: &Path) -> Observation {
        let server = Server::start(Answer::default());
        let resolved = |text: &[u8]| {
            let text = replace(text, b"{URL}", server.url().as_bytes());
            OsString::from_vec(replace(&text, b"{PORT}", server.port().to_string().as_bytes()))
        };
        let arguments = self.arguments.iter().map(|argument| resolved(argument));
        let mut invocation = Invocation::new(program, arguments).directory(directory).input(self.input.clone());
        for (name, value) in &self.environment {
            invocation = invocation.variable(name, resolved(value.as_bytes()));
        }
        let outcome = invocation.run();
        Observation::new(&outcome, &server.requests())
    }

    /// Nothing when the form of the line is wrong for both.
    pub fn read(&self, directory: &Path) -> Option<Case> {
        let options = Options::read(&self.arguments)?;
        let facts = Facts::find(&options, directory, &self.input);
        Some(Case { options, environment: self.environment.clone(), facts })
    }
}

impl Case {
    /// The first API key that is not empty, in ours' order.
    pub fn key(&self) -> Option<String> {
        let variable =
            |name: &str| self.environment.iter().find(|(variable, _)| variable == name).map(|(_, value)| value.clone());
        [self.options.last("api_key"), variable("DD_API_KEY"), variable("DATADOG_API_KEY")]
            .into_iter()
            .flatten()
            .find(|key| !key.is_empty())
    }

    /// What the original is meant to do, when nothing hinders it.
    pub fn intended(&self) -> Observation {
        let information: &[u8] = match &self.options {
            options if options.has("version") => b"dogwrap {VERSION}\n",
            options if options.has("help") => b"{HELP}",
            options => return crate::conformance::intended::observation(options, &self.facts),
        };
        Observation::silent(0, information)
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.environment.iter().try_for_each(|(name, value)| write!(formatter, "{name}='{value}' "))?;
        write!(formatter, "dogwrap")?;
        self.arguments.iter().try_for_each(|argument| write!(formatter, " '{}'", argument.escape_ascii()))
    }
}

fn replace(text: &[u8], placeholder: &[u8], value: &[u8]) -> Vec<u8> {
    match text.windows(placeholder.len()).position(|window| window == placeholder) {
        Some(start) => [&text[..start], value, &text[start + placeholder.len()..]].concat(),
        None => text.to_vec(),
    }
}
