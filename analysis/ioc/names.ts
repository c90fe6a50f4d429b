/** What a dotted name is: a domain, the name of a file, the name of a detection, or none of them. */
import { parse } from 'tldts';

/** What a dotted name can be. */
export type NameKind = 'domain' | 'file_name' | 'other';

/**
 * Reads `setup.exe`, `evil.example.com`, `Spy.AHK.AD` as what they are. A defanged name was meant as a host, so it only needs
 * a suffix that can resolve; one in ordinary writing must besides be no file, no detection and no package.
 */
export function nameKind(name: string, defanged: boolean): NameKind {
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  const resolvable = isResolvable(name);
  if (defanged) return resolvable ? 'domain' : isFileExtension(last) ? 'file_name' : 'other';
  if (isFileExtension(last) || (name.startsWith('lib') && last === 'so')) return 'file_name';
  if (!resolvable || RESERVED_ROOTS.has(last.toLowerCase()) || isDetectionName(labels) || isPackageName(labels))
    return 'other';
  return 'domain';
}

/** Whether the name ends in a suffix somebody can register under: the public suffix list, onion, alternative roots, and the roots of examples. */
export function isResolvable(name: string): boolean {
  const { hostname, domain, isIcann, isPrivate, isIp } = parse(name, {
    allowPrivateDomains: true,
    validateHostname: false,
  });
  if (!hostname || isIp === true || hostname.length > 253) return false;
  const labels = hostname.split('.');
  if (labels.length < 2 || labels.some((label) => label === '' || label.length > 63 || /^-|-$/.test(label)))
    return false;
  const last = (labels.at(-1) ?? '').toLowerCase();
  return (
    OTHER_ROOTS.has(last) ||
    RESERVED_ROOTS.has(last) ||
    ((isIcann === true || isPrivate === true) && (domain !== null || isPrivate === true))
  );
}

/** Whether it is how a file ends; extensions that are also top-level domains count as files unless somebody defanged them. */
const isFileExtension = (extension: string): boolean => FILE_EXTENSIONS.has(extension.toLowerCase());

/** `Spy.AHK.AD`, `Agent.SVE`: families and variants are capitalised, host names are written in case. */
function isDetectionName(labels: readonly string[]): boolean {
  const name = labels.join('.');
  const last = labels.at(-1) ?? '';
  if (name === name.toLowerCase()) return false;
  if (name === name.toUpperCase()) return !ORDINARY_SUFFIX.test(last);
  return last !== last.toLowerCase() || (labels.length > 2 && labels.every((label) => /^\p{Lu}/u.test(label)));
}

/** `com.apple.upd`, `org.example.app`: a suffix in front is a bundle or package name. */
const isPackageName = ([first = '', ...rest]: readonly string[]): boolean =>
  rest.length >= 2 && PACKAGE_ROOTS.has(first.toLowerCase()) && !ORDINARY_SUFFIX.test(rest.at(-1) ?? '');

/** `.onion` (RFC 7686), Namecoin, Emercoin and OpenNIC roots that malware uses. */
const OTHER_ROOTS = new Set(
  'onion i2p bit bazar coin emc lib chan libre dyn geek gopher indy  oz parody pirate'.split(' '),
);
/** RFC 2606, RFC 6761: nobody's names, in examples and tests; ordinary text means something else by `unit.test`. */
const RESERVED_ROOTS = new Set(['example', 'test', 'invalid']);
const PACKAGE_ROOTS = new Set(['com', 'org', 'net', 'io', 'de', 'me', 'app']);
const ORDINARY_SUFFIX = /^(?:com|net|org|info|biz|edu|gov|mil)$/i;
const FILE_EXTENSIONS = new Set(
  (
    'exe dll sys ocx scr cpl drv msi msp msix appx bat cmd ps1 psm1 psd1 vbs vbe js jse wsf wsh hta lnk pif scf inf reg chm ' +
    'jar class apk dex ipa dmg plist sh bash zsh py pyc pyw pyd rb php phtml asp aspx ashx asmx jsp jspx cgi cfm ' +
    'doc docx docm dotm dotx xls xlsx xlsm xlsb xll xla xlam ppt pptx pptm pps ppsx rtf pdf odt ods odp csv tsv txt md adoc rst log ' +
    'xml json yaml yml toml ini cfg conf config html htm xhtml mht mhtml css scss ts tsx jsx vue svg ' +
    'zip rar 7z tar gz tgz bz2 xz lz4 zst cab iso img vhd vhdx ace arj lzh uue r00 z01 ' +
    'png jpg jpeg gif bmp ico tif tiff webp psd mp3 mp4 avi mov mkv wav flv swf ' +
    'eml msg pst ost ics vcf db sqlite mdb accdb bak tmp temp dat bin dmp mem raw pcap pcapng evtx etl ' +
    'key pem crt cer der pfx p12 jks asc sig elf ko dylib obj pdb map idx yar yara rule yml snort stix ' +
    'c h cpp hpp cs vb java swift kt lua asm s sql ipynb lock toc wasm node xsl xslt xsd dtd manifest resx torrent'
  ).split(' '),
);
