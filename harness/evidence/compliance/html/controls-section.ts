import { counted } from '../../../model/counted.ts';
import { formatDuration } from '../../../model/units.ts';
import { html, list, type Markup } from '../../page/markup.ts';
import { nameOf } from '../make-report.ts';
import type { ClauseLine, ComplianceReport, EvidenceLine, FrameworkLine, SupportLine } from '../report-schema.ts';
import { day, evidenceAnchor, evidenceMeanings, evidenceTitles, type KnownRuns, runLink } from './words.ts';

/** Each clause with the runs that support it and what a drill cannot show. */
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

/** What each kind of evidence means, and which promise contributed how much. */
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
