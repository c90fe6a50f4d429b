/** What comes attached, judged by its kind; the content is the malware analyst's trade. */
import type { MailAttachment, ParsedMail } from './facts.ts';
import type { Holding } from './holding.ts';
import { PIECE_CHARS_MAX } from './pieces.ts';
import type { Sign } from './signals.ts';

/** The signs that attachments give. */
export const attachmentSigns = (mail: ParsedMail): Sign[] =>
  mail.attachments.flatMap((attachment, index) =>
    kindsOf(attachment, mail, mail.holdings[index]).map((id) => ({
      id,
      locator: `attachment ${index + 1}`,
      text: `${attachment.filename} (${attachment.content_type}, ${attachment.size} bytes)`,
      sha256: attachment.sha256,
    })),
  );

function kindsOf(
  { filename, content_type }: MailAttachment,
  mail: ParsedMail,
  holding: Holding | undefined,
): Sign['id'][] {
  const name = filename.toLowerCase().replace(/[\p{Cf}\s]+/gu, '');
  const extension = /\.([a-z0-9]{1,8})$/.exec(name)?.[1] ?? '';
  if (new RegExp(`\\.(?:${DOCUMENTS})\\.(?:${PROGRAMS}|html?|zip|iso)$`).test(name)) return ['attachment_disguised'];
  if (/[\u202a-\u202e\u2066-\u2069]/.test(filename)) return ['attachment_disguised'];
  if (new RegExp(`^(?:${PROGRAMS})$`).test(extension)) return ['attachment_program'];
  if (holding === 'program' || holding === 'shortcut') return SCRIPTS.test(extension) ? [] : ['attachment_hidden'];
  if (/^(?:html?|xhtml|shtml|svg|mht|mhtml)$/.test(extension) || content_type === 'text/html' || holding === 'page')
    return ['attachment_page'];
  if (/^(?:docm|xlsm|xlsb|pptm|dotm|xltm|xll|one)$/.test(extension)) {
    return [
      mail.body.some((line) => ENABLE.test(line.slice(0, PIECE_CHARS_MAX)))
        ? 'attachment_macro_asked'
        : 'attachment_macro',
    ];
  }
  if (/^(?:zip|rar|7z|gz|tar|iso|img|vhdx?|cab|ace|arj)$/.test(extension)) {
    return isPasswordGiven(mail) ? ['attachment_locked'] : ['attachment_archive'];
  }
  const image = /^(?:png|jpe?g|gif|bmp|webp)$/.test(extension);
  const expected = image ? 'picture' : extension === 'pdf' ? 'pdf' : undefined;
  if (expected !== undefined && holding !== undefined && holding !== expected) return ['attachment_type'];
  return image && !/^image\/|octet-stream/.test(content_type) ? ['attachment_type'] : [];
}

const isPasswordGiven = (mail: ParsedMail) =>
  mail.body.some((line) =>
    /\b(?:password|passwort|kennwort|mot de passe|contrase[nñ]a|senha|wachtwoord)\b.{0,30}[:=]?\s*\S{3,}/i.test(line),
  );

const ENABLE =
  /\b(?:enable|activate|allow)\s(?:\w+\s){0,2}(?:macros?|content|editing)\b|\b(?:makros?|inhalte?|bearbeitung)\s(?:\w+\s){0,2}(?:aktivieren|zulassen|erlauben)\b/i;
/** Text that may begin like a script: a patch, a log, a listing. */
const SCRIPTS = /^(?:txt|md|log|diff|patch|py|pl|rb|php)$/;
const DOCUMENTS = 'pdf|docx?|xlsx?|pptx?|txt|rtf|jpe?g|png|gif|csv|mp[34]';
const PROGRAMS =
  'exe|scr|com|pif|bat|cmd|ps1|vbs|vbe|js|jse|wsf|wsh|hta|msi|msix|appx|jar|lnk|cpl|dll|reg|scf|url|chm|iqy|application|apk|sh';
