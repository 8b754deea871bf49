import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { defaultPolicy, gatePolicy, keysIn, parsePolicy, withKeyIds } from './policy.ts';
import { parseWaivers } from './waivers.ts';

const DAY_MS = 86_400_000;

describe('a policy', () => {
  it('has a default for everything: a younger proof for the more important promise, any target, no signature', () => {
    const { priorities, posture, targets, regression } = defaultPolicy();
    expect(Object.entries(priorities).map(([name, { maxAgeMs }]) => [name, maxAgeMs / DAY_MS])).toEqual([
      ['P0', 7],
      ['P1', 14],
      ['P2', 30],
      ['P3', 90],
      ['P4', 90],
    ]);
    expect(priorities['P0']).toMatchObject({ allowsAtRisk: true, provedAt: 'unchanged', target: null, signedBy: [] });
    expect([posture?.maxAgeMs, targets, regression?.relativePercent]).toEqual([7 * DAY_MS, ['local', 'docker'], 25]);
  });

  it('changes what it says, and nothing else', () => {
    const { priorities } = parsePolicy(gatePolicy({ priorities: { P0: { maxAge: '1d', allow: ['met'] } } }), 't');
    expect(priorities['P0']).toMatchObject({ allowsAtRisk: false, maxAgeMs: DAY_MS });
    expect(priorities['P1']).toMatchObject({ allowsAtRisk: true, maxAgeMs: 14 * DAY_MS });
  });

  it.each([
    [{ maxAge: '7d' }, /unknown field "maxAge"/],
    [
      { priorities: { P0: { maxage: '7d' } } },
      /expected the fields allow, .* unknown field "priorities\.P0\.maxage" \(did you mean "maxAge"\?\)/,
    ],
    [{ priorities: { P9: {} } }, /P9/],
    [{ posture: { maxAge: '1d', who: 1 } }, /unknown field "posture\.who"/],
    [{ regression: 'on' }, /regression/],
    [{ posture: 5 }, /expected `posture` to be "off" or an object of fields, but it is 5/],
    [{ regression: { runs: 2 } }, /expected `regression\.runs` to be a number of at least 5, but it is 2/],
    [
      { priorities: { P0: { maxAge: 7 } } },
      /expected `priorities\.P0\.maxAge` to be a duration such as 7d, but it is 7/,
    ],
    [{ targets: 'local' }, /expected `targets` to be an array, but it is "local"/],
    [{ priorities: { P0: { maxAge: 'soon' } } }, /priorities\.P0\.maxAge: expected a duration/],
    [
      { priorities: { P0: { allow: ['breached'] } } },
      /expected `priorities\.P0\.allow\.0` to be one of met, at-risk, but it is "breached"\. .*write a waiver/,
    ],
    [
      { priorities: { P0: { target: 'staging' } } },
      /priorities\.P0\.target: expected one of targets \(local, docker\), but it is "staging"/,
    ],
    [{ targets: ['a', 'a'] }, /"a" is listed twice/],
    [null, /expected the policy to be an object, but it is null/],
  ])('gate-7: %j is refused in one sentence that names the field', (policy, message) => {
    expect(() => parsePolicy(policy, 'dr-gate.ts')).toThrow(message);
    expect(() => parsePolicy(policy, 'dr-gate.ts')).toThrow(/^dr-gate\.ts/);
    expect(() => parsePolicy(policy, 'dr-gate.ts')).not.toThrow(/Invalid|Too small|received/);
  });

  it('names keys for all priorities, or for one', () => {
    const policy = parsePolicy(
      { signedBy: ['keys/ci.pub.pem'], priorities: { P0: { signedBy: ['keys/hsm.pub.pem'] }, P4: { signedBy: [] } } },
      't',
    );
    expect(keysIn(policy).toSorted()).toEqual(['keys/ci.pub.pem', 'keys/hsm.pub.pem']);
    const resolved = withKeyIds(
      policy,
      new Map([
        ['keys/ci.pub.pem', 'c'],
        ['keys/hsm.pub.pem', 'h'],
      ]),
    );
    expect(['P0', 'P1', 'P4'].map((name) => resolved.priorities[name]?.signedBy)).toEqual([['h'], ['c'], []]);
  });
});

describe('what is shipped to begin with', () => {
  const read = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

  /** Returns the object that a text passes to gatePolicy(). */
  const policyIn = (text: string): unknown => {
    const [, policy = ''] = /export default gatePolicy\((\{[\s\S]+?\})\);/.exec(text) ?? [];
    return new Function(`return ${policy}`)();
  };

  it('is a policy and a waiver file that are valid', async () => {
    const policy = policyIn(await read('templates/dr-gate.ts.txt'));
    expect(parsePolicy(policy, 't').priorities['P0']).toMatchObject({ allowsAtRisk: false, maxAgeMs: 7 * DAY_MS });
    const waivers = await read('templates/dr-waivers.yaml');
    expect(parseWaivers(waivers, 't')).toEqual([]);
    // Covers the example in its comment, too.
    const example = waivers
      .replaceAll(/^#(?= {3})/gm, '')
      .replace('waivers: []', '')
      .replace(/^(?= +- )/m, 'waivers:\n');
    expect(parseWaivers(example, 't')).toMatchObject([{ contract: 'orders', finding: 'rto' }]);
  });

  it('is explained in docs/ci.md by examples that are valid, with the fields and the defaults that there are', async () => {
    const page = await read('docs/ci.md');
    const [, waivers = ''] = /```yaml\n(# yaml-language-server[^`]+)```/.exec(page) ?? [];
    expect(parseWaivers(waivers, 't')).toMatchObject([{ finding: 'rto', disaster: 'server-lost' }]);
    const definition = policyIn(page);
    expect(parsePolicy(definition, 't').priorities['P0']).toMatchObject({ target: 'docker', allowsAtRisk: false });
    expect(page).toContain('P0 7 d, P1 14 d, P2 30 d, P3 and P4 90 d, posture 7 d');
  });
});

describe('a waiver file', () => {
  const one =
    'contract: orders\n    finding: rto\n    reason: r\n    owner: o\n    approver: a\n    expires: 2026-12-31';
  const file = (...waivers: string[]) => `waivers:\n${waivers.map((each) => `  - ${each}\n`).join('')}`;

  it('is read from YAML, dates as they stand there', () => {
    expect(parseWaivers(file(one), 'f')).toEqual([
      { contract: 'orders', finding: 'rto', reason: 'r', owner: 'o', approver: 'a', expires: '2026-12-31' },
    ]);
    expect([parseWaivers('', 'f'), parseWaivers('# none\n', 'f'), parseWaivers('waivers: []', 'f')]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it.each([
    [
      'a missing field',
      file(one.replace('    owner: o\n', '')),
      /waiver 1 \(orders, rto\): expected `owner` to be a string, but there is none\. Add `owner`/,
    ],
    ['an unknown field', file(`${one}\n    until: x`), /waiver 1 \(orders, rto\): .* unknown field "until"/],
    ['an unknown field of the file', 'waiver: []', /unknown field "waiver" \(did you mean "waivers"\?\)/],
    [
      'a date that is none',
      file(one.replace('2026-12-31', 'soon')),
      /expected `expires` to be a day such as 2027-01-31, but it is "soon"/,
    ],
    ['an empty reason', file(one.replace('reason: r', 'reason: " "')), /reason/],
    ['corruption', file(one.replace('rto', 'content')), /corrupted or lost data cannot be waived/],
    ['unproved destruction', file(one.replace('rto', 'destruction')), /cannot be waived/],
    ['a signature', file(one.replace('rto', 'signature')), /cannot be waived/],
    ['the same twice', file(one, one), /waiver 2 \(orders, rto\): expected each waiver once/],
    ['no YAML', 'waivers: [', /dr-waivers\.yaml/],
    ['a list', '- contract: x', /expected the file to be an object/],
  ])('gate-7: with %s is refused in one sentence that names the waiver', (_what, text, message) => {
    expect(() => parseWaivers(text, 'dr-waivers.yaml')).toThrow(message);
    expect(() => parseWaivers(text, 'dr-waivers.yaml')).not.toThrow(/Invalid|Too small|received/);
  });
});
