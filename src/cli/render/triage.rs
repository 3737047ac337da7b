//! Correlations with their reasons, decisions on entities, and the work on incidents.

use std::fmt::Write;

use serde_json::Value;

use super::super::output::Style;
use super::grid::{painted, text};
use super::{list, number};

/// Reasons that a group shows; `--json` gives all.
const REASONS_SHOWN: usize = 5;

/// The groups, each with what holds it together, and what was done.
pub(super) fn correlation(answer: &Value, style: Style) -> String {
    let mut out = String::new();
    for group in list(answer, "groups") {
        let order = if group["kill_chain_order"] == true { ", in the order of the kill chain" } else { "" };
        let span = [&group["first"], &group["last"]].map(text);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}  {}", painted(&text(&group["severity"]), style), text(&group["title"]));
        let _ = writeln!(out, "  incident:{}", text(&group["incident"]));
        let _ = writeln!(out, "  {} from {} to {}{order}", number(list(group, "alerts").len() as u64, "alerts"), span[0], span[1]);
        let reasons = list(group, "reasons");
        for reason in reasons.iter().take(REASONS_SHOWN) {
            let gap = gap(reason["gap_seconds"].as_f64().unwrap_or(0.0));
            let _ = writeln!(
                out,
                "  {} in {} and, {gap} later, in {}",
                text(&reason["entity"]),
                text(&reason["earlier"]),
                text(&reason["later"])
            );
        }
        if reasons.len() > REASONS_SHOWN {
            let _ = writeln!(out, "  and {} more (--json shows them)", number((reasons.len() - REASONS_SHOWN) as u64, "reasons"));
        }
        out.push('\n');
    }
    let count = |name: &str| answer[name].as_u64().unwrap_or(0);
    let done = [("opened", "opened"), ("changed", "changed"), ("redirected", "merged into others")]
        .map(|(name, word)| format!("{} {word}", count(name)));
    let done = done.join(", ");
    let looked = number(count("alerts"), "alerts");
    if answer["dry_run"] == true {
        let _ = writeln!(out, "{looked} looked at; incidents that a run would bring: {done}");
    } else {
        let _ = writeln!(out, "{looked} looked at; incidents: {done}");
    }
    out
}

/// A distance in time in its greatest unit.
fn gap(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")];
    match units.iter().find(|(size, _)| seconds >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", seconds / size),
        None => format!("{seconds:.0} s"),
    }
}

/// The number of a decision, and how to take it back.
pub(super) fn decision(answer: &Value) -> String {
    let id = text(&answer["decision"]);
    format!("decision {id} is made; `clew entity undo {id}` takes it back\n")
}

/// Characters of a value in the activity; `--json` gives all.
const VALUE_CHARS: usize = 80;

/// The incidents that a change made new versions of, and how to take it back.
pub(super) fn changed(answer: &Value) -> String {
    let changed = list(answer, "value");
    let Some(first) = changed.first() else { return "nothing to change: it is so already\n".to_owned() };
    let mut out = String::new();
    for record in changed {
        let name = if record["number"].is_null() { text(&record["id"]) } else { text(&record["number"]) };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{} {name} is changed", text(&record["kind"]));
    }
    let _ = writeln!(out, "`clew {} undo {}` takes it back", text(&first["kind"]), text(&first["change"]));
    out
}

/// What became of a proposal, and what was changed by it.
pub(super) fn decided(answer: &Value) -> String {
    let proposal = &answer["proposal"];
    let mut out = format!("the proposal is {} by {}\n", text(&proposal["state"]), text(&proposal["decided_by"]));
    if !list(answer, "value").is_empty() {
        out.push_str(&changed(answer));
    }
    out
}

/// The changes of an incident, newest first, each with the fields that it gave another value.
pub(super) fn activity(answer: &Value) -> String {
    let mut out = String::new();
    for change in list(answer, "value") {
        let undoes = if change["undoes"].is_null() { String::new() } else { format!(" of {}", text(&change["undoes"])) };
        let by = format!("{} by {}", text(&change["action"]), text(&change["actor"]));
        let proposed =
            if change["proposed_by"].is_null() { String::new() } else { format!(", proposed by {}", text(&change["proposed_by"])) };
        let _ = writeln!(out, "{}  {}  {by}{undoes}{proposed}", text(&change["time"]), text(&change["change"]));
        if !change["comment"].is_null() {
            let _ = writeln!(out, "  {}", short(&text(&change["comment"])));
        }
        for field in list(change, "fields") {
            let [before, after] = [&field["before"], &field["after"]].map(|value| short(&text(value)));
            let name = text(&field["field"]);
            let _ = match before.as_str() {
                "" => writeln!(out, "  {name}: {after}"),
                before => writeln!(out, "  {name}: {before} -> {after}"),
            };
        }
    }
    out
}

fn short(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{} ...", &value[..end]),
        None => value.to_owned(),
    }
}
