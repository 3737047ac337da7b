//! The HTTP door: routes of the native API.
