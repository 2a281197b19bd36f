//! Conformance: this program against recorded runs of Python's dogwrap, and against that program itself.
//!
//! Every intended difference is a row of the README's table and one pure function in `differences`.

mod differences;
mod generator;
mod intended;
mod observation;
mod options;
mod recorded;
mod scenario;
mod side_by_side;
mod surrogates;
mod ways;
