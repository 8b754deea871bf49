import { describe, expect, it } from 'vitest';
import { isBlank } from './blank-text.ts';

describe('a text', () => {
  it.each(['', ' ', '\t\n', '\u00A0', '\u200B', '\u3164', '\u001B'])('that shows nothing is blank: %j', (text) => {
    expect(isBlank(text)).toBe(true);
  });

  it.each(['Ada', ' x ', '-', '李', '0'])('that shows something is not: %j', (text) => {
    expect(isBlank(text)).toBe(false);
  });
});
