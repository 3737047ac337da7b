//! `convert_length` and its kin: numbers from one unit to another.

use arrow::array::ArrayRef;

use super::super::super::tree::ScalarType::{Real, String as Text};
use super::super::{Arguments, Family, Function, KernelError, Overload, takes};

/// A unit by how many of the base unit it is.
type Units = &'static [(&'static str, f64)];

const RADIAN: f64 = 180.0 / std::f64::consts::PI;
const BTU: f64 = 1_055.055_852_62;
const WATT_HOUR: f64 = 3600.0;
const POUND_FORCE: f64 = 4.448_221_615_260_5;
const POUND: f64 = 0.453_592_37;
const FOOT: f64 = 0.3048;
const SURVEY_FOOT: f64 = 1200.0 / 3937.0;
const LIGHT_YEAR: f64 = 9.460_730_472_58e15;
const PARSEC: f64 = 3.085_677_581_28e16;
const CUBIC_FOOT: f64 = FOOT * FOOT * FOOT;
const US_GALLON: f64 = 0.003_785_411_784;
const IMPERIAL_GALLON: f64 = 0.004_546_09;
const HOUR: f64 = 3600.0;
const MINUTE: f64 = 60.0;

/// In degrees.
const ANGLES: Units = &[
    ("Arcminute", 1.0 / 60.0),
    ("Arcsecond", 1.0 / 3600.0),
    ("Centiradian", RADIAN * 1e-2),
    ("Deciradian", RADIAN * 1e-1),
    ("Degree", 1.0),
    ("Gradian", 0.9),
    ("Microdegree", 1e-6),
    ("Microradian", RADIAN * 1e-6),
    ("Millidegree", 1e-3),
    ("Milliradian", RADIAN * 1e-3),
    ("Nanodegree", 1e-9),
    ("Nanoradian", RADIAN * 1e-9),
    ("NatoMil", 360.0 / 6400.0),
    ("Radian", RADIAN),
    ("Revolution", 360.0),
];

/// In joules.
const ENERGIES: Units = &[
    ("BritishThermalUnit", BTU),
    ("Calorie", 4.184),
    ("DecathermEc", BTU * 1e6),
    ("Erg", 1e-7),
    ("FootPound", FOOT * POUND_FORCE),
    ("GigabritishThermalUnit", BTU * 1e9),
    ("Gigajoule", 1e9),
    ("GigawattDay", WATT_HOUR * 24.0 * 1e9),
    ("GigawattHour", WATT_HOUR * 1e9),
    ("Joule", 1.0),
    ("KilobritishThermalUnit", BTU * 1e3),
    ("Kilocalorie", 4184.0),
    ("Kilojoule", 1e3),
    ("KilowattDay", WATT_HOUR * 24.0 * 1e3),
    ("KilowattHour", WATT_HOUR * 1e3),
    ("MegabritishThermalUnit", BTU * 1e6),
    ("Megacalorie", 4.184e6),
    ("Megajoule", 1e6),
    ("MegawattDay", WATT_HOUR * 24.0 * 1e6),
    ("MegawattHour", WATT_HOUR * 1e6),
    ("Millijoule", 1e-3),
    ("TerawattDay", WATT_HOUR * 24.0 * 1e12),
    ("TerawattHour", WATT_HOUR * 1e12),
    ("ThermEc", BTU * 1e5),
    ("WattDay", WATT_HOUR * 24.0),
    ("WattHour", WATT_HOUR),
];

/// In newtons.
const FORCES: Units = &[
    ("Decanewton", 10.0),
    ("Dyn", 1e-5),
    ("KilogramForce", 9.806_65),
    ("Kilonewton", 1e3),
    ("KiloPond", 9.806_65),
    ("KilopoundForce", POUND_FORCE * 1e3),
    ("Meganewton", 1e6),
    ("Micronewton", 1e-6),
    ("Millinewton", 1e-3),
    ("Newton", 1.0),
    ("OunceForce", POUND_FORCE / 16.0),
    ("Poundal", POUND * FOOT),
    ("PoundForce", POUND_FORCE),
    ("ShortTonForce", POUND_FORCE * 2000.0),
    ("TonneForce", 9806.65),
];

/// In metres.
const LENGTHS: Units = &[
    ("Angstrom", 1e-10),
    ("AstronomicalUnit", 1.495_978_707e11),
    ("Centimeter", 1e-2),
    ("Chain", 20.1168),
    ("DataMile", 1828.8),
    ("Decameter", 10.0),
    ("Decimeter", 0.1),
    ("DtpPica", 0.0254 / 6.0),
    ("DtpPoint", 0.0254 / 72.0),
    ("Fathom", 1.8288),
    ("Foot", FOOT),
    ("Hand", 0.1016),
    ("Hectometer", 100.0),
    ("Inch", 0.0254),
    ("KilolightYear", LIGHT_YEAR * 1e3),
    ("Kilometer", 1e3),
    ("Kiloparsec", PARSEC * 1e3),
    ("LightYear", LIGHT_YEAR),
    ("MegalightYear", LIGHT_YEAR * 1e6),
    ("Megaparsec", PARSEC * 1e6),
    ("Meter", 1.0),
    ("Microinch", 2.54e-8),
    ("Micrometer", 1e-6),
    ("Mil", 2.54e-5),
    ("Mile", 1609.344),
    ("Millimeter", 1e-3),
    ("Nanometer", 1e-9),
    ("NauticalMile", 1852.0),
    ("Parsec", PARSEC),
    ("PrinterPoint", 0.0254 / 72.27),
    ("Shackle", 27.432),
    ("Twip", 0.0254 / 1440.0),
    ("UsSurveyFoot", SURVEY_FOOT),
    ("Yard", 0.9144),
];

/// In kilograms.
const MASSES: Units = &[
    ("Centigram", 1e-5),
    ("Decagram", 1e-2),
    ("Decigram", 1e-4),
    ("Grain", POUND / 7000.0),
    ("Gram", 1e-3),
    ("Hectogram", 0.1),
    ("Kilogram", 1.0),
    ("Kilopound", POUND * 1e3),
    ("Kilotonne", 1e6),
    ("LongHundredweight", POUND * 112.0),
    ("LongTon", POUND * 2240.0),
    ("Megapound", POUND * 1e6),
    ("Megatonne", 1e9),
    ("Microgram", 1e-9),
    ("Milligram", 1e-6),
    ("Nanogram", 1e-12),
    ("Ounce", POUND / 16.0),
    ("Pound", POUND),
    ("ShortHundredweight", POUND * 100.0),
    ("ShortTon", POUND * 2000.0),
    ("Slug", POUND_FORCE / FOOT),
    ("Stone", POUND * 14.0),
    ("Tonne", 1e3),
];

/// In metres per second.
const SPEEDS: Units = &[
    ("CentimeterPerHour", 1e-2 / HOUR),
    ("CentimeterPerMinute", 1e-2 / MINUTE),
    ("CentimeterPerSecond", 1e-2),
    ("DecimeterPerMinute", 0.1 / MINUTE),
    ("DecimeterPerSecond", 0.1),
    ("FootPerHour", FOOT / HOUR),
    ("FootPerMinute", FOOT / MINUTE),
    ("FootPerSecond", FOOT),
    ("InchPerHour", 0.0254 / HOUR),
    ("InchPerMinute", 0.0254 / MINUTE),
    ("InchPerSecond", 0.0254),
    ("KilometerPerHour", 1e3 / HOUR),
    ("KilometerPerMinute", 1e3 / MINUTE),
    ("KilometerPerSecond", 1e3),
    ("Knot", 1852.0 / HOUR),
    ("MeterPerHour", 1.0 / HOUR),
    ("MeterPerMinute", 1.0 / MINUTE),
    ("MeterPerSecond", 1.0),
    ("MicrometerPerMinute", 1e-6 / MINUTE),
    ("MicrometerPerSecond", 1e-6),
    ("MilePerHour", 1609.344 / HOUR),
    ("MillimeterPerHour", 1e-3 / HOUR),
    ("MillimeterPerMinute", 1e-3 / MINUTE),
    ("MillimeterPerSecond", 1e-3),
    ("NanometerPerMinute", 1e-9 / MINUTE),
    ("NanometerPerSecond", 1e-9),
    ("UsSurveyFootPerHour", SURVEY_FOOT / HOUR),
    ("UsSurveyFootPerMinute", SURVEY_FOOT / MINUTE),
    ("UsSurveyFootPerSecond", SURVEY_FOOT),
    ("YardPerHour", 0.9144 / HOUR),
    ("YardPerMinute", 0.9144 / MINUTE),
    ("YardPerSecond", 0.9144),
];

/// In cubic metres.
const VOLUMES: Units = &[
    ("AcreFoot", 43_560.0 * CUBIC_FOOT),
    ("AuTablespoon", 2e-5),
    ("BoardFoot", CUBIC_FOOT / 12.0),
    ("Centiliter", 1e-5),
    ("CubicCentimeter", 1e-6),
    ("CubicDecimeter", 1e-3),
    ("CubicFoot", CUBIC_FOOT),
    ("CubicHectometer", 1e6),
    ("CubicInch", CUBIC_FOOT / 1728.0),
    ("CubicKilometer", 1e9),
    ("CubicMeter", 1.0),
    ("CubicMicrometer", 1e-18),
    ("CubicMile", 5280.0 * 5280.0 * 5280.0 * CUBIC_FOOT),
    ("CubicMillimeter", 1e-9),
    ("CubicYard", 27.0 * CUBIC_FOOT),
    ("Decaliter", 1e-2),
    ("DecausGallon", US_GALLON * 10.0),
    ("Deciliter", 1e-4),
    ("DeciusGallon", US_GALLON * 0.1),
    ("HectocubicFoot", CUBIC_FOOT * 100.0),
    ("HectocubicMeter", 100.0),
    ("Hectoliter", 0.1),
    ("HectousGallon", US_GALLON * 100.0),
    ("ImperialGallon", IMPERIAL_GALLON),
    ("ImperialOunce", IMPERIAL_GALLON / 160.0),
    ("ImperialPint", IMPERIAL_GALLON / 8.0),
    ("KilocubicFoot", CUBIC_FOOT * 1e3),
    ("KilocubicMeter", 1e3),
    ("KiloimperialGallon", IMPERIAL_GALLON * 1e3),
    ("Kiloliter", 1.0),
    ("KilousGallon", US_GALLON * 1e3),
    ("Liter", 1e-3),
    ("MegacubicFoot", CUBIC_FOOT * 1e6),
    ("MegaimperialGallon", IMPERIAL_GALLON * 1e6),
    ("Megaliter", 1e3),
    ("MegausGallon", US_GALLON * 1e6),
    ("MetricCup", 2.5e-4),
    ("MetricTeaspoon", 5e-6),
    ("Microliter", 1e-9),
    ("Milliliter", 1e-6),
    ("OilBarrel", US_GALLON * 42.0),
    ("UsGallon", US_GALLON),
    ("UsOunce", US_GALLON / 128.0),
    ("UsPint", US_GALLON / 8.0),
    ("UsQuart", US_GALLON / 4.0),
    ("UsTablespoon", US_GALLON / 256.0),
    ("UsTeaspoon", US_GALLON / 768.0),
];

/// Units whose size is told differently here and there, which are refused rather than guessed.
const UNCERTAIN: &[&str] = &[
    "DecathermImperial",
    "DecathermUs",
    "EarthMass",
    "ElectronVolt",
    "GigaelectronVolt",
    "HorsepowerHour",
    "ImperialBeerBarrel",
    "KiloelectronVolt",
    "MegaelectronVolt",
    "PrinterPica",
    "SolarMass",
    "SolarRadius",
    "SolarTemperature",
    "TeraelectronVolt",
    "ThermImperial",
    "ThermUs",
    "Tilt",
    "UkTablespoon",
    "UsBeerBarrel",
    "UsCustomaryCup",
    "UsLegalCup",
];

fn known(unit: &str) -> Result<(), KernelError> {
    if UNCERTAIN.contains(&unit) {
        return Err(KernelError::new(format!("the unit `{unit}` is not supported")));
    }
    Ok(())
}

fn converted(call: &Arguments, convert: impl Fn(f64, &str, &str) -> Option<f64>) -> Result<ArrayRef, KernelError> {
    for row in 0..call.rows {
        known(call.text(1, row))?;
        known(call.text(2, row))?;
    }
    Ok(call.reals(|row| convert(call.real(0, row)?, call.text(1, row), call.text(2, row))))
}

fn scaled(call: &Arguments, units: Units) -> Result<ArrayRef, KernelError> {
    let size = |name: &str| units.iter().find(|(unit, _)| *unit == name).map(|(_, size)| *size);
    converted(call, |value, from, to| Some(value * size(from)? / size(to)?))
}

/// A temperature in kelvin.
fn kelvin(value: f64, unit: &str) -> Option<f64> {
    Some(match unit {
        "DegreeCelsius" => value + 273.15,
        "DegreeDelisle" => value * (-2.0 / 3.0) + 373.15,
        "DegreeFahrenheit" => (value + 459.67) * 5.0 / 9.0,
        "DegreeNewton" => value * 100.0 / 33.0 + 273.15,
        "DegreeRankine" => value * 5.0 / 9.0,
        "DegreeReaumur" => value * 5.0 / 4.0 + 273.15,
        "DegreeRoemer" => (value - 7.5) * 40.0 / 21.0 + 273.15,
        "Kelvin" => value,
        "MillidegreeCelsius" => value / 1000.0 + 273.15,
        _ => return None,
    })
}

/// A temperature of so many kelvin in another unit.
fn degrees(kelvin: f64, unit: &str) -> Option<f64> {
    Some(match unit {
        "DegreeCelsius" => kelvin - 273.15,
        "DegreeDelisle" => (kelvin - 373.15) * -1.5,
        "DegreeFahrenheit" => kelvin * 9.0 / 5.0 - 459.67,
        "DegreeNewton" => (kelvin - 273.15) * 33.0 / 100.0,
        "DegreeRankine" => kelvin * 9.0 / 5.0,
        "DegreeReaumur" => (kelvin - 273.15) * 4.0 / 5.0,
        "DegreeRoemer" => (kelvin - 273.15) * 21.0 / 40.0 + 7.5,
        "Kelvin" => kelvin,
        "MillidegreeCelsius" => (kelvin - 273.15) * 1000.0,
        _ => return None,
    })
}

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Mathematics, summary, overloads).differs("Units whose size is not agreed upon are refused by name.")
}

macro_rules! form {
    ($kernel:expr) => {
        &[Overload::new(&[takes("value", Real), takes("from", Text), takes("to", Text)], Real, $kernel)]
    };
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("convert_angle", "Gives an angle in another unit; null if a unit is none.", form!(|call| scaled(call, ANGLES))),
    function("convert_energy", "Gives an energy in another unit; null if a unit is none.", form!(|call| scaled(call, ENERGIES))),
    function("convert_force", "Gives a force in another unit; null if a unit is none.", form!(|call| scaled(call, FORCES))),
    function("convert_length", "Gives a length in another unit; null if a unit is none.", form!(|call| scaled(call, LENGTHS))),
    function("convert_mass", "Gives a mass in another unit; null if a unit is none.", form!(|call| scaled(call, MASSES))),
    function("convert_speed", "Gives a speed in another unit; null if a unit is none.", form!(|call| scaled(call, SPEEDS))),
    function(
        "convert_temperature",
        "Gives a temperature in another unit; null if a unit is none.",
        form!(|call| converted(call, |value, from, to| degrees(kelvin(value, from)?, to))),
    ),
    function("convert_volume", "Gives a volume in another unit; null if a unit is none.", form!(|call| scaled(call, VOLUMES))),
];
