//! Job control, when our standard input is a terminal: the command has the foreground in our place, stops and
//! continues together with us, and gives the foreground back.

use std::io::{IsTerminal, stdin};
use std::process::Command;

use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

use crate::unchecked;

/// The terminal that is our standard input.
pub struct Terminal {
    own_group: Pid,
    /// The signal mask that we were started with.
    inherited_mask: SigSet,
}

impl Terminal {
    /// The terminal, if standard input is one. To be called before any thread is started.
    ///
    /// Blocks two signals in every thread: SIGTTOU, with which the kernel would stop us for writing or for taking the
    /// foreground back while the command has it; and SIGTSTP, which is taken at one place only. The command does not
    /// inherit this.
    pub fn of_standard_input() -> Option<Self> {
        if !stdin().is_terminal() {
            return None;
        }
        let blocked = SigSet::from_iter([Signal::SIGTTOU, Signal::SIGTSTP]);
        let inherited_mask = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()?;
        Some(Self { own_group: getpgrp(), inherited_mask })
    }

    /// Prepares `command` to run in the foreground, if that is where we are, and with the signal mask that we inherited.
    pub fn prepare(&self, command: &mut Command) {
        let in_foreground = tcgetpgrp(stdin()) == Ok(self.own_group);
        unchecked::prepare_for_terminal(command, self.inherited_mask, in_foreground);
    }

    /// Stops us after the command's `group` has been stopped, so that the shell gets its turn; and when the shell
    /// continues us, continues the group, in the foreground if that is where the shell put us.
    pub fn stop_with(&self, group: Pid) {
        self.set_foreground(group, self.own_group);
        // Sent while it is blocked and taken by unblocking it, the signal stops this thread here and not somewhat
        // later. Where no shell could continue us, the kernel drops it instead, and the command goes on.
        let stop = SigSet::from_iter([Signal::SIGTSTP]);
        let _ = killpg(self.own_group, Signal::SIGTSTP);
        let _ = stop.thread_unblock();
        let _ = stop.thread_block();
        self.set_foreground(self.own_group, group);
        let _ = killpg(group, Signal::SIGCONT);
    }

    /// Takes the foreground back from the command's `group`. Returns whether the group had it.
    pub fn take_back(&self, group: Pid) -> bool {
        self.set_foreground(group, self.own_group)
    }

    /// Interrupts our own group, and us with it, as the interrupt that was typed would have done, had the command been
    /// in it. Nothing is left to be done by then.
    pub fn interrupt_own_group(&self) {
        let _ = killpg(self.own_group, Signal::SIGINT);
        unchecked::end_by(Signal::SIGINT);
    }

    /// Makes `to` the foreground if it is `from` now. Returns whether it did.
    fn set_foreground(&self, from: Pid, to: Pid) -> bool {
        tcgetpgrp(stdin()) == Ok(from) && tcsetpgrp(stdin(), to).is_ok()
    }
}
