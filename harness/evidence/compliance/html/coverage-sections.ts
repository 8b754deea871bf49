import { counted } from '../../../model/text.ts';
import { formatDuration, KEEPS_NO_DATA } from '../../../model/units.ts';
import { spreadBar } from '../../page/charts/chart.ts';
import { badge, html, list, type Markup, shape } from '../../page/markup.ts';
import type { Distribution } from '../distribution.ts';
import { nameOf } from '../make-report.ts';
import type {
  ClauseLine,
  ComplianceReport,
  EvidenceLine,
  FrameworkLine,
  PromiseLine,
  SupportLine,
} from '../report-schema.ts';
import {
  countsText,
  day,
  evidenceAnchor,
  evidenceMeanings,
  evidenceTitles,
  type KnownRuns,
  markOf,
  percent,
  runLink,
} from './words.ts';

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

/** Renders the contract's notes for auditors. */
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

/** The distributions of recovery times and losses, with a bound on how often the objective is kept. */
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

/** Renders the losses, including those of earlier drills for which the contract still promised an RPO. */
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

/** Returns the text for drills that gave up: they only show a lower bound. */
function boundsText({ atLeast, leastMs, mostLeastMs, medianMs }: Distribution): string {
  if (atLeast === 0 || leastMs === null || mostLeastMs === null) return '';
  const [least, most] = [formatDuration(leastMs), formatDuration(mostLeastMs)];
  const figures = least === most ? `at least ${least}` : `at least ${least} to at least ${most}`;
  return ` ${counted(atLeast, 'drill')} gave up before the end: ${figures}${medianMs === null ? '' : ', not among the figures above'}.`;
}

/** Each clause with its supporting runs and the parts that a drill cannot show. */
export function controlsSection(report: ComplianceReport, runs: KnownRuns): Markup {
  const { frameworks, catalogueDate, controlsNotInCatalogue, evidence } = report;
  return html`<section id="controls" aria-labelledby="controls-h"><h2 id="controls-h">Controls</h2>
<p class="quiet">Clauses as of ${catalogueDate}, told in our own words: the text of the source counts. “Supported” means that drills showed what a drill can show. It does not mean “satisfied”.</p>
${frameworks.map((framework) => frameworkPart(framework, evidence, runs))}
${
  controlsNotInCatalogue.length === 0
    ? ''
    : html`<h3>Named by contracts, not in the catalogue</h3>${list(controlsNotInCatalogue.map(({ control, contracts }) => `${control} (${contracts.join(', ')})`))}`
}</section>`;
}

const frameworkPart = (
  { id, name, version, source, clauses }: FrameworkLine,
  evidence: readonly EvidenceLine[],
  runs: KnownRuns,
): Markup => html`<h3 id="framework-${id}">${name}</h3>
<p class="quiet">${version}. Source: ${source}</p>
${clauses.map((clause) => clausePart(clause, evidence, runs))}`;

const clausePart = (clause: ClauseLine, evidence: readonly EvidenceLine[], runs: KnownRuns): Markup =>
  html`<div class="clause"><h4>${clause.id} ${clause.title}</h4>
<p>${clause.asks}</p>
<dl class="facts">
<div><dt>Supported by</dt><dd>${supportText(clause, evidence, runs)}</dd></div>
${clause.without.length === 0 ? '' : html`<div><dt>Without support</dt><dd>${clause.without.join(', ')}</dd></div>`}
<div><dt>How often</dt><dd>${clause.cadence}${lateText(clause)}</dd></div>
<div><dt>A drill cannot show</dt><dd>${clause.cannotShow.join('; ')}</dd></div>
<div><dt>Named by</dt><dd>${clause.namedBy.length === 0 ? 'no contract' : clause.namedBy.join(', ')}</dd></div>
</dl></div>`;

function supportText(clause: ClauseLine, evidence: readonly EvidenceLine[], runs: KnownRuns): Markup {
  const kind = html`<a href="#${evidenceAnchor(clause.evidence)}">${evidenceTitles[clause.evidence]}</a>`;
  if (clause.runs === 0) return html`<b>nothing in the period</b> (evidence ${kind})`;
  const promises = evidence.find((each) => each.kind === clause.evidence)?.promises ?? [];
  const supporting = promises.filter((promise) => promise.supporting > 0).length;
  const drills =
    clause.evidence === 'record'
      ? ''
      : ` with ${counted(clause.drills, clause.evidence === 'posture' ? 'check run' : 'drill')} of ${supporting} of ${counted(promises.length, 'promise')}`;
  const more = clause.runs - clause.runIds.length;
  return html`${counted(clause.runs, 'run')}${drills} (evidence ${kind}). The last began ${clause.runIds.map((runId, index) => html`${index === 0 ? '' : ', '}${runLink(runId, runs)}`)}${more > 0 ? html`, and ${more} more: <a href="#runs">Runs</a>` : ''}`;
}

function lateText({ everyDays, late }: ClauseLine): Markup {
  if (everyDays === null || late.length === 0) return html``;
  const shown = late.slice(0, 5).map(({ promise, longestGapMs }) => `${promise} (${formatDuration(longestGapMs)})`);
  const more = late.length - shown.length;
  return html` <b>Longer than ${counted(everyDays, 'day')} without a supporting drill:</b> ${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}.`;
}

/** The meaning of each kind of evidence, and the contribution of each promise. */
export function evidenceSection({ evidence, population }: ComplianceReport, runs: KnownRuns): Markup {
  const { finished, failed, killed, none } = population.runs;
  return html`<section id="evidence" aria-labelledby="evidence-h"><h2 id="evidence-h">Evidence</h2>
<p class="quiet">Controls refer to these tables. First and last name a run and the entry of the ledger. The gap is the longest time without such a drill, up to the end of the period.</p>
${evidence.map(
  (line) => html`<h3 id="${evidenceAnchor(line.kind)}">${evidenceTitles[line.kind]}</h3>
<p>${evidenceMeanings[line.kind]}</p>
${
  line.kind === 'record'
    ? html`<p>${finished} of ${counted(finished + failed + killed + none, 'run')} of the period.</p>`
    : line.promises.length === 0
      ? html`<p>It concerns no promise of the period.</p>`
      : supportTable(line.promises, runs)
}`,
)}</section>`;
}

const supportTable = (promises: readonly SupportLine[], runs: KnownRuns): Markup =>
  html`<table class="cards" role="table"><thead role="rowgroup"><tr role="row">${['Promise', 'Shown', 'Not shown', 'First', 'Last', 'Longest gap'].map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${promises.map(
    (line) =>
      html`<tr role="row"><td role="cell">${nameOf(line)}</td><td role="cell" data-label="Shown">${line.supporting}</td><td role="cell" data-label="Not shown">${line.others}</td><td role="cell" data-label="First">${placeText(line.first, runs)}</td><td role="cell" data-label="Last">${placeText(line.last, runs)}</td><td role="cell" data-label="Longest gap">${line.longestGapMs === null ? 'never shown' : formatDuration(line.longestGapMs)}</td></tr>`,
  )}</tbody></table>`;

const placeText = (place: SupportLine['first'], runs: KnownRuns): Markup =>
  place === null
    ? html`none`
    : html`${runLink(place.runId, runs, day(place.at))}<span class="quiet">entry ${place.sequence}</span>`;
