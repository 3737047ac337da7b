//! The words of the generated data: detections, products, people, places, tags. Holds no logic beyond look-up.

/// What a detection looks at, and so which entities its alerts name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    /// Host, account, process, file.
    Endpoint,
    /// Account, address, application, session.
    Identity,
    /// Message, mailbox, sender's address, link.
    Mail,
    /// Host, addresses, domain.
    Network,
    /// Resource, account, address.
    Cloud,
}

/// A product as `SecurityAlert` names it.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) product: &'static str,
    pub(super) provider: &'static str,
    pub(super) vendor: &'static str,
}

const fn product(product: &'static str, provider: &'static str, vendor: &'static str) -> Product {
    Product { product, provider, vendor }
}

static SENTINEL: Product = product("Azure Sentinel", "ASI Scheduled Alerts", "Microsoft");
static ENDPOINT: Product = product("Microsoft Defender Advanced Threat Protection", "MDATP", "Microsoft");
static CLOUD: Product = product("Azure Security Center", "Azure Security Center", "Microsoft");
static APPS: Product = product("Microsoft Cloud App Security", "MCAS", "Microsoft");
static IDENTITY: Product = product("Azure Active Directory Identity Protection", "IPC", "Microsoft");
static DIRECTORY: Product = product("Azure Advanced Threat Protection", "AATP", "Microsoft");
static OFFICE: Product = product("Office 365 Advanced Threat Protection", "OATP", "Microsoft");

/// A rule or model that raises alerts.
#[derive(Debug)]
pub(super) struct Detection {
    pub(super) title: &'static str,
    pub(super) scene: Scene,
    pub(super) source: &'static Product,
    pub(super) severity: &'static str,
    pub(super) tactics: &'static str,
    pub(super) techniques: &'static str,
}

const fn rule(
    title: &'static str,
    scene: Scene,
    source: &'static Product,
    severity: &'static str,
    tactics: &'static str,
    techniques: &'static str,
) -> Detection {
    Detection { title, scene, source, severity, tactics, techniques }
}

use Scene::{Cloud, Endpoint, Identity, Mail, Network};

/// In order of frequency.
pub(super) static DETECTIONS: [Detection; 64] = [
    rule("Unfamiliar sign-in properties", Identity, &IDENTITY, "Low", "InitialAccess", "T1078"),
    rule("Email messages containing malicious URL removed after delivery", Mail, &OFFICE, "Informational", "InitialAccess", "T1566"),
    rule("Atypical travel", Identity, &IDENTITY, "Medium", "InitialAccess", "T1078"),
    rule("Suspicious PowerShell command line", Endpoint, &ENDPOINT, "Medium", "Execution", "T1059"),
    rule("Email reported by user as malware or phish", Mail, &OFFICE, "Low", "InitialAccess", "T1566"),
    rule("Anonymous IP address", Identity, &IDENTITY, "Medium", "InitialAccess", "T1078"),
    rule("Malware was detected and remediated", Endpoint, &ENDPOINT, "Informational", "Execution", ""),
    rule("Traffic detected from IP addresses recommended for blocking", Network, &CLOUD, "Low", "CommandAndControl", "T1071"),
    rule("Mass download by a single user", Identity, &APPS, "Medium", "Exfiltration", "T1567"),
    rule("Failed SSH brute force attack", Network, &CLOUD, "Medium", "CredentialAccess", "T1110"),
    rule("Brute force attack against Azure Portal", Identity, &SENTINEL, "Medium", "CredentialAccess", "T1110"),
    rule("Suspicious inbox manipulation rule", Identity, &APPS, "High", "DefenseEvasion,Collection", "T1564,T1114"),
    rule("Phish delivered due to an ETR override", Mail, &OFFICE, "Informational", "InitialAccess", "T1566"),
    rule("Suspicious process injection observed", Endpoint, &ENDPOINT, "High", "DefenseEvasion,PrivilegeEscalation", "T1055"),
    rule("Password spray attack", Identity, &IDENTITY, "High", "CredentialAccess", "T1110"),
    rule("Suspicious service registration", Endpoint, &ENDPOINT, "Medium", "Persistence,PrivilegeEscalation", "T1543"),
    rule("Impossible travel activity", Identity, &APPS, "Medium", "InitialAccess", "T1078"),
    rule("Suspicious authentication activity", Network, &CLOUD, "Medium", "InitialAccess,CredentialAccess", "T1078,T1110"),
    rule("Unusual number of failed sign-in attempts", Identity, &APPS, "Low", "CredentialAccess", "T1110"),
    rule("Connection to a custom network indicator", Network, &ENDPOINT, "Medium", "CommandAndControl", "T1071"),
    rule("Anomalous token", Identity, &IDENTITY, "High", "CredentialAccess,DefenseEvasion", "T1528,T1550"),
    rule("Process dumped LSASS memory", Endpoint, &ENDPOINT, "High", "CredentialAccess", "T1003"),
    rule("Rare subscription-level operations in Azure", Cloud, &SENTINEL, "Low", "CredentialAccess,Persistence", "T1003,T1098"),
    rule("Suspected Kerberos SPN exposure", Identity, &DIRECTORY, "High", "CredentialAccess", "T1558"),
    rule("A potentially malicious URL click was detected", Mail, &OFFICE, "High", "InitialAccess", "T1566"),
    rule("Antimalware action failed", Cloud, &CLOUD, "Medium", "Execution", "T1204"),
    rule("Suspicious Remote WMI execution", Endpoint, &ENDPOINT, "Medium", "Execution,LateralMovement", "T1047,T1021"),
    rule("Reconnaissance using directory services queries", Endpoint, &DIRECTORY, "Medium", "Discovery", "T1087"),
    rule("Activity from a Tor IP address", Identity, &APPS, "Medium", "InitialAccess,CommandAndControl", "T1090"),
    rule("Mail redirect via ExO transport rule", Identity, &SENTINEL, "Medium", "Collection,Exfiltration", "T1114,T1020"),
    rule("Digital currency mining related behavior detected", Cloud, &CLOUD, "High", "Impact", "T1496"),
    rule("Ransomware behavior detected in the file system", Endpoint, &ENDPOINT, "High", "Impact", "T1486"),
    rule("Suspected credential theft activity", Endpoint, &ENDPOINT, "High", "CredentialAccess", "T1003"),
    rule("New access credential added to application or service principal", Identity, &SENTINEL, "Medium", "DefenseEvasion", "T1550"),
    rule("Suspicious scheduled task", Endpoint, &ENDPOINT, "Medium", "Execution,Persistence", "T1053"),
    rule("Possible data exfiltration via DNS tunnel", Network, &CLOUD, "Low", "Exfiltration", "T1048"),
    rule("Communication with suspicious random domain name", Network, &CLOUD, "Medium", "CommandAndControl", "T1568"),
    rule("Suspected DCSync attack", Endpoint, &DIRECTORY, "High", "CredentialAccess", "T1003"),
    rule("Multiple failed user log on attempts to a service", Network, &CLOUD, "Low", "CredentialAccess", "T1110"),
    rule("Unusual ISP for an OAuth app", Identity, &APPS, "Medium", "Persistence", "T1098"),
    rule(
        "Suspicious use of certutil to download content",
        Endpoint,
        &ENDPOINT,
        "Medium",
        "CommandAndControl,DefenseEvasion",
        "T1105,T1140",
    ),
    rule("Access from a suspicious IP to a storage account", Cloud, &CLOUD, "High", "InitialAccess", "T1078"),
    rule("Event log was cleared", Endpoint, &ENDPOINT, "Medium", "DefenseEvasion", "T1070"),
    rule("Suspicious addition to a privileged group", Identity, &DIRECTORY, "High", "Persistence,PrivilegeEscalation", "T1098"),
    rule("Bulk deletion of Azure resources", Cloud, &SENTINEL, "High", "Impact", "T1485"),
    rule("Mailbox exported through a compliance search", Mail, &OFFICE, "High", "Collection", "T1114"),
    rule("Suspicious remote session", Endpoint, &ENDPOINT, "Medium", "LateralMovement", "T1021"),
    rule("TI map IP entity to SigninLogs", Identity, &SENTINEL, "Medium", "CommandAndControl", "T1071"),
    rule("TI map domain entity to DnsEvents", Network, &SENTINEL, "Medium", "CommandAndControl", "T1071"),
    rule("Leaked credentials", Identity, &IDENTITY, "High", "CredentialAccess", "T1589"),
    rule("Suspicious registry modification", Endpoint, &ENDPOINT, "Low", "Persistence,DefenseEvasion", "T1112,T1547"),
    rule("Hidden-window PowerShell download", Endpoint, &ENDPOINT, "High", "Execution,CommandAndControl", "T1059,T1105"),
    rule("Unusual deletion of key vault objects", Cloud, &CLOUD, "Medium", "Impact", "T1485"),
    rule("Remote code execution attempt", Endpoint, &DIRECTORY, "Medium", "Execution,LateralMovement", "T1021,T1569"),
    rule("Network communication with a malicious machine", Network, &CLOUD, "Medium", "CommandAndControl", "T1071"),
    rule("Admin consent granted to a multi-tenant application", Identity, &SENTINEL, "Medium", "Persistence", "T1098"),
    rule("Suspicious execution of a renamed system utility", Endpoint, &ENDPOINT, "Medium", "DefenseEvasion", "T1036"),
    rule("Sensitive file shared with a personal account", Identity, &APPS, "Medium", "Exfiltration", "T1567"),
    rule("Detected suspicious commandline used to start all executables in a directory", Endpoint, &CLOUD, "Medium", "Execution", "T1204"),
    rule(
        "User account created and deleted within ten minutes",
        Endpoint,
        &SENTINEL,
        "Medium",
        "Persistence,PrivilegeEscalation",
        "T1098,T1078",
    ),
    rule("Backdoor executable dropped by an Office application", Endpoint, &ENDPOINT, "High", "InitialAccess,Execution", "T1566,T1204"),
    rule("Suspected pass-the-ticket use", Endpoint, &DIRECTORY, "High", "LateralMovement", "T1550"),
    rule("Volume shadow copies deleted", Endpoint, &ENDPOINT, "High", "Impact", "T1490"),
    rule("Unusual volume of data sent to an external address", Network, &SENTINEL, "High", "Exfiltration", "T1041"),
];

/// Number of distinct titles: the detections as they are, then each of them limited to an area of the organisation.
pub(super) const TITLES: u64 = (1 << 17) - 1;

/// Frequency of the octaves of title ranks: the first title has 14 % of the alerts, the first ten nearly half.
pub(super) static TITLE_OCTAVES: [u64; 17] = [140, 140, 150, 110, 90, 80, 70, 50, 40, 30, 25, 20, 15, 12, 10, 10, 8];

static AREAS: [&str; 40] = [
    "finance",
    "payroll",
    "research",
    "legal",
    "sales",
    "logistics",
    "retail",
    "plant 1",
    "plant 2",
    "plant 3",
    "headquarters",
    "helpdesk",
    "executives",
    "contractors",
    "marketing",
    "procurement",
    "treasury",
    "audit",
    "engineering",
    "design",
    "support",
    "field service",
    "data centre north",
    "data centre south",
    "build servers",
    "domain controllers",
    "jump hosts",
    "kiosks",
    "laboratory",
    "warehouse",
    "call centre",
    "training",
    "human resources",
    "tax",
    "insurance",
    "pharmacy",
    "clinic",
    "library",
    "campus",
    "guests",
];

static LIMITS: [&str; 52] = [
    "outside working hours",
    "from a new country",
    "from an unmanaged device",
    "by a service account",
    "by a privileged account",
    "on a server",
    "on a workstation",
    "on a virtual machine",
    "first seen in 30 days",
    "first seen in 90 days",
    "above baseline",
    "repeated",
    "in the test ring",
    "in the pilot ring",
    "by a leaver",
    "by a joiner",
    "over VPN",
    "over the guest network",
    "with a watchlist match",
    "with an indicator match",
    "in Europe",
    "in Asia",
    "in North America",
    "in South America",
    "in Africa",
    "in Oceania",
    "at the weekend",
    "at night",
    "on a crown jewel",
    "on a legacy system",
    "with high confidence",
    "with low confidence",
    "tuned",
    "strict",
    "without MFA",
    "after password reset",
    "with peers unaffected",
    "by an external user",
    "by a vendor",
    "on a shared device",
    "on a mobile device",
    "from a hosting provider",
    "from a proxy",
    "on Linux",
    "on Windows",
    "on macOS",
    "by an administrator",
    "in a subsidiary",
    "during change freeze",
    "during maintenance",
    "after an alert",
    "in bulk",
];

/// The detection and the limiting words of the title with a rank.
pub(super) fn title(rank: u64) -> (&'static Detection, Option<(&'static str, &'static str)>) {
    let detection = &DETECTIONS[(rank % 64) as usize];
    let variant = rank / 64;
    let words = (variant > 0).then(|| (AREAS[(variant % 40) as usize], LIMITS[(variant / 40) as usize % 52]));
    (detection, words)
}

/// Domains of the organisation; the NetBIOS name of each is its first label.
pub(super) static DOMAINS: [(&str, &str); 8] = [
    ("CONTOSO", "contoso.com"),
    ("FABRIKAM", "fabrikam.com"),
    ("NORTHWIND", "northwind.net"),
    ("ADATUM", "adatum.com"),
    ("LITWARE", "litware.org"),
    ("TAILSPIN", "tailspin.io"),
    ("WINGTIP", "wingtip.net"),
    ("WOODGROVE", "woodgrove.com"),
];

pub(super) static FIRST_NAMES: [&str; 32] = [
    "adele", "alex", "amara", "anna", "bianca", "chen", "daniel", "diego", "elif", "emma", "farid", "grady", "hanna", "isaiah", "johanna",
    "kenji", "lee", "lidia", "lynne", "megan", "miriam", "nestor", "olga", "patti", "pradeep", "rosa", "samir", "tomas", "ugo", "vera",
    "wanjiru", "yusuf",
];

pub(super) static LAST_NAMES: [&str; 32] = [
    "abebe", "bauer", "cano", "dubois", "eriksen", "fischer", "garcia", "holloway", "ito", "jensen", "kowalski", "lopez", "mueller",
    "nakamura", "okafor", "petrov", "quispe", "robbins", "sharma", "thompson", "ueda", "vance", "wilber", "xu", "yilmaz", "zhang",
    "langer", "moreau", "novak", "silva", "rossi", "young",
];

pub(super) static HOST_ROLES: [&str; 8] = ["WKS", "WKS", "WKS", "LAP", "LAP", "SRV", "SQL", "WEB"];

pub(super) static DIRECTORIES: [&str; 8] = [
    r"C:\Windows\System32",
    r"C:\Windows\Temp",
    r"C:\ProgramData\Updater",
    r"C:\Users\Public\Downloads",
    r"C:\Program Files\Common Files",
    r"C:\Tools",
    r"D:\Build\bin",
    r"C:\Users\Public\Documents",
];

pub(super) static FILE_STEMS: [&str; 16] = [
    "powershell",
    "updater",
    "invoice",
    "svchost",
    "rundll32",
    "agent",
    "payload",
    "setup",
    "report",
    "procdump",
    "winword",
    "loader",
    "msbuild",
    "wscript",
    "backup",
    "helper",
];

pub(super) static DOMAIN_WORDS: [&str; 16] = [
    "cdn", "login", "update", "portal", "secure", "files", "mail", "static", "api", "sync", "account", "billing", "docs", "share", "news",
    "track",
];

pub(super) static TOP_LEVELS: [&str; 6] = ["com", "net", "org", "info", "xyz", "top"];

/// Cloud applications with their ids in Defender for Cloud Apps.
pub(super) static APPLICATIONS: [(u32, &str); 12] = [
    (11161, "Office 365"),
    (20892, "Microsoft SharePoint Online"),
    (20893, "Microsoft Exchange Online"),
    (15600, "Microsoft OneDrive for Business"),
    (28375, "Microsoft Teams"),
    (12260, "Microsoft Azure"),
    (11599, "Amazon Web Services"),
    (11770, "Google Workspace"),
    (10980, "Okta"),
    (11114, "Salesforce"),
    (14509, "ServiceNow"),
    (11627, "Dropbox"),
];

pub(super) static MALWARE: [(&str, &str); 12] = [
    ("Mimikatz", "HackTool"),
    ("CobaltStrike", "Backdoor"),
    ("Emotet", "Trojan"),
    ("Qakbot", "Trojan"),
    ("LockBit", "Ransom"),
    ("AgentTesla", "TrojanSpy"),
    ("RedLine", "PWS"),
    ("AsyncRAT", "Backdoor"),
    ("CoinMiner", "Trojan"),
    ("Raspberry Robin", "Worm"),
    ("EICAR_Test_File", "Virus"),
    ("Sliver", "Backdoor"),
];

pub(super) static TAGS: [&str; 24] = [
    "phishing",
    "vip",
    "ransomware",
    "false-alarm",
    "awaiting-user",
    "escalated",
    "tuning",
    "insider",
    "cloud",
    "endpoint",
    "identity",
    "exercise",
    "red-team",
    "third-party",
    "gdpr",
    "legal-hold",
    "quarter-end",
    "known-issue",
    "watchlist",
    "tier-1",
    "tier-2",
    "tier-3",
    "handover",
    "root-cause",
];

pub(super) static REMARKS: [&str; 8] = [
    "Contacted the user by phone; activity was not recognised.",
    "Isolated the device and reset the password.",
    "Expected administrative work, change ticket attached.",
    "Same pattern as last week, tuning the rule.",
    "Waiting for the owner of the system.",
    "Blocked the address at the firewall.",
    "Collected memory and disk for forensics.",
    "No further activity in the last 24 hours.",
];

pub(super) static COUNTRIES: [(&str, &str, &str); 10] = [
    ("US", "United States", "Seattle"),
    ("GB", "United Kingdom", "London"),
    ("DE", "Germany", "Frankfurt"),
    ("FR", "France", "Paris"),
    ("NL", "Netherlands", "Amsterdam"),
    ("BR", "Brazil", "Sao Paulo"),
    ("IN", "India", "Pune"),
    ("JP", "Japan", "Tokyo"),
    ("KR", "South Korea", "Seoul"),
    ("RU", "Russia", "Moscow"),
];

/// A stage of an injected case.
pub(super) const fn case_rule(
    title: &'static str,
    scene: Scene,
    severity: &'static str,
    tactics: &'static str,
    techniques: &'static str,
) -> Detection {
    rule(title, scene, &SENTINEL, severity, tactics, techniques)
}
