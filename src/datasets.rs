//! The sample data of `datasets/`, embedded so that the demo needs no file but the binary.

/// One story of the sample data.
#[derive(Debug)]
pub struct Dataset {
    /// Name of the folder.
    pub name: &'static str,
    /// Files in the order in which they are taken in: name and bytes as the vendor wrote them.
    pub files: &'static [(&'static str, &'static [u8])],
    /// Facts about the answers, counted by other means: TOML, one `[[fact]]` each.
    pub truth: &'static str,
}

/// Every story, in the order of the folder's README.
pub const ALL: &[Dataset] = &[
    Dataset {
        name: "msticpy-host",
        files: &[
            ("alertlist.csv.gz", include_bytes!("../datasets/msticpy-host/alertlist.csv.gz")),
            ("host_logons.csv", include_bytes!("../datasets/msticpy-host/host_logons.csv")),
            ("processes_on_host.csv.gz", include_bytes!("../datasets/msticpy-host/processes_on_host.csv.gz")),
        ],
        truth: include_str!("../datasets/msticpy-host/truth.toml"),
    },
    Dataset {
        name: "training-lab",
        files: &[
            ("AuditLogs_Hunting.csv", include_bytes!("../datasets/training-lab/AuditLogs_Hunting.csv")),
            ("azureActivity_adele.csv.gz", include_bytes!("../datasets/training-lab/azureActivity_adele.csv.gz")),
            ("disable_accounts.csv", include_bytes!("../datasets/training-lab/disable_accounts.csv")),
            ("office_activity.csv.gz", include_bytes!("../datasets/training-lab/office_activity.csv.gz")),
            ("office_activity_inbox_rule.csv", include_bytes!("../datasets/training-lab/office_activity_inbox_rule.csv")),
            ("sign-in_adelete.csv", include_bytes!("../datasets/training-lab/sign-in_adelete.csv")),
            ("solarigate-beacon-umbrella.csv", include_bytes!("../datasets/training-lab/solarigate-beacon-umbrella.csv")),
            ("solarigate_CEFevent.csv", include_bytes!("../datasets/training-lab/solarigate_CEFevent.csv")),
        ],
        truth: include_str!("../datasets/training-lab/truth.toml"),
    },
    Dataset {
        name: "lsass-campaign",
        files: &[(
            "LSASS_campaign_03_metasploit_comsvcs_lsass_memory_dump.zip",
            include_bytes!("../datasets/lsass-campaign/LSASS_campaign_03_metasploit_comsvcs_lsass_memory_dump.zip"),
        )],
        truth: include_str!("../datasets/lsass-campaign/truth.toml"),
    },
    Dataset {
        name: "golden-saml",
        files: &[
            ("AADAuditEvents.Zip", include_bytes!("../datasets/golden-saml/AADAuditEvents.Zip")),
            ("Microsoft365DefenderEvents.Zip", include_bytes!("../datasets/golden-saml/Microsoft365DefenderEvents.Zip")),
            ("OfficeActivityEvents.Zip", include_bytes!("../datasets/golden-saml/OfficeActivityEvents.Zip")),
            ("WindowsEvents.Zip", include_bytes!("../datasets/golden-saml/WindowsEvents.Zip")),
        ],
        truth: include_str!("../datasets/golden-saml/truth.toml"),
    },
    Dataset {
        name: "log4shell",
        files: &[
            (
                "syslog_auoms_auditd_log4shell_cve2021_44228_jndi_reference.zip",
                include_bytes!("../datasets/log4shell/syslog_auoms_auditd_log4shell_cve2021_44228_jndi_reference.zip"),
            ),
            (
                "syslog_sysmon_log4shell_cve2021_44228_jndi_reference.zip",
                include_bytes!("../datasets/log4shell/syslog_sysmon_log4shell_cve2021_44228_jndi_reference.zip"),
            ),
            (
                "vminsights_vmconnection_log4shell_cve2021_44228_jndi_reference.zip",
                include_bytes!("../datasets/log4shell/vminsights_vmconnection_log4shell_cve2021_44228_jndi_reference.zip"),
            ),
        ],
        truth: include_str!("../datasets/log4shell/truth.toml"),
    },
    Dataset {
        name: "guardduty",
        files: &[
            (
                "Credential-Access-IAM-Anomalous-Behavior.json",
                include_bytes!("../datasets/guardduty/Credential-Access-IAM-Anomalous-Behavior.json"),
            ),
            ("Discovery-RDS-Tor-Ip-Caller.json", include_bytes!("../datasets/guardduty/Discovery-RDS-Tor-Ip-Caller.json")),
            (
                "Recon-EC2-PortProbeEMRUnprotectedPort.json",
                include_bytes!("../datasets/guardduty/Recon-EC2-PortProbeEMRUnprotectedPort.json"),
            ),
            ("Recon-EC2-PortProbeUnprotectedPort.json", include_bytes!("../datasets/guardduty/Recon-EC2-PortProbeUnprotectedPort.json")),
            ("Trojan-EC2-BlackholeTraffic.json", include_bytes!("../datasets/guardduty/Trojan-EC2-BlackholeTraffic.json")),
            ("Trojan-EC2-DGADomainRequest-B.json", include_bytes!("../datasets/guardduty/Trojan-EC2-DGADomainRequest-B.json")),
            (
                "UnauthorizedAccess-EC2-MaliciousIPCaller.json",
                include_bytes!("../datasets/guardduty/UnauthorizedAccess-EC2-MaliciousIPCaller.json"),
            ),
            (
                "UnauthorizedAccess-EC2-MetadataDNSRebind.json",
                include_bytes!("../datasets/guardduty/UnauthorizedAccess-EC2-MetadataDNSRebind.json"),
            ),
            (
                "UnauthorizedAccess-EC2-SSHBruteForce.json",
                include_bytes!("../datasets/guardduty/UnauthorizedAccess-EC2-SSHBruteForce.json"),
            ),
            ("UnauthorizedAccess-EC2-TorClient.json", include_bytes!("../datasets/guardduty/UnauthorizedAccess-EC2-TorClient.json")),
        ],
        truth: include_str!("../datasets/guardduty/truth.toml"),
    },
    Dataset {
        name: "msticpy-linux",
        files: &[("securityalert_2019.jsonl.gz", include_bytes!("../datasets/msticpy-linux/securityalert_2019.jsonl.gz"))],
        truth: include_str!("../datasets/msticpy-linux/truth.toml"),
    },
];
