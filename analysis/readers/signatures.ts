/** The first bytes of binary files that are read here. */

/** Of a Windows event log. */
export const EVTX_SIGNATURE = Buffer.from('ElfFile\0', 'latin1');

/** Of a Windows shell link: the length of its header, and its class id ([MS-SHLLINK] 2.1). */
export const SHELL_LINK_SIGNATURE = Buffer.from('4c0000000114020000000000c000000000000046', 'hex');
