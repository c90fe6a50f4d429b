/** Reads a log line that is a JSON object: nginx and Apache templates, Caddy, Traefik, Envoy, Zeek's http.log, Docker's wrapper. */
import { isoTime, requestOf, toAddress, toNamedClient, toNumber, toStatus } from './log-fields.ts';
import type { LogEntry } from './log-line.ts';

/** The entry of a JSON line, or undefined; a line wrapped as `{"log": "…"}` or `{"message": "…"}` is read by `unwrapped`. */
export function fromJson(text: string, unwrapped: (line: string) => LogEntry | undefined): LogEntry | undefined {
  const fields = flatten(text);
  if (!fields) return undefined;
  const first = (names: readonly string[]) =>
    names.map((name) => fields.get(name)).find((value) => value !== undefined);
  const source = SOURCES.map((name) => toAddress(fields.get(name)?.split(',')[0]?.trim() ?? '')).find(
    (found) => found !== undefined,
  );
  const line = first(REQUESTS);
  const path = first(TARGETS);
  if (source === undefined || (line === undefined && path === undefined)) {
    const inner = first(WRAPPED);
    return inner === undefined || inner.startsWith('{') ? undefined : unwrapped(inner.trimEnd());
  }
  const query = first(QUERIES);
  const request =
    line !== undefined && line.includes(' ')
      ? requestOf(line)
      : {
          method: first(METHODS) ?? '',
          target: path ?? line ?? '',
          version: first(VERSIONS)?.replace(/^HTTP\//, '') ?? '',
        };
  const whole = query === undefined || query === '' || request.target.includes('?');
  const named = toNamedClient(first(FORWARDED));
  const user = first(USERS) ?? '';
  return {
    source,
    named_client: named === source ? undefined : named,
    ...(user !== '' && user !== '-' && { user }),
    ...request,
    target: whole ? request.target : `${request.target}?${query.replace(/^\?/, '')}`,
    status: toStatus(first(STATUSES)),
    size: toNumber(first(SIZES)),
    referer: first(REFERERS) ?? '',
    agent: first(AGENTS) ?? '',
    time: timeOf(first(TIMES)),
    login_failed: false,
    ...(/^basic\b/i.test(first(CHALLENGES) ?? '') && { asks_password: true }),
    format: 'json',
  };
}

/** Scalars by lower-cased dotted name; of a list its first entry. */
function flatten(text: string): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  const visit = (value: unknown, name: string, depth: number) => {
    if (fields.size >= FIELDS_MAX) return;
    if (typeof value === 'string' || typeof value === 'number') fields.set(name, String(value));
    if (Array.isArray(value) && value.length > 0) visit(value[0], name, depth);
    if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > DEPTH_MAX) return;
    for (const [key, child] of Object.entries(value))
      visit(child, name === '' ? key.toLowerCase() : `${name}.${key.toLowerCase()}`, depth + 1);
  };
  try {
    visit(JSON.parse(text), '', 0);
  } catch {
    return undefined; // not JSON: the caller counts the line as unparsed
  }
  return fields;
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{10,19}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
  if (number === undefined) return isoTime(text);
  return Math.floor(number / (number > 1e17 ? 1e9 : number > 1e14 ? 1e6 : number > 1e11 ? 1e3 : 1));
}

const names = (list: string) => list.split(/\s+/);
const SOURCES =
  names(`remote_addr request.client_ip request.remote_ip request.remote_addr client_ip clientip remote_ip remoteip clienthost client
  clientaddr source.ip source.address client.ip src_ip ip source_ip x_forwarded_for downstream_remote_address httprequest.remoteip http.client_ip
  host_ip c-ip remotehost clientaddress id.orig_h`);
const FORWARDED = names(
  'x_forwarded_for http_x_forwarded_for x-forwarded-for request.headers.x-forwarded-for forwarded_for http.x_forwarded_for',
);
const USERS = names('remote_user user_id clientusername http.request.user auth_user');
const REQUESTS = names('request request_line requestline http_request');
const TARGETS =
  names(`request_uri request.uri requestpath uri request_path request.url request.path path url url.original http.request.uri requesturi x-envoy-origin-path
  httprequest.requesturl http.url cs-uri-stem http.path`);
const QUERIES = names('query_string query url.query args request.query cs-uri-query');
const METHODS = names(
  'request_method request.method requestmethod method http.request.method http_method verb httprequest.requestmethod http.method cs-method',
);
const VERSIONS = names(
  'server_protocol request.proto requestprotocol protocol http_version http.version proto httpversion',
);
const STATUSES = names(
  'status status_code response.status downstreamstatus statuscode http.response.status_code response_code http_status code httprequest.status http.status sc-status response.status_code',
);
const SIZES = names(
  'body_bytes_sent bytes_sent size response.size downstreamcontentsize bytes http.response.body.bytes content_length response_size sc-bytes httprequest.responsesize http.bytes_sent response_body_len',
);
const AGENTS =
  names(`http_user_agent user_agent useragent agent request.headers.user-agent request_user-agent user-agent user_agent.original request.user_agent
  httprequest.useragent http.user_agent http.request.user_agent`);
const REFERERS = names(
  'http_referer referer referrer request.headers.referer request_referer http.request.referrer httprequest.referer http_referrer',
);
const TIMES = names('time_iso8601 @timestamp timestamp ts time time_local msec start_time starttime startutc');
const CHALLENGES = names('resp_headers.www-authenticate response.headers.www-authenticate');
const WRAPPED = names('log message msg line');
/** More than a line of 64 KiB can hold. */
const FIELDS_MAX = 20_000;
const DEPTH_MAX = 5;
