//! The adapters of the world `events`: they bind the rules to the records of `wit/events`, and to nothing else.

mod bindings;
mod delivery;
mod machine;
mod reporting;

use bindings::exports::dogwrap::events::reporting::Invalid;

use crate::sites::Api;

/// The rules, as whoever loads the component calls them.
struct Rules;

/// The API of a site, or of the first.
fn api(site: Option<&str>) -> Result<Api, Invalid> {
    site.map_or_else(|| Ok(Api::default_site()), Api::parse).map_err(Invalid::Site)
}
