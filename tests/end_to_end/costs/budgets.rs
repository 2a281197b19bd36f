//! The budgets: what each count usually is, and how much more may be chance.

use std::fmt::{self, Display};

use super::runs::Run;

/// What every count usually is. `make costs` prints what it is now: a change that is worth more, or that costs less, sets it.
pub const BUDGETS: &[Budget] = &[
    Budget { count: Count::SystemCalls, of: Of::Run(Run::Nothing), usual: 301 },
    Budget { count: Count::SystemCalls, of: Of::Run(Run::Event), usual: 320 },
    Budget { count: Count::SystemCalls, of: Of::Run(Run::Lines), usual: 470 },
    Budget { count: Count::PageFaults, of: Of::Run(Run::Nothing), usual: 224 },
    Budget { count: Count::PageFaults, of: Of::Run(Run::Event), usual: 234 },
    Budget { count: Count::PageFaults, of: Of::Run(Run::Lines), usual: 376 },
    Budget { count: Count::Instructions, of: Of::Run(Run::Nothing), usual: 2_971_000 },
    Budget { count: Count::Instructions, of: Of::Run(Run::Event), usual: 3_175_000 },
    Budget { count: Count::Instructions, of: Of::Run(Run::Lines), usual: 24_664_000 },
    Budget { count: Count::Bytes, of: Of::Program, usual: 7_504_336 },
    Budget { count: Count::Bytes, of: Of::Component, usual: 398_163 },
    Budget { count: Count::Bytes, of: Of::Compiled, usual: 1_008_120 },
    Budget { count: Count::Bytes, of: Of::Reporter, usual: 380_072 },
    Budget { count: Count::Bytes, of: Of::Events, usual: 297_401 },
];

/// A count that must not slip.
#[derive(Debug)]
pub struct Budget {
    pub count: Count,
    pub of: Of,
    /// What it was when the budget was set.
    pub usual: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    SystemCalls,
    PageFaults,
    Instructions,
    Bytes,
}

/// What is counted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Run(Run),
    /// The program `dogwrap`.
    Program,
    /// The component of the world `wrapper`.
    Component,
    /// The same component, compiled ahead of time, as it is in the program.
    Compiled,
    /// The component of the world `reporter`.
    Reporter,
    /// The component of the world `events`.
    Events,
}

impl Budget {
    /// The most that it may be: a little more than was ever seen of the same program, also on busy processors.
    pub fn most(&self) -> u64 {
        let percent = |of_usual: u64| self.usual * of_usual / 100;
        self.usual
            + match (self.count, self.of) {
                // How much of the output a read finds depends on how far ahead the command is: 470 to 532.
                (Count::SystemCalls, Of::Run(Run::Lines)) => percent(15),
                // How the threads meet: one more or less.
                (Count::SystemCalls, _) => 2,
                // When the pipe has been full for the first time, and more memory is taken: 6 more or less.
                (Count::PageFaults, Of::Run(Run::Lines)) => percent(5),
                // Differs by 2, and more where addresses cannot be kept from changing. It is 22 less where the system has
                // memory to keep the file of the program in large pieces.
                (Count::PageFaults, _) => 7,
                // Hash tables have random seeds: less than a thousandth.
                (Count::Instructions, _) => percent(2),
                // Not chance: what a fix of a few lines may add.
                (Count::Bytes, _) => percent(1),
            }
    }

    /// One line with what it is now.
    pub fn beside(&self, figure: u64) -> String {
        let verdict = if figure > self.most() { "  MORE THAN THE BUDGET" } else { "" };
        let name = format!("{} of {}", self.count, self.of);
        format!("{name:45} {figure:>10}   usually {:>10}, at most {:>10}{verdict}", self.usual, self.most())
    }
}

impl Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Count::SystemCalls => "system calls",
            Count::PageFaults => "page faults",
            Count::Instructions => "instructions",
            Count::Bytes => "bytes",
        })
    }
}

impl Display for Of {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Of::Run(Run::Nothing) => "a run with nothing to send",
            Of::Run(Run::Event) => "a run with one event",
            Of::Run(Run::Lines) => "a run with 20 MB of lines",
            Of::Program => "the program",
            Of::Component => "the wrapper's component",
            Of::Compiled => "the wrapper's compiled component",
            Of::Reporter => "the reporter's component",
            Of::Events => "the component of rules alone",
        })
    }
}
