/** The value of an attribute, with its quotes. Line ends and tabs stay, which a parser would turn into spaces otherwise. */
export const xmlAttribute = (text: string): string =>
  `"${xmlText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`;

/** Text of an element, without the characters that XML 1.0 forbids however they are written (https://www.w3.org/TR/xml/#charsets). */
export const xmlText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(FORBIDDEN, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to leave out.
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;
