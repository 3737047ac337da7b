//! What changes incidents: correlation, lifecycle, suppression, automation.
