import { counted } from '../../../model/text.ts';
import { badge, caveat, command, html, link, list, type Markup, prose, shape } from '../markup.ts';
import type { DecisionView, DifferenceView, HumanItem, PostureView, ProvenanceView } from '../page-view.ts';

export function posturesSection(postures: readonly PostureView[]): Markup {
  if (postures.length === 0) return html``;
  return html`<section id="posture" aria-labelledby="posture-h"><h2 id="posture-h">Posture: checked without a drill</h2>
${postures.map(postureTable)}</section>`;
}

const postureTable = ({
  id,
  contract,
  owner,
  repeatCommand,
  checks,
}: PostureView): Markup => html`<h3 id="${id}">${contract}</h3>
<p class="quiet">Owner ${owner}. Repeat it: ${command(repeatCommand)}</p>
<table class="cards" role="table"><thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Check</th><th scope="col" role="columnheader">Verdict</th><th scope="col" role="columnheader">What was found</th></tr></thead>
<tbody role="rowgroup">${checks.map(
  (check) =>
    html`<tr role="row" id="${check.id}"><td role="cell"><a href="#${check.id}">${check.name}</a><span class="quiet">${check.basis} compared</span></td><td role="cell">${badge(check.verdict)}${check.halts === null ? '' : html`<span class="quiet">${check.halts.label}</span>`}</td><td role="cell">${check.sentence}${check.halts === null ? '' : html` <b>${check.halts.sentence}</b>`}${caveat(check.doesNotProve)}</td></tr>`,
)}</tbody></table>`;

export function differencesSection(differences: readonly DifferenceView[]): Markup {
  return html`<section id="differences" aria-labelledby="differences-h"><h2 id="differences-h">Differences from production</h2>
${differences.length === 0 ? html`<p>The target names none.</p>` : html`<ul>${differences.map(({ text, contracts }) => html`<li>${text}${contracts.length === 0 ? '' : html` <span class="quiet">(only ${contracts.join(', ')})</span>`}</li>`)}</ul>`}</section>`;
}

export function provenanceSection({ facts, tools, runFile, verify, limits }: ProvenanceView): Markup {
  return html`<section id="provenance" aria-labelledby="provenance-h"><h2 id="provenance-h">Provenance</h2>
<dl class="facts">${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}${
    runFile === null
      ? ''
      : html`<div><dt>record</dt><dd>${link(runFile)} <span class="digest">${runFile.digest ?? ''}</span></dd></div>`
  }</dl>
<h3>Verify it</h3><ol class="verify">${verify.map(({ command: text, shows }) => html`<li>${command(text)}<p>${shows}</p></li>`)}</ol>
<div class="open">${list(limits.map(prose))}</div>
<details class="tools"><summary><h3>${counted(tools.length, 'tool')}, with ${tools.length === 1 ? 'its version' : 'their versions'}</h3></summary><table class="numbers"><thead><tr><th scope="col">tool</th><th scope="col">version</th><th scope="col">from</th></tr></thead><tbody>${tools.map(({ name, version, source }) => html`<tr><th scope="row">${name}</th><td>${version}</td><td>${source}</td></tr>`)}</tbody></table></details></section>`;
}

export function decisionSection({
  mark,
  headline,
  sentence,
  counts,
  doesNotProve,
  exitCode,
  decidedBy,
  basis,
}: DecisionView): Markup {
  return html`<section id="decision" class="decision ${mark}" aria-labelledby="decision-h">
<h2 id="decision-h">${shape(mark)}${headline}</h2>
<p>${sentence} ${decidedBy === 'gate' ? 'The gate' : 'The run'} ended with exit code ${exitCode}.</p>${
    basis === null
      ? ''
      : html`
<p class="quiet">${basis}</p>`
  }
<ul class="counts">${counts.map(({ mark: each, count, what }) => html`<li>${shape(each)}<b>${count}</b> ${what}</li>`)}</ul>
<div class="open"><h3>What this does not prove</h3>${list(doesNotProve.map(prose))}</div>
</section>`;
}

export function humanSection(items: readonly HumanItem[]): Markup {
  const body =
    items.length === 0
      ? html`<p>Nothing. No promise of this run is broken, unproven or at risk.</p>`
      : html`<ul class="human">${items.map(humanItem)}</ul>`;
  return html`<section id="human" aria-labelledby="human-h"><h2 id="human-h">What needs a human</h2>${body}</section>`;
}

const humanItem = ({ mark, what, sentence, nextStep, owner, anchor }: HumanItem): Markup =>
  html`<li>${badge(mark)} <b>${link({ label: what, href: anchor === null ? null : `#${anchor}` })}</b>${owner === null ? '' : html` <span class="quiet">owner ${owner}</span>`}<p>${sentence}</p>${nextStep === null ? '' : html`<p class="next">${prose(nextStep)}</p>`}</li>`;
