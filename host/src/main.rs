//! dogwrap's native host: lends its component a process, outbound HTTP and one directory, and ends with the status
//! that the component gives.

mod bindings;
mod capabilities;
mod component;
mod conceal;
mod flow;
mod forward;
mod http;
mod invocation;
mod locks;
mod machine;
mod policy;
mod process;
mod run;
mod stand_in;
mod state;
mod stdio;
mod unchecked;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

use invocation::Invocation;
use policy::Policy;
use process::Terminal;

fn main() -> ExitCode {
    if forward::is_asked_for() {
        return forward::run();
    }
    let invocation = Invocation::read();
    conceal::conceal(&invocation.arguments, invocation.keys());
    let policy = Arc::new(Policy::new(&invocation, |name| std::env::var(name).ok()));
    if let Some(status) = capabilities::answer(&invocation, &policy) {
        return status;
    }
    // Before any thread exists: each inherits what is blocked here.
    let terminal = Terminal::of_standard_input();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ExitCode::from(run::give_way(&policy, &error)),
    };
    let status = runtime.block_on(run::run(invocation, &policy, terminal));
    // Nothing is torn down: the kernel frees it faster, and a look-up that hangs would be waited for.
    std::process::exit(status.into())
}
