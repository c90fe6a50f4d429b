/** What happened, by topic: numbered, kept a while for whoever comes late, lost only with a gap. */
import { toIso, type Clock } from './clock.ts';

/** What somebody publishes. */
export interface Published {
  type: string;
  /** What it is about. */
  id: string | null;
  data: unknown;
}

/** An event with its number, and the text under which everybody is sent it. */
export interface BusEvent {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly text: string;
}

/** The topics of one process. */
export interface Bus {
  publish(topic: string, event: Published): BusEvent;
  /** The first event behind `seq`, or one `gap` over all that is not kept any more; undefined when there is none yet. */
  next(topic: string, seq: number): BusEvent | undefined;
  /** The newest number given. */
  lastSeq(topic: string): number;
  /** Events that are kept, newest first, behind none or before a number. */
  recent(topic: string, limit: number, before?: number): BusEvent[];
  /** Calls after each event, until the returned function is called. */
  listen(topic: string, onEvent: () => void): () => void;
}

/** Bounds of one topic. */
export interface BusLimits {
  /** Characters of the texts that are kept: 8 Mi. */
  chars_max: number;
  events_max: number;
  /** Topics in all; the one that was published to longest ago goes first. */
  topics_max: number;
}

/** A bus unless said otherwise: characters and events kept, and topics. */
export const BUS_LIMITS: BusLimits = { chars_max: 8_388_608, events_max: 50_000, topics_max: 1_024 };

/**
 * Makes it. `epoch` counts the processes that numbered events before: numbers go on from a block of this one's own, so that none
 * is given twice.
 */
export function localBus(clock: Clock, epoch = 0, limits: BusLimits = BUS_LIMITS): Bus {
  const topics = new Map<string, Topic>();
  /** Where the numbers of a topic that is not there begin: above all that one which went ever gave. */
  let first_seq = epoch * BLOCK_EVENTS;

  const topicOf = (name: string): Topic => {
    const known = topics.get(name);
    if (known) return known;
    const made: Topic = { last_seq: first_seq, kept: [], start: 0, chars: 0, listeners: new Set() };
    topics.set(name, made);
    for (const [other, { listeners }] of topics) {
      if (topics.size <= limits.topics_max) break;
      if (other !== name && listeners.size === 0) forget(other);
    }
    return made;
  };
  const forget = (name: string) => {
    first_seq = Math.max(first_seq, topics.get(name)?.last_seq ?? 0);
    topics.delete(name);
  };

  return {
    publish(name, { type, id, data }) {
      const topic = topicOf(name);
      topics.delete(name); // the order of the map is that of the newest events
      topics.set(name, topic);
      const at = toIso(clock.now());
      const seq = ++topic.last_seq;
      const event: BusEvent = { seq, type, at, text: JSON.stringify({ type, seq, at, id, data }) };
      topic.kept.push(event);
      topic.chars += event.text.length;
      while (topic.chars > limits.chars_max || topic.kept.length - topic.start > limits.events_max) forgetOne(topic);
      for (const onEvent of [...topic.listeners]) onEvent();
      return event;
    },
    next(name, seq) {
      const topic = topics.get(name);
      const last = topic?.last_seq ?? first_seq;
      const oldest = topic?.kept[topic.start]?.seq ?? last + 1;
      if (seq > last) return gapOver(last, last, clock); // a number that was never given: nothing is known of what it saw
      if (seq + 1 < oldest) return gapOver(seq + 1, oldest - 1, clock);
      return topic?.kept[topic.start + (seq + 1 - oldest)];
    },
    lastSeq: (name) => topics.get(name)?.last_seq ?? first_seq,
    recent(name, limit, before = Infinity) {
      const topic = topics.get(name);
      const found: BusEvent[] = [];
      if (!topic) return found;
      for (let at = topic.kept.length - 1; at >= topic.start && found.length < limit; at--) {
        const event = topic.kept[at];
        if (event && event.seq < before) found.push(event);
      }
      return found;
    },
    listen(name, onEvent) {
      const topic = topicOf(name);
      topic.listeners.add(onEvent);
      return () => {
        topic.listeners.delete(onEvent);
        const is_idle = topic.listeners.size === 0 && topic.kept.length === 0;
        if (is_idle && topics.get(name) === topic) forget(name); // it was only ever listened to
      };
    },
  };
}

interface Topic {
  last_seq: number;
  /** From `start` on; what stands before was forgotten and is cut off now and then. */
  kept: BusEvent[];
  start: number;
  chars: number;
  listeners: Set<() => void>;
}

function forgetOne(topic: Topic): void {
  topic.chars -= topic.kept[topic.start]?.text.length ?? 0;
  topic.start += 1;
  if (topic.start < topic.kept.length / 2) return;
  topic.kept = topic.kept.slice(topic.start);
  topic.start = 0;
}

/** What is told to whoever cannot take an event: that it was. */
export const gapFor = ({ seq, at }: BusEvent): BusEvent => gapAt(at, seq, seq);

const gapOver = (from: number, to: number, clock: Clock): BusEvent => gapAt(toIso(clock.now()), from, to);

function gapAt(at: string, from: number, to: number): BusEvent {
  const about = { type: 'gap', seq: to, at, id: null, data: { from, to } };
  return { seq: to, type: about.type, at, text: JSON.stringify(about) };
}

/** Numbers that one process may give in one topic. */
const BLOCK_EVENTS = 1_000_000_000;
