/** Mail: what it says, who it claims to come from, and whether it is after something. */
export { MailAttachment, MailFacts, ReportedAuthentication } from './facts.ts';
export type { HiddenText, Mailbox, MailHeader, MailLink, ParsedMail } from './facts.ts';
export { MAIL_BYTES_MAX, parseEmail } from './message.ts';
export type { EmailReading } from './message.ts';
export { judgeEmail } from './judge.ts';
export type { Surroundings } from './judge.ts';
export { Authentication, checkAuthentication } from './authentication.ts';
export type { AuthenticationOptions, Envelope } from './authentication.ts';
export { DnsRecords, DnsZone, zoneResolver } from './zone.ts';
export type { DnsResolver } from './zone.ts';
export { analyzeEmail, mountedBrands } from './analyze.ts';
export type { EmailAnalysis } from './analyze.ts';
export { judgeSender } from './sender-check.ts';
export type { SenderCheck } from './sender-check.ts';
export { analyzeUrl } from './url-anatomy.ts';
export type { UrlAnalysis, UrlAnatomy } from './url-anatomy.ts';
export { assessMailIndicators } from './threat.ts';
