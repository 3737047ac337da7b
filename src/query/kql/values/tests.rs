//! Values and their texts.

use super::super::types::TICKS_PER_DAY;
use super::read::{datetime, decimal, guid, long, real, timespan};
use super::write;

#[test]
fn durations() {
    for (text, ticks) in [
        ("1d", Some(TICKS_PER_DAY)),
        ("1.5h", Some(54_000_000_000)),
        ("15 seconds", Some(150_000_000)),
        ("00:10:00", Some(6_000_000_000)),
        ("1.02:03:04.5", Some(TICKS_PER_DAY + 73_845_000_000)),
        ("-1d", Some(-TICKS_PER_DAY)),
        ("2", Some(2 * TICKS_PER_DAY)),
        ("3tick", Some(3)),
        ("250nano", Some(2)),
        ("1micro", Some(10)),
        ("abc", None),
        ("25:00:00", None),
        ("999999999999d", None),
    ] {
        assert_eq!(timespan(text), ticks, "{text}");
    }
}

#[test]
fn instants() {
    for (text, ticks) in [
        ("0001-01-01", Some(0)),
        ("1970-01-01", Some(621_355_968_000_000_000)),
        ("2024-02-29 23:59:59.9999999", Some(638_448_479_999_999_999)),
        ("2024-02-29T23:59:59Z", Some(638_448_479_990_000_000)),
        ("2024-03-01T01:59:59+02:00", Some(638_448_479_990_000_000)),
        ("2/29/2024", Some(638_447_616_000_000_000)),
        ("2024/2/29", Some(638_447_616_000_000_000)),
        ("2024-02", Some(638_423_424_000_000_000)),
        ("2023-02-29", None),
        ("2024-13-01", None),
        ("0000-90-01", None),
        ("Sat, 8 Nov 14 15:05:02 GMT", Some(635_510_559_020_000_000)),
        ("8 Nov 14 15:05", Some(635_510_559_000_000_000)),
        ("Saturday, 08-Nov-14 15:05:02 GMT", Some(635_510_559_020_000_000)),
        ("2014-11-08 15:05 GMT", Some(635_510_559_000_000_000)),
        ("11/8/2014 3:05:02 PM", Some(635_510_559_020_000_000)),
        ("11/8/2014 12:05:02 AM", Some(635_510_019_020_000_000)),
        ("12-02-2022", Some(638_055_360_000_000_000)),
        (" 2015-12-31 23:59:59.9 ", Some(635_872_031_999_000_000)),
        ("9999-12-31T23:59:59.99999999", Some(3_155_378_975_999_999_999)),
        ("9999-12-31T23:59:59-01:00", None),
        ("2024-02-29T24:00:00", None),
        ("13:00", None),
        ("", None),
        ("foo", None),
    ] {
        assert_eq!(datetime(text), ticks, "{text}");
    }
}

#[test]
fn numbers() {
    assert_eq!(long("0xFF"), Some(255));
    assert_eq!(long("-9223372036854775808"), Some(i64::MIN));
    assert_eq!(long("1.5"), None);
    assert_eq!(long(""), None);
    assert_eq!(real("infinity"), None);
    assert_eq!(real("-1.5e3"), Some(-1500.0));
    assert_eq!(guid("74be27de-1e4e-49d9-b579-fe0b331d3642"), Some(0x74be_27de_1e4e_49d9_b579_fe0b_331d_3642));
    assert_eq!(guid("74be27de"), None);
}

#[test]
fn decimals() {
    for (text, unscaled) in [
        ("1.5", Some(150_000_000_000_000)),
        ("-0.1", Some(-10_000_000_000_000)),
        ("1e3", Some(100_000_000_000_000_000)),
        ("3.14159265358979323846", Some(314_159_265_358_979)),
        ("0.000000000000005", Some(1)),
        ("1e-20", Some(0)),
        ("1e60", None),
        (".", None),
        ("1x", None),
    ] {
        assert_eq!(decimal(text), unscaled, "{text}");
    }
}

#[test]
fn written() {
    for (ticks, text) in [
        (0, "0001-01-01T00:00:00.0000000Z"),
        (3_155_378_975_999_999_999, "9999-12-31T23:59:59.9999999Z"),
        (638_448_479_999_999_999, "2024-02-29T23:59:59.9999999Z"),
        (621_355_968_000_000_001, "1970-01-01T00:00:00.0000001Z"),
    ] {
        assert_eq!(write::datetime(ticks), text);
    }
    for (ticks, text) in [
        (0, "00:00:00"),
        (TICKS_PER_DAY, "1.00:00:00"),
        (-1, "-00:00:00.0000001"),
        (i64::MIN, "-10675199.02:48:05.4775808"),
        (15_000_000, "00:00:01.5000000"),
    ] {
        assert_eq!(write::timespan(ticks), text);
    }
    for (value, text) in [
        (1500.0, "1500.0"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (1e20, "100000000000000000000.0"),
        (1e21, "1e21"),
        (1.25e-7, "1.25e-7"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(write::real(value), text);
    }
    assert_eq!(write::decimal(-10_000_000_000_000), "-0.1");
    assert_eq!(write::decimal(300_000_000_000_000), "3");
    assert_eq!(write::guid(0x74be_27de_1e4e_49d9_b579_fe0b_331d_3642), "74be27de-1e4e-49d9-b579-fe0b331d3642");
}
