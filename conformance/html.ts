/** A report as one page for a colleague: nothing is loaded, nothing of the peer is obeyed, and it prints. */
import { createHash } from 'node:crypto';
import { markup, type Markup } from './markup.ts';
import { SCRIPT, STYLE } from './page.ts';
import { requirements, type Level, type Profile } from './requirements.ts';
import type { Report, Result } from './run.ts';
import { toLines, type Line } from './transcript.ts';

/** The page. `replay` says how a failure is seen again, where its recording was saved. */
export function toHtml(report: Report, replay: (result: Result) => string | undefined = () => undefined): string {
  const broken = inOrder(report.results.filter(({ outcome }) => outcome === 'fail'));
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${report.conforms ? 'Conforms' : 'Does not conform'}: ${report.url}</title>
        <style>${{ markup: STYLE }}</style>
      </head>
      <body>
        <main>
          ${toHead(report)}
          <section aria-label="Summary" class="cards">
            ${report.profiles.map((profile) => toCard(profile, report))}
          </section>
          ${toFilter()} ${broken.length > 0 ? toFailures(broken, replay) : undefined} ${toRest(report)}
          <footer>
            Made by <code>aurora conform</code> on ${report.began_at.slice(0, 16).replace('T', ' ')} UTC. Run it again
            with <code>--seed ${report.seed}</code> and it tries the same.
          </footer>
        </main>
        ${{ markup: `<script>${SCRIPT}</script>` }}
      </body>
    </html> `;
  return page.markup;
}

function toHead({ url, peer, conforms, ended, profiles, began_at, took_ms, seed, runs, results }: Report): Markup {
  const musts = results.filter(({ level }) => level === 'must');
  const broken = musts.filter(({ outcome }) => outcome === 'fail').length;
  const held = musts.filter(({ outcome }) => outcome === 'pass').length;
  const verdict = conforms
    ? `Every must that was tried holds (${held})`
    : broken === 0
      ? 'Nothing is proven: no must could be tried'
      : `${broken} of ${musts.length} musts ${broken === 1 ? 'does' : 'do'} not hold`;
  return markup`<header>
    <p class="eyebrow">Conformance report</p>
    <h1>${peer ? `${peer.name} ${peer.version}` : url}</h1>
    <p class="verdict ${conforms ? 'good' : 'bad'}">
      <strong>${conforms ? 'Conforms' : 'Does not conform'}</strong> <span>${ended === undefined ? verdict : `${verdict}; ${ended}`}</span>
    </p>
    <dl class="facts">
      ${[
        ['At', url],
        ['Held to', profiles.join(', ')],
        ['Tried', `${results.length} sentences in ${(took_ms / 1_000).toFixed(1)} s`],
        ['Began', `${began_at.slice(0, 19).replace('T', ' ')} UTC`],
        ['Seed', `${seed}, ${runs} runs of each property`],
      ].map(
        ([name, value]) =>
          markup`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </header>`;
}

/** Levels by outcomes of one profile. */
function toCard(profile: Profile, { results }: Report): Markup {
  const own = results.filter((result) => result.profile === profile);
  const rows = LEVELS.map((level) => {
    const counts = OUTCOMES.map(
      (outcome) => own.filter((result) => result.level === level && result.outcome === outcome).length,
    );
    return markup`<tr>
      <th scope="row">${level}</th>
      ${counts.map((count, at) => markup`<td class="${count === 0 ? 'none' : (OUTCOMES[at] ?? '')}">${count}</td>`)}
    </tr>`;
  });
  const share = OUTCOMES.map((outcome) => own.filter((result) => result.outcome === outcome).length);
  const bar = OUTCOMES.map((outcome, at) => {
    const count = share[at] ?? 0;
    return count === 0
      ? undefined
      : markup`<rect class="${outcome}" x="${startOf(share, at)}" width="${count}" height="1" />`;
  });
  return markup`<article class="card">
    <h2>${profile}</h2>
    <svg class="bar" viewBox="0 0 ${Math.max(1, own.length)} 1" preserveAspectRatio="none" aria-hidden="true">
      ${bar}
    </svg>
    <table>
      <thead>
        <tr>
          <th scope="col"><span class="hidden">level</span></th>
          ${OUTCOMES.map((outcome) => markup`<th scope="col">${outcome}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </article>`;
}

const startOf = (counts: readonly number[], at: number): number =>
  counts.slice(0, at).reduce((sum, count) => sum + count, 0);

/** Shown by the script alone: without one it could do nothing. */
const toFilter = (): Markup => markup`<form class="filter" role="search" hidden>
      <label
        ><span class="hidden">Find</span
        ><input type="search" name="words" placeholder="Find: an id, a word of a sentence, a source" autocomplete="off"
      /></label>
      <label
        ><span class="hidden">Level</span
        ><select name="level">
          <option value="">every level</option>
          ${LEVELS.map((level) => markup`<option>${level}</option>`)}
        </select></label
      >
      <label
        ><span class="hidden">Outcome</span
        ><select name="outcome">
          <option value="">every outcome</option>
          ${OUTCOMES.map((outcome) => markup`<option>${outcome}</option>`)}
        </select></label
      >
      <output></output>
    </form>`;

function toFailures(broken: readonly Result[], replay: (result: Result) => string | undefined): Markup {
  return markup`<section aria-labelledby="failures">
    <h2 id="failures">What does not hold <span class="count">${broken.length}</span></h2>
    ${broken.map((result) => toFailure(result, replay(result)))}
  </section>`;
}

function toFailure(result: Result, replay: string | undefined): Markup {
  const { id, profile, level, source, text, why, exchanged = [], took_ms } = result;
  const lines = toLines(exchanged);
  return markup`<article
    class="failure ${level}"
    id="${profile}-${id}"
    data-find="${findable(result)}"
    data-outcome="fail"
    data-level="${level}"
  >
    <h3>
      <span class="level ${level}">${level}</span> <span class="id">${id}</span>
      <span class="where">${profile} · ${source} · ${took_ms} ms</span>
    </h3>
    <p class="sentence">${text}</p>
    <p class="instead"><span class="label">Came instead</span> ${why}</p>
    ${
      lines.length > 0
        ? markup`<details open>
            <summary>What went over the wire <span class="count">${exchanged.length}</span></summary>
            <ol class="wire">
              ${lines.map(toWireLine)}
            </ol>
          </details>`
        : undefined
    }
    ${replay === undefined ? undefined : markup`<p class="replay"><span class="label">See it again</span> <code>${replay}</code></p>`}
  </article>`;
}

const toWireLine = ({ at, arrow, who, connection, text, is_greeting }: Line): Markup =>
  markup`<li class="${who}${is_greeting ? ' greeting' : ''}">
    <span class="at">${at}</span><span class="arrow" title="${who}">${connection}${arrow}</span>
    <pre>${text}</pre>
  </li>`;

/** Everything that holds, and what was not tried, folded. */
function toRest(report: Report): Markup {
  const rest = report.results.filter(({ outcome }) => outcome !== 'fail');
  const groups = report.profiles.flatMap((profile) =>
    OUTCOMES.filter((outcome) => outcome !== 'fail').map((outcome) => ({
      profile,
      outcome,
      results: inOrder(rest.filter((result) => result.profile === profile && result.outcome === outcome)),
    })),
  );
  return markup`<section aria-labelledby="rest">
    <h2 id="rest">Everything else</h2>
    ${groups.filter(({ results }) => results.length > 0).map(toGroup)}
  </section>`;
}

function toGroup({
  profile,
  outcome,
  results,
}: {
  profile: Profile;
  outcome: string;
  results: readonly Result[];
}): Markup {
  const rows = results.map(
    (result) =>
      markup`<li
        class="${outcome}"
        data-find="${findable(result)}"
        data-outcome="${outcome}"
        data-level="${result.level}"
      >
        <span class="id">${result.id}</span><span class="level ${result.level}">${result.level}</span>
        <span class="said">${result.text}${result.why === undefined ? undefined : markup`<em>${result.why}</em>`}</span
        ><span class="where">${result.source}</span>
      </li>`,
  );
  return markup`<details class="group">
    <summary>
      <span class="mark ${outcome}">${outcome === 'pass' ? '✓' : '–'}</span> ${profile}:
      ${outcome === 'pass' ? 'holds' : 'not tried'} <span class="count">${results.length}</span>
    </summary>
    <ol class="list">
      ${rows}
    </ol>
  </details>`;
}

/** The most binding first, then as the sentences are read. */
function inOrder(results: readonly Result[]): Result[] {
  const place = new Map(Object.keys(requirements).map((id, at) => [id, at]));
  const rank = ({ level, id }: Result) => LEVELS.indexOf(level) * place.size + (place.get(id) ?? 0);
  return [...results].sort((one, other) => rank(one) - rank(other));
}

const findable = ({ id, text, source, why = '', profile }: Result): string =>
  `${id} ${profile} ${text} ${source} ${why}`.toLowerCase();
const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const LEVELS: readonly Level[] = ['must', 'should', 'may'];
const OUTCOMES: readonly Result['outcome'][] = ['pass', 'fail', 'skip'];
