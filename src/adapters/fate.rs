//! What has become of the report of a run.

/// What has become of a report. The texts say why, for people, without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// There was nothing to report.
    NotDue,
    /// All of it was accepted.
    Delivered,
    /// What was not accepted is kept.
    Kept(String),
    /// What was not accepted never will be, and is set aside.
    SetAside(String),
    /// What was not accepted could not be kept.
    Lost(String),
}

impl Fate {
    /// The one of two that is further from being delivered.
    pub fn worse(self, other: Self) -> Self {
        if other.distance() >= self.distance() { other } else { self }
    }

    /// Whether the API accepted what was sent; none when nothing was.
    pub fn accepted(&self) -> Option<bool> {
        (*self != Self::NotDue).then_some(*self == Self::Delivered)
    }

    fn distance(&self) -> u8 {
        match self {
            Self::NotDue => 0,
            Self::Delivered => 1,
            Self::Kept(_) => 2,
            Self::SetAside(_) => 3,
            Self::Lost(_) => 4,
        }
    }
}
