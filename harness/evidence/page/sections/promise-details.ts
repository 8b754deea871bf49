import { formatDuration, formatSize, KEEPS_NO_DATA } from '../../../model/units.ts';
import { historyChart } from '../charts/history-chart.ts';
import { lossesChart } from '../charts/losses-chart.ts';
import { sizeChart } from '../charts/size-chart.ts';
import { timelineChart } from '../charts/timeline-chart.ts';
import { badge, caveat, html, list, type Markup, nothing, shape } from '../markup.ts';
import type { ComparisonView, FindingView, PromiseView } from '../page-view.ts';
import { addresses } from './promises-section.ts';

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
