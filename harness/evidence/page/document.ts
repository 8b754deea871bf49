import { createHash } from 'node:crypto';
import { raw } from 'hono/html';
import { GENERATOR_META } from '../../reporting/replaceable-file.ts';
import { html, type Markup, sprite } from './markup.ts';
import { style } from './style.ts';

/**
 * The only script of the page. It adds filters, sorting, buttons that copy a command, and addresses that keep a filter. Without it,
 * the page still shows everything. It builds elements and sets text; it never turns text into markup.
 */
const script = `
(() => {
  const table = document.getElementById('promise-table');
  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target?.closest('details');
    if (details) { details.open = true; target.scrollIntoView(); }
  };
  for (const code of document.querySelectorAll('.command')) {
    if (!navigator.clipboard) break;
    const button = document.createElement('button');
    button.type = 'button'; button.className = 'copy'; button.textContent = 'Copy';
    button.setAttribute('aria-label', 'Copy: ' + code.textContent);
    button.addEventListener('click', async () => {
      try { await navigator.clipboard.writeText(code.textContent); button.textContent = 'Copied'; }
      catch { getSelection().selectAllChildren(code); button.textContent = 'Selected'; }
    });
    code.after(button);
  }
  addEventListener('beforeprint', () => { for (const each of document.querySelectorAll('details')) each.open = true; });
  if (table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const bar = document.getElementById('filters');
    const state = { verdict: '', q: '' };
    const status = document.createElement('span');
    status.setAttribute('role', 'status'); status.className = 'quiet';
    const search = document.createElement('input');
    search.type = 'search'; search.placeholder = 'name or owner'; search.setAttribute('aria-label', 'Show promises with this name or owner');
    const marks = [...new Set(rows.map((row) => row.dataset.mark))];
    const buttons = ['', ...marks].map((mark) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = mark === '' ? 'all ' + rows.length : mark.replace('-', ' ') + ' ' + rows.filter((row) => row.dataset.mark === mark).length;
      button.addEventListener('click', () => { state.verdict = mark; show(true); });
      bar.append(button);
      return [mark, button];
    });
    const show = (keep) => {
      const words = state.q.toLowerCase();
      let shown = 0;
      for (const row of rows) {
        row.hidden = (state.verdict !== '' && row.dataset.mark !== state.verdict) || !(row.cells[0].textContent + ' ' + row.dataset.owner).toLowerCase().includes(words);
        if (!row.hidden) shown += 1;
      }
      for (const [mark, button] of buttons) button.setAttribute('aria-pressed', String(mark === state.verdict));
      status.textContent = shown === rows.length ? '' : shown + ' of ' + rows.length + ' shown';
      const wanted = new URLSearchParams(Object.entries(state).filter(([, value]) => value !== '')).toString();
      if (keep) history.replaceState(null, '', '#' + (wanted === '' ? 'promises' : wanted));
    };
    search.addEventListener('input', () => { state.q = search.value; show(true); });
    bar.append(search, status);
    bar.hidden = false;
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      if (column === 6) return;
      const button = document.createElement('button');
      button.type = 'button'; button.textContent = cell.textContent;
      cell.replaceChildren(button);
      // A header that is repeated on each printed page shows text, and no buttons.
      addEventListener('beforeprint', () => cell.replaceChildren(button.textContent));
      addEventListener('afterprint', () => cell.replaceChildren(button));
      button.addEventListener('click', () => {
        const down = cell.getAttribute('aria-sort') === 'ascending';
        for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
        cell.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const value = (row) => { const each = row.cells[column]; return each.dataset.sort ?? each.textContent; };
        const compare = (a, b) => { const [x, y] = [value(a), value(b)]; return x !== '' && y !== '' && !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y); };
        rows.sort((a, b) => (down ? -1 : 1) * compare(a, b));
        body.append(...rows);
      });
    });
    const read = () => {
      const given = new URLSearchParams(location.hash.slice(1));
      if (given.has('verdict') || given.has('q')) {
        state.verdict = marks.includes(given.get('verdict')) ? given.get('verdict') : '';
        state.q = search.value = given.get('q') ?? '';
      }
      show(false);
    };
    read();
    addEventListener('hashchange', read);
  }
  addEventListener('hashchange', openTarget);
  openTarget();
})();
`;

/** A page that needs no other file: a run's page, or a report of a period. */
interface PageDocument {
  readonly title: string;
  readonly heading: string;
  readonly headLine: string;
  /** The target of the skip link for keyboard users. */
  readonly skipTo: { readonly id: string; readonly name: string };
  readonly sections: readonly (readonly [id: string, name: string])[];
  readonly main: Markup;
  readonly footer: string;
}

const digestOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
/** The page loads nothing and runs nothing else. The icon is an empty address, so a browser requests none. */
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
