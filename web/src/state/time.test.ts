import assert from "node:assert/strict";
import { test } from "node:test";
import { localZone, zone } from "./prefs";
import { utcBeside, zoneName, zoneOffset } from "./time";

test("a zone says how far it is from UTC, winter and summer", () => {
    const cases: [string, string, string][] = [
        ["2025-01-01T00:00:00Z", "Europe/Zurich", "UTC+01:00"],
        ["2025-07-01T00:00:00Z", "Europe/Zurich", "UTC+02:00"],
        ["2025-07-01T00:00:00Z", "Asia/Kolkata", "UTC+05:30"],
        ["2025-07-01T00:00:00Z", "UTC", "UTC+00:00"],
    ];
    for (const [at, name, expected] of cases) assert.equal(zoneOffset(new Date(at), name), expected);
});

test("UTC stands beside local times only", () => {
    zone.value = "utc";
    assert.equal(utcBeside("2025-01-01T10:20:30Z"), "");
    assert.equal(zoneName(), "UTC");
    zone.value = "local";
    assert.match(utcBeside("2025-01-01T10:20:30Z"), /^(12-31 |01-0[12] )?10:20Z$/);
    assert.equal(utcBeside("no time"), "");
    assert.equal(utcBeside(null), "");
    assert.ok(zoneName().startsWith(localZone));
    zone.value = "utc";
});
