import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { identifySelf, thisMachine } from '../process/identity.ts';
import { RUNNING_FILE, removeOldRuns } from './earlier-runs.ts';
import { openOutFolder } from './out-folder.ts';
import { writeAtomically } from './replaceable-file.ts';
import { newRunId, openRunFolder } from './run-folder.ts';
import { explaining } from './system-error.ts';
import { madeUpDrill, madeUpRun } from './testing/made-up-records.ts';

let outDir: string;

beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'dr-contracts-out-'));
});

afterEach(async () => {
  await rm(outDir, { recursive: true, force: true });
});

describe('the out folder', () => {
  it('is made with its parents, and left as it was found', async () => {
    const deep = join(outDir, 'a', 'b');
    await openOutFolder(deep);
    expect((await readdir(deep)).toSorted()).toEqual(['latest', 'runs']);
  });

  it('below a file is refused with its name and what is wrong', async () => {
    const file = join(outDir, 'file');
    await writeFile(file, '');
    await expect(openOutFolder(join(file, 'reports'))).rejects.toThrow(/out folder .*file\/reports: .*ENOTDIR.*Choose/);
  });

  it.runIf(process.platform === 'linux')(
    'where the system lets nobody make a folder is refused, and does not hang',
    async () => {
      await expect(openOutFolder('/proc/dr-contracts/reports')).rejects.toThrow(/out folder \/proc\/.*ENOENT/);
    },
  );

  it('on a disk as good as full is refused before anything is run', async () => {
    await expect(openOutFolder(outDir, async () => 1_000_000)).rejects.toThrow(
      /at least 64\.0 MiB free, but the disk has 976\.6 KiB left\. Free some space/,
    );
  });

  it('on a file system that does not say how full it is, is accepted', async () => {
    await expect(openOutFolder(outDir, async () => undefined)).resolves.toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('names the full disk when a write fails for it', async () => {
    await expect(explaining('run record x', () => writeFile('/dev/full', 'text'))).rejects.toThrow(
      /^run record x: .*the disk is full \(ENOSPC\)\. Free some space/,
    );
  });
});

describe('the folder of a run', () => {
  it('keeps the run record, and its copy as the latest', async () => {
    await openOutFolder(outDir);
    const folder = await openRunFolder(outDir, '20251123T120000000Z-abcdef');
    const { runPath, latestPath } = await folder.write(madeUpRun([madeUpDrill()]));
    const text = await readFile(runPath, 'utf8');
    expect(await readFile(latestPath, 'utf8')).toBe(text);
    expect(latestPath).toBe(join(outDir, 'latest', 'run.json'));
    expect(runRecordSchema.parse(JSON.parse(text)).drills).toHaveLength(1);
  });

  it('refuses a record that the schema does not allow, and leaves the latest one alone', async () => {
    await openOutFolder(outDir);
    const folder = await openRunFolder(outDir, '20251123T120000000Z-abcdef');
    await folder.write(madeUpRun([]));
    const before = await readFile(join(outDir, 'latest', 'run.json'), 'utf8');
    await expect(folder.write({ ...madeUpRun([madeUpDrill()]), durationMs: -1 })).rejects.toThrow(
      /`durationMs` has to be a number of at least 0.*defect/,
    );
    expect(await readFile(join(outDir, 'latest', 'run.json'), 'utf8')).toBe(before);
  });

  it('gives back the drill records that lie in it, and passes over what is none', async () => {
    await openOutFolder(outDir);
    const folder = await openRunFolder(outDir, '20251123T120000000Z-abcdef');
    const drill = madeUpDrill({ drillId: 'd1234567' });
    const path = join(folder.path, 'drills', 'x--y--d1234567.json');
    await writeFile(path, JSON.stringify(drill));
    await writeFile(join(folder.path, 'drills', 'half.json'), '{"schemaVersion":');
    expect(await folder.salvage()).toEqual([drill]);
    expect((await folder.recordPaths()).get('d1234567')).toBe(path);
  });

  it('leaves no temporary file behind when a record cannot be put in its place', async () => {
    const occupied = join(outDir, 'run.json');
    await mkdir(join(occupied, 'in-the-way'), { recursive: true });
    await expect(writeAtomically(occupied, 'text')).rejects.toThrow();
    expect(await readdir(outDir)).toEqual(['run.json']);
  });

  it('has a name that sorts by time and is accepted by the retention', async () => {
    expect(newRunId(systemClock)).toMatch(/^\d{8}T\d{9}Z-[0-9a-f]{6}$/);
  });
});

describe('the retention of runs', () => {
  const id = (second: number) => `20251123T1200${String(second).padStart(2, '0')}000Z-abcdef`;
  const runsIn = async () => (await readdir(join(outDir, 'runs'))).toSorted();

  it('removes the oldest, and never a folder that the harness did not name', async () => {
    for (const name of [id(1), id(2), id(3), 'notes']) await mkdir(join(outDir, 'runs', name), { recursive: true });
    expect(await removeOldRuns(outDir, 2)).toEqual([id(1)]);
    expect(await runsIn()).toEqual([id(2), id(3), 'notes']);
  });

  it('never removes a run that goes on', async () => {
    for (const second of [1, 2, 3]) await mkdir(join(outDir, 'runs', id(second)), { recursive: true });
    const folder = await openRunFolder(outDir, id(1));
    expect(await removeOldRuns(outDir, 1)).toEqual([id(2)]);
    expect(await runsIn()).toEqual([id(1), id(3)]);
    await folder[Symbol.asyncDispose]();
    expect(await removeOldRuns(outDir, 1)).toEqual([id(1)]);
  });

  it('B26: a run is not taken for running because its pid is used again, or the machine was started again', async () => {
    const self = { owner: identifySelf(), machine: thisMachine() };
    const reused = { ...self, owner: { ...self.owner, startTime: '1' } };
    const rebooted = { ...self, machine: { ...self.machine, bootId: 'another' } };
    for (const [second, mark] of [reused, rebooted, self, self].entries()) {
      await mkdir(join(outDir, 'runs', id(second)), { recursive: true });
      await writeFile(join(outDir, 'runs', id(second), RUNNING_FILE), JSON.stringify(mark));
    }
    expect(await removeOldRuns(outDir, 1)).toEqual([id(0), id(1)]);
  });

  it('E02: what somebody put into the folder of a run stays, with its folder', async () => {
    for (const second of [1, 2]) {
      const folder = await openRunFolder(outDir, id(second));
      await writeFile(join(folder.path, 'drills', 'nats-streams--stream-deleted--dabcdefg.json'), '{}');
      await folder.write(madeUpRun([]));
      await folder[Symbol.asyncDispose]();
    }
    await writeFile(join(outDir, 'runs', id(1), 'audit.txt'), 'evidence');
    expect(await removeOldRuns(outDir, 1)).toEqual([]);
    expect(await readdir(join(outDir, 'runs', id(1)))).toEqual(['audit.txt']);
    await openRunFolder(outDir, id(3)).then((folder) => folder[Symbol.asyncDispose]());
    await writeFile(join(outDir, 'runs', id(2), 'drills', 'notes.txt'), 'evidence');
    expect(await removeOldRuns(outDir, 1)).toEqual([]);
    expect(await readdir(join(outDir, 'runs', id(2), 'drills'))).toEqual(['notes.txt']);
  });

  it('E02: a latest/run.json of another tool is refused before the run, and stays', async () => {
    await mkdir(join(outDir, 'latest'), { recursive: true });
    await writeFile(join(outDir, 'latest', 'run.json'), '{"tests": 12}');
    await expect(openOutFolder(outDir)).rejects.toThrow(/latest.run\.json: expected .* --out/);
    expect(await readFile(join(outDir, 'latest', 'run.json'), 'utf8')).toBe('{"tests": 12}');
  });

  it('keeps exactly the newest ones', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(59)), fc.integer({ min: 1, max: 20 }), async (seconds, keep) => {
        await rm(join(outDir, 'runs'), { recursive: true, force: true });
        const ids = seconds.map(id);
        await mkdir(join(outDir, 'runs'));
        for (const each of ids) await mkdir(join(outDir, 'runs', each));
        const removed = await removeOldRuns(outDir, keep);
        const kept = await runsIn();
        expect([...removed, ...kept]).toEqual(ids.toSorted());
        expect(kept).toHaveLength(Math.min(keep, ids.length));
        for (const old of removed) for (const young of kept) expect(old < young).toBe(true);
      }),
    );
  });
});
