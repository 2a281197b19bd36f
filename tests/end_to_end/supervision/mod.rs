//! Supervision of the command: how it ends, how it is made to, and what it has around it meanwhile.

mod background;
mod bare;
mod ending;
mod ignored;
mod inheritance;
mod signals;
mod timeout;
mod waiting;
