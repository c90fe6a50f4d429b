/**
 * 1 000 followers of one stream, 100 of them never reading: what the others wait, and what the process holds.
 * `node bench/streams.mjs [followers] [sleepers] [alerts]`: prints one JSON object.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

const [followers = 1_000, sleepers = 100, alerts = 6_000] = process.argv.slice(2).map(Number);
const root = join(import.meta.dirname, '..');
const data = mkdtempSync(join(tmpdir(), 'aurora-bench-'));
const env = {
  ...process.env,
  AURORA_DATA: data,
  AURORA_API_PORT: '28990',
  AURORA_PORTS: 'orchestrator=28991',
  AURORA_AGENTS: 'threat-intel',
  AURORA_LOG_LEVEL: 'error',
};
env.AURORA_PORTS += ',threat-intel=28992';
const fleet = spawn(process.execPath, ['bin/aurora.mjs', '--json', 'up'], {
  cwd: root,
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const pid = await new Promise((resolve) => {
  let said = '';
  fleet.stdout.on('data', (chunk) => {
    said += chunk;
    const up = said
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
      .find(({ id, what }) => id === 'orchestrator' && what === 'up');
    if (up) resolve(up.pid);
  });
});
const api = 'http://127.0.0.1:28990/api/v1';
const call = async (method, path, body, token) => {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${api}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
};
const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

try {
  const first = readFileSync(join(data, 'first-admin-password'), 'utf8').trim();
  const { access_token: admin } = await call('POST', '/auth/token', {
    username: 'admin',
    password: first,
    new_password: 'one long sentence',
  });
  await call('PATCH', '/settings/runtime', { limits: { user_minute_max: 100_000 } }, admin);
  const tokens = [];
  for (let nth = 0; nth < Math.ceil(followers / 200); nth++) {
    await call('POST', '/users', { username: `f${nth}x`, role: 'viewer', password: 'a long sentence' }, admin);
    tokens.push(
      (await call('POST', '/auth/token', { username: `f${nth}x`, password: 'a long sentence' })).access_token,
    );
  }
  const delays = [];
  const closed = {};
  let gaps = 0;
  let heard = 0;
  const open = (nth) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket('ws://127.0.0.1:28990/api/v1/ws/alerts', {
        headers: { authorization: `Bearer ${tokens[Math.floor(nth / 200)]}` },
      });
      socket.once('open', () => {
        if (nth < sleepers) socket.pause();
        resolve(socket);
      });
      socket.once('error', reject);
      socket.on('close', (code) => (closed[code] = (closed[code] ?? 0) + 1));
      if (nth < sleepers) return;
      socket.on('message', (text) => {
        const { type, at } = JSON.parse(text);
        if (type === 'gap') gaps += 1;
        if (type !== 'alert.created') return;
        heard += 1;
        if (nth % 10 === 0) delays.push(Date.now() - Date.parse(at));
      });
    });
  const sockets = [];
  for (let nth = 0; nth < followers; nth += 50)
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, (_, i) => open(nth + i)))));
  const before = rss();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, rss())), 100);
  const started = Date.now();
  const iocs = Array.from({ length: 20 }, (_, i) => ({
    type: 'url',
    value: `https://example.test/${i}/${'x'.repeat(180)}`,
  }));
  for (let sent = 0; sent < alerts; sent += 50) {
    const some = Array.from({ length: 50 }, (_, i) => ({
      title: `Alert ${sent + i}`,
      severity: 'low',
      source: 'bench',
      iocs,
    }));
    await call('POST', '/alerts/bulk', { alerts: some }, admin);
  }
  const due = (followers - sleepers) * alerts;
  while (heard < due && Date.now() - started < 180_000) await new Promise((resolve) => setTimeout(resolve, 50));
  clearInterval(watch);
  delays.sort((left, right) => left - right);
  const at = (share) => delays[Math.floor((delays.length - 1) * share)];
  console.log(
    JSON.stringify({
      followers,
      sleepers,
      alerts,
      heard_share: heard / due,
      gaps,
      closed,
      seconds: (Date.now() - started) / 1_000,
      delay_ms: { p50: at(0.5), p99: at(0.99), max: at(1) },
      rss_mb: { before: Math.round(before), peak: Math.round(peak) },
    }),
  );
  for (const socket of sockets) socket.terminate();
} finally {
  fleet.kill('SIGTERM');
  await new Promise((resolve) => fleet.once('exit', resolve));
  rmSync(data, { recursive: true, force: true });
}
