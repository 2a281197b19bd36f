//! The metric that goes along with an event: how long the command took (`POST /api/v1/series`, `--send_metric`).

use serde::Serialize;

use crate::run::Run;
use crate::settings::Reporting;

/// A submission of one gauge with one point. The fields are those of the API, in dogwrap's order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Submission {
    series: [Series; 1],
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Series {
    metric: &'static str,
    /// Seconds since 1970, and the value.
    points: [(f64, f64); 1],
    tags: Vec<String>,
    r#type: &'static str,
    host: Option<String>,
}

impl Submission {
    /// The duration of `run` in seconds, tagged as its event is and with the job's name; none when it is not known.
    pub fn duration(run: &Run, reporting: &Reporting, host: Option<&str>) -> Option<Self> {
        let duration = run.duration?;
        let mut tags = reporting.tags.clone();
        tags.push(format!("event_name:{}", reporting.name));
        Some(Self {
            series: [Series {
                metric: "dogwrap.duration",
                points: [(run.ended_at, duration.as_secs_f64())],
                tags,
                r#type: "gauge",
                host: host.map(str::to_owned),
            }],
        })
    }
}
