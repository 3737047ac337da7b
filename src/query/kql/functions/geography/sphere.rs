//! Points on a sphere and on the spheroid of WGS 84.

/// The mean radius of the earth in metres.
pub(super) const RADIUS: f64 = 6_371_010.0;
/// The radius at the equator and the flattening of WGS 84.
const EQUATOR: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// A place on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
}

/// A direction from the centre of the globe, of length 1.
pub(super) type Vector = [f64; 3];

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// The angle between two directions, exact for small ones too.
pub(super) fn angle(a: Vector, b: Vector) -> f64 {
    length(cross(a, b)).atan2(dot(a, b))
}

impl Place {
    /// A place; none outside of the globe.
    pub(super) fn new(longitude: f64, latitude: f64) -> Option<Self> {
        ((-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude)).then_some(Self { longitude, latitude })
    }

    pub(super) fn vector(self) -> Vector {
        let (longitude, latitude) = (self.longitude.to_radians(), self.latitude.to_radians());
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    }

    /// The distance on the sphere in metres.
    pub(super) fn distance(self, other: Self) -> f64 {
        angle(self.vector(), other.vector()) * RADIUS
    }

    /// The direction to another place, clockwise from north, from 0 to two pi; none to itself and to its antipode.
    pub(super) fn azimuth(self, other: Self) -> Option<f64> {
        const SAME: f64 = 1e-12;
        let apart = angle(self.vector(), other.vector());
        if !(SAME..=std::f64::consts::PI - SAME).contains(&apart) {
            return None;
        }
        let difference = (other.longitude - self.longitude).to_radians();
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let east = difference.sin() * to.cos();
        let north = from.cos() * to.sin() - from.sin() * to.cos() * difference.cos();
        Some(east.atan2(north).rem_euclid(std::f64::consts::TAU))
    }

    /// The distance on the spheroid in metres (Vincenty's formulae); that on the sphere between places nearly opposite, where they do not converge.
    pub(super) fn distance_on_spheroid(self, other: Self) -> f64 {
        const STEPS_MAX: usize = 200;
        let reduced = |latitude: f64| ((1.0 - FLATTENING) * latitude.to_radians().tan()).atan();
        let (u1, u2) = (reduced(self.latitude), reduced(other.latitude));
        let difference = (other.longitude - self.longitude).to_radians();
        let mut lambda = difference;
        for _ in 0..STEPS_MAX {
            let east = u2.cos() * lambda.sin();
            let north = u1.cos() * u2.sin() - u1.sin() * u2.cos() * lambda.cos();
            let sine = east.hypot(north);
            if sine == 0.0 {
                return 0.0;
            }
            let cosine = u1.sin() * u2.sin() + u1.cos() * u2.cos() * lambda.cos();
            let sigma = sine.atan2(cosine);
            let sine_alpha = u1.cos() * u2.cos() * lambda.sin() / sine;
            let square = 1.0 - sine_alpha * sine_alpha;
            let middle = if square > 0.0 { cosine - 2.0 * u1.sin() * u2.sin() / square } else { 0.0 };
            let c = FLATTENING / 16.0 * square * (4.0 + FLATTENING * (4.0 - 3.0 * square));
            let bend = middle + c * cosine * (2.0 * middle * middle - 1.0);
            let next = difference + (1.0 - c) * FLATTENING * sine_alpha * (sigma + c * sine * bend);
            if (next - lambda).abs() < 1e-12 {
                return arc(square, sine, cosine, sigma, middle);
            }
            lambda = next;
        }
        self.distance(other)
    }
}

/// The length of an arc on the spheroid.
fn arc(square: f64, sine: f64, cosine: f64, sigma: f64, middle: f64) -> f64 {
    let pole = EQUATOR * (1.0 - FLATTENING);
    let u = square * (EQUATOR * EQUATOR - pole * pole) / (pole * pole);
    let a = 1.0 + u / 16_384.0 * (4096.0 + u * (-768.0 + u * (320.0 - 175.0 * u)));
    let b = u / 1024.0 * (256.0 + u * (-128.0 + u * (74.0 - 47.0 * u)));
    let inner = cosine * (2.0 * middle * middle - 1.0) - b / 6.0 * middle * (4.0 * sine * sine - 3.0) * (4.0 * middle * middle - 3.0);
    pole * a * (sigma - b * sine * (middle + b / 4.0 * inner))
}
