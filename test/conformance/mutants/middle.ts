/** Somebody between the kit and a good agent who makes it a wrong one: byte for byte the same, but for one lie. */
import { createServer, request as askHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import {
  closePayload,
  createFrameReader,
  encodeFrame,
  OPCODE,
  type FrameSpec,
  type WireFrame,
} from '../../../conformance/ws-frames.ts';

/** A message of JSON-RPC, or whatever stands in its place. */
export type Json = Record<string, unknown>;

/** One connection, as a lie sees it. */
export interface Line {
  /** '' is bare. */
  readonly protocol: string;
  /** Requests of the kit by their ids, as JSON text. */
  readonly asked: ReadonlyMap<string, Json>;
  /** For the lie to remember. */
  readonly notes: Map<string, unknown>;
  /** Says something to the kit. */
  say(message: unknown): void;
  sayText(text: string): void;
  sayFrame(spec: FrameSpec): void;
  /** Tells the agent something. */
  tell(message: unknown): void;
  close(code: number): void;
  /** Drops the connection. */
  cut(): void;
}

/** What is other than it should be. All of it is optional: what is not said passes as it is. */
export interface Lie {
  /** The head of an upgrade request as the agent hears it. */
  asking?: (head: string, request: IncomingMessage) => string;
  /** The head of the answer to an upgrade. */
  upgraded?: (head: string, request: IncomingMessage) => string;
  /** A head to send instead of asking the agent. */
  upgrading?: (request: IncomingMessage) => string | undefined;
  /** A line has opened. */
  opened?: (line: Line) => void;
  /** A message of the kit (object or array): what the agent hears instead; `undefined` is nothing. */
  heard?: (message: unknown, line: Line) => unknown;
  /** Text of the kit that is no JSON. True: the agent never hears it. */
  heardText?: (text: string, line: Line) => boolean;
  /** A message of the agent: what the kit hears instead; `undefined` is nothing. */
  said?: (message: Json, line: Line) => unknown;
  /** A batch of answers. */
  saidBatch?: (answers: Json[], line: Line) => unknown;
  /** A frame of the kit: frames that the agent gets instead. */
  received?: (frame: WireFrame, line: Line) => readonly FrameSpec[];
  /** A frame of the agent: frames that the kit gets instead. */
  sent?: (frame: WireFrame, line: Line) => readonly FrameSpec[];
  /** The kit hung up; what is told now is heard still. */
  lost?: (line: Line) => void;
  /** The connection of the agent ended: true to leave the kit's own open. */
  left?: (line: Line) => boolean;
  /** An answer over HTTP; `undefined` hangs up instead. */
  http?: (answer: HttpSaid, request: IncomingMessage) => HttpSaid | undefined;
}

/** An answer over HTTP. */
export interface HttpSaid {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Somebody in the middle. */
export interface Middle {
  /** `127.0.0.1:port`, where the kit dials. */
  address: string;
  /** Whom it stands before, and how it lies. */
  begin(agent_port: number, lie: Lie): void;
  close(): Promise<void>;
}

/** Opens a port. Until `begin` nothing is answered. */
export async function openMiddle(): Promise<Middle> {
  let agent_port = 0;
  let lie: Lie = {};
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => passHttp(request, response, agent_port, lie));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('upgrade', (request: IncomingMessage, socket: Socket, early: Buffer) => {
    const refused = lie.upgrading?.(request);
    if (refused !== undefined) socket.end(refused);
    else passUpgrade({ request, socket, early, agent_port, lie });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    begin(port, told) {
      agent_port = port;
      lie = told;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Every header as it came: the agent judges the Host itself. */
const headOf = (request: IncomingMessage): string => {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
};

function passHttp(request: IncomingMessage, response: ServerResponse, port: number, lie: Lie): void {
  const { method, url: path, headers } = request;
  const asked = askHttp({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const honest = {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: Buffer.concat(chunks).toString(),
      };
      const said = lie.http ? lie.http(honest, request) : honest;
      if (!said) return void response.destroy();
      const { 'content-length': _length, 'transfer-encoding': _coding, ...kept } = said.headers;
      for (const [name, value] of Object.entries(kept)) if (value !== undefined) response.setHeader(name, value);
      response.statusCode = said.status;
      response.end(method === 'HEAD' ? undefined : said.body);
    });
  });
  asked.on('error', () => response.destroy());
  request.pipe(asked);
}

function passUpgrade(by: {
  request: IncomingMessage;
  socket: Socket;
  early: Buffer;
  agent_port: number;
  lie: Lie;
}): void {
  const { request, socket, early, lie } = by;
  const agent = connect(by.agent_port, '127.0.0.1');
  agent.setNoDelay(true);
  socket.setNoDelay(true);
  agent.on('error', () => socket.destroy());
  agent.write(lie.asking?.(headOf(request), request) ?? headOf(request));
  let head = Buffer.alloc(0);
  const onHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    agent.off('data', onHead);
    const said = head.subarray(0, end + 4).toString('latin1');
    const rest = head.subarray(end + 4);
    socket.write(lie.upgraded?.(said, request) ?? said, 'latin1');
    if (!said.startsWith('HTTP/1.1 101')) {
      socket.write(rest);
      agent.pipe(socket);
      return;
    }
    const protocol = /^sec-websocket-protocol: *(\S+)/im.exec(said)?.[1] ?? '';
    joinLine({ agent, socket, protocol, lie, early, rest });
  };
  agent.on('data', onHead);
  agent.on('close', () => socket.end());
  socket.on('close', () => agent.destroy());
}

function joinLine(by: {
  agent: Socket;
  socket: Socket;
  protocol: string;
  lie: Lie;
  early: Buffer;
  rest: Buffer;
}): void {
  const { agent, socket, protocol, lie } = by;
  const asked = new Map<string, Json>();
  const toKit = (spec: FrameSpec) => pass(socket, encodeFrame({ masked: false, ...spec }));
  const toAgent = (spec: FrameSpec) => pass(agent, encodeFrame(spec));
  const line: Line = {
    protocol,
    asked,
    notes: new Map(),
    say: (message) => line.sayText(JSON.stringify(message)),
    sayText: (text) => toKit({ opcode: OPCODE.text, payload: Buffer.from(text) }),
    sayFrame: toKit,
    tell: (message) => toAgent({ opcode: OPCODE.text, payload: Buffer.from(JSON.stringify(message)) }),
    close: (code) => toKit({ opcode: OPCODE.close, payload: closePayload(code) }),
    cut: () => void socket.destroy(),
  };

  const fromKit = (frame: WireFrame) => {
    const passed = lie.received ? lie.received(frame, line) : [frame];
    for (const spec of passed) {
      const text = toText(spec);
      if (text === undefined) toAgent(spec);
      else hearText(text, spec);
    }
  };
  const hearText = (text: string, spec: FrameSpec) => {
    const message = toJson(text);
    if (message === undefined) {
      if (lie.heardText?.(text, line) !== true) toAgent(spec);
      return;
    }
    if (isJson(message.value) && 'id' in message.value) asked.set(JSON.stringify(message.value['id']), message.value);
    if (!lie.heard) toAgent(spec);
    else {
      const heard = lie.heard(message.value, line);
      if (heard === message.value) toAgent(spec);
      else if (heard !== undefined) line.tell(heard);
    }
  };
  const fromAgent = (frame: WireFrame) => {
    const passed = lie.sent ? lie.sent(frame, line) : [frame];
    for (const spec of passed) {
      const message = toJson(toText(spec) ?? '')?.value;
      const hook = Array.isArray(message) ? lie.saidBatch : lie.said;
      if (message === undefined || !hook) toKit({ ...spec, masked: spec.masked === true });
      else {
        const said: unknown = Array.isArray(message)
          ? lie.saidBatch?.(message as Json[], line)
          : lie.said?.(message as Json, line);
        if (said !== undefined) line.say(said);
      }
    }
  };

  pump(socket, by.early, fromKit);
  pump(agent, by.rest, fromAgent);
  agent.removeAllListeners('close');
  agent.on('close', () => {
    if (lie.left?.(line) !== true) socket.end();
  });
  // A server's socket stays half open: without this the agent would never hear that the kit's end is gone.
  socket.on('end', () => {
    lie.lost?.(line);
    agent.end();
  });
  lie.opened?.(line);
}

function pass(to: Socket, bytes: Buffer): void {
  if (to.writable) to.write(bytes);
}

/** Hands on frame by frame what comes. */
function pump(from: Socket, first: Buffer, onFrame: (frame: WireFrame) => void): void {
  const read = createFrameReader(FRAME_BYTES_MAX);
  const onData = (chunk: Buffer) => {
    for (const frame of read(chunk)) onFrame(frame);
  };
  if (first.length > 0) onData(first);
  from.on('data', onData);
}

/** The text of a whole text message. */
function toText({ opcode, fin = true, rsv = 0, payload }: FrameSpec): string | undefined {
  if (opcode !== OPCODE.text || !fin || rsv !== 0) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch {
    return undefined;
  }
}

function toJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** An object, and no array. */
export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const FRAME_BYTES_MAX = 67_108_864;
