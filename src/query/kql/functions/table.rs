//! How forms of functions are written down.

use super::{Body, Kernel, Overload, Parameter, Returns};

/// A form with a kernel, of whose parameters the first must be given.
pub(super) const fn form(parameters: &'static [Parameter], required: usize, returns: Returns, kernel: Kernel) -> Overload {
    Overload { parameters, required, repeat: 0, returns, body: Body::Kernel(kernel) }
}

/// A form with a kernel, whose last parameters may be given again and again.
pub(super) const fn repeating(
    parameters: &'static [Parameter],
    required: usize,
    repeat: usize,
    returns: Returns,
    kernel: Kernel,
) -> Overload {
    Overload { parameters, required, repeat, returns, body: Body::Kernel(kernel) }
}

/// A form that the lowering knows.
pub(super) const fn planned(parameters: &'static [Parameter], required: usize, returns: Returns) -> Overload {
    Overload { parameters, required, repeat: 0, returns, body: Body::Plan }
}
