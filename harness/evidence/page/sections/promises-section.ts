import { formatDuration, formatSize, KEEPS_NO_DATA } from '../../../model/units.ts';
import { shareBar } from '../charts/chart.ts';
import { historyChart, lossesChart, sizeChart } from '../charts/promise-charts.ts';
import { timelineChart } from '../charts/timeline-chart.ts';
import { badge, caveat, command, html, link, list, type Markup, nothing, shape } from '../markup.ts';
import type { Against, ComparisonView, FindingView, NotDrilledView, PromiseView } from '../page-view.ts';

// On a phone each row becomes a card. The roles keep it a table for screen readers although its cells are laid out differently.

export function promisesSection(promises: readonly PromiseView[], notDrilled: readonly NotDrilledView[]): Markup {
  return html`<section id="promises" aria-labelledby="promises-h"><h2 id="promises-h">Every promise</h2>
${promises.length === 0 ? html`<p>This run made no drill.</p>` : promisesTable(promises)}
${notDrilled.length === 0 ? '' : notDrilledTable(notDrilled)}</section>`;
}

const promisesTable = (
  promises: readonly PromiseView[],
): Markup => html`<p class="quiet">RTA is the time that recovery took. RPA is the loss of acknowledged writes, as a time. Exposure is the largest loss that the schedule permits. The margin is the unused part of the tightest objective.</p>
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

/** Links and facts of a promise: owner, command, runbook and record. */
const addresses = ({ owner, repeatCommand, runbook, record, controls }: PromiseView): Markup => html`<dl class="facts">
<div><dt>Owner</dt><dd>${owner}</dd></div>
<div><dt>Repeat it</dt><dd>${command(repeatCommand)}</dd></div>
<div><dt>Runbook</dt><dd>${link(runbook)}</dd></div>
${record === null ? '' : html`<div><dt>Record</dt><dd>${link(record)} <span class="digest">${record.digest ?? ''}</span></dd></div>`}
${controls.length === 0 ? '' : html`<div><dt>Controls named</dt><dd>${controls.join(', ')}</dd></div>`}
</dl>`;

/** One promise in full. The id is inside the part that opens, so that a link to it opens it without a script. */
export function promiseDetails(view: PromiseView, form: { readonly open: boolean; readonly short: boolean }): Markup {
  const { id, contract, disaster, mark, threat, blastRadius, asset, findings } = view;
  return html`<details class="promise"${form.open ? html` open` : ''}><summary>${badge(mark)} <h3><b>${contract}</b>: ${disaster}</h3></summary>
<div class="body" id="${id}">
<p>${asset}. The disaster: ${threat}. What it hits: ${blastRadius}.</p>
${addresses(view)}
<ul class="findings">${findings.length === 0 ? html`<li>${view.sentence}</li>` : findings.map(findingItem)}</ul>
${form.short ? shortened(view) : charts(view)}
${compared(view)}
</div></details>`;
}

const findingItem = ({ name, mark, sentence, doesNotProve }: FindingView): Markup =>
  html`<li>${badge(mark)} <b>${name}</b> ${sentence}${caveat(doesNotProve)}</li>`;

const shortened = ({ history }: PromiseView): Markup =>
  html`<p class="quiet">The charts are left out to keep the page small. Their figures are in the record. ${history.sentences.join(' ')}</p>`;

const charts = (view: PromiseView): Markup =>
  html`<div class="charts">${timeline(view)}${losses(view)}${size(view)}${history(view)}</div>`;

function timeline({ id, timeline: view }: PromiseView): Markup {
  if (view.phases.length === 0) return figure('Timeline', nothing, html`<p>No recovery was timed.</p>`);
  const added = view.phases.some(({ addedMs }) => addedMs > 0);
  const key = html`<p class="key"><span class="swatch measured"></span>measured${added ? html` <span class="swatch budgeted"></span>added, not waited for` : ''}</p>`;
  const details = view.phases.flatMap(({ name, detail }) => (detail === null ? [] : [`${name}: ${detail}`]));
  const stages = view.stages.map(({ name, durationMs }) => `${name} ${formatDuration(durationMs)}`).join(', ');
  const after = view.afterwards.map(({ name, durationMs }) => `${name} ${formatDuration(durationMs)}`).join(', ');
  return figure(
    'Timeline by phase',
    timelineChart(`${id}-timeline`, view),
    html`${key}${details.length === 0 ? '' : list(details)}<p class="quiet">Stages of the whole drill: ${stages}.${after === '' ? '' : ` After RTA, to go back: ${after}.`}</p>`,
  );
}

function losses({ id, losses: view }: PromiseView): Markup {
  if (view === null)
    return figure('Losses', nothing, html`<p>No marker was written before a disaster, so no loss was measured.</p>`);
  const notJudged =
    view.rpoMs === null
      ? html`<p class="quiet">The asset ${KEEPS_NO_DATA}. A marker written after the backup may be lost.</p>`
      : '';
  const faults = view.lanes.flatMap(({ lane, faults: all }) => all.map((fault) => `${lane}: ${fault}`));
  return figure(
    'Losses on the marker stream',
    lossesChart(`${id}-losses`, view),
    html`<p class="key"><span class="swatch kept"></span>came back <span class="swatch lost"></span>lost${view.lanes.some((lane) => lane.lostBeforeCapture > 0) ? html` <span class="swatch lost-bad"></span>lost, some of it although it was acknowledged before the backup began` : ''}</p>${faults.length === 0 ? '' : list(faults)}${view.lanesLeftOut > 0 ? html`<p class="quiet">${view.lanesLeftOut} more lanes are in the record.</p>` : ''}${notJudged}`,
  );
}

function size({ id, size: view }: PromiseView): Markup {
  const drawn = sizeChart(`${id}-size`, view);
  if (drawn === undefined) return figure('Size', nothing, html`<p>${view.sentence}</p>`);
  const key = html`<p class="key"><span class="swatch dot"></span>measured <span class="swatch band"></span>band of a new measurement (95 % on each side)</p>`;
  return figure('Restore time by size', drawn, html`<p>${view.sentence}</p>${key}`);
}

function history({ id, history: view }: PromiseView): Markup {
  const drawn = historyChart(`${id}-history`, view);
  const leftOut = view.runsLeftOut > 0 ? [`${view.runsLeftOut} older drills are not shown.`] : [];
  const sentences = html`${view.isWorse ? html`<p class="worse">${shape('breached')}<b>It got worse.</b> ${view.sentences[0] ?? ''}</p>` : ''}<p>${[...view.sentences.slice(view.isWorse ? 1 : 0), ...leftOut].join(' ')}</p>`;
  return figure('History', drawn ?? nothing, sentences);
}

const figure = (title: string, drawn: Markup, text: Markup): Markup =>
  html`<figure><figcaption><h4>${title}</h4></figcaption>${drawn}${text}</figure>`;

function compared({ comparison, basis, notVerified, outOfScope }: PromiseView): Markup {
  return html`<div class="compared"><div><h4>What was compared</h4>${comparison === null ? html`<p>${basis}</p>` : comparisonTable(comparison)}</div>
<div class="open"><h4>What was not verified</h4>${comparison === null ? html`<p>Nothing that the asset holds was verified.</p>` : notVerified.length === 0 ? html`<p>The asset names nothing that its comparison leaves out.</p>` : list(notVerified)}${outOfScope.length === 0 ? '' : html`<h4>Out of scope</h4>${list(outOfScope)}`}</div></div>`;
}

function comparisonTable({ items, bytes, digest, differences, differencesLeftOut }: ComparisonView): Markup {
  const numbers = ['expected', 'matched', 'missing', 'extra', 'differing'] as const;
  return html`<table class="numbers"><thead><tr><th scope="col">items</th>${numbers.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${items.map((item) => html`<tr><th scope="row">${item.kind}</th>${numbers.map((name) => html`<td>${item[name]}</td>`)}</tr>`)}</tbody></table>
${bytes === null ? '' : html`<p>${formatSize(bytes)} (${bytes} bytes) fingerprinted before the disaster. <span class="digest">${digest ?? ''}</span></p>`}
${differences.length === 0 ? '' : html`<h4>Differences</h4><ul>${differences.map(({ item, field, expected, observed }) => html`<li><b>${item}</b>, ${field}: expected ${expected}, found ${observed}</li>`)}</ul>`}
${differencesLeftOut === 0 ? '' : html`<p class="quiet">${differencesLeftOut} more differences are counted in the record.</p>`}`;
}
