import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import xterm from '@xterm/headless';
import { execa } from 'execa';
import { ownedFolder } from '../../harness/process/scratch.ts';
import type { Frame } from './picture.ts';
import { linesOf } from './screen.ts';

const { Terminal } = xterm;

/** Minimal interval between two frames; short enough for a spinner. */
const BETWEEN_FRAMES_MS = 250;
/** More rows than any command here prints, so that nothing scrolls off the screen. */
const ROWS = 200;

export interface Recorded {
  readonly frames: readonly Frame[];
  readonly exitCode: number | undefined;
}

/**
 * Runs a command line in its own terminal (`script` of util-linux provides it) and records the terminal's content in real time.
 * @param command as a reader types it; the picture begins with it.
 */
export async function record(
  command: string,
  { cwd, columns }: { readonly cwd: string; readonly columns: number },
): Promise<Recorded> {
  const folder = ownedFolder();
  try {
    const [output, timing] = [join(folder, 'output'), join(folder, 'timing')];
    const args = ['--quiet', '--return', '--log-out', output, '--log-timing', timing];
    const { exitCode } = await execa(
      'script',
      [...args, '--command', `stty cols ${columns} rows ${ROWS}; ${command}`],
      {
        cwd,
        stdin: 'ignore',
        stdout: 'ignore',
        reject: false,
        env: {
          TERM: 'xterm-256color',
          LANG: 'C.UTF-8',
          LC_ALL: 'C.UTF-8',
          CI: '',
          NO_COLOR: '',
          FORCE_COLOR: '',
          VITEST: '',
        },
      },
    );
    const frames = await framesOf(await readFile(output), await readFile(timing, 'utf8'), command, columns);
    return { frames, exitCode };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns a terminal's content after a text was printed to it at once. */
export async function shown(text: string, columns: number): Promise<Frame> {
  const terminal = new Terminal({ cols: columns, rows: ROWS, allowProposedApi: true, convertEol: true });
  await written(terminal, text);
  return { atMs: 0, lines: linesOf(terminal) };
}

async function framesOf(
  output: Uint8Array,
  timing: string,
  command: string,
  columns: number,
): Promise<readonly Frame[]> {
  const terminal = new Terminal({ cols: columns, rows: ROWS, allowProposedApi: true });
  await written(terminal, `$ ${command}\r\n\r\n`);
  const frames: Frame[] = [{ atMs: 0, lines: linesOf(terminal) }];
  // The first line is a heading of `script`, which its timing does not count.
  let at = output.indexOf('\n'.charCodeAt(0)) + 1;
  let afterMs = 0;
  for (const line of timing.trim().split('\n')) {
    const [seconds = 0, bytes = 0] = line.split(' ').map(Number);
    afterMs += seconds * 1_000;
    await written(terminal, output.subarray(at, at + bytes));
    at += bytes;
    const frame = { atMs: Math.round(afterMs), lines: linesOf(terminal) };
    const last = frames.at(-1);
    // The last frame of one moment counts: a view that is cleared and drawn again does not flicker.
    if (last !== undefined && frames.length > 1 && frame.atMs - last.atMs < BETWEEN_FRAMES_MS) {
      frames[frames.length - 1] = { ...frame, atMs: last.atMs };
    } else {
      frames.push(frame);
    }
  }
  return frames;
}

const written = (terminal: InstanceType<typeof Terminal>, data: string | Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    terminal.write(data, resolve);
  });
