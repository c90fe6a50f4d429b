/** The names of the Elastic Common Schema (9.2) that our events answer to, beside the names their sources gave. */
import { compareText } from '../order/index.ts';
import type { LogEvent, LogOrigin, Value } from './event.ts';

/** The original fields that an ECS name may stand for in a log of that origin, most telling first. */
export function originalsOf(ecs: string, origin: Pick<LogOrigin, 'channel' | 'event_id'>): readonly string[] {
  const is_4688 = origin.event_id === '4688' && origin.channel?.toLowerCase() === 'security';
  return (is_4688 ? PROCESS_4688.get(ecs) : undefined) ?? FIELDS.get(ecs) ?? [];
}

/** What an event says under ECS names, in order of the names. */
export function toEcs({ fields, origin, host, at_ms }: LogEvent): Record<string, Value> {
  const named: [string, Value][] = [];
  for (const ecs of NAMES) {
    const original = originalsOf(ecs, origin).find((name) => fields.has(name));
    const value = original === undefined ? undefined : fields.get(original);
    if (value !== undefined && value !== null && value !== '-') named.push([ecs, value]);
  }
  if (host !== undefined) named.push(['host.name', host]);
  if (!Number.isNaN(at_ms)) named.push(['@timestamp', new Date(at_ms).toISOString()]);
  return Object.fromEntries(named.sort(([left], [right]) => compareText(left, right)));
}

const FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['event.code', ['EventID']],
  ['event.provider', ['Provider_Name']],
  ['event.action', ['eventName', 'eventType', 'operationName', 'action', 'Action']],
  ['winlog.channel', ['Channel']],
  ['winlog.record_id', ['EventRecordID', 'RecordNumber']],
  ['process.executable', ['Image', 'SourceImage', 'exe', 'ProcessName']],
  ['process.command_line', ['CommandLine', 'proctitle']],
  ['process.entity_id', ['ProcessGuid', 'SourceProcessGUID']],
  ['process.pid', ['ProcessId', 'pid']],
  ['process.working_directory', ['CurrentDirectory', 'cwd']],
  ['process.parent.executable', ['ParentImage']],
  ['process.parent.command_line', ['ParentCommandLine']],
  ['process.parent.entity_id', ['ParentProcessGuid']],
  ['process.parent.pid', ['ParentProcessId', 'ppid']],
  ['process.pe.original_file_name', ['OriginalFileName']],
  ['process.hash.md5', ['md5']],
  ['process.hash.sha1', ['sha1']],
  ['process.hash.sha256', ['sha256']],
  ['process.pe.imphash', ['Imphash']],
  ['user.name', ['TargetUserName', 'SubjectUserName', 'User', 'acct', 'userIdentity.userName', 'actor.alternateId']],
  ['user.domain', ['TargetDomainName', 'SubjectDomainName']],
  ['user.id', ['TargetUserSid', 'SubjectUserSid', 'UserID', 'userIdentity.arn']],
  ['file.path', ['TargetFilename', 'ImageLoaded', 'RelativeTargetName', 'name']],
  ['registry.path', ['TargetObject']],
  ['registry.data.strings', ['Details']],
  [
    'source.ip',
    ['SourceIp', 'SourceAddress', 'IpAddress', 'src_ip', 'sourceIPAddress', 'client.ipAddress', 'id.orig_h', 'c-ip'],
  ],
  ['source.port', ['SourcePort', 'IpPort', 'src_port', 'id.orig_p']],
  ['destination.ip', ['DestinationIp', 'DestAddress', 'dst_ip', 'id.resp_h']],
  ['destination.port', ['DestinationPort', 'DestPort', 'dst_port', 'id.resp_p']],
  ['destination.domain', ['DestinationHostname']],
  ['dns.question.name', ['QueryName', 'query']],
  ['http.request.method', ['cs-method', 'method']],
  ['http.response.status_code', ['sc-status', 'status_code']],
  ['url.path', ['cs-uri-stem', 'uri']],
  ['url.query', ['cs-uri-query', 'c-uri-query']],
  ['user_agent.original', ['cs-user-agent', 'c-useragent', 'userAgent', 'user_agent']],
  ['powershell.file.script_block_text', ['ScriptBlockText']],
  ['service.name', ['ServiceName']],
]);
/** Security 4688 calls the creator's process `ProcessId`; the new one is `NewProcessId`. */
const PROCESS_4688: ReadonlyMap<string, readonly string[]> = new Map([
  ['process.executable', ['NewProcessName']],
  ['process.pid', ['NewProcessId']],
  ['process.parent.pid', ['ProcessId']],
  ['process.parent.executable', ['ParentProcessName']],
]);
const NAMES = [...FIELDS.keys()];
