//! One job, wrapped: what the README shows.

use dogwrap_host::rules::settings::SubmitMode;
use dogwrap_host::{Job, Wrapper};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wrapper = Wrapper::new()?; // once
    let job = Job::new("backup --all").name("nightly").submit_mode(SubmitMode::All);
    let finished = wrapper.start(job)?.wait()?; // or wrapper.run(job).await?
    println!("{:?}, event: {:?}", finished.outcome, finished.report);
    Ok(())
}
