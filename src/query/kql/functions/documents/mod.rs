//! Texts taken apart into values: URLs, versions, XML, user agents.

mod agent;
mod url;
mod version;
mod xml;

use super::super::tree::ScalarType;
use super::{Family, Function, Overload, Parameter, takes, takes_any};
use ScalarType::{Decimal, Dynamic, String as Text};

const TEXT: Parameter = takes("text", Text);

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Text, summary, overloads)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("parse_url", "Gives the parts of an absolute URL as a bag.", &[Overload::new(&[TEXT], Dynamic, url::parse)])
        .aliases(&["parseurl"]),
    function(
        "parse_urlquery",
        "Gives the parameters of the query part of a URL as a bag.",
        &[Overload::new(&[TEXT], Dynamic, url::parse_query)],
    )
    .aliases(&["parseurlquery"]),
    function(
        "parse_version",
        "Gives a version of up to four numbers as a decimal, to be compared with others.",
        &[Overload::new(&[TEXT], Decimal, version::parse)],
    )
    .differs("The decimal is 10^14 times smaller than Kusto's, so that all versions fit; comparisons are the same."),
    function(
        "parse_xml",
        "Gives XML as a bag: attributes as `@name`, text beside elements as `#text`.",
        &[Overload::new(&[TEXT], Dynamic, xml::parse)],
    ),
    function(
        "parse_user_agent",
        "Gives browser, operating system or device that a user agent names as a bag.",
        &[Overload::new(&[TEXT, takes_any("look_for")], Dynamic, agent::parse).optional(1)],
    )
    .differs("Common browsers, systems and devices are known; what is not is `Other`."),
];
