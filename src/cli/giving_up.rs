//! A connection that waits for an answer only as long as somebody wants it. Closing it ends the question at the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// How long a wait for input goes on before it looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// Whether the answer is still wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// Says that nobody wants the answer any more.
    pub(super) fn give_up(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<In: Transport> Connector<In> for Wanted {
    type Out = Waiting<In>;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| Waiting { inner, wanted: self.clone() }))
    }
}

/// A connection below which another one waits in small steps.
#[derive(Debug)]
pub(super) struct Waiting<In> {
    inner: In,
    wanted: Wanted,
}

impl<In: Transport> Transport for Waiting<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let begun = Instant::now();
        loop {
            if self.wanted.0.load(Ordering::Relaxed) {
                return Err(Error::Io(std::io::ErrorKind::ConnectionAborted.into()));
            }
            let left = if timeout.after.is_not_happening() { LOOK } else { timeout.after.saturating_sub(begun.elapsed()) };
            let step = NextTimeout { after: left.min(LOOK).max(Duration::from_millis(1)).into(), ..timeout };
            match self.inner.await_input(step) {
                Err(Error::Timeout(_)) if left > LOOK || timeout.after.is_not_happening() => {}
                other => return other,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
