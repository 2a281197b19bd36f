//! A command line as the original reads it, for judging what ours must do with it.

/// Short name, long name, and whether the option takes a value.
pub const NAMES: &[(Option<u8>, &str, bool)] = &[
    (Some(b'n'), "name", true),
    (Some(b'k'), "api_key", true),
    (Some(b's'), "site", true),
    (Some(b'm'), "submit_mode", true),
    (None, "warning_codes", true),
    (Some(b'p'), "priority", true),
    (Some(b't'), "timeout", true),
    (None, "sigterm_timeout", true),
    (None, "sigkill_timeout", true),
    (None, "proc_poll_interval", true),
    (None, "notify_success", true),
    (None, "notify_error", true),
    (None, "notify_warning", true),
    (Some(b'b'), "buffer_outs", false),
    (None, "send_metric", false),
    (None, "tags", true),
    (None, "version", false),
    (Some(b'h'), "help", false),
];

#[derive(Default)]
pub struct Options {
    given: Vec<(&'static str, Vec<u8>)>,
    pub words: Vec<Vec<u8>>,
    /// A long option was written with hyphens, which only ours takes.
    pub hyphens: bool,
}

impl Options {
    /// Nothing when both refuse the line for its form alone.
    pub fn read(arguments: &[Vec<u8>]) -> Option<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_slice() {
                b"--" => {
                    options.words.extend(arguments.cloned());
                    break;
                }
                [b'-', b'-', long @ ..] => {
                    let (name, value) = match long.iter().position(|byte| *byte == b'=') {
                        Some(equals) => (&long[..equals], Some(long[equals + 1..].to_vec())),
                        None => (long, None),
                    };
                    let (name, takes_value) = options.long(name)?;
                    let value = match (takes_value, value) {
                        (true, Some(value)) => value,
                        (true, None) => arguments.next()?.clone(),
                        (false, None) => Vec::new(),
                        (false, Some(_)) => return None,
                    };
                    options.given.push((name, value));
                }
                [b'-', cluster @ ..] if !cluster.is_empty() => {
                    for (index, letter) in cluster.iter().enumerate() {
                        let (_, name, takes_value) = NAMES.iter().find(|(short, ..)| *short == Some(*letter))?;
                        if !takes_value {
                            options.given.push((name, Vec::new()));
                            continue;
                        }
                        let value = match &cluster[index + 1..] {
                            [] => arguments.next()?.clone(),
                            rest => rest.to_vec(),
                        };
                        options.given.push((name, value));
                        break;
                    }
                }
                _ => options.words.push(argument.clone()),
            }
            if options.asks_for_information() {
                break;
            }
        }
        Some(options)
    }

    fn long(&mut self, written: &[u8]) -> Option<(&'static str, bool)> {
        let name = String::from_utf8(written.to_vec()).ok()?.replace('-', "_");
        self.hyphens |= name.as_bytes() != written;
        let mut candidates = NAMES.iter().filter(|(_, candidate, _)| candidate.starts_with(&name));
        match (NAMES.iter().find(|(_, candidate, _)| *candidate == name), candidates.next(), candidates.next()) {
            (Some((_, name, takes_value)), ..) | (None, Some((_, name, takes_value)), None) => {
                Some((name, *takes_value))
            }
            _ => None,
        }
    }

    /// Every value of an option, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = String> {
        self.given
            .iter()
            .filter(move |(given, _)| *given == name)
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The value that counts.
    pub fn last(&self, name: &str) -> Option<String> {
        self.all(name).last()
    }

    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// Every value of the options that are a number of seconds.
    pub fn times(&self) -> Vec<String> {
        ["timeout", "sigterm_timeout", "sigkill_timeout"].into_iter().flat_map(|name| self.all(name)).collect()
    }

    pub fn asks_for_information(&self) -> bool {
        self.has("version") || self.has("help")
    }

    pub fn mode(&self) -> String {
        self.last("submit_mode").unwrap_or_else(|| "errors".into())
    }

    /// The listed warning codes, those that are numbers.
    pub fn warning_codes(&self) -> Vec<i32> {
        self.last("warning_codes")
            .iter()
            .flat_map(|codes| codes.split(','))
            .filter_map(|code| code.trim().parse().ok())
            .collect()
    }

    pub fn command(&self) -> Vec<u8> {
        self.words.join(&b' ')
    }

    pub fn notification(&self, alert: &str) -> String {
        self.last(&format!("notify_{alert}")).unwrap_or_default()
    }
}

/// The number of seconds that a text is for ours.
pub fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = unsigned.split('.').next().unwrap_or_default();
    let decimal = unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let octal = whole.starts_with('0') && whole.bytes().any(|byte| byte != b'0');
    if decimal && !octal { text.parse().ok() } else { None }
}
