import { counted } from '../../../model/counted.ts';
import { formatDuration, KEEPS_NO_DATA } from '../../../model/units.ts';
import { spreadBar } from '../../page/charts/bars.ts';
import { badge, html, type Markup, shape } from '../../page/markup.ts';
import type { Distribution } from '../distribution.ts';
import { nameOf } from '../make-report.ts';
import type { PromiseLine } from '../report-schema.ts';
import { countsText, day, type KnownRuns, markOf, percent, runLink } from './words.ts';

/** The population: every promise of the period, with its drills, its last proof and when the next one is due. */
export function populationSection(promises: readonly PromiseLine[], runs: KnownRuns): Markup {
  return html`<section id="population" aria-labelledby="population-h"><h2 id="population-h">Population</h2>
<p class="quiet">Every contract with each of its disasters, as the project stated them in the period. The verdict is the worst of the last drills of the period on each target. The age is that of the last drill that was met or at risk, at the end of the period.</p>
<table class="cards" role="table"><thead role="rowgroup"><tr role="row">${['Promise', 'Verdict', 'Drills in the period', 'Last proof', 'Promised and due'].map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${promises.map((promise) => row(promise, runs))}</tbody></table></section>`;
}

const row = (promise: PromiseLine, runs: KnownRuns): Markup =>
  html`<tr role="row" id="${promiseAnchor(promise)}"><td role="cell"><b>${promise.contract}</b>${promise.disaster === null ? '' : `: ${promise.disaster}`}<span class="quiet">${promise.disaster === null ? 'posture' : promise.priority}, owner ${promise.owner}${promise.isWithdrawn ? '; withdrawn in the period' : ''}</span>${notes(promise)}</td>
<td role="cell">${promise.state === 'missed' ? html`<span class="badge not-run">${shape('not-run')}missed</span>` : badge(markOf(promise.state))}</td>
<td role="cell" data-label="Drills in the period">${countsText(promise.drills)}</td>
<td role="cell" data-label="Last proof">${proof(promise, runs)}</td>
<td role="cell" data-label="Promised and due">${due(promise)}</td></tr>`;

/** What the contract states for auditors. */
function notes({ audit }: PromiseLine): Markup {
  const told: readonly (readonly [string, string | undefined])[] = [
    ['Kind of test', audit?.testKind],
    ['Segregation', audit?.segregation],
    ['Impact analysis', audit?.impactAnalysis],
  ];
  return html`${told.map(([name, text]) => (text === undefined ? '' : html`<span class="quiet">${name}: ${text}</span>`))}`;
}

function proof({ lastProof, lastProofAgeMs }: PromiseLine, runs: KnownRuns): Markup {
  if (lastProof === null || lastProofAgeMs === null) return html`none in the ledger`;
  const { at, runId, target, sequence } = lastProof;
  return html`${formatDuration(lastProofAgeMs)} old<span class="quiet">${runLink(runId, runs, day(at))}, entry ${sequence}, ${target} target</span>`;
}

function due({ cadenceMs, missedRuns, nextDue }: PromiseLine): Markup {
  if (cadenceMs === null) return html`no cadence is promised`;
  const missed = missedRuns === 0 ? '' : html`<b>${counted(missedRuns, 'run is', 'runs are')} missing</b>`;
  return html`every ${formatDuration(cadenceMs)}${nextDue === null ? '' : html`<span class="quiet">next proof due by ${day(nextDue)}</span>`}${missed}`;
}

const promiseAnchor = ({ contract, disaster }: Pick<PromiseLine, 'contract' | 'disaster'>): string =>
  ['promise', contract, ...(disaster === null ? [] : [disaster])]
    .map((name) => name.replaceAll(/[^A-Za-z0-9-]+/g, '_'))
    .join('--');

/** How recovery times and losses were spread, with a bound on how often the objective is kept. */
export function distributionsSection(promises: readonly PromiseLine[]): Markup {
  const timed = promises.filter(({ rta, rpa }) => rta.drills + rpa.drills + rta.notCompared > 0);
  return html`<section id="distributions" aria-labelledby="distributions-h"><h2 id="distributions-h">Recovery times and losses</h2>
<p class="quiet">RTA is what recovery took, RPA is what was lost. The bound says with 95 % confidence how many recoveries like these stay within the objective (Clopper and Pearson, one-sided): few drills allow only a low bound.</p>
${
  timed.length === 0
    ? html`<p>No recovery was timed in the period.</p>`
    : html`<table class="cards" role="table"><thead role="rowgroup"><tr role="row">${['Promise', 'RTA', 'RPA'].map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${timed.map(
        (promise) =>
          html`<tr role="row"><td role="cell"><a href="#${promiseAnchor(promise)}">${nameOf(promise)}</a></td><td role="cell" data-label="RTA">${spread(promise.rta, 'RTO')}</td><td role="cell" data-label="RPA">${lossOf(promise)}</td></tr>`,
      )}</tbody></table>`
}</section>`;
}

/** Drills of before, when the contract still promised an RPO, are shown as well. */
function lossOf({ rpa, keepsNoData }: PromiseLine): Markup {
  if (!keepsNoData) return spread(rpa, 'RPO');
  const now = html`<span class="quiet">${KEEPS_NO_DATA}: no loss is promised or judged.</span>`;
  return rpa.drills === 0 ? now : html`${now}${spread(rpa, 'RPO')}`;
}

function spread(distribution: Distribution, objective: 'RTO' | 'RPO'): Markup {
  const { drills, objectiveMs, within, medianMs, p95Ms, maxMs, withinShareAtLeast, notCompared } = distribution;
  const leftOut = notCompared === 0 ? '' : ` ${counted(notCompared, 'drill')} of another measurement version left out.`;
  if (drills === 0 || objectiveMs === null) return html`<span class="quiet">not measured.${leftOut}</span>`;
  const exact =
    medianMs === null || p95Ms === null || maxMs === null
      ? html`<span class="figure">never measured to the end</span>`
      : html`<span class="figure">median <b>${formatDuration(medianMs)}</b>, 95 % up to ${formatDuration(p95Ms)}, longest ${formatDuration(maxMs)}</span>${spreadBar(distribution)}`;
  return html`${exact}<span class="quiet">${within} of ${counted(drills, 'drill')} within ${objective} ${formatDuration(objectiveMs)}; bound: at least ${percent(withinShareAtLeast ?? 0)}.${boundsText(distribution)}${leftOut}</span>`;
}

/** Drills that gave up show no figure, only that it is no smaller. */
function boundsText({ atLeast, leastMs, mostLeastMs, medianMs }: Distribution): string {
  if (atLeast === 0 || leastMs === null || mostLeastMs === null) return '';
  const [least, most] = [formatDuration(leastMs), formatDuration(mostLeastMs)];
  const figures = least === most ? `at least ${least}` : `at least ${least} to at least ${most}`;
  return ` ${counted(atLeast, 'drill')} gave up before the end: ${figures}${medianMs === null ? '' : ', not among the figures above'}.`;
}
