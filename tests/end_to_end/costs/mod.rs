//! What a run costs, in counts: no clock is read, and what else the machine does hardly changes them.
//!
//! A count over its budget is a failure. `make costs` prints every count beside its budget, which stands in [`budgets`].

mod budgets;
mod instructions;
mod page_faults;
mod runs;
mod sizes;
mod system_calls;
mod tracing;

use budgets::{BUDGETS, Budget, Count, Of};
use runs::Prepared;

use crate::support::skipped;

/// How many runs are counted of which no two are quite the same.
const RUNS: usize = 30;

/// How many runs are counted in a simulation, which takes seconds and leaves little to chance.
const SIMULATED_RUNS: usize = 2;

#[test]
fn system_calls_stay_in_their_budgets() {
    if_traceable("system calls", || {
        spend(Count::SystemCalls, |budget| lower_quartile(RUNS, budget, system_calls::count))
    });
}

#[test]
fn page_faults_stay_in_their_budgets() {
    if_traceable("page faults", || spend(Count::PageFaults, |budget| lower_quartile(RUNS, budget, page_faults::count)));
}

#[test]
fn instructions_stay_in_their_budgets() {
    if instructions::countable() {
        spend(Count::Instructions, |budget| lower_quartile(SIMULATED_RUNS, budget, instructions::count));
    } else {
        skipped("instructions, because there is no valgrind");
    }
}

#[test]
fn sizes_stay_in_their_budgets() {
    spend(Count::Bytes, |budget| sizes::count(budget.of));
}

fn if_traceable(what: &str, count: impl FnOnce()) {
    if tracing::permitted() { count() } else { skipped(&format!("{what}, because no process may be traced here")) }
}

/// Counts what each budget of this kind is for, shows it, and fails if any is exceeded.
fn spend(count: Count, measure: impl Fn(&Budget) -> Option<u64>) {
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))) {
        return skipped(&format!("{count}, because the budgets are for Linux on x86-64 with the GNU C library"));
    }
    let budgets = BUDGETS.iter().filter(|budget| budget.count == count);
    let spent: Vec<_> = budgets.filter_map(|budget| Some((budget, measure(budget)?))).collect();
    assert!(!spent.is_empty(), "{count}: nothing was counted");
    for (budget, figure) in &spent {
        println!("{}", budget.beside(*figure));
    }
    let exceeded = spent.iter().any(|(budget, figure)| *figure > budget.most());
    assert!(!exceeded, "{count}: more than the budget, see above; what is worth more is set in costs/budgets.rs");
}

/// What the cheapest quarter of some runs stays at or below.
///
/// How the threads of a run meet is chance. Now and then one is ended before it has begun, which would be the minimum, and
/// often one wakes another once more than it had to, which would be the median.
fn lower_quartile(runs: usize, budget: &Budget, count: impl Fn(&Prepared) -> u64) -> Option<u64> {
    let Of::Run(run) = budget.of else { panic!("{} of what does not run: {:?}", budget.count, budget.of) };
    let prepared = run.prepare();
    // The first run makes the state directory.
    count(&prepared);
    let mut counts: Vec<_> = (0..runs).map(|_| count(&prepared)).collect();
    counts.sort_unstable();
    counts.get(runs / 4).copied()
}
