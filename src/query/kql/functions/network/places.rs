//! Places of addresses, from a table that the operator supplies.

use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::ArrayRef;

use super::super::{Arguments, KernelError};
use super::address::{V6, mask_128};

/// The table that is asked; set before the first query, replaced as a whole.
static INSTALLED: RwLock<Option<Arc<Places>>> = RwLock::new(None);

/// Networks and where they are.
#[derive(Debug, Default)]
pub struct Places {
    /// First and last address, and the place as JSON text; in order, none inside another.
    networks: Vec<(u128, u128, Box<str>)>,
}

/// Why a table of places cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}, found `{found}`")]
pub struct PlacesError {
    /// The line, from 1.
    pub line: usize,
    /// What should be there.
    pub expected: &'static str,
    /// What is there.
    pub found: String,
}

impl Places {
    /// Reads CSV: `network,country,state,city,latitude,longitude`, one network a line, with or without a heading.
    pub fn read(text: &str) -> Result<Self, PlacesError> {
        let mut networks = Vec::new();
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        for (index, record) in reader.into_records().enumerate() {
            let line = index + 1;
            let refusal = |expected, found: &str| PlacesError { line, expected, found: found.to_owned() };
            let record = record.map_err(|error| refusal("a record", &error.to_string()))?;
            let field = |at: usize| record.get(at).unwrap_or_default();
            if line == 1 && field(0).eq_ignore_ascii_case("network") {
                continue;
            }
            let network = V6::read(field(0)).ok_or_else(|| refusal("a network", field(0)))?;
            let degrees = |at: usize| field(at).parse::<f64>().map_err(|_| refusal("degrees", field(at)));
            let place = serde_json::json!({
                "country": field(1), "state": field(2), "city": field(3), "latitude": degrees(4)?, "longitude": degrees(5)?,
            });
            let first = network.network(128);
            networks.push((first, first | !mask_128(network.prefix), place.to_string().into_boxed_str()));
        }
        networks.sort_unstable();
        Ok(Self { networks })
    }

    /// Makes this the table that `geo_info_from_ip_address` asks.
    pub fn install(self) {
        *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(self));
    }

    /// The place of an address as JSON text.
    pub fn find(&self, ip: &str) -> Option<&str> {
        let address = V6::read(ip)?.bits;
        let behind = self.networks.partition_point(|(first, ..)| *first <= address);
        let (_, last, place) = self.networks.get(behind.checked_sub(1)?)?;
        (address <= *last).then_some(place)
    }
}

pub(super) fn of_address(call: &Arguments) -> Result<ArrayRef, KernelError> {
    let places = INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone();
    let ips = call.text_column(0);
    Ok(call.jsons(|row| places.as_ref()?.find(ips.value(row))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_network() {
        let text = "network,country,state,city,latitude,longitude\n20.53.0.0/16,Australia,New South Wales,Sydney,-33.8715,151.2006\n\
                    2a03:2880::/32,United States,Florida,Boca Raton,26.3594,-80.0771\n";
        let places = Places::read(text).expect("the table is right");
        let sydney = r#"{"country":"Australia","state":"New South Wales","city":"Sydney","latitude":-33.8715,"longitude":151.2006}"#;
        assert_eq!(places.find("20.53.203.50"), Some(sydney));
        assert_eq!(places.find("2a03:2880:f12c:83:face:b00c::25de").map(|place| place.contains("Boca Raton")), Some(true));
        assert_eq!(places.find("20.54.0.0"), None);
        assert_eq!(places.find("no address"), None);
    }

    #[test]
    fn what_is_no_place_is_told_by_line() {
        let error = Places::read("10.0.0.0/8,a,b,c,1,2\n10.0.0.0/99,a,b,c,1,2\n").expect_err("the second network is none");
        assert_eq!(error.to_string(), "line 2: expected a network, found `10.0.0.0/99`");
    }
}
