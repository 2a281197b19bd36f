//! Every command line is an invocation or a usage error, and what is said of it can be shown to people.

use dogwrap::command_line::options::Program;
use dogwrap::command_line::spelling::{Given, Spelled, spell};
use dogwrap::command_line::{Invocation, Surroundings, UsageError, parse};

/// Stands for an API key. No other text holds it by chance.
const KEY: &str = "5ecre7-key-0f-an-0pti0n";

/// The variables that `input` may set, and `KEY_FILE` for the content of the file with the key.
const VARIABLES: &[&str] = &[
    "COLUMNS",
    "DATADOG_API_KEY",
    "DATADOG_APP_KEY",
    "DATADOG_HOST",
    "DD_API_KEY",
    "DD_APP_KEY",
    "DD_SITE",
    "KEY_FILE",
];

/// Reads `input` as a command line: words that end with NUL, of which the first ones may set variables, as for `env(1)`.
pub fn holds_of(input: &[u8]) {
    let mut words: Vec<_> = input.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    words.pop_if(|word| word.is_empty());
    let variables: Vec<_> = words.iter().map_while(|word| variable(word)).collect();
    let arguments = words.split_off(variables.len());

    let with_key: Vec<_> = [b"-k".to_vec(), KEY.into()].into_iter().chain(arguments.iter().cloned()).collect();
    for program in [Program::Wrapper, Program::Reporter] {
        let spelled = spell(program, &arguments);
        assert_places_are_right(&spelled, &arguments);
        let read = invoke(program, &arguments, &variables);
        assert_presentable(&read);
        if !matches!(read, Ok(Invocation::Print(_)) | Err(_)) {
            assert_nothing_was_left_out(&read, &spelled, &variables);
        }
        let read = invoke(program, &with_key, &variables);
        assert!(!format!("{read:?}").contains(KEY), "{read:?}");
    }
}

fn variable(word: &[u8]) -> Option<(String, String)> {
    let (name, value) = std::str::from_utf8(word).ok()?.split_once('=')?;
    VARIABLES.contains(&name).then(|| (name.to_owned(), value.to_owned()))
}

fn invoke(program: Program, arguments: &[Vec<u8>], variables: &[(String, String)]) -> Result<Invocation, UsageError> {
    let variable = |name: &str| variables.iter().find(|(set, _)| set == name).map(|(_, value)| value.clone());
    let key_file = || variable("KEY_FILE").map(|content| Ok(content.into_bytes()));
    parse(program, "dogwrap", arguments, Surroundings { variable: &variable, key_file: &key_file })
}

/// An option in the one form that all others come to.
fn written(given: &Given) -> String {
    match &given.value {
        Some(value) => format!("--{}={value}", given.option.long),
        None => format!("--{}", given.option.long),
    }
}

/// Checks that each value stands in a word of its own, and is read from there.
fn assert_places_are_right(spelled: &Spelled, words: &[Vec<u8>]) {
    assert!(spelled.values.is_sorted_by(|one, next| one.word < next.word), "{spelled:?}");
    let mut options = spelled.options.iter();
    for place in &spelled.values {
        let value = String::from_utf8_lossy(&words[place.word][place.start..]);
        let is_given = |given: &Given| given.option.long == place.option && given.value.as_deref() == Some(&value);
        assert!(options.any(is_given), "{place:?} is not where its option is in {spelled:?}");
    }
}

/// Checks that everything said is for people: not empty, and nothing in it commands a terminal or begins another line.
fn assert_presentable(read: &Result<Invocation, UsageError>) {
    let lines = match read {
        Ok(Invocation::Run(settings)) => settings.warnings.clone(),
        Ok(Invocation::Report(told)) => told.warnings.clone(),
        Ok(Invocation::Flush { warnings, .. }) => warnings.clone(),
        Ok(Invocation::Spool { .. }) => Vec::new(),
        Ok(Invocation::Print(text)) => text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        Err(error) => vec![error.message.clone(), error.hint.clone()],
    };
    assert!(!matches!(read, Ok(Invocation::Print(_))) || !lines.is_empty(), "there is nothing to print");
    for line in lines {
        assert!(!line.trim().is_empty() && !line.contains(char::is_control), "{line:?}");
    }
}

/// Checks that what an accepted command line was brought into is the same invocation: so no word of it was ignored.
fn assert_nothing_was_left_out(
    read: &Result<Invocation, UsageError>,
    spelled: &Spelled,
    variables: &[(String, String)],
) {
    assert_eq!(spelled.refused, None);
    let options = spelled.options.iter().map(|given| written(given).into_bytes());
    let separator = std::iter::once(b"--".to_vec());
    let canonical: Vec<_> = options.chain(separator).chain(spelled.command.iter().cloned()).collect();
    let again = spell(spelled.program, &canonical);
    assert_eq!((&again.options, &again.command), (&spelled.options, &spelled.command));
    assert_eq!(invoke(spelled.program, &canonical, variables), *read);
    if let Ok(Invocation::Run(settings)) = read {
        assert_eq!(settings.reporting.command, spelled.command_line());
    }
}
