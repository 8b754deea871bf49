import { badge, html, link, list, type Markup, prose, shape } from '../markup.ts';
import type { DecisionView, HumanItem } from '../page-view.ts';

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
