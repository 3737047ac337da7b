//! `/v1/posture`: scores, controls, recommendations and compliance as they stand.

use super::routes::{About, Routes};
use crate::query::posture::PostureRequest;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask::<PostureRequest>(
        "/v1/posture",
        About { id: "posture", tag: "records", summary: "Shows secure scores, controls, open recommendations and compliance" },
    );
}
