/** What only several places of a request say together: a session handed over from outside, a program uploaded as a file. */
import type { Hit } from './judge.ts';
import type { Located } from './places.ts';

/** A session id in the query or body that a page of another host sent along, or that comes without any page. */
export function judgeSession(values: readonly Located[]): Hit[] {
  const host = hostOf(`//${values.find(({ place, name }) => place === 'header' && name === 'host')?.text ?? ''}`);
  const referer = values.find(({ place, name }) => place === 'header' && name === 'referer')?.text;
  const given = values.find(({ place, name }) => (place === 'name' || place === 'value') && SESSION_NAME.test(name));
  if (!given || (referer !== undefined && hostOf(referer) === host)) return [];
  return [
    {
      class: 'session-fixation',
      rule: 'session-fixation/parameter',
      title: referer === undefined ? 'a session id as a parameter' : 'a session id handed over by another host',
      certain: true,
      label: given.label,
      text: given.text.slice(0, TEXT_CHARS_MAX),
      steps: [],
    },
  ];
}

/** A file name that a server would run. */
export function judgeUpload(values: readonly Located[]): Hit[] {
  return values.flatMap(({ place, name, label, text }): Hit[] => {
    const names_file = place === 'file name' || (place === 'header' && FILE_HEADER.test(name));
    if (!names_file || !PROGRAM.test(text)) return [];
    const found = { certain: true, label, text: text.slice(-TEXT_CHARS_MAX), steps: [] };
    return [{ class: 'php-injection', rule: 'php-injection/upload', title: 'uploads a program', ...found }];
  });
}

const hostOf = (address: string): string =>
  /^(?:[a-z]{2,8}:)?\/\/([^/:?#]{1,253})/i.exec(address)?.[1]?.toLowerCase() ?? '';

const SESSION_NAME =
  /^(?:jsessionid|phpsess(?:id|ion)|php_session|asp\.net[-_]sessionid|aspsessionid\w{0,20}|asp_session|sess(?:ion)?_?id|cfid|cftoken|cfsid|jservsession|jwsession|_?(?:flask|laravel|rails|django|symfony)_session(?:id)?|connect\.sid|[\w.-]{0,30}auth\.session-token|\w{0,20}_session|session_?token|weblogicsession|viewstate_session|sid_session|zend_session|express\.sid|ci_session)$/;
const FILE_HEADER = /^x[-_.]?file[-_.]?name$/;
const PROGRAM =
  /\.(?:ph(?:p\d?|tml|ar|ps|t)|jspx?|aspx?|ashx|asmx|cgi|pl|cfm|shtml?|war)(?:[.\s;%].{0,20})?$|\.ht(?:access|passwd)|(?:^|[\\/])sess_[a-z0-9]{8}|\.user\.ini/i;
const TEXT_CHARS_MAX = 200;
