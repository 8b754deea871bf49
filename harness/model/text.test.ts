import { describe, expect, it } from 'vitest';
import { counted, countedOf, isBlank, isVersionAtLeast } from './text.ts';

it.each([
  [counted(0, 'drill'), '0 drills'],
  [counted(1, 'posture check'), '1 posture check'],
  [counted(2, 'entry', 'entries'), '2 entries'],
  [counted(1, 'entry', 'entries'), '1 entry'],
  [countedOf(1, 'consumers'), '1 consumer'],
  [countedOf(3, 'consumers'), '3 consumers'],
  [countedOf(1, 'policies'), '1 policy'],
  [countedOf(1, 'ConfigMaps.example'), '1 ConfigMaps.example'],
  [countedOf(1, 'Secret'), '1 Secret'],
])('E32: counts in words that fit the number: %s', (said, expected) => {
  expect(said).toBe(expected);
});

describe('a text', () => {
  it.each(['', ' ', '\t\n', '\u00A0', '\u200B', '\u3164', '\u001B'])('that shows nothing is blank: %j', (text) => {
    expect(isBlank(text)).toBe(true);
  });

  it.each(['Ada', ' x ', '-', '李', '0'])('that shows something is not: %j', (text) => {
    expect(isBlank(text)).toBe(false);
  });
});

it.each([
  ['1.26', '1.26', true],
  ['1.26', '1.26.0', true],
  ['1.26', '1.26.1', false],
  ['1.9', '1.10', false],
  ['2.0', '1.41', true],
  ['1.41', '1.41', true],
  ['1.40', '1.41', false],
])('whether version %s is at least %s: %s', (version, minimum, isAtLeast) => {
  expect(isVersionAtLeast(version, minimum)).toBe(isAtLeast);
});
