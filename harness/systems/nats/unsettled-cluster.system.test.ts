import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Target } from '../../model/target.ts';
import { script } from '../../procedures/script.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { beginDrill, scripts } from './testing.ts';

const target = sharedTarget();

/** A wrapper of the real command line; its first answers are those of an unsettled cluster, as seen under load. */
const UNSETTLED_NATS = `#!/usr/bin/env bash
set -euo pipefail
answers="$(cd "$(dirname "$0")" && pwd)/answers"
PATH="\${PATH#*:}"
first() { mkdir "$answers/$1" 2>/dev/null; }
case "$*" in
"backup restore stream "*)
  if first restore; then
    name="$(basename "\${*: -1}")"
    nats request --raw "\\$JS.API.STREAM.CREATE.$name" '{"name":"'"$name"'","subjects":["left.behind"],"num_replicas":3}'
    echo 'nats: error: restore failed: nats: no responders available for request' >&2
    exit 1
  fi
  ;;
*STREAM.INFO*)
  if first lagging-copy; then nats "$@" | sed 's/"current":true/"current":false/'; exit; fi
  mkdir -p "$answers/looked-again"
  ;;
"consumer state "*)
  if first counts-behind; then nats "$@" | sed 's/"num_pending": *[0-9]*/"num_pending": 0/'; exit; fi
  ;;
esac
exec nats "$@"
`;

test('a restore into a cluster that has not settled yet waits for it, and brings everything back', async () => {
  const orders = {
    name: 'orders',
    subjects: ['orders.paid'],
    messages: 60,
    consumer: { durable: 'ledger', acknowledged: 0.5 },
  };
  // The restore finds this test's `nats` first on PATH, and that counts calls in a host folder. A sandbox would hide both.
  const open: Target = Object.create(target, {
    sandbox: { value: { kind: 'none', reason: 'the test counts on the host' } },
  });
  await using drill = await beginDrill(open, 'server-lost', { replicas: 3, streams: [orders] });
  const unsettled = join(drill.step.scratchDir, 'unsettled');
  await mkdir(join(unsettled, 'answers'), { recursive: true });
  await writeFile(join(unsettled, 'nats'), UNSETTLED_NATS, { mode: 0o755 });
  const restore = join(unsettled, 'restore.sh');
  const wrapped = `#!/usr/bin/env bash\nPATH='${unsettled}':"$PATH" exec '${resolve(scripts.restore)}'\n`;
  await writeFile(restore, wrapped, { mode: 0o755 });

  const point = await drill.backUp();
  await drill.strike();
  const { warnings } = await drill.restore(point, script({ ...scripts, restore }));
  const comparison = await drill.compare();

  expect(await readdir(join(unsettled, 'answers'))).toEqual(
    expect.arrayContaining(['counts-behind', 'lagging-copy', 'looked-again', 'restore']),
  );
  expect(comparison.firstDifferences).toEqual([]);
  expect(warnings).toEqual([]);
});
