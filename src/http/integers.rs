//! Integers of the description, as they are read: without a sign and with the bound of their own width.

use utoipa::Number;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, KnownFormat, Object, SchemaFormat};
use utoipa::openapi::{RefOr, Schema};

/// Gives every integer without a sign its own bound. OpenAPI has names for signed widths only, and `u32` is described as `int32`
/// that is not negative: half of what is read.
pub(crate) fn widen(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => widen_object(object),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                widen(items);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(widen),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(widen),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(widen),
        _ => {}
    }
}

fn widen_object(object: &mut Object) {
    object.properties.values_mut().for_each(widen);
    if let Some(additional) = &mut object.additional_properties
        && let AdditionalProperties::RefOr(schema) = additional.as_mut()
    {
        widen(schema);
    }
    let unsigned = object.minimum.as_ref().is_some_and(not_negative);
    match &object.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) if unsigned => {
            object.format = None;
            object.maximum.get_or_insert(Number::UInt(u32::MAX as usize));
        }
        Some(SchemaFormat::KnownFormat(KnownFormat::Int64)) if unsigned => object.format = None,
        _ => {}
    }
}

fn not_negative(number: &Number) -> bool {
    match number {
        Number::Int(value) => *value >= 0,
        Number::UInt(_) => true,
        Number::Float(value) => *value >= 0.0,
    }
}
