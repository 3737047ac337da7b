import assert from "node:assert/strict";
import { test } from "node:test";
import { readMetrics, requestLoads, totalOf } from "./metrics";

const text = `# HELP clew_http_requests_total Requests answered.
clew_http_requests_total{method="GET",route="/v1/a",status="200"} 3
clew_http_requests_total{method="GET",route="/v1/a",status="404"} 1
clew_http_requests_total{method="GET",route="/v1/\\"b\\"",status="200"} 9
clew_http_request_seconds_bucket{route="/v1/a",le="+Inf"} 4
clew_http_request_seconds_sum{route="/v1/a"} 0.2
clew_documents 43088
not a sample
`;

test("counters are read and put together by route", () => {
    const samples = readMetrics(text);
    assert.equal(samples.length, 6);
    assert.equal(totalOf(samples, "clew_documents"), 43_088);
    assert.equal(totalOf(samples, "none"), 0);
    assert.deepEqual(requestLoads(samples), [
        { route: '/v1/"b"', requests: 9, failed: 0, seconds: 0 },
        { route: "/v1/a", requests: 4, failed: 1, seconds: 0.05 },
    ]);
});
