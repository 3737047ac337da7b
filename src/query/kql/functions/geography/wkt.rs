//! Shapes in the text form of geographers (WKT) as GeoJSON.

use super::super::table::form;
use super::super::{Family, Function, Returns, takes};
use crate::query::kql::tree::ScalarType::{Dynamic, String as Text};

/// Deepest collection of collections.
const DEPTH_MAX: usize = 16;

/// Reads a text from its front.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn eat(&mut self, sign: char) -> Option<()> {
        self.skip();
        self.0 = self.0.strip_prefix(sign)?;
        Some(())
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let end = self.0.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }

    /// A number as JSON has it.
    fn number(&mut self) -> Option<String> {
        self.skip();
        let end = self.0.find(|letter: char| !matches!(letter, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(self.0.len());
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        if let Ok(whole) = text.parse::<i64>() {
            return Some(whole.to_string());
        }
        text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number.to_string())
    }

    /// Longitude and latitude, in parentheses of their own or not.
    fn point(&mut self) -> Option<String> {
        let inside = self.eat('(').is_some();
        let point = format!("[{},{}]", self.number()?, self.number()?);
        if inside {
            self.eat(')')?;
        }
        Some(point)
    }

    /// `(a, b, ...)` as an array.
    fn list(&mut self, item: &mut dyn FnMut(&mut Self) -> Option<String>) -> Option<String> {
        self.eat('(')?;
        let mut items = vec![item(self)?];
        while self.eat(',').is_some() {
            items.push(item(self)?);
        }
        self.eat(')')?;
        Some(format!("[{}]", items.join(",")))
    }

    fn line(&mut self) -> Option<String> {
        self.list(&mut Self::point)
    }

    fn rings(&mut self) -> Option<String> {
        self.list(&mut Self::line)
    }

    fn shape(&mut self, depth: usize) -> Option<String> {
        let word = self.word().to_ascii_uppercase();
        let (kind, coordinates) = match word.as_str() {
            "POINT" => {
                self.eat('(')?;
                let point = self.point()?;
                self.eat(')')?;
                ("Point", point)
            }
            "LINESTRING" => ("LineString", self.line()?),
            "POLYGON" => ("Polygon", self.rings()?),
            "MULTIPOINT" => ("MultiPoint", self.line()?),
            "MULTILINESTRING" => ("MultiLineString", self.rings()?),
            "MULTIPOLYGON" => ("MultiPolygon", self.list(&mut Self::rings)?),
            "GEOMETRYCOLLECTION" if depth < DEPTH_MAX => {
                let shapes = self.list(&mut |reader| reader.shape(depth + 1))?;
                return Some(format!("{{\"type\":\"GeometryCollection\",\"geometries\":{shapes}}}"));
            }
            _ => return None,
        };
        Some(format!("{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}"))
    }
}

fn shape(text: &str) -> Option<String> {
    let mut reader = Reader(text);
    let shape = reader.shape(0)?;
    reader.0.trim().is_empty().then_some(shape)
}

pub(super) static FUNCTIONS: &[Function] = &[Function::new(
    "geo_from_wkt",
    Family::Geography,
    "Gives a shape in WKT as GeoJSON; null if it is none.",
    &[form(&[takes("wkt", Text)], 1, Returns::Always(Dynamic), |call| Ok(call.jsons(|row| shape(call.text(0, row)))))],
)];

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn shapes_are_read_and_what_is_none_is_null() {
        for (text, expected) in [
            ("POINT (1 2)", Some(r#"{"type":"Point","coordinates":[1,2]}"#)),
            ("multipoint ((1 1), (2.5 -2))", Some(r#"{"type":"MultiPoint","coordinates":[[1,1],[2.5,-2]]}"#)),
            ("POLYGON ((0 0, 2 0, 2 2, 0 0))", Some(r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}"#)),
            ("LINESTRING", None),
            ("POINT (1 2) x", None),
            ("POINT (1 2 3)", None),
        ] {
            assert_eq!(shape(text).as_deref(), expected, "{text}");
        }
    }
}
