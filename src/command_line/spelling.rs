//! The spellings of dogwrap's command line, read into options with their values and the words of a command.
//!
//! Options stand anywhere before `--`; a word that is none belongs to the command. Long names may be abbreviated and
//! short ones clustered, and a value is the rest of the word or else the next word, whatever that looks like. All this
//! is optparse's way. On top of it, hyphens are as good as underscores.

use super::options::{OptionDefinition, Program};

/// A command line in one form.
#[derive(Debug, PartialEq, Eq)]
pub struct Spelled {
    /// Whose options they are.
    pub program: Program,
    /// The options, in order.
    pub options: Vec<Given>,
    /// The words of the command, as bytes.
    pub command: Vec<Vec<u8>>,
    /// Why reading stopped, when not at the end of the words.
    pub refused: Option<Refused>,
    /// The values of options, in order.
    pub values: Vec<ValuePlace>,
}

/// An option as it was given: perhaps without the value that it takes, or with one that it does not take.
#[derive(Debug, PartialEq, Eq)]
pub struct Given {
    pub option: &'static OptionDefinition,
    pub value: Option<String>,
}

/// Where the value of an option stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValuePlace {
    /// The long name of the option.
    pub option: &'static str,
    /// The index of the word.
    pub word: usize,
    /// Where in that word the value begins, in bytes.
    pub start: usize,
}

/// What looks like an option and is none.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The name of no option, with its hyphens.
    Unknown(String),
    /// An abbreviation of several options, and these, sorted, all with their hyphens.
    Ambiguous { abbreviation: String, candidates: Vec<String> },
}

/// What a long name stands for.
enum Meaning {
    Option(&'static OptionDefinition),
    Ambiguous(Vec<String>),
    Unknown,
}

/// Reads `words`, the arguments of `program` without its name.
pub fn spell(program: Program, words: &[Vec<u8>]) -> Spelled {
    let mut spelled = Spelled { program, options: Vec::new(), command: Vec::new(), refused: None, values: Vec::new() };
    let mut words = words.iter().enumerate();
    while let Some((index, word)) = words.next() {
        let proceed = match word.as_slice() {
            b"--" => {
                spelled.command.extend(words.by_ref().map(|(_, word)| word.clone()));
                true
            }
            [b'-', b'-', long @ ..] => spelled.push_long(index, long, &mut words),
            [b'-', cluster @ ..] if !cluster.is_empty() => spelled.push_cluster(index, cluster, &mut words),
            _ => {
                spelled.command.push(word.clone());
                true
            }
        };
        if !proceed {
            break;
        }
    }
    spelled
}

/// The value that stands in the same word as its option: it begins at this byte of the word.
struct Attached<'a> {
    value: &'a [u8],
    start: usize,
}

impl Spelled {
    /// What was given for `option`, the last of which counts: in which of the `words` that were read.
    pub fn value_of<'a>(&self, option: &str, words: &'a [Vec<u8>]) -> Option<&'a [u8]> {
        let place = self.values.iter().rfind(|place| place.option == option)?;
        words.get(place.word)?.get(place.start..)
    }

    /// The command as it is for the shell: its words joined with blanks.
    pub fn command_line(&self) -> Vec<u8> {
        self.command.join(&b' ')
    }

    /// What was given for `option` as text, the last of which counts.
    pub fn text(&self, option: &str) -> Option<&str> {
        let values = self.options.iter().filter(|given| given.option.long == option);
        values.rev().find_map(|given| given.value.as_deref())
    }

    /// Whether the flag `option` was given.
    pub fn has_flag(&self, option: &str) -> bool {
        self.options.iter().any(|given| given.option.long == option && given.value.is_none())
    }

    /// Adds the option with the long name that begins a word. Returns whether reading may go on.
    fn push_long<'a>(
        &mut self,
        index: usize,
        long: &[u8],
        rest: &mut impl Iterator<Item = (usize, &'a Vec<u8>)>,
    ) -> bool {
        let (name, attached) = match long.iter().position(|byte| *byte == b'=') {
            // The two hyphens in front and the sign itself belong to the word as well.
            Some(end) => (text(&long[..end]), Some(Attached { value: &long[end + 1..], start: end + 3 })),
            None => (text(long), None),
        };
        match self.meaning(&name.replace('-', "_")) {
            Meaning::Option(option) => {
                self.push(option, index, attached, rest);
                true
            }
            Meaning::Ambiguous(candidates) => {
                self.refused = Some(Refused::Ambiguous { abbreviation: format!("--{name}"), candidates });
                false
            }
            Meaning::Unknown => {
                self.refused = Some(Refused::Unknown(format!("--{name}")));
                false
            }
        }
    }

    /// Adds the short options of one word. Returns whether reading may go on.
    fn push_cluster<'a>(
        &mut self,
        index: usize,
        cluster: &[u8],
        rest: &mut impl Iterator<Item = (usize, &'a Vec<u8>)>,
    ) -> bool {
        for (position, short) in cluster.iter().enumerate() {
            let Some(option) = self.program.options().find(|option| option.short == Some(char::from(*short))) else {
                let unknown = text(&cluster[position..]).chars().next().unwrap_or_default();
                self.refused = Some(Refused::Unknown(format!("-{unknown}")));
                return false;
            };
            let value = &cluster[position + 1..];
            // The hyphen in front and the option itself belong to the word as well.
            let attached = (!value.is_empty()).then_some(Attached { value, start: position + 2 });
            if option.value.is_expected() {
                self.push(option, index, attached, rest);
                break;
            }
            self.push(option, index, None, rest);
        }
        true
    }

    /// Adds `option`, which stands in the word at `index`, with the next word for its value where it needs one and has
    /// none. An option without its value is added as it is: what to say of it is known where values are checked.
    fn push<'a>(
        &mut self,
        option: &'static OptionDefinition,
        index: usize,
        attached: Option<Attached<'_>>,
        rest: &mut impl Iterator<Item = (usize, &'a Vec<u8>)>,
    ) {
        let found = match attached {
            Some(Attached { value, start }) => Some((index, start, value)),
            None if option.value.is_expected() => rest.next().map(|(index, word)| (index, 0, word.as_slice())),
            None => None,
        };
        self.values.extend(found.map(|(word, start, _)| ValuePlace { option: option.long, word, start }));
        self.options.push(Given { option, value: found.map(|(_, _, value)| text(value)) });
    }

    fn meaning(&self, name: &str) -> Meaning {
        if let Some(option) = self.program.find(name) {
            return Meaning::Option(option);
        }
        let abbreviated = |option: &&OptionDefinition| option.in_dogwrap && option.long.starts_with(name);
        let candidates: Vec<_> = self.program.options().filter(abbreviated).collect();
        match candidates.as_slice() {
            [] => Meaning::Unknown,
            [option] => Meaning::Option(option),
            several => {
                let mut names: Vec<_> = several.iter().map(|option| format!("--{}", option.long)).collect();
                names.sort_unstable();
                Meaning::Ambiguous(names)
            }
        }
    }
}

/// Options are text: what is not UTF-8 in them becomes U+FFFD.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Spelled {
        read_by(Program::Wrapper, line)
    }

    fn read_by(program: Program, line: &[&str]) -> Spelled {
        spell(program, &line.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    /// Options as `--name` or `--name=value`.
    fn written(options: &[Given]) -> Vec<String> {
        let write = |given: &Given| match &given.value {
            Some(value) => format!("--{}={value}", given.option.long),
            None => format!("--{}", given.option.long),
        };
        options.iter().map(write).collect()
    }

    fn options(line: &[&str]) -> Vec<String> {
        written(&read(line).options)
    }

    #[test]
    fn every_spelling_of_an_option_is_one() {
        for line in [&["-nfoo"][..], &["-n", "foo"], &["--name=foo"], &["--name", "foo"], &["--na=foo"]] {
            assert_eq!(options(line), ["--name=foo"], "{line:?}");
        }
        assert_eq!(options(&["-n=foo"]), ["--name==foo"]);
        assert_eq!(options(&["--submit-mode", "all"]), ["--submit_mode=all"]);
        assert_eq!(options(&["-bnfoo"]), ["--buffer_outs", "--name=foo"]);
        assert_eq!(options(&["-bn", "foo"]), ["--buffer_outs", "--name=foo"]);
    }

    #[test]
    fn a_value_is_the_next_word_whatever_it_is() {
        assert_eq!(options(&["-n", "-k"]), ["--name=-k"]);
        assert_eq!(options(&["-n", "--"]), ["--name=--"]);
        assert_eq!(options(&["-n"]), ["--name"]);
    }

    #[test]
    fn options_stand_anywhere_before_the_double_hyphen() {
        let spelled = read(&["echo", "-n", "hi", "-", "--", "-b", "--"]);
        assert_eq!(written(&spelled.options), ["--name=hi"]);
        assert_eq!(spelled.command, [b"echo".to_vec(), b"-".to_vec(), b"-b".to_vec(), b"--".to_vec()]);
    }

    #[test]
    fn a_flag_leaves_the_next_word_alone() {
        assert_eq!(read(&["--buf", "ls"]).command, [b"ls".to_vec()]);
    }

    #[test]
    fn values_are_found_where_they_stand() {
        let find = |line: &[&str]| {
            let words: Vec<_> = line.iter().map(|word| word.as_bytes().to_vec()).collect();
            spell(Program::Wrapper, &words)
                .value_of("api_key", &words)
                .map(|value| String::from_utf8_lossy(value).into_owned())
        };
        for line in [
            &["-k", "key"][..],
            &["-kkey"],
            &["-bkkey"],
            &["-bk", "key"],
            &["--api_key=key"],
            &["--api-key", "key"],
            &["--api=key"],
            &["-k", "old", "-k", "key"],
            &["-n", "-k", "true", "-k", "key"],
        ] {
            assert_eq!(find(line).as_deref(), Some("key"), "{line:?}");
        }
        for line in [&["true"][..], &["--", "-k", "key"], &["-n", "-k", "key"], &["-k"]] {
            assert_eq!(find(line), None, "{line:?}");
        }
        assert_eq!(find(&["--api_key="]).as_deref(), Some(""));
        assert!(read(&["--no-spool"]).has_flag("no_spool") && !read(&["--", "--no_spool"]).has_flag("no_spool"));
    }

    #[test]
    fn an_ambiguous_abbreviation_ends_the_reading() {
        let candidates =
            ["--name", "--notify_error", "--notify_success", "--notify_warning"].map(str::to_owned).to_vec();
        let ambiguous = Refused::Ambiguous { abbreviation: "--n".to_owned(), candidates };
        assert_eq!(read(&["--n=x", "--bogus"]).refused, Some(ambiguous));
        assert!(matches!(read(&["--=x"]).refused, Some(Refused::Ambiguous { .. })));
    }

    #[test]
    fn an_unknown_option_ends_the_reading() {
        for (line, unknown, before) in [
            (&["--bogus=1", "-n", "x"], "--bogus", &[][..]),
            (&["-bx", "-n", "x"], "-x", &["--buffer_outs"]),
            // Not the `--` that ends the options.
            (&["-b-", "-n", "x"], "--", &["--buffer_outs"]),
            (&["-é", "-n", "x"], "-é", &[]),
        ] {
            let spelled = read(line);
            assert_eq!(spelled.refused, Some(Refused::Unknown(unknown.to_owned())), "{line:?}");
            assert_eq!(written(&spelled.options), before, "{line:?}");
        }
    }

    #[test]
    fn an_option_that_dogwrap_lacks_is_never_abbreviated() {
        for program in [Program::Wrapper, Program::Reporter] {
            for option in program.options().filter(|option| !option.in_dogwrap) {
                let read = |name: &str| written(&read_by(program, &[&format!("--{name}"), "1"]).options);
                let given = read(option.long).first().and_then(|given| given.split('=').next().map(str::to_owned));
                assert_eq!(given, Some(format!("--{}", option.long)));
                let shorter = &option.long[..option.long.len() - 1];
                assert!(
                    !read(shorter).iter().any(|given| given.starts_with(&format!("--{}", option.long))),
                    "{shorter}"
                );
            }
        }
    }

    #[test]
    fn each_program_has_its_own_options_and_no_others() {
        let refused = |program, line: &[&str]| read_by(program, line).refused;
        let unknown = |option: &str| Some(Refused::Unknown(option.to_owned()));
        assert_eq!(refused(Program::Wrapper, &["--exit_code", "3"]), unknown("--exit_code"));
        assert_eq!(refused(Program::Reporter, &["--timeout", "3"]), unknown("--timeout"));
        assert_eq!(refused(Program::Reporter, &["-t", "3"]), unknown("-t"));
        assert_eq!(
            written(&read_by(Program::Reporter, &["--exit-code", "-9", "-n", "x"]).options),
            ["--exit_code=-9", "--name=x"]
        );
    }
}
