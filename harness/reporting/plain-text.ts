/** A space takes the place of each control character, and of each mark that changes the direction of a text: no name steers a terminal or a page. */
export const withoutControls = (text: string): string => text.toWellFormed().replaceAll(CONTROLS, ' ');

/** The same, with its line breaks. */
export const linesWithoutControls = (text: string): string => text.split('\n').map(withoutControls).join('\n');

/** The same on one line, without white space around it. */
export const onOneLine = (text: string): string => withoutControls(text).replaceAll(/\s+/g, ' ').trim();

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to replace.
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;
