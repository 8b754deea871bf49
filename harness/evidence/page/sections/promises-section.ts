import { formatDuration, KEEPS_NO_DATA } from '../../../model/units.ts';
import { shareBar } from '../charts/bars.ts';
import { badge, caveat, command, html, link, type Markup } from '../markup.ts';
import type { Against, NotDrilledView, PromiseView } from '../page-view.ts';

// On a phone each row becomes a card. The roles keep the table a table for screen readers when its cells are no table cells any more.

export function promisesSection(promises: readonly PromiseView[], notDrilled: readonly NotDrilledView[]): Markup {
  return html`<section id="promises" aria-labelledby="promises-h"><h2 id="promises-h">Every promise</h2>
${promises.length === 0 ? html`<p>This run made no drill.</p>` : promisesTable(promises)}
${notDrilled.length === 0 ? '' : notDrilledTable(notDrilled)}</section>`;
}

const promisesTable = (
  promises: readonly PromiseView[],
): Markup => html`<p class="quiet">RTA is what recovery took. RPA is what was lost. Exposure is what the schedule permits to be lost in the worst case. The margin is what is left of the tightest objective.</p>
<div id="filters" hidden></div>
<table class="cards" id="promise-table" role="table"><thead role="rowgroup"><tr role="row">${HEAD.map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${promises.map(promiseRow)}</tbody></table>`;

const HEAD = ['Promise', 'Verdict', 'Recovery', 'Loss', 'Margin', 'Since', 'What it rests on'];

function promiseRow(view: PromiseView): Markup {
  const { id, contract, disaster, priority, owner, mark, recovery, recoveryAtSizeMs, loss, exposure, marginPercent } =
    view;
  const margin = marginPercent === null ? 'not known' : `${Math.floor(marginPercent)} %`;
  return html`<tr role="row" data-mark="${mark}" data-owner="${owner}"><td role="cell"><a href="#${id}"><b>${contract}</b>: ${disaster}</a><span class="quiet">${priority}, owner ${owner}</span></td>
<td role="cell" data-sort="${mark}">${badge(mark)}</td>
<td role="cell" data-label="Recovery" data-sort="${recovery.actualMs ?? -1}">${against(recovery, 'RTA')}${shareBar({ ...recovery, actualMs: recoveryAtSizeMs ?? recovery.actualMs })}${recoveryAtSizeMs === null ? '' : html`<span class="quiet">${formatDuration(recoveryAtSizeMs)} at production size</span>`}</td>
<td role="cell" data-label="Loss" data-sort="${loss?.actualMs ?? -1}">${loss === null || exposure === null ? html`<span class="quiet">${KEEPS_NO_DATA}</span>` : lossCell(loss, exposure)}</td>
<td role="cell" data-label="Margin" data-sort="${marginPercent ?? -1e9}">${margin}</td>
<td role="cell" data-label="Since" data-sort="${view.since}">${view.since}</td>
<td role="cell" data-label="What it rests on">${view.basis}${caveat(view.caveat)}<span class="quiet">Repeat it: ${command(view.repeatCommand)} ${view.runbook.href === null ? '' : link({ label: 'Runbook', href: view.runbook.href })}</span></td></tr>`;
}

const lossCell = (loss: Against, exposure: Against): Markup =>
  html`${against(loss, 'RPA')}${shareBar(worse(loss, exposure))}<span class="quiet">exposure ${exposure.actualMs === null ? 'not known' : formatDuration(exposure.actualMs)}</span>`;

function against({ objectiveMs, actualMs, atLeast }: Against, name: string): Markup {
  const actual = actualMs === null ? 'not measured' : `${atLeast ? 'more than ' : ''}${formatDuration(actualMs)}`;
  return html`<span class="figure"><abbr title="${name === 'RTA' ? 'recovery time actual' : 'recovery point actual'}">${name}</abbr> <b>${actual}</b> of ${formatDuration(objectiveMs)}</span>`;
}

const worse = (one: Against, other: Against): Against => ((other.actualMs ?? 0) > (one.actualMs ?? 0) ? other : one);

const notDrilledTable = (views: readonly NotDrilledView[]): Markup => html`<h3>Not drilled in this run</h3>
<table class="cards" role="table"><thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Promise</th><th scope="col" role="columnheader">Last drill on record</th><th scope="col" role="columnheader">Why not in this run</th><th scope="col" role="columnheader">To drill it</th></tr></thead>
<tbody role="rowgroup">${views.map(
  ({ contract, disaster, owner, reason, last, repeatCommand }) =>
    html`<tr role="row"><td role="cell"><b>${contract}</b>${disaster === null ? '' : `: ${disaster}`}${owner === null ? '' : html`<span class="quiet">owner ${owner}</span>`}</td><td role="cell" data-label="Last drill">${
      last === null
        ? html`${badge('not-run')} none on record`
        : html`${badge(last.mark)} ${last.utc.slice(0, 16).replace('T', ' ')} UTC, ${last.target} target`
    }</td><td role="cell" data-label="Why">${reason}</td><td role="cell">${command(repeatCommand)}</td></tr>`,
)}</tbody></table>`;

/** Where a promise's row leads: owner, command, runbook and record. */
export const addresses = ({
  owner,
  repeatCommand,
  runbook,
  record,
  controls,
}: PromiseView): Markup => html`<dl class="facts">
<div><dt>Owner</dt><dd>${owner}</dd></div>
<div><dt>Repeat it</dt><dd>${command(repeatCommand)}</dd></div>
<div><dt>Runbook</dt><dd>${link(runbook)}</dd></div>
${record === null ? '' : html`<div><dt>Record</dt><dd>${link(record)} <span class="digest">${record.digest ?? ''}</span></dd></div>`}
${controls.length === 0 ? '' : html`<div><dt>Controls named</dt><dd>${controls.join(', ')}</dd></div>`}
</dl>`;
