/** How the page of a report looks, and its filter: fixed texts, so that the page may forbid every other. */

/** The style. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fbfbf9;--card:#fff;--ink:#1c1f23;--soft:#5d646d;--line:#e2e3df;--good:#1a7f4b;--bad:#b3261e;--warn:#8a5a00;--idle:#7a828c;--goodbg:#e7f4ec;--badbg:#fbeae8;--warnbg:#fbf1dc;--sent:#175cd3;--wire:#f5f5f2;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1b1f24;--ink:#e8eaed;--soft:#a3abb5;--line:#2e343b;--good:#5fce92;--bad:#ff8a80;--warn:#f0bd5b;--idle:#8b949e;--goodbg:#15301f;--badbg:#3a1a18;--warnbg:#352a12;--sent:#84b6ff;--wire:#15181c}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:68rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font:600 1.6rem/1.25 var(--mono);margin:.1rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.5rem 0 .8rem}
h3{font-size:.9rem;font-weight:400;margin:0;display:flex;flex-wrap:wrap;gap:.3rem .6rem;align-items:baseline}
.eyebrow{margin:0;color:var(--soft);font-size:.85rem;letter-spacing:.06em;text-transform:uppercase}
.verdict{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline;margin:0 0 1.2rem;padding:.9rem 1.1rem;border-radius:.6rem;border-left:.35rem solid}
.verdict strong{font-size:1.15rem}
.verdict span{color:var(--ink)}
.good{background:var(--goodbg);color:var(--good)}
.bad{background:var(--badbg);color:var(--bad)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:.6rem 1.5rem;margin:0}
.facts dt,.label{color:var(--soft);font-size:.78rem;letter-spacing:.03em;text-transform:uppercase}
.facts dd{margin:0}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem;margin-top:2rem}
.card,.failure,.group{background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.card{padding:1rem 1.1rem}
.card h2{font:600 1rem/1.3 var(--mono);margin:0 0 .6rem}
.bar{display:block;width:100%;height:.5rem;border-radius:.25rem}
rect.pass{fill:var(--good)}rect.fail{fill:var(--bad)}rect.skip{fill:var(--line)}
table{width:100%;border-collapse:collapse;margin-top:.6rem;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.25rem 0;font-weight:400}
th:first-child{text-align:left}
thead th{color:var(--soft);font-size:.8rem}
tbody tr{border-top:1px solid var(--line)}
td.pass{color:var(--good)}td.fail{color:var(--bad);font-weight:700}td.skip{color:var(--soft)}td.none{color:var(--idle);opacity:.6}
.count{display:inline-block;min-width:1.6em;padding:0 .45em;border-radius:1em;background:var(--line);color:var(--soft);font-size:.78rem;font-weight:500;text-align:center}
.failure{padding:1.1rem 1.2rem;margin:0 0 1rem;border-left:.35rem solid var(--warn);break-inside:avoid-page}
.failure.must{border-left-color:var(--bad)}
.level{font-size:.75rem;padding:.05rem .5rem;border-radius:.3rem;background:var(--wire);color:var(--soft)}
.failure .level{background:var(--warnbg);color:var(--warn);font-weight:600}
.failure .level.must{background:var(--badbg);color:var(--bad)}
.id{font:600 .88rem/1.5 var(--mono);white-space:nowrap}
.where{color:var(--soft);font-size:.85rem}
.sentence{font-size:1.1rem;line-height:1.4;margin:.55rem 0 .7rem;text-wrap:pretty}
.instead{margin:0 0 .8rem;overflow-wrap:anywhere}
.instead .label,.replay .label{display:block}
.replay{margin:.8rem 0 0}
code{font:.86rem/1.5 var(--mono);overflow-wrap:anywhere}
summary{cursor:pointer;padding:.2rem 0}
summary:focus-visible,input:focus-visible,select:focus-visible{outline:2px solid var(--sent);outline-offset:2px;border-radius:.2rem}
.failure summary{color:var(--soft);font-size:.9rem}
.wire{list-style:none;margin:.4rem 0 0;padding:.5rem .8rem;background:var(--wire);border-radius:.4rem;font:.82rem/1.5 var(--mono)}
.wire li{display:grid;grid-template-columns:4.6rem 2.4rem minmax(0,1fr);padding:.12rem 0}
.wire .at{color:var(--idle);text-align:right;padding-right:.9rem;white-space:nowrap}
.wire .arrow{font-weight:700}
.wire pre{margin:0;font:inherit;white-space:pre-wrap;overflow-wrap:anywhere;max-height:18rem;overflow-y:auto}
.wire .sent .arrow{color:var(--sent)}
.wire .received .arrow{color:var(--good)}
.wire .event,.wire .greeting{color:var(--soft)}
.group{margin:0 0 .6rem;padding:.6rem 1rem}
.mark{display:inline-block;width:1.1em;font-weight:700}.mark.pass{color:var(--good)}.mark.skip{color:var(--idle)}
.list{list-style:none;margin:.5rem 0 0;padding:0}
.list li{display:grid;grid-template-columns:7rem 4.5rem minmax(0,1fr) 9rem;gap:.1rem .8rem;align-items:baseline;padding:.4rem 0;border-top:1px solid var(--line);break-inside:avoid}
.list .level{justify-self:start}
.list em{display:block;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.filter{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin:2rem 0 0}
.filter[hidden],[data-find][hidden]{display:none}
.filter label:first-child{flex:1 1 16rem}
input,select{font:inherit;width:100%;padding:.45rem .7rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.4rem}
output{color:var(--soft);font-size:.9rem}
footer{margin-top:3rem;color:var(--soft);font-size:.88rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:40rem){main{padding:1.5rem 1rem 3rem}h1{font-size:1.2rem}.wire{padding:.5rem}.wire li{grid-template-columns:1.9rem minmax(0,1fr)}.wire .at{display:none}.list li{grid-template-columns:auto 1fr;}.list .said{grid-column:1/-1}.list .where{grid-column:1/-1}.failure{padding:.9rem}}
@media print{.wire pre{max-height:none;overflow:visible}:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--good:#0b6b39;--bad:#a1150d;--warn:#6d4700;--wire:#f6f6f6;--goodbg:#fff;--badbg:#fff;--warnbg:#fff;--sent:#1049ad}body{font-size:10.5pt}main{max-width:none;padding:0}.filter{display:none}.verdict{border:1px solid;border-left-width:.35rem}.failure{break-inside:auto}h3,.sentence,.instead{break-after:avoid}}
`;

/** The filter: hides what does not fit, opens what has hits; prints everything opened. Text is only read, never made into markup. */
export const SCRIPT = `
(() => {
  const form = document.querySelector('.filter');
  const items = [...document.querySelectorAll('[data-find]')];
  const groups = [...document.querySelectorAll('.group')];
  const broken = document.querySelector('[aria-labelledby=failures]');
  const count = form.querySelector('output');
  const apply = () => {
    const words = form.words.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const level = form.level.value;
    const outcome = form.outcome.value;
    const asked = words.length > 0 || level !== '' || outcome !== '';
    let shown = 0;
    for (const item of items) {
      const { find, level: own, outcome: came } = item.dataset;
      const fits = words.every((word) => find.includes(word)) && (level === '' || level === own) && (outcome === '' || outcome === came);
      item.hidden = !fits;
      if (fits) shown += 1;
    }
    for (const group of groups) {
      const some = group.querySelector('[data-find]:not([hidden])') !== null;
      group.hidden = !some;
      group.open = asked && some;
    }
    if (broken) broken.hidden = broken.querySelector('[data-find]:not([hidden])') === null;
    count.textContent = asked ? shown + ' of ' + items.length : '';
  };
  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const each of opened) each.open = true;
  });
  addEventListener('afterprint', () => {
    for (const each of opened) each.open = false;
  });
})();
`;
