import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Mark } from './page-view.ts';

export { html } from 'hono/html';

/** Escaped text. Every value in a template goes through `html`; an attribute that takes one is always quoted. */
export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** An empty template. */
export const nothing = html``;

export const markWords: Readonly<Record<Mark, string>> = {
  met: 'met',
  'at-risk': 'at risk',
  breached: 'breached',
  unproven: 'unproven',
  waived: 'waived',
  'not-run': 'not drilled',
};

/** A verdict as word, shape and colour. */
export const badge = (mark: Mark): Markup => html`<span class="badge ${mark}">${shape(mark)}${markWords[mark]}</span>`;

export const shape = (mark: Mark): Markup =>
  html`<svg class="mark ${mark}" viewBox="0 0 16 16" aria-hidden="true"><use href="#mark-${mark}"/></svg>`;

export const list = (items: readonly (string | Markup)[]): Markup =>
  html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;

/** The limits of a tick, shown beside it. */
export const caveat = (text: string | null): Markup =>
  text === null ? nothing : html`<span class="open">Limit of this proof: ${text}</span>`;

/** Text with commands between backticks, as in the terminal output. */
export const prose = (text: string): Markup =>
  html`${text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? command(part) : part))}`;

/** A command as a reader types it; the script adds a button that copies it. */
export const command = (text: string): Markup => html`<code class="command">${text}</code>`;

export const link = ({ label, href }: { readonly label: string; readonly href: string | null }): Markup =>
  href === null ? html`${label}` : html`<a href="${safeAddress(href)}">${label}</a>`;

/** Returns an address from data only if it is a file beside the page or a place on it. */
function safeAddress(href: string): string {
  return /^[a-z][a-z0-9+.-]*:|^[/\\]{2}/i.test(href.trim()) ? '#' : href;
}

/** Shapes and patterns that the page refers to. It must be rendered: some browsers ignore patterns in hidden elements. */
export const sprite: Markup = html`<svg class="sprite" width="0" height="0" aria-hidden="true" focusable="false"><defs>
<symbol id="mark-met" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8"/><path class="ink" d="M4 8.4l2.7 2.8L12 5.4"/></symbol>
<symbol id="mark-at-risk" viewBox="0 0 16 16"><path d="M8 .6 15.8 15H.2z"/><path class="ink" d="M8 5.8v4.4M8 12v1.6"/></symbol>
<symbol id="mark-breached" viewBox="0 0 16 16"><path d="M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7z"/><path class="ink" d="M5 5l6 6M11 5l-6 6"/></symbol>
<symbol id="mark-unproven" viewBox="0 0 16 16"><path d="M8 0l8 8-8 8-8-8z"/><path class="ink" d="M6.2 6.4c.2-2.4 3.7-2.2 3.6 0 0 1.3-1.8 1.3-1.8 2.8M8 10.6v1.5"/></symbol>
<symbol id="mark-waived" viewBox="0 0 16 16"><rect width="16" height="16" rx="2"/><path class="ink" d="M3 8h10"/></symbol>
<symbol id="mark-not-run" viewBox="0 0 16 16"><circle class="ring" cx="8" cy="8" r="6.6"/></symbol>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line" width="3" height="6"/></pattern>
<pattern id="hatch-bad" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line-bad" width="3" height="6"/></pattern>
</defs></svg>`;
