/** The names that Sigma has: fields of a rule, statuses, log sources, namespaces of tags. A rule may have others; a near miss is a slip. */
import { WINDOWS_SERVICES } from '../events/index.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** What the `status` of a rule may be. */
export const STATUSES = words('stable test experimental deprecated unsupported');
/** The specification's, and what SigmaHQ writes beside them. */
export const TOP_FIELDS = words(`
  title id name taxonomy related status description license author references date modified logsource detection fields
  falsepositives level tags scope correlation filter regression_tests_path simulation`);
/** Fields of a `logsource`. */
export const LOGSOURCE_FIELDS = words('category product service definition');
/** Categories of log sources that rules are written for. */
export const CATEGORIES = words(`
  antivirus appliance application clipboard_capture create_remote_thread create_stream_hash database dns dns_query driver_load
  edr email file_access file_block_executable file_block_shredding file_change file_delete file_delete_detected file_event
  file_executable_detected file_rename firewall ids image_load network_connection pipe_created process_access process_creation
  process_tampering process_termination proxy ps_classic_provider_start ps_classic_script ps_classic_start ps_module ps_script
  raw_access_thread registry_add registry_delete registry_event registry_rename registry_set sysmon_error sysmon_status vpn
  webserver wmi wmi_event`);
/** Products that rules are written for. */
export const PRODUCTS = words(`
  aws azure bitbucket cisco cloudflare django docker esxi f5 fortigate fortios gcp github gitlab google_workspace huawei juniper jvm
  kubernetes linux m365 macos modsecurity mssql mysql nodejs okta onelogin opencanary oracle paloalto postgresql python qualys
  rpc_firewall ruby_on_rails salesforce slack snort spring sql suricata velocity vmware windows zeek zscaler`);
/** Services that rules are written for: channels of Windows, and others. */
export const SERVICES: ReadonlySet<string> = new Set([
  ...Object.keys(WINDOWS_SERVICES),
  ...words(`
  aaa activitylogs apache application audit auditd auditlogs auth authpriv bgp clamav cloudtrail conn cron daemon dce_rpc dns duo
  event exchange files ftp gcp.audit globalprotect google_workspace.admin google_workspace.login guacamole guardduty http iis irc
  kerberos kern ldp mail messages modsecurity modbus mysql nginx notice ntlm okta onelogin.events pe pim postfix radius rdp
  riskdetection route53 s3 secure security signinlogs sip smb_files smb_mapping smtp snmp socks squid ssh sshd ssl sslvpnd sudo
  syslog sysmon system threat_detection threat_management tunnel vpcflow vsftpd weird x509`),
]);
/** What a tag begins with. */
export const NAMESPACES = words('attack car cve d3fend detection emerging-threats stp tlp');

/** The known name that somebody meant who wrote another one, or undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const written = name.toLowerCase();
  if (written.length < CHARS_MIN || written.length > CHARS_MAX) return undefined;
  let best: { name: string; distance: number } | undefined;
  for (const each of known) {
    const distance = distanceOf(written, each);
    if (distance <= DISTANCE_MAX && distance < (best?.distance ?? Infinity)) best = { name: each, distance };
  }
  return best?.name;
}

/** Letters to add, drop or change; two that are swapped count as two. */
function distanceOf(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > DISTANCE_MAX) return Infinity;
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let index = 0; index < left.length; index++) {
    const letter = left[index];
    const next = [index + 1];
    for (let at = 1; at <= right.length; at++) {
      const change = (row[at - 1] ?? 0) + Number(right[at - 1] !== letter);
      next.push(Math.min(change, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? Infinity;
}

const DISTANCE_MAX = 2;
/** Shorter names are near to too much; longer ones are none of ours. */
const CHARS_MIN = 4;
const CHARS_MAX = 64;
