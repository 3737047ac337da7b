//! The `Entities` list of one alert: records with `$id` and `$ref`, in the variants of case and form that products write.

use super::random::Random;
use super::tally::Tally;
use super::text::{escape, guid, push_hex, push_time};
use super::words::{APPLICATIONS, COUNTRIES, MALWARE};
use super::world::{self, Address, Pool, World};

/// `$id` of a record in the list.
pub(super) type Id = u32;

/// Writes the list of one alert and counts what it names.
pub(super) struct Entities<'a> {
    world: &'a World,
    random: Random,
    tally: Option<&'a mut Tally>,
    out: &'a mut Vec<u8>,
    named: Vec<(Pool, u64, Id)>,
    next: Id,
    /// Number of the alert, which makes the things unique that belong to it alone.
    number: u64,
    /// Processes and sessions written so far.
    singles: u64,
}

impl<'a> Entities<'a> {
    /// Opens the list; without a tally nothing is counted.
    pub(super) fn open(world: &'a World, random: Random, number: u64, tally: Option<&'a mut Tally>, out: &'a mut Vec<u8>) -> Self {
        out.clear();
        out.push(b'[');
        Self { world, random, tally, out, named: Vec::with_capacity(8), next: 2, number, singles: 0 }
    }

    /// Closes the list and says how many top-level records it has.
    pub(super) fn close(self) -> u32 {
        self.out.push(b']');
        self.next - 2
    }

    /// Top-level records so far.
    pub(super) fn len(&self) -> u32 {
        self.next - 2
    }

    /// The draws of the alert.
    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Writes the entity at a place of a pool, once.
    pub(super) fn thing(&mut self, pool: Pool, place: u64) -> Id {
        if let Some((_, _, id)) = self.named.iter().find(|(p, at, _)| (*p, *at) == (pool, place)) {
            return *id;
        }
        let refers = match pool {
            Pool::RegistryValue => Some(self.thing(Pool::RegistryKey, place)),
            Pool::File if self.random.chance(600) => Some(self.thing(Pool::FileHash, place)),
            _ => None,
        };
        let id = self.begin();
        self.named.push((pool, place, id));
        if let Some(tally) = &mut self.tally {
            tally.mention(pool, place);
        }
        match pool {
            Pool::Account => self.account(place),
            Pool::Host => self.host(place),
            Pool::Ip => self.ip(place),
            Pool::File => self.file(place, refers),
            Pool::FileHash => self.file_hash(place),
            Pool::Url => self.url(place),
            Pool::Dns => self.dns(place),
            Pool::RegistryKey => self.registry_key(place),
            Pool::RegistryValue => self.registry_value(place, refers),
            _ => self.catalogued(pool, place),
        }
        self.end(pool.kind());
        id
    }

    /// Writes a process of the alert's own.
    pub(super) fn process(&mut self, file: u64, host: Id, account: Option<Id>, parent: Option<Id>, start: i64) -> Id {
        let image = self.thing(Pool::File, file);
        self.single("process");
        let id = self.begin();
        // Ids repeat after 131,072 incidents only; then two processes are one if host and second are the same, too.
        let unique = self.number * 2 + self.singles % 2;
        self.string("ProcessId", &format!("0x{:x}", 0x400 + 4 * (unique % (1 << 28))));
        let name = world::file_name(file);
        self.string("CommandLine", &format!("\"{}\\{name}\" -w hidden /id {:x}", world::file_directory(file), mix_number(self.number)));
        self.member("CreationTimeUtc");
        self.out.push(b'"');
        push_time(self.out, start);
        self.out.push(b'"');
        let token = if self.random.chance(300) { "Full" } else { "Default" };
        self.string("ElevationToken", token);
        self.refer("ImageFile", image);
        self.refer("Host", host);
        if let Some(account) = account {
            self.refer("Account", account);
        }
        if let Some(parent) = parent {
            self.refer("ParentProcess", parent);
        }
        self.end("process");
        id
    }

    /// Writes a logon session of a host that no other alert names.
    pub(super) fn logon_session(&mut self, host: Id, account: Id, start: i64) {
        self.single("host-logon-session");
        self.begin();
        self.string("SessionId", &format!("0x{:x}", 0x10_0000 + self.number));
        self.member("StartTimeUtc");
        self.out.push(b'"');
        push_time(self.out, start);
        self.out.push(b'"');
        self.refer("Host", host);
        self.refer("Account", account);
        self.end("host-logon-session");
    }

    /// Writes a sign-in session that no other alert names.
    pub(super) fn cloud_session(&mut self, account: Id, start: i64) {
        self.single("cloud-logon-session");
        self.begin();
        let session = guid(self.random.next(), self.number);
        self.string("SessionId", &session);
        self.member("StartTimeUtc");
        self.out.push(b'"');
        push_time(self.out, start);
        self.out.push(b'"');
        self.string("UserAgent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)");
        self.refer("Account", account);
        self.end("cloud-logon-session");
    }

    /// Writes a mail that no other alert names, to the mailbox at a place.
    pub(super) fn mail(&mut self, recipient: u64, sender: u64, start: i64) {
        self.single("mail-message");
        self.begin();
        let message = guid(self.random.next(), self.number);
        self.string("NetworkMessageId", &message);
        self.string("Recipient", &world::upn(recipient));
        self.string("Sender", &format!("notice@{}", world::domain_name(sender)));
        self.string("Subject", "Your parcel could not be delivered");
        let action = if self.random.chance(600) { "Delivered" } else { "Junked" };
        self.string("DeliveryAction", action);
        self.string("AntispamDirection", "Inbound");
        self.member("ReceivedDate");
        self.out.push(b'"');
        push_time(self.out, start);
        self.out.push(b'"');
        self.end("mail-message");
    }

    fn single(&mut self, kind: &'static str) {
        self.singles += 1;
        if let Some(tally) = &mut self.tally {
            tally.mention_once(kind);
        }
    }

    fn account(&mut self, place: u64) {
        let (netbios, suffix) = world::domain(place);
        let name = self.cased(world::account_name(place));
        self.string("Name", &name);
        let form = self.random.below(10);
        if !(4..8).contains(&form) {
            self.string("NTDomain", netbios);
            self.string("Sid", &world::sid(place));
        }
        if form >= 4 {
            let suffix = self.cased(suffix.to_owned());
            self.string("UPNSuffix", &suffix);
            let id = self.cased(self.world.thing_guid(Pool::Account, place));
            self.string("AadUserId", &id);
        }
        self.plain("IsDomainJoined", "true");
    }

    fn host(&mut self, place: u64) {
        let (netbios, suffix) = world::domain(place);
        match self.random.below(100) {
            0..60 => {
                let name = self.cased(world::host_name(place));
                self.string("HostName", &name);
                self.string("DnsDomain", suffix);
                self.string("NTDomain", netbios);
                self.string("OSFamily", "Windows");
                self.plain("IsDomainJoined", "true");
            }
            60..85 => {
                let name = self.cased(world::host_name(place));
                self.string("HostName", &name);
                self.string("NTDomain", netbios);
            }
            85..99 => {
                let name = self.cased(world::host_fqdn(place));
                self.string("HostName", &name);
            }
            _ => {
                let name = self.cased(world::host_name(place));
                self.string("HostName", &name);
            }
        }
    }

    fn ip(&mut self, place: u64) {
        let mut text = world::address(place);
        if self.random.chance(50) {
            text = match world::address_sort(place) {
                Address::V6 => text.to_ascii_uppercase(),
                _ => format!(" {text}"),
            };
        }
        self.string("Address", &text);
        if world::address_sort(place) != Address::Private && self.random.chance(500) {
            let (code, country, city) = COUNTRIES[(self.world.bits(Pool::Ip, place) % 10) as usize];
            self.plain("Location", &format!(r#"{{"CountryCode":"{code}","CountryName":"{country}","City":"{city}"}}"#));
        }
    }

    fn file(&mut self, place: u64, hash: Option<Id>) {
        let directory = self.cased(world::file_directory(place).to_owned());
        self.string("Directory", &directory);
        let name = self.cased(world::file_name(place));
        self.string("Name", &name);
        if let Some(hash) = hash {
            self.plain("FileHashes", &format!(r#"[{{"$ref":"{hash}"}}]"#));
        }
    }

    fn file_hash(&mut self, place: u64) {
        self.string("Algorithm", "SHA256");
        let mut digest = Vec::with_capacity(64);
        for part in 0..4 {
            push_hex(&mut digest, self.world.bits(Pool::FileHash, place).wrapping_mul(2 * part + 1), 16);
        }
        let digest = String::from_utf8(digest).expect("hexadecimal digits are ASCII");
        let digest = self.cased(digest);
        self.string("Value", &digest);
    }

    fn url(&mut self, place: u64) {
        let mut text = world::url(place);
        if self.random.chance(50) {
            text.replace_range(..8, "HTTPS://");
        }
        self.string("Url", &text);
    }

    fn dns(&mut self, place: u64) {
        let name = self.cased(world::domain_name(place));
        self.string("DomainName", &name);
    }

    fn registry_key(&mut self, place: u64) {
        self.string("Hive", "HKEY_LOCAL_MACHINE");
        let key = self.cased(format!(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run\App{place:x}"));
        self.string("Key", &key);
    }

    fn registry_value(&mut self, place: u64, key: Option<Id>) {
        self.string("Name", &format!("Start{}", place % 10));
        self.string("Value", r"C:\ProgramData\Updater\agent.exe");
        self.string("ValueType", "String");
        if let Some(key) = key {
            self.refer("Key", key);
        }
    }

    fn catalogued(&mut self, pool: Pool, place: u64) {
        let id = self.world.thing_guid(pool, place);
        match pool {
            Pool::AzureResource => {
                let subscription = self.world.thing_guid(pool, place % 5);
                let path = format!(
                    "/subscriptions/{subscription}/resourceGroups/rg-{}/providers/Microsoft.Compute/virtualMachines/vm-{place:x}",
                    place % 40
                );
                let path = self.cased(path);
                self.string("ResourceId", &path);
                self.string("ResourceType", "Virtual Machine");
                self.string("ResourceName", &format!("vm-{place:x}"));
            }
            Pool::CloudApplication => {
                let (app, name) = APPLICATIONS[place as usize % APPLICATIONS.len()];
                self.plain("AppId", &app.to_string());
                self.string("Name", name);
            }
            Pool::OauthApplication => {
                self.string("OAuthAppId", &id);
                self.string("Name", &format!("Add-in {place}"));
                self.string("Publisher", "Example Software");
            }
            Pool::SecurityGroup => {
                self.string("DistinguishedName", &format!("CN=Group {place},OU=Groups,DC=contoso,DC=com"));
                self.string("ObjectGuid", &id);
            }
            Pool::Mailbox => {
                let upn = self.cased(world::upn(place));
                self.string("MailboxPrimaryAddress", &upn);
                self.string("DisplayName", &world::account_name(place));
            }
            Pool::MailCluster => {
                self.string("Query", &format!("BodyFingerprintBin1;{id}"));
                self.string("Source", "Similarity");
                self.plain("MailCount", &(1 + place % 50).to_string());
            }
            _ => {
                let (name, category) = MALWARE[place as usize % MALWARE.len()];
                self.string("Name", name);
                self.string("Category", category);
            }
        }
    }

    /// One text in twenty in another case.
    fn cased(&mut self, text: String) -> String {
        match self.random.below(1000) {
            0..25 => text.to_ascii_uppercase(),
            25..50 => text.to_ascii_lowercase(),
            _ => text,
        }
    }

    fn begin(&mut self) -> Id {
        let id = self.next;
        self.next += 1;
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(b"{\"$id\":\"");
        self.out.extend_from_slice(id.to_string().as_bytes());
        self.out.push(b'"');
        id
    }

    fn end(&mut self, kind: &str) {
        self.string("Type", kind);
        self.out.push(b'}');
    }

    fn member(&mut self, name: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn string(&mut self, name: &str, value: &str) {
        self.member(name);
        self.out.push(b'"');
        escape(self.out, value.as_bytes());
        self.out.push(b'"');
    }

    fn plain(&mut self, name: &str, json: &str) {
        self.member(name);
        self.out.extend_from_slice(json.as_bytes());
    }

    fn refer(&mut self, name: &str, id: Id) {
        self.plain(name, &format!(r#"{{"$ref":"{id}"}}"#));
    }
}

fn mix_number(number: u64) -> u64 {
    super::random::mix(number) & 0xFFFF_FFFF
}
