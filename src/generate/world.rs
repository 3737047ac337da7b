//! The world behind the data: how many accounts, hosts and addresses there are and what each of them is called.
//!
//! A thing is a pool and a place in it; everything about it follows from the two, so nothing is kept.

use super::Plan;
use super::random::mix;
use super::text::guid;
use super::words::{
    APPLICATIONS, DIRECTORIES, DOMAIN_WORDS, DOMAINS, FILE_STEMS, FIRST_NAMES, HOST_ROLES, LAST_NAMES, MALWARE, TOP_LEVELS,
};

/// First instant of the data: 2025-06-01T00:00:00Z.
pub(super) const BEGIN: i64 = 1_748_736_000_000_000;
/// Length of the data: 90 days.
pub(super) const SPAN: i64 = 90 * 86_400_000_000;
/// Most alerts of one incident.
pub(super) const ALERTS_MAX: u64 = 600;
/// Place of the largest hub in each pool that has one.
pub(super) const HUB: u64 = 0;

/// Things that are drawn again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pool {
    Account,
    Host,
    Ip,
    File,
    FileHash,
    Url,
    Dns,
    AzureResource,
    CloudApplication,
    OauthApplication,
    SecurityGroup,
    Mailbox,
    MailCluster,
    Malware,
    RegistryKey,
    RegistryValue,
}

impl Pool {
    /// All, in the order of their declaration.
    pub(super) const ALL: [Self; 16] = [
        Self::Account,
        Self::Host,
        Self::Ip,
        Self::File,
        Self::FileHash,
        Self::Url,
        Self::Dns,
        Self::AzureResource,
        Self::CloudApplication,
        Self::OauthApplication,
        Self::SecurityGroup,
        Self::Mailbox,
        Self::MailCluster,
        Self::Malware,
        Self::RegistryKey,
        Self::RegistryValue,
    ];

    /// The `Type` of its entities.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Host => "host",
            Self::Ip => "ip",
            Self::File => "file",
            Self::FileHash => "filehash",
            Self::Url => "url",
            Self::Dns => "dns",
            Self::AzureResource => "azure-resource",
            Self::CloudApplication => "cloud-application",
            Self::OauthApplication => "oauth-application",
            Self::SecurityGroup => "security-group",
            Self::Mailbox => "mailbox",
            Self::MailCluster => "mail-cluster",
            Self::Malware => "malware",
            Self::RegistryKey => "registry-key",
            Self::RegistryValue => "registry-value",
        }
    }
}

/// The sizes that follow from a plan.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    /// Incidents that are drawn; the stories of injected cases stand behind them.
    pub(super) incidents: u64,
    /// Injected cases.
    pub(super) cases: u64,
    /// Time between the beginnings of two incidents.
    pub(super) step: i64,
    /// Things of each pool that are drawn; those of the cases stand behind them.
    sizes: [u64; 16],
    /// Sum of the weights of incident sizes up to each size, of 2^32.
    pub(super) size_steps: Vec<u32>,
}

/// Places of a pool that one case may use.
const CASE_PLACES: u64 = 20;

impl World {
    pub(super) fn new(plan: &Plan) -> Self {
        let alerts = plan.incidents.saturating_mul(23) / 10 + 100;
        let sizes = Pool::ALL.map(|pool| {
            let size = match pool {
                Pool::Account | Pool::Mailbox => alerts / 5,
                Pool::Host => alerts / 8,
                Pool::Ip => alerts / 4,
                Pool::File | Pool::FileHash => alerts / 10,
                Pool::Url => alerts / 12,
                Pool::Dns => alerts / 15,
                Pool::AzureResource => alerts / 40,
                Pool::RegistryKey | Pool::RegistryValue => alerts / 50,
                Pool::MailCluster => alerts / 60,
                Pool::OauthApplication => 300,
                Pool::SecurityGroup => 200,
                Pool::CloudApplication => return APPLICATIONS.len() as u64,
                Pool::Malware => return MALWARE.len() as u64,
            };
            // Whole twenties, so that each place of a case has a known place in a twenty.
            size.div_ceil(CASE_PLACES) * CASE_PLACES
        });
        let cases = if plan.incidents == 0 { 0 } else { (plan.incidents / 1000).clamp(1, 50) };
        let step = SPAN / plan.incidents.max(1).min(SPAN as u64) as i64;
        Self { seed: plan.seed, incidents: plan.incidents, cases, step, sizes, size_steps: size_steps() }
    }

    /// Things of a pool that are drawn.
    pub(super) fn size(&self, pool: Pool) -> u64 {
        self.sizes[pool as usize]
    }

    /// All things of a pool, those of the cases included.
    pub(super) fn places(&self, pool: Pool) -> u64 {
        self.size(pool) + self.cases * CASE_PLACES
    }

    /// The `place`-th thing that belongs to one case only.
    pub(super) fn case_place(&self, pool: Pool, case: u64, place: u64) -> u64 {
        self.size(pool) + case * CASE_PLACES + place
    }

    /// Bits that belong to a thing, the same in every record that names it.
    pub(super) fn bits(&self, pool: Pool, place: u64) -> u64 {
        mix(self.seed ^ mix(place ^ ((pool as u64 + 1) << 56)))
    }

    /// A GUID that belongs to a thing.
    pub(super) fn thing_guid(&self, pool: Pool, place: u64) -> String {
        guid(self.bits(pool, place), place)
    }
}

/// Zipf's law with exponent 2.35, cut at 600: 2.3 alerts an incident on average, seven of ten with one.
fn size_steps() -> Vec<u32> {
    let weights: Vec<f64> = (1..=ALERTS_MAX).map(|size| (size as f64).powf(-2.35)).collect();
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let steps = weights.iter().map(|weight| {
        sum += weight;
        (sum / total * f64::from(u32::MAX)) as u32
    });
    steps.collect()
}

pub(super) fn account_name(place: u64) -> String {
    if place == HUB {
        return "svc-backup".to_owned();
    }
    let scrambled = mix(place);
    format!("{}.{}{place}", FIRST_NAMES[scrambled as usize % 32], LAST_NAMES[(scrambled >> 8) as usize % 32])
}

/// NetBIOS name and DNS suffix of an account's or a host's domain.
pub(super) fn domain(place: u64) -> (&'static str, &'static str) {
    DOMAINS[(place % 8) as usize]
}

pub(super) fn upn(place: u64) -> String {
    format!("{}@{}", account_name(place), domain(place).1)
}

pub(super) fn sid(place: u64) -> String {
    format!("S-1-5-21-2127521184-1604012920-{}-{}", 1_887_927_527 + place % 8, 1000 + place)
}

pub(super) fn host_name(place: u64) -> String {
    if place == HUB {
        return "SRV-PROXY01".to_owned();
    }
    format!("{}-{place:06X}", HOST_ROLES[(mix(place) % 8) as usize])
}

pub(super) fn host_fqdn(place: u64) -> String {
    format!("{}.{}", host_name(place).to_ascii_lowercase(), domain(place).1)
}

/// What sort of address a place has: 5 % are IPv6, 10 % private, the rest global IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    V4,
    Private,
    V6,
}

pub(super) fn address_sort(place: u64) -> Address {
    match place % 20 {
        19 => Address::V6,
        3 | 13 => Address::Private,
        _ => Address::V4,
    }
}

/// The canonical text of an address.
pub(super) fn address(place: u64) -> String {
    // Multiplying by an odd number permutes the numbers below a power of two, so that no two places share an address.
    let scrambled = place.wrapping_mul(0x9E37_79B1) ^ 0x00C0_FFEE;
    match address_sort(place) {
        Address::V4 => {
            let bits = 0x1400_0000 + (scrambled & 0x03FF_FFFF);
            format!("{}.{}.{}.{}", bits >> 24, bits >> 16 & 255, bits >> 8 & 255, bits & 255)
        }
        Address::Private => {
            let bits = scrambled & 0x00FF_FFFF;
            format!("10.{}.{}.{}", bits >> 16 & 255, bits >> 8 & 255, bits & 255)
        }
        Address::V6 => {
            // The high bit keeps every group from being zero, so that the text has no run to shorten.
            let group = |at: u32| 0x8000 | scrambled >> at & 0x7FF;
            format!("2a01:111:f403:{:x}:{:x}:{:x}:c0de:1", group(22), group(11), group(0))
        }
    }
}

pub(super) fn file_directory(place: u64) -> &'static str {
    DIRECTORIES[(mix(place) >> 8) as usize % 8]
}

pub(super) fn file_name(place: u64) -> String {
    format!("{}_{place:x}.exe", FILE_STEMS[(mix(place) % 16) as usize])
}

pub(super) fn domain_name(place: u64) -> String {
    let scrambled = mix(place);
    format!("{}-{place:x}.{}", DOMAIN_WORDS[(scrambled % 16) as usize], TOP_LEVELS[(scrambled >> 8) as usize % 6])
}

pub(super) fn url(place: u64) -> String {
    format!("https://{}/{}/{:x}", domain_name(place), DOMAIN_WORDS[(mix(place) >> 16) as usize % 16], mix(place) & 0xFFFF)
}

/// Name by which a truth names a thing.
pub(super) fn label(world: &World, pool: Pool, place: u64) -> String {
    match pool {
        Pool::Account | Pool::Mailbox => upn(place),
        Pool::Host => host_fqdn(place),
        Pool::Ip => address(place),
        Pool::File => format!("{}\\{}", file_directory(place), file_name(place)),
        Pool::Url => url(place),
        Pool::Dns => domain_name(place),
        Pool::CloudApplication => APPLICATIONS[place as usize % APPLICATIONS.len()].1.to_owned(),
        Pool::Malware => MALWARE[place as usize % MALWARE.len()].0.to_owned(),
        _ => world.thing_guid(pool, place),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn no_two_places_share_a_name() {
        let names: HashSet<String> = (0..200_000).map(address).collect();
        assert_eq!(names.len(), 200_000);
        for place in 0..2000 {
            let text = address(place);
            let parsed: IpAddr = text.parse().expect("an address");
            assert_eq!(parsed.to_string(), text, "canonical");
            let private = matches!(parsed, IpAddr::V4(v4) if v4.is_private());
            assert_eq!((parsed.is_ipv6(), private), (address_sort(place) == Address::V6, address_sort(place) == Address::Private));
        }
    }

    #[test]
    fn incidents_have_2_3_alerts_on_average() {
        let steps = size_steps();
        let mean: f64 = steps.iter().map(|step| 1.0 - f64::from(*step) / f64::from(u32::MAX)).sum::<f64>() + 1.0;
        assert!((2.2..2.5).contains(&mean), "{mean}");
    }
}
