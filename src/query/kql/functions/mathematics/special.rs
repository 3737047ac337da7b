//! Special functions and statistical tests: gamma, error function, beta distribution, Welch's test.

use arrow::array::ArrayRef;
use arrow::datatypes::Float64Type;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::lift::unary;
use crate::query::kql::tree::ScalarType::Real;

type Result<T> = std::result::Result<T, KernelError>;

macro_rules! real {
    ($name:literal, $summary:literal, $compute:expr) => {
        Function::new(
            $name,
            Family::Mathematics,
            $summary,
            &[form(&[takes("value", Real)], 1, Returns::Always(Real), |call| Ok(unary::<Float64Type, Float64Type>(call, $compute)))],
        )
    };
}

const BETA: &[Parameter] = &[takes("x", Real), takes("alpha", Real), takes("beta", Real)];

pub(super) static FUNCTIONS: &[Function] = &[
    real!("gamma", "Gives the gamma function: the factorial of the number below.", gamma),
    real!("loggamma", "Gives the logarithm of the absolute value of the gamma function.", log_gamma),
    real!("erf", "Gives the error function.", erf),
    real!("erfc", "Gives what the error function lacks to 1.", erfc),
    Function::new(
        "beta_cdf",
        Family::Mathematics,
        "Gives the probability of at most x in a beta distribution; NaN outside of its range.",
        &[form(BETA, 3, Returns::Always(Real), |call| of_three(call, |x, alpha, beta| Some(beta_cdf(x, alpha, beta))))],
    ),
    Function::new(
        "beta_pdf",
        Family::Mathematics,
        "Gives the density of a beta distribution; NaN outside of its range.",
        &[form(BETA, 3, Returns::Always(Real), |call| of_three(call, |x, alpha, beta| Some(beta_pdf(x, alpha, beta))))],
    ),
    Function::new(
        "beta_inv",
        Family::Mathematics,
        "Gives the value that a beta distribution exceeds with the rest of a probability.",
        &[form(BETA, 3, Returns::Always(Real), |call| of_three(call, beta_inv))],
    ),
    Function::new(
        "welch_test",
        Family::Mathematics,
        "Gives the p-value of Welch's test: how likely two samples differ so much in their means by chance.",
        &[form(
            &[
                takes("mean1", Real),
                takes("variance1", Real),
                takes("count1", Real),
                takes("mean2", Real),
                takes("variance2", Real),
                takes("count2", Real),
            ],
            6,
            Returns::Always(Real),
            welch,
        )],
    ),
];

fn of_three(call: &Arguments, compute: impl Fn(f64, f64, f64) -> Option<f64>) -> Result<ArrayRef> {
    Ok(call.reals(|row| compute(call.real(0, row)?, call.real(1, row)?, call.real(2, row)?)))
}

/// Coefficients of Lanczos' approximation for g = 7.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// The logarithm of the absolute value of the gamma function.
pub(super) fn log_gamma(x: f64) -> f64 {
    if x <= 0.0 && x.fract() == 0.0 {
        return f64::INFINITY;
    }
    if x < 0.5 {
        // The reflection formula.
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin().abs()).ln() - log_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let sum = LANCZOS[1..].iter().zip(1..).fold(LANCZOS[0], |sum, (coefficient, place)| sum + coefficient / (x + f64::from(place)));
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

fn gamma(x: f64) -> f64 {
    if x == f64::INFINITY || x.is_nan() {
        return x;
    }
    if x.fract() == 0.0 {
        if x <= 0.0 {
            return f64::NAN;
        }
        // Factorials are exact as long as a float can be.
        if x <= 171.0 {
            return (2..x as i64).fold(1.0, |product, factor| product * factor as f64);
        }
    }
    let value = log_gamma(x).exp();
    // Below zero the sign changes from one whole number to the next.
    if x < 0.0 && (x.floor() as i64) % 2 != 0 { -value } else { value }
}

/// Steps after which a series or continued fraction is taken to have converged.
const STEPS_MAX: usize = 500;
const TINY: f64 = 1e-300;

/// The lower regularized incomplete gamma function at a = 1/2, from its series.
fn erf_series(x: f64) -> f64 {
    let square = x * x;
    let (mut term, mut sum) = (x, x);
    for step in 1..STEPS_MAX {
        term *= -square / step as f64;
        let next = sum + term / (2 * step + 1) as f64;
        if next == sum {
            break;
        }
        sum = next;
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

/// The complementary error function of a great number, from its continued fraction.
fn erfc_fraction(x: f64) -> f64 {
    let mut fraction = 0.0;
    for step in (1..=200).rev() {
        fraction = f64::from(step) / 2.0 / (x + fraction);
    }
    (-x * x).exp() / ((x + fraction) * std::f64::consts::PI.sqrt())
}

fn erf(x: f64) -> f64 {
    if x.abs() < 2.0 { erf_series(x) } else { (1.0 - erfc_fraction(x.abs())).copysign(x) }
}

fn erfc(x: f64) -> f64 {
    if x.abs() < 2.0 {
        1.0 - erf_series(x)
    } else if x > 0.0 {
        erfc_fraction(x)
    } else {
        2.0 - erfc_fraction(-x)
    }
}

/// The regularized incomplete beta function.
pub(super) fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front = (log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    // The fraction converges fast below the mean only.
    if x < (a + 1.0) / (a + b + 2.0) { front * beta_fraction(x, a, b) / a } else { 1.0 - front * beta_fraction(1.0 - x, b, a) / b }
}

/// The continued fraction of the incomplete beta function, by Lentz' method.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let apart = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / apart(1.0 - (a + b) * x / (a + 1.0));
    let mut product = d;
    for step in 1..STEPS_MAX {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / apart(1.0 + even * d);
        c = apart(1.0 + even / c);
        product *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / apart(1.0 + odd * d);
        c = apart(1.0 + odd / c);
        product *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    product
}

/// The greatest parameter of a beta distribution that is computed.
const BETA_MAX: f64 = 10_000.0;

fn beta_cdf(x: f64, alpha: f64, beta: f64) -> f64 {
    let fits = |parameter: f64| parameter > 0.0 && parameter <= BETA_MAX;
    if (0.0..=1.0).contains(&x) && fits(alpha) && fits(beta) { incomplete_beta(x, alpha, beta) } else { f64::NAN }
}

fn beta_pdf(x: f64, alpha: f64, beta: f64) -> f64 {
    if !(x > 0.0 && x < 1.0 && alpha > 0.0 && beta > 0.0) {
        return f64::NAN;
    }
    let log = (alpha - 1.0) * x.ln() + (beta - 1.0) * (-x).ln_1p() + log_gamma(alpha + beta) - log_gamma(alpha) - log_gamma(beta);
    log.exp()
}

fn beta_inv(probability: f64, alpha: f64, beta: f64) -> Option<f64> {
    if !(alpha > 0.0 && beta > 0.0) {
        return Some(f64::NAN);
    }
    if !(probability > 0.0 && probability <= 1.0) {
        return None;
    }
    // Halving ends when the bounds are neighbours.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..STEPS_MAX {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if incomplete_beta(middle, alpha, beta) < probability { low = middle } else { high = middle }
    }
    Some((low + high) / 2.0)
}

fn welch(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.reals(|row| {
        let [mean1, variance1, count1, mean2, variance2, count2] = [0, 1, 2, 3, 4, 5].map(|argument| call.real(argument, row));
        let (error1, error2) = (variance1? / count1?, variance2? / count2?);
        let square = (mean1? - mean2?).powi(2) / (error1 + error2);
        let freedom = (error1 + error2).powi(2) / (error1 * error1 / (count1? - 1.0) + error2 * error2 / (count2? - 1.0));
        Some(if freedom > 0.0 && square.is_finite() { incomplete_beta(freedom / (freedom + square), freedom / 2.0, 0.5) } else { f64::NAN })
    }))
}
