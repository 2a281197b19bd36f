//! Loading the component: on a thread of its own, while the rest is prepared.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

use super::{Loaded, code, host, watch};
use crate::{unchecked, words};

/// A component that is being loaded.
pub struct Loading {
    engine: Engine,
    source: Arc<Source>,
}

/// Where the component comes from, and what has become of it: the error says why it cannot be run.
struct Source {
    /// The built-in one, if there is none.
    file: Option<PathBuf>,
    component: OnceLock<Result<Component, String>>,
}

impl Source {
    /// The component, loaded by whoever comes first.
    fn component(&self, engine: &Engine) -> &Result<Component, String> {
        self.component.get_or_init(|| code::load(engine, self.file.as_deref()))
    }
}

impl Loading {
    /// Begins to load the component in `file`, or the built-in one. The error says why nothing can be run at all.
    ///
    /// The thread that does it goes on to look at what the component computes.
    pub fn begin(file: Option<PathBuf>) -> Result<Self, String> {
        let mut configuration = dogwrap_engine::config();
        configuration.with_custom_code_memory(Some(Arc::new(unchecked::Executable)));
        let engine = Engine::new(&configuration).map_err(|error| words::of_error(&error))?;
        let source = Arc::new(Source { file, component: OnceLock::new() });
        let work = {
            let (engine, source) = (engine.clone(), Arc::clone(&source));
            move || {
                source.component(&engine);
                let engine_in_use = engine.weak();
                drop((source, engine));
                watch::look_now_and_then(&engine_in_use);
            }
        };
        // Without the thread it is loaded later, and nothing that it computes is stopped; the command is no worse off.
        let _ = thread::Builder::new().name("component".to_owned()).spawn(work);
        Ok(Self { engine, source })
    }

    /// Links the component to what it is lent, once it is loaded. The error says why it cannot be run, in words for people.
    pub fn finish(self) -> Result<Loaded, String> {
        let Self { engine, source } = self;
        let mut linker = Linker::new(&engine);
        host::link(&mut linker).map_err(|error| words::of_error(&error))?;
        // A thread that a busy machine has not let begin is not waited for.
        let component = source.component(&engine).as_ref().map_err(String::clone)?;
        let command = linker.instantiate_pre(component).map_err(not_lent).and_then(CommandPre::new);
        Ok(Loaded { command: command.map_err(|error| words::of_error(&error))?, engine })
    }
}

/// Names the import that is not lent: the runtime quotes it in its longer words.
fn not_lent(error: wasmtime::Error) -> wasmtime::Error {
    let words = error.to_string();
    match words.split('`').nth(1) {
        Some(name) => wasmtime::Error::msg(format!("it imports '{name}', which is not lent")),
        None => error,
    }
}
