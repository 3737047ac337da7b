//! A token bucket: so many requests a second, so many at once. Is given the time; sleeps never.

/// How many requests somebody may send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests for each second, on average.
    pub per_second: f64,
    /// Requests at once after a pause.
    pub burst: f64,
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    left: f64,
    filled: f64,
}

impl Bucket {
    /// A full one at `now`, in seconds of any steady clock.
    pub fn full(rate: Rate, now: f64) -> Self {
        Self { left: rate.burst, filled: now }
    }

    /// Takes one request; the seconds to wait if there is none left.
    pub fn take(&mut self, rate: Rate, now: f64) -> Result<(), f64> {
        self.refill(rate, now);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err((1.0 - self.left) / rate.per_second)
    }

    /// Whether nothing is owed, so that the bucket may be forgotten.
    pub fn is_full(&mut self, rate: Rate, now: f64) -> bool {
        self.refill(rate, now);
        self.left >= rate.burst
    }

    fn refill(&mut self, rate: Rate, now: f64) {
        let passed = (now - self.filled).max(0.0);
        self.left = (self.left + passed * rate.per_second).min(rate.burst);
        self.filled = now.max(self.filled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_a_burst_through_and_then_the_rate() {
        let rate = Rate { per_second: 2.0, burst: 3.0 };
        let mut bucket = Bucket::full(rate, 10.0);
        let mut taken = |now: f64| bucket.take(rate, now);
        assert_eq!([taken(10.0), taken(10.0), taken(10.0)], [Ok(()); 3]);
        assert_eq!(taken(10.0), Err(0.5));
        assert_eq!(taken(10.25), Err(0.25));
        assert_eq!(taken(10.5), Ok(()));
        assert_eq!(taken(10.5), Err(0.5));
        // A clock that steps back fills nothing and empties nothing.
        assert_eq!(taken(9.0), Err(0.5));
        assert_eq!([taken(100.0), taken(100.0), taken(100.0)], [Ok(()); 3]);
        assert_eq!(taken(100.0), Err(0.5));
    }

    #[test]
    fn a_full_bucket_can_be_forgotten() {
        let rate = Rate { per_second: 1.0, burst: 1.0 };
        let mut bucket = Bucket::full(rate, 0.0);
        assert!(bucket.is_full(rate, 0.0));
        assert_eq!(bucket.take(rate, 0.0), Ok(()));
        assert!(!bucket.is_full(rate, 0.5) && bucket.is_full(rate, 1.0));
    }
}
