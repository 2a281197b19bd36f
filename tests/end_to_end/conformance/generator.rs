//! Random invocations: options in every spelling, and commands with output of odd lengths and bytes.

use std::path::Path;

use fastrand::Rng;

use crate::conformance::options::NAMES;
use crate::conformance::scenario::Scenario;

/// An invocation, for a directory that gets the files its command prints.
pub fn scenario(random: &mut Rng, directory: &Path) -> Scenario {
    for file in ["one", "two"] {
        std::fs::write(directory.join(file), content(random)).expect("a file can be written");
    }
    let mut scenario = Scenario::default();
    let mut options = options(random);
    if random.u8(..8) == 0 {
        scenario.environment.push(("DD_API_KEY".into(), "from-the-environment".into()));
    } else if random.u8(..30) > 0 {
        options.push(("api_key", b"k".to_vec()));
    }
    random.shuffle(&mut options);
    // The original sleeps between two looks at its command.
    options.push(("proc_poll_interval", b"0.01".to_vec()));
    for (name, value) in options {
        scenario.arguments.extend(spelled(random, name, &value));
    }
    let command = command(random);
    scenario.arguments.extend(words(random, &command));
    scenario
}

fn options(random: &mut Rng) -> Vec<(&'static str, Vec<u8>)> {
    let mut options: Vec<(&str, Vec<u8>)> = vec![("site", b"{URL}".to_vec())];
    let mut sometimes = |random: &mut Rng, percentage: u8, name: &'static str, values: &[&[u8]]| {
        if random.u8(..100) < percentage {
            options.push((name, random.choice(values).expect("there are values").to_vec()));
        }
    };
    let long_name = "long name ".repeat(12);
    let long_message = "many words for @everyone ".repeat(60);
    let names: &[&[u8]] =
        &[b"nightly", "näme 漢字 😀".as_bytes(), b"", b"-x", b"a=b", b"caf\xe9", long_name.as_bytes()];
    let messages: &[&[u8]] = &[b"@someone look", b" ", b"", b"two\nlines `x` %%%", b"caf\xe9", long_message.as_bytes()];
    sometimes(random, 90, "name", names);
    sometimes(random, 80, "submit_mode", &[b"all", b"all", b"errors", b"warnings"]);
    sometimes(random, 50, "warning_codes", &[b"1,2", b" 2 ,3", b"-9,-15", b"0,127,255", b"+1,99999999999999999999"]);
    sometimes(random, 3, "warning_codes", &[b"1_0", "٢".as_bytes(), b"x", b"2,", b"0x2", b"1 2"]);
    sometimes(random, 30, "priority", &[b"low", b"normal"]);
    sometimes(random, 20, "timeout", &[b"50", b"+50", b" 50 ", b"100000000000000000000"]);
    sometimes(random, 5, "timeout", &[b"0", b"-1", b"1_0", b"0x32", b"050", b"50.5", b"x", b""]);
    sometimes(random, 10, "sigterm_timeout", &[b"50", b"00"]);
    sometimes(random, 40, "notify_success", messages);
    sometimes(random, 40, "notify_error", messages);
    sometimes(random, 40, "notify_warning", messages);
    sometimes(random, 40, "tags", &[b"a,b", b" a , b:c ", b"a,,b", b",", b" ", "é,漢".as_bytes(), b"x\xff"]);
    sometimes(random, 30, "buffer_outs", &[b""]);
    sometimes(random, 30, "send_metric", &[b""]);
    options
}

/// The arguments that give an option a value, in one of the ways there are.
fn spelled(random: &mut Rng, name: &str, value: &[u8]) -> Vec<Vec<u8>> {
    let (short, _, takes_value) = NAMES.iter().find(|(_, known, _)| *known == name).expect("the option is known");
    if let (Some(short), true) = (short, random.bool()) {
        let short = [b'-', *short];
        return match takes_value {
            true if value.is_empty() || random.bool() => vec![short.to_vec(), value.to_vec()],
            _ => vec![[&short, value].concat()],
        };
    }
    let is_unique =
        |length: &usize| NAMES.iter().filter(|(_, known, _)| known.starts_with(&name[..*length])).count() == 1;
    let shortest = (1..=name.len()).find(is_unique).unwrap_or(name.len());
    let mut long = format!("--{}", &name[..random.usize(shortest..=name.len())]);
    if random.u8(..50) == 0 {
        long = long.replace('_', "-");
    }
    match takes_value {
        true if random.bool() => vec![long.into_bytes(), value.to_vec()],
        true => vec![[long.as_bytes(), b"=", value].concat()],
        false => vec![long.into_bytes()],
    }
}

fn command(random: &mut Rng) -> String {
    let statements = [
        "cat one",
        "cat two >&2",
        "cat two",
        "head -c 1501 one",
        "tail -c 3001 two >&2",
        "tr a-m n-z < one",
        "echo 'two  words'",
        "printf '\\303\\251\\377\\n'",
        "echo problem >&2",
        "printf '````'",
        "true",
        "cat one two >&2",
    ];
    let ends = [
        "",
        "",
        "exit 0",
        "exit 1",
        "exit 2",
        "exit 3",
        "exit 127",
        "exit 255",
        "exit 256",
        "no_such_command",
        "./one",
    ];
    let mut parts: Vec<String> =
        (0..random.u8(..4)).map(|_| random.choice(statements).expect("there are statements").into()).collect();
    parts.push(match random.u8(..5) {
        0 => format!("kill -{} $$", random.choice([1, 2, 6, 9, 10, 11, 13, 15]).expect("there are signals")),
        _ => random.choice(ends).expect("there are ends").into(),
    });
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

/// The command as one argument, or as several, which are joined again.
fn words(random: &mut Rng, command: &str) -> Vec<Vec<u8>> {
    match random.u8(..4) {
        0 => ["--"].into_iter().chain(command.split(' ')).map(Into::into).collect(),
        1 => vec!["--".into(), command.into()],
        _ => vec![command.into()],
    }
}

fn content(random: &mut Rng) -> Vec<u8> {
    let length = match random.u8(..3) {
        0 => random.choice([0, 1, 2, 499, 500, 999, 1000]).expect("there are lengths"),
        1 => random.choice([1499, 1500, 1501, 1502, 2999, 3000, 3001, 3002]).expect("there are lengths"),
        _ => random.usize(..20_000),
    };
    let characters: &[&str] = match random.u8(..4) {
        0 => &["a", "b", " ", "\n"],
        1 => &["a", "é", "漢", "😀", "\u{301}", "\u{feff}"],
        2 => &["a", "`", "``", "```", "%%%", "\n"],
        _ => return std::iter::repeat_with(|| random.u8(..)).take(length).collect(),
    };
    std::iter::repeat_with(|| *random.choice(characters).expect("there are characters"))
        .take(length)
        .collect::<String>()
        .into_bytes()
}
