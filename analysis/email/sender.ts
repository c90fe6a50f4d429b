/** Who a mail claims to come from, held against where it and its answers really go. */
import {
  type Brand,
  FREE_HOSTING,
  FREEMAIL,
  isAmong,
  isCheap,
  isMember,
  isPublicName,
  isRandomLabel,
  lookalikeOf,
  ownerOf,
  registeredDomain,
  TRIAL_SENDERS,
} from '../brands/index.ts';
import { brandNamedIn } from './claims.ts';
import type { Mailbox, ParsedMail } from './facts.ts';
import { headerOf } from './headers.ts';
import { isNearly } from './near.ts';
import { compoundOr, type Trust } from './trust.ts';
import type { Sign } from './signals.ts';

/** The signs that the sender, envelope and reply addresses give. */
export function senderSigns(mail: ParsedMail, brands: readonly Brand[], trust: Trust): Sign[] {
  const sender = mail.from.findLast((mailbox) => mailbox.domain !== '');
  const where = { locator: 'header From', text: shown(mail.from) };
  const signs: Sign[] = [];
  signs.push(...ambiguousSigns(mail));
  if (!sender) return [...signs, ...recipientSigns(mail), ...replySigns(mail, undefined)];

  const names = mail.from.map((mailbox) => mailbox.name || (mailbox.domain === '' ? mailbox.address : '')).join(' ');
  const claimed = brandNamedIn(names, brands);
  const lookalike = lookalikeOf(sender.domain, brands);
  if (lookalike) {
    const id = compoundOr('sender', lookalike, sender.domain, trust);
    signs.push({ id, ...where, detail: `${lookalike.brand.name}, ${lookalike.how}` });
  }
  // A name that claims what the domain imitates is the same pretence: the stronger sign has told it.
  if (claimed && !(lookalike && isSameOwner(claimed, lookalike.brand)) && !owns(claimed, sender.domain)) {
    const linked = mail.links.some((link) => owns(claimed, link.host) && !isAmong(link.host, FREE_HOSTING));
    signs.push({ id: linked ? 'sender_brand_mixed' : 'sender_brand', ...where, detail: claimed.name });
  }
  const other = ADDRESS.exec(names)?.[1]?.toLowerCase();
  if (other && registeredDomain(other) !== registeredDomain(sender.domain)) {
    signs.push({ id: 'sender_name_address', ...where, detail: other });
  }
  if (!isPublicName(sender.domain)) signs.push({ id: 'sender_unreal', ...where });
  if (isAmong(sender.domain, TRIAL_SENDERS)) signs.push({ id: 'sender_trial', ...where });
  if (sender.domain.split('.').slice(0, -1).some(isRandomLabel)) signs.push({ id: 'sender_random', ...where });
  if (isCheap(sender.domain)) signs.push({ id: 'sender_cheap', ...where });
  return [...signs, ...recipientSigns(mail), ...envelopeSigns(mail, sender), ...replySigns(mail, sender)];
}

/** Several authors need a Sender (RFC 5322 3.6.2), and DMARC is asked for none of them (RFC 7489 6.6.1). */
export function ambiguousSigns(mail: ParsedMail): Sign[] {
  if (mail.facts.from_domain !== null) return [];
  const several = `${mail.from.length} addresses${headerOf(mail.headers, 'sender') === undefined ? ', and no header Sender' : ''}`;
  const detail = mail.from.length > 1 ? { detail: several } : {};
  return [{ id: 'sender_ambiguous', locator: 'header From', text: shown(mail.from), ...detail }];
}

function envelopeSigns(mail: ParsedMail, sender: Mailbox): Sign[] {
  const envelope = mail.return_path[0];
  if (!envelope || envelope.domain === '') return [];
  const where = { locator: 'header Return-Path', text: envelope.address };
  if (!isPublicName(envelope.domain) || envelope.domain.split('.').slice(0, -1).some(isRandomLabel)) {
    return [{ id: 'envelope_unreal', ...where }];
  }
  // A mailing list sends in its own name, and it is also the recipient.
  const expected = [sender, ...mail.recipients].map(({ domain }) => registeredDomain(domain));
  return expected.includes(registeredDomain(envelope.domain)) ? [] : [{ id: 'envelope_differs', ...where }];
}

/** Mail to a list names the list; mail to a harvested crowd names nobody. */
const recipientSigns = (mail: ParsedMail): Sign[] =>
  mail.recipients.some((mailbox) => mailbox.domain !== '')
    ? []
    : [{ id: 'recipients_hidden', locator: 'header To', text: shown(mail.recipients) }];

function replySigns(mail: ParsedMail, sender: Mailbox | undefined): Sign[] {
  const reply = mail.reply_to.find((mailbox) => mailbox.domain !== '');
  if (!reply || reply.address.toLowerCase() === sender?.address.toLowerCase()) return [];
  const where = { locator: 'header Reply-To', text: shown(mail.reply_to) };
  if (!isPublicName(reply.domain)) return [{ id: 'reply_unreal', ...where }];
  // A mailing list answers for its members: the list is also a recipient or the envelope.
  const accomplices = [sender, ...mail.recipients, ...mail.return_path].flatMap((mailbox) => mailbox?.domain || []);
  const known = new Set(accomplices.map(registeredDomain));
  if (isAmong(reply.domain, FREEMAIL)) {
    const own = sender !== undefined && localPart(reply) === localPart(sender);
    return mail.recipients.some((mailbox) => mailbox.address.toLowerCase() === reply.address.toLowerCase()) || own
      ? []
      : [{ id: 'reply_freemail', ...where }];
  }
  if (known.has(registeredDomain(reply.domain))) return [];
  if (sender && isNearly(reply.domain, sender.domain)) return [{ id: 'reply_near', ...where, detail: sender.domain }];
  return [{ id: 'reply_elsewhere', ...where }];
}

/** Whether the host is the brand's: in one of its domains, or its own label under another public suffix. */
export function owns(brand: Brand, host: string): boolean {
  const label = registeredDomain(host).split('.')[0];
  const namesake = brand.domains.some((domain) => domain.split('.')[0] === label);
  return ownerOf(host, [brand]) !== undefined || isMember(host, brand) || (namesake && isPublicName(host));
}

const isSameOwner = (left: Brand, right: Brand) => left.domains.some((domain) => right.domains.includes(domain));
const localPart = (mailbox: Mailbox) => mailbox.address.slice(0, mailbox.address.lastIndexOf('@')).toLowerCase();
const shown = (mailboxes: readonly Mailbox[]) =>
  mailboxes.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ') || '(empty)';
/** RFC 5321 4.5.3.1: 64 octets before the @; a domain has labels of up to 63. */
const ADDRESS = /[\w.+-]@((?:[\w-]{1,63}\.){1,32}[a-z]{2,63})/i;
