import { createHash } from 'node:crypto';
import { raw } from 'hono/html';
import { GENERATOR_META } from '../../reporting/replaceable-file.ts';
import { html, type Markup, sprite } from './markup.ts';
import { script } from './script.ts';
import { style } from './style.ts';

/** A page that needs no other file: a run's page, or a report of a period. */
export interface PageDocument {
  readonly title: string;
  readonly heading: string;
  readonly headLine: string;
  /** Where a reader with a keyboard goes first. */
  readonly skipTo: { readonly id: string; readonly name: string };
  readonly sections: readonly (readonly [id: string, name: string])[];
  readonly main: Markup;
  readonly footer: string;
}

const digestOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
/** Nothing is loaded and nothing else runs. The icon is an empty address, so that a browser does not ask for one. */
const policy = `default-src 'none'; style-src ${digestOf(style)}; script-src ${digestOf(script)}; img-src data:; base-uri 'none'; form-action 'none'`;

/** The whole text of the file. */
export async function renderDocument(page: PageDocument): Promise<string> {
  const { title, heading, headLine, skipTo, sections, main, footer } = page;
  const text = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${raw(GENERATOR_META)}
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
${sprite}
<header>
<a class="skip" href="#${skipTo.id}">Skip to ${skipTo.name}</a>
<h1>${heading}</h1>
<p class="quiet">${headLine}</p>
<nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
</header>
<main>
${main}
</main>
<footer>${footer}</footer>
<script>${raw(script)}</script>
</body>
</html>
`;
  return String(await text);
}
