//! dogwrap's native host: lends its component a process, outbound HTTP and one directory, and ends with the status
//! that the component gives.

mod bindings;
mod component;
mod conceal;
mod engine;
mod environment;
mod forward;
mod http;
mod invocation;
mod locks;
mod machine;
mod policy;
mod posix;
mod process;
mod state;
mod stdio;
mod words;

use std::process::ExitCode;

use invocation::Invocation;
use process::Terminal;

fn main() -> ExitCode {
    if forward::is_asked_for() {
        return forward::run();
    }
    let invocation = Invocation::read();
    conceal::conceal(&invocation.arguments, invocation.keys());
    // Before any thread exists: each inherits what is blocked here.
    let terminal = Terminal::of_standard_input();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("dogwrap: cannot start: {error}");
            return ExitCode::from(component::INTERNAL_ERROR);
        }
    };
    let status = runtime.block_on(component::run(invocation, terminal));
    // Nothing is torn down: the kernel frees it faster, and a look-up that hangs would be waited for.
    std::process::exit(status.into())
}
