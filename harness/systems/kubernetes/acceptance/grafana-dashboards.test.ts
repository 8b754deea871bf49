import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { grafanaDashboards } from './grafana-dashboards.ts';

type Json = { [key: string]: unknown };
const platform = (name: string): Json =>
  JSON.parse(readFileSync(`fixtures/platform/manifests/dashboards/${name}.json`, 'utf8'));
const configMap = (name: string, data: Record<string, string>) => ({ metadata: { name }, data });
const holding = (...dashboards: Json[]) =>
  dashboards.map((dashboard, index) => configMap(`map-${index}`, { 'it.json': JSON.stringify(dashboard) }));

function problemsOf(objects: ReturnType<typeof holding>): (string | undefined)[] {
  const examiner = grafanaDashboards().examiner();
  return objects.flatMap((object) => examiner.see(object)).map(({ problem }) => problem);
}
const changed = (change: (dashboard: Json) => void): Json => {
  const dashboard = platform('api');
  change(dashboard);
  return dashboard;
};

describe('Grafana', () => {
  it("accepts the platform's dashboards, and says which", () => {
    const objects = holding(platform('api'), platform('messaging'), platform('backups'));
    expect(problemsOf(objects)).toEqual([undefined, undefined, undefined]);
    expect(
      grafanaDashboards()
        .examiner()
        .see(configMap('one', objects[0]?.data ?? {})),
    ).toEqual([{ what: 'dashboard it.json in ConfigMap one', problem: undefined, seen: 'accepted: "Platform / API"' }]);
  });

  it('takes null for a field that may be left out, as it writes it itself', () => {
    expect(problemsOf(holding(changed((it) => Object.assign(it, { gnetId: null, description: null }))))).toEqual([
      undefined,
    ]);
  });

  it.each<[string, (dashboard: Json) => void, RegExp]>([
    ['without a schema version', (it) => delete it['schemaVersion'], /field schemaVersion is not valid/],
    ['with panels that are no list', (it) => Object.assign(it, { panels: {} }), /field panels is not valid/],
    [
      'with a panel of no type',
      (it) => Object.assign(it, { panels: [{ id: 1, title: 'lost' }] }),
      /field panels\.0\.type is not valid/,
    ],
    [
      'with a panel that stands nowhere',
      (it) => Object.assign(it, { panels: [{ type: 'stat', gridPos: { h: 'four', w: 6, x: 0, y: 0 } }] }),
      /field panels\.0\.gridPos\.h is not valid/,
    ],
    [
      'with a variable of an unknown sort',
      (it) => Object.assign(it, { templating: { list: [{ name: 'route', type: 'wish' }] } }),
      /field templating\.list\.0\.type is not valid/,
    ],
    ['with a blank title', (it) => Object.assign(it, { title: '  ' }), /its title is empty/],
    [
      'with a uid that is too long',
      (it) => Object.assign(it, { uid: 'u'.repeat(41) }),
      /its uid "u+" is not at most 40/,
    ],
    ['with a uid of other characters', (it) => Object.assign(it, { uid: 'a b' }), /its uid "a b" is not/],
  ])('refuses a dashboard %s', (_, change, problem) => {
    expect(problemsOf(holding(changed(change)))).toEqual([expect.stringMatching(problem)]);
  });

  it('refuses what is not JSON, and a labelled ConfigMap without a dashboard', () => {
    const text = JSON.stringify(platform('api'));
    expect(
      problemsOf([configMap('cut', { 'it.json': text.slice(0, -20) }), configMap('none', { 'it.yaml': '' })]),
    ).toEqual([expect.stringContaining('it is not JSON'), expect.stringContaining('no key ends in .json')]);
  });

  it('refuses a uid and a title that are there twice, and names the other one', () => {
    const twin = changed((it) => Object.assign(it, { title: 'another' }));
    const namesake = changed((it) => Object.assign(it, { uid: 'another' }));
    expect(problemsOf(holding(platform('api'), twin, namesake))).toEqual([
      undefined,
      'its uid "kgents-api" is also that of dashboard it.json in ConfigMap map-0',
      'its title "Platform / API" is also that of dashboard it.json in ConfigMap map-0',
    ]);
  });

  it('is asked with options that it knows', () => {
    expect(() => grafanaDashboards(JSON.parse('{"labels":"x"}'))).toThrow(/grafanaDashboards.*labels/);
  });
});
