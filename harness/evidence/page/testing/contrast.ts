/** Text on its background, as the style sheet uses them; chart text stands on `page`. */
export const textPairs: readonly (readonly [text: string, on: string])[] = [
  ['text', 'page'],
  ['text', 'surface'],
  ['muted', 'page'],
  ['muted', 'surface'],
  ['link', 'page'],
  ['link', 'surface'],
  ['met', 'page'],
  ['met', 'met-tint'],
  ['at-risk', 'page'],
  ['at-risk', 'at-risk-tint'],
  ['breached', 'page'],
  ['breached', 'breached-tint'],
  ['unproven', 'page'],
  ['unproven', 'unproven-tint'],
  ['not-run', 'page'],
  ['not-run', 'not-run-tint'],
  ['text', 'met-tint'],
  ['text', 'at-risk-tint'],
  ['text', 'breached-tint'],
  ['text', 'unproven-tint'],
  ['text', 'not-run-tint'],
  ['text', 'band'],
];

/** Shapes that carry meaning, on their background. */
export const shapePairs: readonly (readonly [shape: string, on: string])[] = [
  ['measured', 'page'],
  ['budgeted', 'page'],
  ['measured', 'band'],
  ['met', 'page'],
  ['at-risk', 'page'],
  ['breached', 'page'],
  ['unproven', 'page'],
];

/** Returns a function that finds the colour of a name in the style sheet of a page. */
export function coloursOf(page: string, theme: 'light' | 'dark'): (name: string) => string {
  const declared = page.matchAll(/--([a-z-]+):light-dark\((#[0-9a-f]{6}),(#[0-9a-f]{6})\)/g);
  const colours = new Map([...declared].map(([, name, light, dark]) => [name, theme === 'light' ? light : dark]));
  return (name) => {
    const colour = colours.get(name);
    if (colour === undefined) throw new Error(`the page has no colour ${name}`);
    return colour;
  };
}

/** Contrast ratio as WCAG 2 defines it (relative luminance of sRGB), from 1 to 21. */
export function contrastOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
