import { counted } from '../../../model/text.ts';
import { formatDuration } from '../../../model/units.ts';
import { badge, html, list, type Markup } from '../../page/markup.ts';
import { nameOf } from '../make-report.ts';
import type { ComplianceReport, DeficiencyLine, DeviationLine, RunLine } from '../report-schema.ts';
import { countsText, day, evidenceTitles, type KnownRuns, minute, runAnchor, runLink, signedText } from './words.ts';

/** The deficiencies, each from its first sight to the drill that showed the promise kept again. */
export function deficienciesSection(report: ComplianceReport, runs: KnownRuns): Markup {
  const { deficiencies, deficienciesLeftOut, deviations } = report;
  const open = deficiencies.filter(({ retest }) => retest === null);
  const closed = deficiencies.filter(({ retest }) => retest !== null);
  return html`<section id="deficiencies" aria-labelledby="deficiencies-h"><h2 id="deficiencies-h">Deficiencies</h2>
<p class="quiet">From the drill that first showed it to the retest: the first drill since then, on the same target, that was met or at risk. An unproven drill closes nothing. A run that failed is closed by a later run of the same contracts.</p>
${deficiencies.length === 0 ? html`<p>None was open in the period.</p>` : ''}
${open.length === 0 ? '' : html`<h3>Open at the end of the period (${open.length})</h3><ul class="human">${open.map((each) => item(each, runs))}</ul>`}
${closed.length === 0 ? '' : html`<h3>Closed in the period (${closed.length})</h3><ul class="human">${closed.map((each) => item(each, runs))}</ul>`}
${deficienciesLeftOut === 0 ? '' : html`<p>${deficienciesLeftOut} more were closed in the period and are not listed.</p>`}
${deviations.length === 0 ? '' : html`<h3>Deviations without a deficiency of this report</h3>${list(deviations.map((each) => `${nameOf(each)}. ${deviationText(each)}`))}`}</section>`;
}

const item = (each: DeficiencyLine, runs: KnownRuns): Markup =>
  html`<li>${badge(each.worst)} <b>${each.id} ${each.what}</b>${each.owner === null ? '' : html` <span class="quiet">owner ${each.owner}</span>`}
<p>${each.sentence}${each.ofContracts === null ? '' : closedByText(each)}</p>
<p>First seen ${runLink(each.firstSeen.runId, runs, day(each.firstSeen.at))} (entry ${each.firstSeen.sequence})${each.attempts === 1 ? '' : html`, ${counted(each.attempts, 'time')} until ${day(each.lastSeen.at)}`}. ${
    each.retest === null
      ? html`<b>No retest yet</b>: open for ${formatDuration(each.openForMs)}.`
      : html`Retest ${runLink(each.retest.runId, runs, day(each.retest.at))} (entry ${each.retest.sequence}), after ${formatDuration(each.openForMs)}.`
  }</p>
${each.deviations.length === 0 ? html`<p class="quiet">Nobody recorded a cause or a corrective action.</p>` : list(each.deviations.map(deviationText))}</li>`;

/** Returns the text on which run repeats a failed one. */
function closedByText({ ofContracts, target }: DeficiencyLine): string {
  const contracts = ofContracts ?? [];
  const which =
    contracts.length === 0
      ? 'any contracts'
      : contracts.length > 5
        ? `the same ${contracts.length} contracts`
        : contracts.join(', ');
  return ` To close it, complete a later run of ${which} on the ${target} target.`;
}

function deviationText(deviation: DeviationLine): string {
  const { at, cause, correctiveAction, owner, due, ticket, sequence, closed, isOverdue } = deviation;
  const state =
    closed === null
      ? isOverdue
        ? 'Overdue.'
        : 'Not closed yet.'
      : `Closed ${day(closed.at)} by ${closed.closedBy} (entry ${closed.sequence}), by the retest in entry ${closed.retestSequence}.`;
  return `Cause: ${cause}. Corrective action: ${correctiveAction}. Owner ${owner}, due ${due}${ticket === null ? '' : `, ${ticket}`} (recorded ${day(at)}, entry ${sequence}, ${signedText(deviation)}). ${state}`;
}

/** Reviews in the ledger, and lines for signatures on paper. */
export function signOffSection({ signOffs, deficiencies }: ComplianceReport, runs: KnownRuns): Markup {
  const withoutCause = deficiencies.filter(({ deviations }) => deviations.length === 0).length;
  return html`<section id="reviews" aria-labelledby="reviews-h"><h2 id="reviews-h">Reviews and sign-off</h2>
${
  signOffs.length === 0
    ? html`<p>The ledger holds no review of the period.</p>`
    : html`<table class="cards" role="table"><thead role="rowgroup"><tr role="row">${['When', 'Reviewed', 'Reviewer', 'Outcome', 'Comment', 'Signature'].map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${signOffs.map(
        (each) =>
          html`<tr role="row"><td role="cell">${minute(each.at)}</td><td role="cell" data-label="Reviewed">${each.runId === null ? each.what : html`run of ${runLink(each.runId, runs)}`}${each.entries.length === 0 ? '' : html`<span class="quiet">entries ${each.entries.join(', ')}</span>`}</td><td role="cell" data-label="Reviewer">${each.reviewer}${each.role === null ? '' : html`<span class="quiet">${each.role}</span>`}</td><td role="cell" data-label="Outcome">${each.outcome}</td><td role="cell" data-label="Comment">${each.comment}</td><td role="cell" data-label="Signature">${signedText(each)}, entry ${each.sequence}</td></tr>`,
      )}</tbody></table>`
}
${withoutCause === 0 ? '' : html`<p>${counted(withoutCause, 'deficiency has', 'deficiencies have')} no recorded cause.</p>`}
<table class="sign-off"><caption>Sign-off of this report</caption><thead><tr><th scope="col">Role</th><th scope="col">Name</th><th scope="col">Date</th><th scope="col">Signature</th></tr></thead>
<tbody>${['Prepared by', 'Reviewed by', 'Approved by'].map((role) => html`<tr><th scope="row">${role}</th><td></td><td></td><td></td></tr>`)}</tbody></table></section>`;
}

/** Every run of the period, so an auditor can draw a sample. */
export function runsSection({ runs, runsLeftOut, signOffs }: ComplianceReport): Markup {
  const reviewed = new Set(signOffs.map(({ runId }) => runId));
  return html`<section id="runs" aria-labelledby="runs-h"><h2 id="runs-h">Runs</h2>
<p class="quiet">Each drill of them is a line of the CSV form of this report, with its entry of the ledger and the digest of that entry.</p>
${runsLeftOut === 0 ? '' : html`<p>${runsLeftOut} earlier runs are not listed here. The CSV form has their drills.</p>`}
${
  runs.length === 0
    ? html`<p>No run began in the period.</p>`
    : html`<table class="cards" role="table"><thead role="rowgroup"><tr role="row">${['Run', 'Started by', 'Commit', 'Drills', 'Shows', 'Ledger'].map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${runs.map((run) => runRow(run, reviewed.has(run.runId)))}</tbody></table>`
}</section>`;
}

function runRow(run: RunLine, isReviewed: boolean): Markup {
  const { postures, entries } = run;
  const checks = Object.values(postures).reduce((sum, count) => sum + count, 0);
  return html`<tr role="row" id="${runAnchor(run.runId)}"><td role="cell"><b>${minute(run.began)}</b><span class="quiet">${run.runId}${run.target === null ? '' : `, ${run.target} target`}${run.ending === 'finished' ? '' : `, ${endingTexts[run.ending]}`}</span></td>
<td role="cell" data-label="Started by">${ranByText(run)}</td>
<td role="cell" data-label="Commit">${run.commit === null ? 'not known' : run.commit.slice(0, 12)}${run.dirty === true ? html`<span class="quiet">with uncommitted changes</span>` : ''}</td>
<td role="cell" data-label="Drills">${countsText(run.drills)}${checks === 0 ? '' : html`<span class="quiet">posture contracts: ${postures.met + postures['at-risk']} of ${checks} met</span>`}</td>
<td role="cell" data-label="Shows">${run.evidence.length === 0 ? 'nothing' : run.evidence.map((kind) => evidenceTitles[kind].toLowerCase()).join(', ')}</td>
<td role="cell" data-label="Ledger">entries ${entries.first} to ${entries.last}<span class="quiet">${run.keyIds.map((keyId) => signedText({ keyId })).join(', ')}${isReviewed ? '; reviewed' : ''}</span></td></tr>`;
}

const endingTexts: Readonly<Record<Exclude<RunLine['ending'], 'finished'>, string>> = {
  failed: 'did not come to its end',
  killed: 'was killed',
  none: 'had not ended by the end of the period',
};

function ranByText({ ranBy, trigger }: RunLine): string {
  const { actor, user, host, pipeline } = ranBy;
  const who = actor ?? user ?? trigger;
  return [who, ...(pipeline === null ? [] : [pipeline]), host].join(', ');
}
