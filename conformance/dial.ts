/** Opens a socket of TCP or TLS to the address that a URL names. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { after } from './clock.ts';
import { secretsOf, type Trust } from './trust.ts';

/** What dialling needs beside the URL. */
export interface DialLimits extends Trust {
  /** How long the socket may take to open, and then the upgrade to be answered, ms. */
  upgrade_ms_max: number;
}

/** An open socket; rejects when nobody listens, or nobody answers in time. */
export function dial(url: URL, { upgrade_ms_max, ...trust }: DialLimits): Promise<Socket> {
  const secure = url.protocol === 'wss:';
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = secure
      ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...secretsOf(trust) })
      : connectTcp({ host, port });
    const cancel = after(upgrade_ms_max, () => socket.destroy(new Error(`nobody answers at ${url.host}`)));
    socket.setNoDelay(true);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      cancel();
      resolve(socket);
    });
    socket.on('error', (error: Error) => {
      cancel();
      reject(error); // after it is open nobody waits for this: the end tells, and `errored` why
      socket.destroy(error); // an alert of TLS would leave it open
    });
  });
}
